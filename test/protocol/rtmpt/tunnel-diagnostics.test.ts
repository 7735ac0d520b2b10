import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TunnelDiagnostics } from '../../../src/protocol/rtmpt/tunnel-diagnostics.ts';
import { Bench } from './session-bench.ts';

const IN_ORDER = { repeatedRequests: 0, earlyRequests: 0, missingRequests: 0, lateRequests: 0 };

function figuresOf(bench: Bench): TunnelDiagnostics {
  return bench.session.diagnostics(IN_ORDER);
}

/** A bench whose idles are held, for 500 ms. */
function setUp(): Bench {
  const bench = new Bench();
  bench.endpoint.isSetUp = true;
  return bench;
}

describe('TunnelSession, its diagnostics', () => {
  it('have no ratio and no time where nothing was measured', () => {
    assert.deepEqual(figuresOf(new Bench()), {
      requests: 0,
      requestsPerSecond: null,
      emptyIdleRatio: null,
      meanHoldMs: null,
      longestHoldMs: null,
      meanRoundTripMs: null,
      longestRoundTripMs: null,
      largestReplyBytes: 0,
      fullReplies: 0,
      ...IN_ORDER,
    });
  });

  it('count requests a second up to the last of them: a silence at the end does not thin them out', () => {
    const bench = setUp();
    for (const ms of [100, 200, 1500]) {
      bench.at(ms);
      bench.ask('send', 's');
    }
    bench.at(9000);
    const { requests, requestsPerSecond } = figuresOf(bench);
    assert.deepEqual([requests, requestsPerSecond], [3, 2]);
  });

  it('tell the holds of idles that were woken, that ran out, and that were not held', () => {
    const bench = setUp();
    bench.ask('idle', 'woken');
    bench.at(40);
    bench.endpoint.queue('media');
    bench.session.wake(bench.nowMs);
    bench.ask('idle', 'empty');
    bench.at(540);
    bench.endpoint.queue('there');
    bench.ask('idle', 'at once');
    const { meanHoldMs, longestHoldMs, emptyIdleRatio } = figuresOf(bench);
    assert.deepEqual([meanHoldMs, longestHoldMs, emptyIdleRatio], [180, 500, 0.333]);
  });

  it('measure no hold of a send, and take none for an empty idle', () => {
    const bench = setUp();
    bench.ask('send', 's');
    const { meanHoldMs, longestHoldMs, emptyIdleRatio } = figuresOf(bench);
    assert.deepEqual([meanHoldMs, longestHoldMs, emptyIdleRatio], [null, null, null]);
  });

  it('tell an idle that the next request releases by its own arrival', () => {
    const bench = setUp();
    bench.ask('idle', 'held');
    bench.at(120);
    bench.ask('send', 's');
    const { meanHoldMs, longestHoldMs, emptyIdleRatio } = figuresOf(bench);
    assert.deepEqual([meanHoldMs, longestHoldMs, emptyIdleRatio], [120, 120, 1]);
  });

  it('tell the round trip from an answer to the next request, the opening for an answer', () => {
    const bench = setUp();
    bench.at(20);
    bench.ask('send', 'a');
    bench.at(50);
    bench.ask('idle', 'b');
    bench.at(550);
    bench.at(650);
    bench.ask('send', 'c');
    const { meanRoundTripMs, longestRoundTripMs } = figuresOf(bench);
    assert.deepEqual([meanRoundTripMs, longestRoundTripMs], [50, 100]);
  });

  it('measure no round trip to a request that did not wait for an answer, nor past one whose client is gone', () => {
    const bench = setUp();
    bench.ask('idle', 'held');
    bench.at(200);
    bench.ask('idle', 'pipelined');
    bench.at(300);
    bench.session.abort((token) => token === 'pipelined');
    bench.at(400);
    bench.ask('idle', 'anew');
    const { meanRoundTripMs, longestRoundTripMs, requests } = figuresOf(bench);
    assert.deepEqual([meanRoundTripMs, longestRoundTripMs, requests], [0, 0, 3]);
  });

  it('tell the longest reply, and how many came back full', () => {
    const bench = setUp();
    for (const lengthBytes of [32_768, 40_000, 65_536, 100]) {
      bench.endpoint.queueMedia('m'.repeat(lengthBytes));
      bench.ask('idle', 'i');
    }
    // Caps of 64, 64, 128 and 128 KiB: half of a cap is not full, and more is.
    const { largestReplyBytes, fullReplies } = figuresOf(bench);
    assert.deepEqual([largestReplyBytes, fullReplies], [65_536, 1]);
  });

  it('leave out what the end itself answers', () => {
    const bench = setUp();
    bench.ask('idle', 'held');
    bench.at(80);
    bench.session.end();
    assert.deepEqual(bench.answers, ['held: 200 0']);
    assert.equal(figuresOf(bench).emptyIdleRatio, null);
  });

  it('round times and shares', () => {
    const bench = setUp();
    for (const [askedMs, wokenMs] of [
      [0.04, 3.3],
      [10, 20.123],
      [30, 37.77],
    ] as const) {
      bench.at(askedMs);
      bench.ask('idle', 'i');
      bench.at(wokenMs);
      bench.endpoint.queue('m');
      bench.session.wake(bench.nowMs);
    }
    const { requestsPerSecond, meanHoldMs, longestHoldMs, meanRoundTripMs, longestRoundTripMs } =
      figuresOf(bench);
    assert.deepEqual([requestsPerSecond, meanHoldMs, longestHoldMs], [100, 7.1, 10]);
    assert.deepEqual([meanRoundTripMs, longestRoundTripMs], [5.5, 10]);
  });

  it('carry what was out of order', () => {
    const order = { repeatedRequests: 1, earlyRequests: 2, missingRequests: 3, lateRequests: 4 };
    const figures = new Bench().session.diagnostics(order);
    assert.partialDeepStrictEqual(figures, order);
  });
});
