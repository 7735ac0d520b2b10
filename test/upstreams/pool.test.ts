// Which upstream a connect gets, and what counts as down, by a clock that stands still.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inOrder, leastLoaded, PoolRig } from './pool-rig.ts';

describe('UpstreamPool', () => {
  it('gives the first in order, as long as it may be connected to', () => {
    const rig = new PoolRig({ a: { maxConnections: 2 }, b: {} });
    const taken = Array.from({ length: 3 }, () => rig.open(inOrder('a', 'b')));
    assert.deepEqual(taken, ['a', 'a', 'b']);
    assert.equal(rig.open(inOrder('a')), null);
  });

  it('gives the least loaded for its weight, the first of several', () => {
    const rig = new PoolRig({ a: {}, b: { weight: 3 }, c: {} });
    const taken = Array.from({ length: 10 }, () => rig.open(leastLoaded('a', 'b', 'c')));
    assert.deepEqual(
      ['a', 'b', 'c'].map((name) => taken.filter((other) => other === name).length),
      [2, 6, 2],
    );
    const even = new PoolRig({ a: {}, b: {} });
    assert.deepEqual([even.open(leastLoaded('a', 'b')), even.open(leastLoaded('a', 'b'))], ['a', 'b']);
  });

  it('gives another for each that failed within one connect, and none when all have', () => {
    const rig = new PoolRig({ a: {}, b: {}, c: {} });
    for (const choice of [inOrder('a', 'b', 'c'), leastLoaded('a', 'b', 'c')]) {
      const tried = new Set<string>();
      for (let lease = rig.pool.take(choice); lease !== null; lease = rig.pool.take(choice, tried)) {
        tried.add(lease.name);
        lease.failed('refused');
      }
      assert.deepEqual([...tried], ['a', 'b', 'c']);
    }
  });

  it('counts connections once, from the dialling to the end, whatever is told twice', () => {
    const rig = new PoolRig({ a: { maxConnections: 1 } });
    const openCount = () => rig.pool.status()[0]?.openCount;
    const lease = rig.takeOne('a');
    assert.equal(openCount(), 1);
    assert.equal(rig.takeOne('a'), null);
    lease?.opened();
    lease?.opened();
    lease?.closed();
    lease?.closed();
    lease?.broke();
    lease?.failed('late');
    assert.equal(openCount(), 0);
    assert.equal(rig.pool.status()[0]?.failureCount, 0);
    for (const end of ['failed', 'broke', 'closed'] as const) {
      rig.takeOne('a')?.[end]('refused');
      assert.equal(openCount(), 0, end);
    }
  });

  it('says whether there is another one, without taking it', () => {
    const rig = new PoolRig({ a: {}, b: {}, c: { maxConnections: 1 }, d: {} });
    rig.fail('b', 3);
    rig.pool.setDraining('d', true);
    const hasOther = () => rig.pool.hasOpen(inOrder('a', 'b', 'c', 'd'), new Set(['a']));
    assert.equal(hasOther(), true);
    assert.equal(rig.open(inOrder('c')), 'c');
    assert.equal(hasOther(), false);
  });

  it('counts one upstream once, however many routes lead to it', () => {
    const rig = new PoolRig({ a: { maxConnections: 1 }, b: {} });
    assert.equal(rig.open(inOrder('a')), 'a');
    assert.equal(rig.open(leastLoaded('a', 'b')), 'b');
  });

  it('throws for a name that is no upstream, which the configuration rules out', () => {
    assert.throws(() => new PoolRig({ a: {} }).pool.take(inOrder('b')), /no upstream b/);
  });
});

describe('an upstream that fails', () => {
  it('is down after that many failures in a row, and told once', () => {
    const rig = new PoolRig({ a: {}, b: {} });
    rig.fail('a', 2);
    assert.equal(rig.open(inOrder('a', 'b')), 'a');
    rig.fail('a', 2);
    assert.deepEqual(rig.log, []);
    rig.fail('a', 1, 'no answer');
    assert.deepEqual(rig.log, ['a down 1000: no answer']);
    assert.equal(rig.open(inOrder('a', 'b')), 'b');
    assert.equal(rig.open(inOrder('a')), null);
    assert.deepEqual(rig.pool.status()[0], {
      name: 'a',
      isUp: false,
      isDraining: false,
      openCount: 1,
      failureCount: 3,
    });
  });

  it('is left alone for the time set, then tried by one client at a time', () => {
    const rig = new PoolRig({ a: { maxFailures: 1 } });
    rig.fail('a', 1);
    rig.nowMs += 999;
    assert.equal(rig.takeOne('a'), null);
    rig.nowMs += 1;
    const trial = rig.takeOne('a');
    assert.notEqual(trial, null);
    assert.equal(rig.takeOne('a'), null);
    trial?.opened();
    assert.deepEqual(rig.log, ['a down 1000: refused', 'a up 1000']);
    assert.notEqual(rig.takeOne('a'), null);
  });

  it('is left alone twice as long each time that the trial fails, up to the longest', () => {
    const rig = new PoolRig({ a: { maxFailures: 1, maxDownTimeMs: 5_000 } });
    rig.fail('a', 1);
    for (const aloneMs of [1_000, 2_000, 4_000, 5_000, 5_000]) {
      rig.nowMs += aloneMs - 1;
      assert.equal(rig.takeOne('a'), null, `${aloneMs}`);
      rig.nowMs += 1;
      rig.fail('a', 1);
    }
    assert.equal(rig.log.length, 1);
  });

  it('is left alone longer where it fails again soon, and no longer where it held', () => {
    const rig = new PoolRig({ a: { maxFailures: 1 } });
    const comeBack = () => {
      rig.nowMs += 10_000;
      assert.equal(rig.open(inOrder('a')), 'a');
    };
    rig.fail('a', 1);
    comeBack();
    rig.nowMs += 9_999;
    rig.fail('a', 1);
    comeBack();
    rig.nowMs += 10_000;
    rig.fail('a', 1);
    const downs = rig.log.filter((line) => line.includes('down'));
    assert.deepEqual(downs, ['a down 1000: refused', 'a down 2000: refused', 'a down 1000: refused']);
  });

  it('may be tried again where a client gave up its trial, which says nothing', () => {
    const rig = new PoolRig({ a: { maxFailures: 1 } });
    rig.fail('a', 1);
    rig.nowMs += 1_000;
    rig.takeOne('a')?.closed();
    assert.notEqual(rig.takeOne('a'), null);
  });

  it('does not go further down for what was dialled before', () => {
    const rig = new PoolRig({ a: {} });
    const leases = Array.from({ length: 6 }, () => rig.takeOne('a'));
    for (const lease of leases) lease?.failed('refused');
    rig.nowMs += 1_000;
    assert.notEqual(rig.takeOne('a'), null);
  });

  it('keeps one trial, though an older one ends meanwhile', () => {
    const rig = new PoolRig({ a: { maxFailures: 1, maxDownTimeMs: 1_000 } });
    rig.fail('a', 1);
    rig.nowMs += 1_000;
    const older = rig.takeOne('a');
    older?.opened();
    rig.fail('a', 1);
    rig.nowMs += 1_000;
    assert.notEqual(rig.takeOne('a'), null);
    older?.closed();
    assert.equal(rig.takeOne('a'), null);
  });

  it('is not taken down by connections that break once they are open: a client can cause that', () => {
    for (const maxFailures of [1, 3]) {
      const rig = new PoolRig({ a: { maxFailures } });
      const leases = Array.from({ length: 20 }, () => rig.takeOne('a'));
      for (const lease of leases) lease?.opened();
      for (const lease of leases) lease?.broke();
      assert.deepEqual(rig.log, []);
      assert.equal(rig.pool.status()[0]?.failureCount, maxFailures - 1);
      rig.fail('a', 1);
      assert.equal(rig.log.length, 1, 'the next connection that fails does');
    }
  });

  it('is not taken down, and not left alone for longer, by clients that it turns away', () => {
    const rig = new PoolRig({ a: {} });
    for (let times = 0; times < 10; times++) rig.takeOne('a')?.turnedAway();
    assert.deepEqual([rig.log, rig.pool.status()[0]?.openCount], [[], 0]);
    rig.fail('a', 1);
    assert.deepEqual(rig.log, ['a down 1000: refused']);
    rig.nowMs += 1_000;
    rig.takeOne('a')?.turnedAway();
    assert.equal(rig.open(inOrder('a')), 'a');
    const open = rig.takeOne('a');
    open?.opened();
    open?.turnedAway();
    assert.equal(rig.pool.status()[0]?.openCount, 2, 'one that is open is not turned away');
  });

  it('counts connections that break before they are ready as failures', () => {
    const rig = new PoolRig({ a: { maxFailures: 2 } });
    rig.takeOne('a')?.broke();
    rig.takeOne('a')?.broke();
    assert.deepEqual(rig.log, ['a down 1000: the connection broke before it was ready']);
  });
});

describe('an upstream in its slow start', () => {
  /** How many of 100 connects go to `a`, which came back that long ago. */
  function shareOf(balance: 'inOrder' | 'leastLoaded', sinceMs: number): number {
    const rig = new PoolRig({
      a: { maxFailures: 1, slowStartTimeMs: 10_000, maxConnections: 1_000 },
      b: { maxConnections: 1_000 },
    });
    rig.fail('a', 1);
    rig.nowMs += 1_000;
    const trial = rig.takeOne('a');
    trial?.opened();
    trial?.closed();
    rig.nowMs += sinceMs;
    const taken = Array.from({ length: 100 }, () => rig.open({ upstreams: ['a', 'b'], balance }));
    return taken.filter((name) => name === 'a').length;
  }

  it('gets a share that grows, in order', () => {
    assert.deepEqual(
      [0, 1_000, 5_000, 9_000, 10_000].map((ms) => shareOf('inOrder', ms)),
      [10, 10, 50, 90, 100],
    );
  });

  it('gets a share that grows, by load', () => {
    const shares = [0, 2_500, 5_000, 10_000].map((ms) => shareOf('leastLoaded', ms));
    assert.deepEqual(shares, [9, 20, 33, 50]);
  });

  it('gets every client where it is the only one', () => {
    const rig = new PoolRig({ a: { maxFailures: 1, slowStartTimeMs: 10_000 }, b: {} });
    rig.fail('a', 1);
    rig.pool.setDraining('b', true);
    rig.nowMs += 1_000;
    const taken = Array.from({ length: 5 }, () => rig.open(inOrder('a', 'b')));
    assert.deepEqual(new Set(taken), new Set(['a']));
  });
});

describe('an upstream that is drained', () => {
  it('gets no new connections, keeps those that it has, and can be had back', () => {
    const rig = new PoolRig({ a: {}, b: {} });
    assert.equal(rig.open(inOrder('a', 'b')), 'a');
    assert.equal(rig.pool.setDraining('a', true), true);
    assert.equal(rig.open(inOrder('a', 'b')), 'b');
    assert.equal(rig.takeOne('a'), null);
    const [a] = rig.pool.status();
    assert.deepEqual([a?.openCount, a?.isDraining, a?.isUp], [1, true, true]);
    rig.pool.setDraining('a', false);
    assert.equal(rig.open(inOrder('a', 'b')), 'a');
    assert.equal(rig.pool.setDraining('c', true), false);
  });
});

describe('an upstream that is checked', () => {
  it('goes down by checks that fail in a row, and comes back by one that is good', () => {
    const rig = new PoolRig({ a: { check: 'rtmp', maxFailures: 2 } });
    rig.pool.checkFailed('a', 'refused');
    rig.pool.checkPassed('a');
    rig.pool.checkFailed('a', 'refused');
    assert.deepEqual(rig.log, []);
    rig.pool.checkFailed('a', 'no answer');
    rig.pool.checkFailed('a', 'no answer');
    rig.nowMs += 5_000;
    assert.equal(rig.takeOne('a'), null, 'no client has to try it');
    rig.pool.checkPassed('a');
    assert.deepEqual(rig.log, ['a down 1000: no answer', 'a up 5000']);
    assert.notEqual(rig.takeOne('a'), null);
  });

  it('goes down by the failures of clients, though checks between them are good', () => {
    const rig = new PoolRig({ a: { check: 'tcp' } });
    for (let times = 0; times < 3; times++) {
      rig.fail('a', 1);
      rig.pool.checkPassed('a');
    }
    assert.deepEqual(rig.log, ['a down 1000: refused']);
    rig.nowMs += 1_000;
    rig.pool.checkPassed('a');
    assert.deepEqual(rig.log.at(-1), 'a up 1000');
  });
});
