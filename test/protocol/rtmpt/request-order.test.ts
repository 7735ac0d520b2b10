import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MAX_AHEAD_BYTES, MAX_AHEAD_MS, MAX_AHEAD_REQUESTS } from '../../../src/protocol/rtmpt/limits.ts';
import { RequestOrder } from '../../../src/protocol/rtmpt/request-order.ts';
import type { TunnelReply, TunnelSessionRequest } from '../../../src/protocol/rtmpt/tunnel-session.ts';

const OVER: TunnelReply = { statusCode: 200, pollingByte: 0, parts: [] };

/** An order in front of a handler that notes what it handles, and answers at once but for idles while it holds. */
class Bench {
  readonly handled: string[] = [];
  readonly answers: string[] = [];
  readonly held: string[] = [];
  isHolding = false;
  releases = 0;
  nowMs = 1000;
  replyBytes = 0;
  readonly order: RequestOrder<string> = new RequestOrder<string>({
    handle: ({ type, body, sequenceNumber }, token) => {
      this.handled.push(`${type} ${sequenceNumber} ${Buffer.from(body).toString('latin1')}`.trimEnd());
      if (type === 'idle' && this.isHolding) this.held.push(token);
      else this.answer(token);
    },
    releaseHeld: () => {
      this.releases++;
      for (const token of this.held.splice(0)) this.answer(token);
    },
    reply: (token, { pollingByte, parts }) => {
      this.answers.push(`${token}: ${pollingByte} ${parts.map((part) => String(part)).join('')}`.trimEnd());
    },
  });
  #replies = 0;

  /** Answers a request with a text that no other answer has. */
  answer(token: string): void {
    this.#replies++;
    const part = Buffer.from(`r${this.#replies}`.padEnd(this.replyBytes, '.'));
    this.order.replied(token, { statusCode: 200, pollingByte: 1, parts: [part] });
  }

  send(sequenceNumber: number | null, token: string, text = `b${sequenceNumber}`): void {
    this.ask({ type: 'send', sequenceNumber, body: Buffer.from(text) }, token);
  }

  idle(sequenceNumber: number | null, token: string): void {
    this.ask({ type: 'idle', sequenceNumber, body: new Uint8Array(1) }, token);
  }

  ask(request: TunnelSessionRequest, token: string): void {
    this.order.receive(request, token, this.nowMs);
  }

  /** A client that counts, with its next number. */
  static numbered(): { bench: Bench; next: number } {
    const bench = new Bench();
    for (let n = 0; n < 4; n++) bench.send(n, `s${n}`);
    assert.equal(bench.order.isNumbered, true);
    bench.handled.length = 0;
    bench.answers.length = 0;
    return { bench, next: 4 };
  }
}

describe('RequestOrder of a client that does not count [tunnel point 5]', () => {
  for (const [what, numbers] of [
    ['always says 0', [0, 0, 0, 0, 0, 0]],
    ['says no number', [null, null, null, null, null]],
    ['has steps of more than one', [1, 3, 5, 7, 9]],
    ['counts back', [5, 4, 3, 2, 1]],
    ['has made two steps of one', [0, 1, 2]],
  ] as const) {
    it(`handles every request as it comes where it ${what}`, () => {
      const bench = new Bench();
      for (const [index, number] of numbers.entries()) bench.send(number, `t${index}`, 'same');
      assert.equal(bench.order.isNumbered, false);
      assert.equal(bench.handled.length, numbers.length);
      assert.equal(bench.answers.length, numbers.length);
    });
  }

  for (const first of [0, 1, 17]) {
    it(`takes it for one that counts when it has gone up by one three times from ${first}`, () => {
      const bench = new Bench();
      for (let n = 0; n < 3; n++) bench.send(first + n, 't');
      assert.equal(bench.order.isNumbered, false);
      bench.idle(first + 3, 't');
      assert.equal(bench.order.isNumbered, true);
    });
  }

  it('takes it for one no more when a number comes again with other bytes, and goes on as they come', () => {
    const { bench } = Bench.numbered();
    bench.send(3, 'a', 'other bytes');
    assert.equal(bench.order.isNumbered, false);
    bench.send(3, 'b', 'other bytes');
    assert.deepEqual(bench.handled, ['send 3 other bytes', 'send 3 other bytes']);
  });

  for (const [what, number] of [
    ['no number', null],
    ['one far ahead', 4 + MAX_AHEAD_REQUESTS],
    ['one far behind', -300],
  ] as const) {
    it(`takes it for one no more at ${what}, and handles first what has waited`, () => {
      const { bench } = Bench.numbered();
      for (let n = 4; n < 400; n++) bench.send(n, `t${n}`);
      bench.handled.length = 0;
      bench.send(401, 'early');
      bench.send(number === null ? null : 396 + number, 'odd', 'odd');
      assert.equal(bench.order.isNumbered, false);
      assert.deepEqual(
        bench.handled.map((line) => line.split(' ').at(-1)),
        ['b401', 'odd'],
      );
      assert.equal(bench.answers.filter((line) => /^(early|odd):/.test(line)).length, 2);
    });
  }
});

describe('RequestOrder of a request that comes again [tunnel point 5]', () => {
  it('does not handle it, and gives the very reply of the first', () => {
    const { bench } = Bench.numbered();
    bench.send(4, 'first');
    bench.send(4, 'again');
    bench.send(4, 'and again');
    assert.deepEqual(bench.handled, ['send 4 b4']);
    const [, reply] = bench.answers[0]?.split(': ') ?? [];
    assert.deepEqual(bench.answers, [`first: ${reply}`, `again: ${reply}`, `and again: ${reply}`]);
    assert.equal(bench.order.counters.repeatedRequests, 2);
  });

  it('knows the last four', () => {
    const { bench } = Bench.numbered();
    for (let n = 4; n < 10; n++) bench.send(n, `t${n}`);
    const replies = bench.answers.map((line) => line.split(': ')[1]);
    bench.answers.length = 0;
    for (let n = 9; n >= 5; n--) bench.send(n, `u${n}`);
    assert.equal(bench.handled.length, 6);
    assert.deepEqual(
      bench.answers.map((line) => line.split(': ')[1]),
      [...replies.slice(2).reverse(), '1'],
    );
    assert.equal(bench.order.counters.lateRequests, 1);
  });

  it('waits with it for the answer that the first one waits for', () => {
    const { bench } = Bench.numbered();
    bench.isHolding = true;
    bench.idle(4, 'first');
    bench.idle(4, 'again');
    assert.deepEqual(bench.answers, []);
    bench.answer('first');
    assert.equal(bench.handled.length, 1);
    assert.equal(bench.answers.length, 2);
    const replies = new Set(bench.answers.map((line: string) => line.split(': ')[1]));
    assert.equal(replies.size, 1);
  });

  it('puts it in the place of one whose client has gone unanswered, whether it came before or comes behind', () => {
    for (const isBehind of [false, true]) {
      const { bench } = Bench.numbered();
      bench.isHolding = true;
      bench.idle(4, 'gone');
      if (!isBehind) bench.idle(4, 'again');
      bench.held.length = 0;
      bench.order.abort((token) => token === 'gone', bench.nowMs);
      if (isBehind) bench.idle(4, 'again');
      assert.deepEqual(bench.held, ['again']);
      bench.answer('again');
      assert.deepEqual(
        bench.answers.map((line) => line.split(':')[0]),
        ['again'],
      );
    }
  });

  it('feeds the bytes of a send once, though its client has gone and asks again', () => {
    const bench = new Bench();
    const fed: string[] = [];
    const order = new RequestOrder<string>({
      handle: ({ body }) => void fed.push(Buffer.from(body).toString()),
      releaseHeld: () => undefined,
      reply: () => undefined,
    });
    for (let n = 0; n < 5; n++) {
      order.receive({ type: 'send', sequenceNumber: n, body: Buffer.from(`b${n}`) }, `t${n}`, bench.nowMs);
    }
    order.abort((token) => token === 't4', bench.nowMs);
    order.receive({ type: 'send', sequenceNumber: 4, body: Buffer.from('b4') }, 'again', bench.nowMs);
    assert.deepEqual(fed, ['b0', 'b1', 'b2', 'b3', 'b4', '']);
  });

  it('takes a close for one, whatever number it says, but once', () => {
    const { bench } = Bench.numbered();
    bench.ask({ type: 'close', sequenceNumber: 1, body: new Uint8Array(1) }, 'close');
    assert.deepEqual(bench.handled, ['close 1 \0']);
    const repeated = Bench.numbered();
    const close = { type: 'close', sequenceNumber: 4, body: new Uint8Array(1) } as const;
    repeated.bench.ask(close, 'close');
    repeated.bench.ask(close, 'again');
    assert.equal(repeated.bench.handled.length, 1);
    assert.equal(repeated.bench.answers.length, 2);
  });

  it('keeps of long replies the newest, and answers with nothing for one that is not kept', () => {
    const { bench } = Bench.numbered();
    bench.replyBytes = 1100 * 1024;
    bench.send(4, 'a');
    bench.send(5, 'b');
    bench.answers.length = 0;
    bench.send(5, 'b again');
    bench.send(4, 'a again');
    assert.equal(bench.answers[0]?.length, 'b again: 1 '.length + bench.replyBytes);
    assert.equal(bench.answers[1], 'a again: 1');
  });
});

describe('RequestOrder of requests that overtake each other [tunnel point 5]', () => {
  it('keeps those that are ahead until those before them have come', () => {
    const { bench } = Bench.numbered();
    bench.send(6, 'c');
    bench.send(5, 'b');
    assert.deepEqual(bench.handled, []);
    bench.send(4, 'a');
    bench.send(7, 'd');
    assert.deepEqual(bench.handled, ['send 4 b4', 'send 5 b5', 'send 6 b6', 'send 7 b7']);
    assert.deepEqual(
      bench.answers.map((line) => line[0]),
      ['a', 'b', 'c', 'd'],
    );
    assert.equal(bench.order.counters.earlyRequests, 2);
  });

  it('has what is held answered when one comes ahead of its turn', () => {
    const { bench } = Bench.numbered();
    bench.isHolding = true;
    bench.idle(4, 'held');
    bench.send(6, 'early');
    assert.equal(bench.releases, 1);
    assert.deepEqual(
      bench.answers.map((line) => line.split(':')[0]),
      ['held'],
    );
  });

  it('gives up what does not come in time, and goes on in the order of the numbers', () => {
    const { bench } = Bench.numbered();
    bench.send(8, 'c');
    bench.send(6, 'b');
    assert.equal(bench.order.nextDeadlineMs(), bench.nowMs + MAX_AHEAD_MS);
    bench.order.tick(bench.nowMs + MAX_AHEAD_MS - 1);
    assert.deepEqual(bench.handled, []);
    bench.order.tick(bench.nowMs + MAX_AHEAD_MS);
    assert.deepEqual(bench.handled, ['send 6 b6', 'send 8 b8']);
    assert.equal(bench.order.counters.missingRequests, 3);
    assert.equal(bench.order.nextDeadlineMs(), Number.POSITIVE_INFINITY);
    bench.send(5, 'late');
    assert.equal(bench.handled.length, 2);
    assert.deepEqual(bench.answers.at(-1), 'late: 1');
  });

  it('keeps no more than its window in bytes, and in numbers', () => {
    const { bench } = Bench.numbered();
    const body = new Uint8Array(MAX_AHEAD_BYTES / 2);
    bench.ask({ type: 'send', sequenceNumber: 5, body }, 'a');
    bench.ask({ type: 'send', sequenceNumber: 6, body }, 'b');
    assert.equal(bench.handled.length, 0);
    bench.ask({ type: 'send', sequenceNumber: 8, body: new Uint8Array(1) }, 'c');
    assert.equal(bench.handled.length, 2);
    assert.equal(bench.order.counters.missingRequests, 1);
  });

  it('handles a send of its turn though its client has gone, and an idle not', () => {
    const { bench } = Bench.numbered();
    bench.send(5, 'send');
    bench.idle(6, 'idle');
    bench.order.abort((token) => token !== 'first', bench.nowMs);
    bench.send(4, 'first');
    assert.deepEqual(bench.handled, ['send 4 b4', 'send 5 b5']);
    bench.idle(6, 'idle again');
    assert.deepEqual(bench.handled.at(-1), 'idle 6');
    assert.match(bench.answers.at(-1) ?? '', /^idle again: 1 r/);
  });

  it('answers everything that waits when the session is over', () => {
    const { bench } = Bench.numbered();
    bench.isHolding = true;
    bench.idle(4, 'held');
    bench.idle(4, 'follower');
    bench.held.length = 0;
    bench.send(6, 'early');
    bench.send(6, 'early again');
    bench.order.end(OVER);
    assert.deepEqual(bench.answers.toSorted(), ['early again: 0', 'early: 0', 'follower: 0']);
  });

  it('feeds every body once and in order, and answers everybody, whatever is repeated and overtaken', () => {
    const fault = fc.record({
      copies: fc.integer({ min: 1, max: 3 }),
      delay: fc.integer({ min: 0, max: 6 }),
    });
    fc.assert(
      fc.property(fc.array(fault, { minLength: 8, maxLength: 60 }), (faults) => {
        const { bench, next } = Bench.numbered();
        const arrivals = faults.flatMap(({ copies, delay }, index) =>
          Array.from({ length: copies }, (_, copy) => ({
            number: next + index,
            at: index + delay + copy / 4,
          })),
        );
        arrivals.sort((a, b) => a.at - b.at);
        for (const [index, { number }] of arrivals.entries()) bench.send(number, `t${index}`);
        assert.deepEqual(
          bench.handled,
          faults.map((_, index) => `send ${next + index} b${next + index}`),
        );
        assert.equal(bench.answers.length, arrivals.length);
        assert.equal(bench.order.counters.missingRequests, 0);
      }),
    );
  });
});
