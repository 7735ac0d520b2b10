import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TunnelSettings } from '../../../src/protocol/rtmpt/limits.ts';
import { type Bench, shaken } from './session-bench.ts';

/** A bench that is set up, with a message of media that gathers. */
function gathering(settings: Partial<TunnelSettings> = {}): Bench {
  const bench = shaken(settings);
  bench.endpoint.isSetUp = true;
  bench.endpoint.isGathering = true;
  bench.endpoint.queueMedia('one');
  return bench;
}

describe('TunnelSession, while media gathers', () => {
  it('holds an idle, and answers it with all there is when woken', () => {
    const bench = gathering();
    bench.ask('idle', 'a');
    bench.endpoint.queueMedia('two');
    assert.deepEqual(bench.answers, []);
    assert.equal(bench.deadlineMs(), 500);
    bench.session.wake(bench.nowMs);
    assert.deepEqual(bench.answers, ['a: 200 1 onetwo']);
  });

  it('answers an idle at once when the media is due, with what has come since', () => {
    const bench = gathering();
    bench.endpoint.queueMedia('two');
    bench.endpoint.isGathering = false;
    bench.ask('idle', 'a');
    assert.deepEqual(bench.answers, ['a: 200 1 onetwo']);
  });

  it('answers an idle with all there is when its hold ends, without a wake', () => {
    const bench = gathering();
    bench.ask('idle', 'a');
    bench.at(499);
    assert.deepEqual(bench.answers, []);
    bench.at(500);
    assert.deepEqual(bench.answers, ['a: 200 1 one']);
  });

  it('answers an idle at once with all there is where nothing is held', () => {
    const bench = gathering({ idleHoldMs: 0 });
    bench.ask('idle', 'a');
    assert.deepEqual(bench.answers, ['a: 200 1 one']);
  });

  it('answers an idle at once where an answer to the peer is due', () => {
    const bench = gathering();
    bench.endpoint.queue('status');
    bench.ask('idle', 'a');
    assert.deepEqual(bench.answers, ['a: 200 1 status']);
  });

  it('lets a held idle go with all there is when another request comes', () => {
    const bench = gathering();
    bench.ask('idle', 'a');
    bench.ask('send', 'b', 'Acknowledgement');
    assert.deepEqual(bench.answers, ['a: 200 1 one', 'b: 200 1']);
  });

  it('gives all there is to a held idle when the session is closed from this side', () => {
    const bench = gathering();
    bench.ask('idle', 'a');
    bench.session.close(bench.nowMs);
    bench.ask('idle', 'b');
    assert.deepEqual(bench.answers, ['a: 200 1 one', 'b: 200 0']);
  });

  it('is woken for nothing where no idle is held', () => {
    const bench = gathering();
    assert.equal(bench.session.isWaiting, false);
    const takes = bench.endpoint.takenCaps.length;
    bench.session.wake(bench.nowMs);
    assert.equal(bench.endpoint.takenCaps.length, takes);
    bench.ask('idle', 'a');
    assert.equal(bench.session.isWaiting, true);
  });
});
