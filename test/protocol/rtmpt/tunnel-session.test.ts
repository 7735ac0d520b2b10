import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CLOSE_LINGER_MS,
  DEFAULT_TUNNEL_SETTINGS,
  type TunnelSettings,
} from '../../../src/protocol/rtmpt/limits.ts';
import { TunnelError } from '../../../src/protocol/rtmpt/tunnel-error.ts';
import { TunnelSession } from '../../../src/protocol/rtmpt/tunnel-session.ts';
import { FakeEndpoint } from './fake-endpoint.ts';

const C0C1C2 = 'h'.repeat(3073);

// A session with its endpoint and a clock that the test moves; answers read as `token: status polling bytes`.
class Bench {
  readonly endpoint = new FakeEndpoint();
  readonly answers: string[] = [];
  readonly session: TunnelSession<string>;
  endedCount = 0;
  nowMs = 1000;

  constructor(settings: Partial<TunnelSettings> = {}) {
    this.session = new TunnelSession<string>({
      settings: { ...DEFAULT_TUNNEL_SETTINGS, ...settings },
      endpoint: this.endpoint,
      openedMs: this.nowMs,
      reply: (token, reply) => {
        const text = Buffer.concat(reply.parts).toString('latin1');
        this.answers.push(`${token}: ${reply.statusCode} ${reply.pollingByte ?? '-'} ${text}`.trimEnd());
      },
      onEnded: () => {
        this.endedCount++;
      },
    });
    this.session.carriersChanged(1, this.nowMs);
  }

  ask(type: 'send' | 'idle' | 'close', token: string, body = ''): void {
    this.session.receive(
      { type, sequenceNumber: null, body: Buffer.from(body, 'latin1') },
      token,
      this.nowMs,
    );
  }

  // Advances to `ms` after the opening, ticking there as a wheel would.
  at(ms: number): void {
    this.nowMs = 1000 + ms;
    this.session.tick(this.nowMs);
  }

  deadlineMs(): number {
    return this.session.nextDeadlineMs() - 1000;
  }
}

function shaken(settings: Partial<TunnelSettings> = {}): Bench {
  const bench = new Bench(settings);
  bench.ask('send', 'c0c1c2', C0C1C2);
  bench.answers.length = 0;
  bench.endpoint.received.length = 0;
  return bench;
}

describe('TunnelSession, answering', () => {
  it('answers a send at once with the polling byte alone when nothing is pending', () => {
    const bench = new Bench();
    bench.ask('send', 'a', 'bytes');
    assert.deepEqual(bench.endpoint.received, ['bytes']);
    assert.deepEqual(bench.answers, ['a: 200 1']);
  });

  it('gives the answer to a send in the reply to that send', () => {
    const bench = new Bench();
    bench.endpoint.onReceive = () => bench.endpoint.queue('S0S1S2');
    bench.ask('send', 'a', 'C0C1');
    assert.deepEqual(bench.answers, ['a: 200 1 S0S1S2']);
  });

  it('discards the body of an idle and feeds no empty body', () => {
    const bench = new Bench();
    bench.ask('idle', 'a', '\x00');
    bench.ask('send', 'b', '');
    assert.deepEqual(bench.endpoint.received, []);
  });

  it('answers an idle at once with what is pending', () => {
    const bench = new Bench();
    bench.endpoint.queue('one');
    bench.endpoint.queue('two');
    bench.ask('idle', 'a');
    assert.deepEqual(bench.answers, ['a: 200 1 onetwo']);
  });

  it('does not judge sequence numbers', () => {
    const bench = new Bench();
    for (const sequenceNumber of [0, 0, 7, null, 3]) {
      bench.session.receive({ type: 'send', sequenceNumber, body: Buffer.from('x') }, 't', bench.nowMs);
    }
    assert.equal(bench.endpoint.received.length, 5);
    assert.equal(bench.answers.length, 5);
  });

  it('lets replies grow while they come back full, and shrink again', () => {
    const bench = new Bench();
    for (let count = 0; count < 40; count++) bench.endpoint.queue('m'.repeat(20_000));
    const lengths: number[] = [];
    for (let count = 0; count < 4; count++) {
      bench.ask('send', 't');
      lengths.push((bench.answers.at(-1)?.length ?? 0) - 't: 200 1 '.length);
    }
    assert.deepEqual(lengths, [60_000, 120_000, 260_000, 360_000]);
    for (let count = 0; count < 5; count++) {
      bench.endpoint.queue('small');
      bench.ask('send', 't');
    }
    assert.equal(bench.endpoint.takenCaps.at(-1), 65_536);
  });

  it('carries a message longer than the cap whole', () => {
    const bench = new Bench({ maxReplyBytes: 10 });
    bench.endpoint.queue('longer than ten');
    bench.endpoint.queue('next');
    bench.ask('idle', 'a');
    assert.deepEqual(bench.answers, ['a: 200 1 longer than ten']);
  });
});

describe('TunnelSession, holding an idle', () => {
  const HOLDS: readonly (readonly [string, boolean, Partial<TunnelSettings>, number])[] = [
    ['500 ms once set up', true, {}, 500],
    ['100 ms before that', false, {}, 100],
    ['4 s at most', true, { idleHoldMs: 60_000 }, 4000],
    ['4 s at most before set-up', false, { setupHoldMs: 60_000 }, 4000],
  ];
  for (const [name, isSetUp, settings, holdMs] of HOLDS) {
    it(`holds for ${name}`, () => {
      const bench = shaken(settings);
      bench.endpoint.isSetUp = isSetUp;
      bench.ask('idle', 'a');
      assert.equal(bench.deadlineMs(), holdMs);
      bench.at(holdMs - 1);
      assert.deepEqual(bench.answers, []);
      bench.at(holdMs);
      assert.deepEqual(bench.answers, ['a: 200 1']);
    });
  }

  it('answers at once where the hold is 0', () => {
    const bench = shaken({ setupHoldMs: 0 });
    bench.ask('idle', 'a');
    assert.deepEqual(bench.answers, ['a: 200 1']);
  });

  it('lets a held idle go with the first bytes', () => {
    const bench = shaken();
    bench.ask('idle', 'a');
    bench.session.wake();
    assert.deepEqual(bench.answers, []);
    bench.endpoint.queue('media');
    bench.session.wake();
    bench.session.wake();
    assert.deepEqual(bench.answers, ['a: 200 1 media']);
  });

  it('answers a held idle first when a send comes, and the send with what it caused', () => {
    const bench = shaken();
    bench.endpoint.onReceive = (text) => bench.endpoint.queue(`re:${text}`);
    bench.ask('idle', 'a');
    bench.ask('send', 'b', 'play');
    assert.deepEqual(bench.answers, ['a: 200 1', 'b: 200 1 re:play']);
  });

  it('answers a held idle when the next idle comes, and holds that one', () => {
    const bench = shaken();
    bench.ask('idle', 'a');
    bench.ask('idle', 'b');
    assert.deepEqual(bench.answers, ['a: 200 1']);
    bench.at(100);
    assert.deepEqual(bench.answers, ['a: 200 1', 'b: 200 1']);
  });

  it('does not split an answer when the endpoint wakes it in the middle of a send', () => {
    const bench = shaken();
    bench.endpoint.onReceive = () => {
      bench.endpoint.queue('one');
      bench.session.wake();
      bench.endpoint.queue('two');
    };
    bench.ask('send', 'a', 'connect');
    assert.deepEqual(bench.answers, ['a: 200 1 onetwo']);
  });

  it('drops the held idle of a client that is gone, and keeps its bytes for the next request', () => {
    const bench = shaken();
    bench.ask('idle', 'a');
    bench.session.abort((token) => token === 'a');
    bench.endpoint.queue('media');
    bench.session.wake();
    assert.deepEqual(bench.answers, []);
    bench.ask('idle', 'b');
    assert.deepEqual(bench.answers, ['b: 200 1 media']);
  });
});

describe('TunnelSession, ending', () => {
  it('answers close with one zero byte and everything after it with 404', () => {
    const bench = shaken();
    bench.ask('idle', 'a');
    bench.ask('close', 'b');
    bench.ask('idle', 'c');
    bench.ask('send', 'd', 'x');
    bench.ask('close', 'e');
    assert.deepEqual(bench.answers, ['a: 200 1', 'b: 200 0', 'c: 404 -', 'd: 404 -', 'e: 404 -']);
    assert.deepEqual(bench.endpoint.received, []);
    assert.equal(bench.endedCount, 1);
    assert.equal(bench.session.nextDeadlineMs(), Number.POSITIVE_INFINITY);
  });

  it('carries the last words in the held idle, then says 00, then 404', () => {
    const bench = shaken();
    bench.ask('idle', 'a');
    bench.endpoint.queue('goodbye');
    bench.session.close(bench.nowMs);
    bench.ask('send', 'b', 'ignored');
    bench.ask('idle', 'c');
    assert.deepEqual(bench.answers, ['a: 200 1 goodbye', 'b: 200 0', 'c: 404 -']);
    assert.deepEqual(bench.endpoint.received, []);
    assert.equal(bench.endedCount, 1);
  });

  it('says 00 at once to a held idle when there are no last words', () => {
    const bench = shaken();
    bench.ask('idle', 'a');
    bench.session.close(bench.nowMs);
    assert.deepEqual(bench.answers, ['a: 200 0']);
    assert.equal(bench.endedCount, 1);
  });

  it('keeps the last words for a client that asks later, but not for ever', () => {
    const patient = shaken();
    patient.endpoint.queue('goodbye');
    patient.session.close(patient.nowMs);
    patient.at(CLOSE_LINGER_MS - 1);
    patient.ask('idle', 'a');
    assert.deepEqual(patient.answers, ['a: 200 1 goodbye']);

    const absent = shaken();
    absent.session.close(absent.nowMs);
    assert.equal(absent.deadlineMs(), CLOSE_LINGER_MS);
    absent.at(CLOSE_LINGER_MS);
    assert.equal(absent.endedCount, 1);
    absent.ask('idle', 'a');
    assert.deepEqual(absent.answers, ['a: 404 -']);
  });

  it('answers the request in which the endpoint closes it with the last words', () => {
    const bench = shaken();
    bench.endpoint.onReceive = () => {
      bench.endpoint.queue('refused');
      bench.session.close(bench.nowMs);
    };
    bench.ask('send', 'a', 'connect');
    assert.deepEqual(bench.answers, ['a: 200 1 refused']);
    assert.equal(bench.endedCount, 0);
  });

  it('throws what the endpoint throws, and answers that request when it is then closed', () => {
    const bench = shaken();
    bench.endpoint.onReceive = () => {
      throw new Error('broken');
    };
    assert.throws(() => bench.ask('send', 'a', 'bad'), /broken/);
    assert.deepEqual(bench.answers, []);
    bench.endpoint.queue('why');
    bench.session.close(bench.nowMs);
    assert.deepEqual(bench.answers, ['a: 200 1 why']);
  });

  it('answers a request whose send failed at the next tick where nobody closes it', () => {
    const bench = shaken();
    bench.endpoint.onReceive = () => {
      throw new Error('broken');
    };
    assert.throws(() => bench.ask('send', 'a', 'bad'), /broken/);
    bench.at(0);
    assert.deepEqual(bench.answers, ['a: 200 1']);
  });

  it('leaves nobody without an answer when taking throws', () => {
    const bench = shaken();
    bench.ask('idle', 'a');
    bench.endpoint.onTake = () => {
      throw new Error('broken');
    };
    assert.throws(() => bench.ask('send', 'b', 'x'), /broken/);
    assert.throws(() => bench.session.close(bench.nowMs), /broken/);
    bench.session.end();
    assert.deepEqual(bench.answers, ['a: 200 0', 'b: 200 0']);
    assert.equal(bench.endedCount, 1);
  });

  it('answers once where taking ends the session', () => {
    const bench = shaken();
    bench.endpoint.queue('lost');
    bench.endpoint.onTake = () => bench.session.end();
    bench.ask('idle', 'a');
    assert.deepEqual(bench.answers, ['a: 200 0']);
  });
});

describe('TunnelSession, times of life', () => {
  function codeAt(bench: Bench, ms: number): string | null {
    try {
      bench.at(ms);
      return null;
    } catch (error) {
      assert.ok(error instanceof TunnelError);
      return error.code;
    }
  }

  it('wants a handshake within its time, whatever else is asked', () => {
    const bench = new Bench({ handshakeTimeoutMs: 3000 });
    bench.ask('send', 'a', C0C1C2.slice(1));
    assert.equal(bench.deadlineMs(), 3000);
    assert.equal(codeAt(bench, 2999), null);
    assert.equal(codeAt(bench, 3000), 'tunnel-handshake-timeout');
    bench.session.close(bench.nowMs);
    assert.equal(bench.endedCount, 1);
  });

  it('is content with C0, C1 and C2', () => {
    const bench = new Bench({ handshakeTimeoutMs: 3000 });
    bench.ask('send', 'a', C0C1C2);
    assert.equal(codeAt(bench, 3000), null);
  });

  it('ends a silent session, counting from its last request of any kind', () => {
    const bench = shaken();
    bench.at(30_000);
    bench.ask('send', 'a', 'x');
    assert.equal(codeAt(bench, 89_999), null);
    assert.equal(codeAt(bench, 90_000), 'tunnel-silent');
  });

  it('ends a session whose last connection is gone and that asks nothing more', () => {
    const bench = shaken();
    bench.at(5000);
    bench.session.carriersChanged(0, bench.nowMs);
    assert.equal(bench.deadlineMs(), 15_000);
    assert.equal(codeAt(bench, 14_999), null);
    assert.equal(codeAt(bench, 15_000), 'tunnel-detached');
  });

  it('forgives an absence once the session is asked again', () => {
    const bench = shaken();
    bench.session.carriersChanged(0, bench.nowMs);
    bench.at(9000);
    bench.ask('send', 'a', 'x');
    assert.equal(codeAt(bench, 18_999), null);
    bench.session.carriersChanged(1, bench.nowMs);
    assert.equal(codeAt(bench, 40_000), null);
  });

  it('tells a held idle when a time of life ends the session', () => {
    const bench = new Bench({ handshakeTimeoutMs: 50 });
    bench.ask('idle', 'a');
    assert.equal(codeAt(bench, 50), 'tunnel-handshake-timeout');
    bench.session.close(bench.nowMs);
    assert.deepEqual(bench.answers, ['a: 200 0']);
  });
});
