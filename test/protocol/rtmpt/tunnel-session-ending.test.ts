import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLOSE_LINGER_MS, MAX_CLOSE_LINGER_MS } from '../../../src/protocol/rtmpt/limits.ts';
import { TunnelError } from '../../../src/protocol/rtmpt/tunnel-error.ts';
import { Bench, C0C1C2, shaken } from './session-bench.ts';

describe('TunnelSession, ending [tunnel point 12]', () => {
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

  it('gives its last words for as long as somebody takes some of them, thirty seconds in all', () => {
    const bench = shaken();
    bench.session.close(bench.nowMs);
    for (let number = 0; number < 7; number++) {
      bench.endpoint.queue('words');
      bench.ask('idle', String(number));
      assert.equal(bench.deadlineMs(), Math.min(4000 * number + CLOSE_LINGER_MS, MAX_CLOSE_LINGER_MS));
      bench.at(4000 * (number + 1));
    }
    bench.endpoint.queue('words');
    bench.ask('idle', '7');
    bench.at(MAX_CLOSE_LINGER_MS);
    assert.equal(bench.endedCount, 1);
    assert.deepEqual(
      bench.answers,
      Array.from({ length: 8 }, (_, number) => `${number}: 200 1 words`),
    );
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

describe('TunnelSession, times of life [tunnel point 11]', () => {
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
