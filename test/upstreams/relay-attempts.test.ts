// Which upstream a relay tries next, and when.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DeadlineWheel } from '../../src/sessions/deadline-wheel.ts';
import type { UpstreamLease, UpstreamPool } from '../../src/upstreams/pool.ts';
import { RelayAttempts } from '../../src/upstreams/relay-attempts.ts';
import { FakeClock } from '../sessions/session-rig.ts';
import { inOrder, PoolRig } from './pool-rig.ts';

/** Tries of a relay to these upstreams, in order. */
class AttemptsRig {
  readonly clock = new FakeClock();
  readonly opened: string[] = [];
  /** Times until the next try where there was none to try. */
  readonly waits: number[] = [];
  readonly attempts: RelayAttempts;
  readonly pool: UpstreamPool;
  isAwaited = false;
  #lease: UpstreamLease | null = null;

  constructor(...names: string[]) {
    this.pool = new PoolRig(Object.fromEntries(names.map((name) => [name, { maxFailures: 100 }]))).pool;
    this.attempts = new RelayAttempts({
      wheel: new DeadlineWheel(this.clock),
      settings: { retryTimeMs: 1000, maxRetryTimeMs: 5000 },
      take: (tried) => this.pool.take(inOrder(...names), tried),
      open: (lease) => {
        this.#lease = lease;
        this.opened.push(lease.name);
      },
      isAwaited: () => this.isAwaited,
      none: (nextTryMs) => this.waits.push(nextTryMs),
    });
  }

  /** The open try stands, but brings nothing after `servedMs`; gives the time until the next. */
  pass(servedMs = 0): number {
    const lease = this.#lease;
    assert.ok(lease !== null, 'there is a try');
    return this.attempts.pass(lease.name, servedMs);
  }

  /** The open try is over; gives the time until the next. */
  over(servedMs = 0): number {
    const lease = this.#lease;
    assert.ok(lease !== null, 'there is a try');
    lease.closed();
    return this.attempts.over(lease.name, servedMs);
  }
}

describe('RelayAttempts', () => {
  it('tries each upstream once, at once, and all again after a time that doubles to its limit', () => {
    const rig = new AttemptsRig('a', 'b');
    assert.equal(rig.attempts.try(), 0);
    const waits: number[] = [];
    for (let round = 0; round < 5; round++) {
      assert.equal(rig.over(), 0);
      const waitMs = rig.over();
      waits.push(waitMs);
      const before = rig.opened.length;
      rig.clock.advance(waitMs - 100);
      assert.equal(rig.opened.length, before);
      rig.clock.advance(200);
    }
    assert.deepEqual(waits, [1000, 2000, 4000, 5000, 5000]);
    assert.deepEqual(rig.opened, Array(6).fill(['a', 'b']).flat().slice(0, 11));
  });

  it('tries the others at once, and counts anew, where one breaks that had served for a while', () => {
    const rig = new AttemptsRig('a', 'b');
    rig.attempts.try();
    rig.over();
    assert.equal(rig.over(), 1000);
    rig.clock.advance(1100);
    assert.equal(rig.over(1000), 0, 'a served');
    assert.deepEqual(rig.opened, ['a', 'b', 'a', 'b']);
    assert.equal(rig.over(), 1000);
  });

  it('does not try two in turn without an end that break as soon as they have begun', () => {
    const rig = new AttemptsRig('a', 'b');
    rig.attempts.try();
    assert.equal(rig.over(999), 0);
    assert.equal(rig.over(999), 1000);
  });

  it('waits before it tries the only one again', () => {
    const rig = new AttemptsRig('a');
    rig.attempts.try();
    assert.equal(rig.over(60_000), 1000);
    assert.equal(rig.over(60_000), 1000);
  });

  it('asks the others while one stands that brings nothing, and goes back where they have less', () => {
    const rig = new AttemptsRig('a', 'b');
    rig.attempts.try();
    assert.equal(rig.pass(60_000), 0, 'b is asked');
    assert.equal(rig.pass(), 1000, 'b stands');
    rig.clock.advance(1100);
    assert.equal(rig.pass(), 2000, 'a was asked, and stands');
    rig.clock.advance(2100);
    assert.equal(rig.over(), 0, 'b is gone');
    assert.deepEqual(rig.opened, ['a', 'b', 'a', 'b', 'a']);
    assert.equal(rig.over(), 4000, 'and a too');
    assert.deepEqual(rig.waits, []);
  });

  it('tries sooner where somebody asks, but for every half second, and doubles no wait for it', () => {
    const rig = new AttemptsRig('a');
    rig.attempts.try();
    for (const waitMs of [1000, 2000, 4000]) {
      assert.equal(rig.over(), waitMs);
      if (waitMs < 4000) rig.clock.advance(waitMs + 100);
    }
    rig.clock.advance(1500);
    for (let ask = 0; ask < 10; ask++) rig.attempts.hurry();
    rig.clock.advance(100);
    assert.equal(rig.opened.length, 4, 'at once');
    assert.equal(rig.over(), 4000);
    for (let ask = 0; ask < 10; ask++) rig.attempts.hurry();
    rig.clock.advance(350);
    assert.equal(rig.opened.length, 4, 'not yet');
    rig.clock.advance(200);
    assert.equal(rig.opened.length, 5);
    assert.equal(rig.clock.waitingCalls, 0);
    rig.attempts.hurry();
    rig.clock.advance(5000);
    assert.equal(rig.opened.length, 5, 'a try is under way');
  });

  it('leaves one that stands where it is, whoever asks: it may begin to send', () => {
    const rig = new AttemptsRig('a', 'b');
    rig.attempts.try();
    rig.pass();
    assert.equal(rig.pass(), 1000, 'b stands');
    rig.isAwaited = true;
    rig.clock.advance(800);
    rig.attempts.hurry();
    rig.clock.advance(100);
    assert.deepEqual(rig.opened, ['a', 'b']);
  });

  it('waits no longer than the first time while a viewer waits, and goes on doubling behind that', () => {
    const rig = new AttemptsRig('a');
    rig.attempts.try();
    for (const waitMs of [1000, 2000]) {
      assert.equal(rig.over(), waitMs);
      rig.clock.advance(waitMs + 100);
    }
    rig.isAwaited = true;
    for (let time = 0; time < 3; time++) {
      assert.equal(rig.over(), 1000);
      rig.clock.advance(1100);
    }
    rig.isAwaited = false;
    assert.equal(rig.over(), 4000);
  });

  it('goes on to all of them where the one that stood was left', () => {
    const rig = new AttemptsRig('a', 'b');
    rig.attempts.try();
    rig.pass();
    rig.pass();
    rig.attempts.left();
    assert.equal(rig.attempts.wait(), 2000);
    rig.pool.setDraining('a', true);
    rig.clock.advance(2100);
    assert.deepEqual(rig.opened, ['a', 'b', 'b']);
  });

  it('says once where there is none to try, until there is one', () => {
    const rig = new AttemptsRig('a');
    rig.pool.setDraining('a', true);
    assert.equal(rig.attempts.try(), 1000);
    rig.clock.advance(1100);
    assert.deepEqual(rig.waits, [1000]);
    rig.pool.setDraining('a', false);
    rig.clock.advance(2100);
    assert.deepEqual(rig.opened, ['a']);
    rig.pool.setDraining('a', true);
    assert.equal(rig.over(), 4000);
    rig.clock.advance(4100);
    assert.equal(rig.waits.length, 2);
  });

  it('makes no further try once it is stopped', () => {
    const rig = new AttemptsRig('a');
    rig.attempts.try();
    rig.over();
    rig.attempts.stop();
    rig.clock.advance(60_000);
    assert.deepEqual(rig.opened, ['a']);
    assert.equal(rig.clock.waitingCalls, 0);
  });
});
