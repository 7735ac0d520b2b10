// Whatever happens in whatever order, a pool gives no upstream that is down, full, drained or tried already.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { UpstreamLease } from '../../src/upstreams/pool.ts';
import { PoolRig } from './pool-rig.ts';
import '../support/property-sizes.ts';

const NAMES = ['a', 'b', 'c'];

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constantFrom('take', 'takeOne'), name: fc.constantFrom(...NAMES) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constantFrom('opened', 'failed', 'turnedAway', 'broke', 'closed'),
      pick: fc.nat({ max: 50 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('wait'), pick: fc.constantFrom(1, 500, 1_000, 4_000, 20_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constantFrom('drain', 'undrain', 'checkPassed', 'checkFailed'),
      name: fc.constantFrom(...NAMES),
    }),
  },
);
type Step = { readonly type: string; readonly name?: string; readonly pick?: number };

/** One time of being down, as the log told it. A trial that outlives it is no trial of the next. */
type Outage = { readonly sinceMs: number; hasTrial: boolean };
/** What is known of an upstream from outside alone. */
type Known = { openCount: number; outage: Outage | null; isDraining: boolean };

describe('a pool', () => {
  it('never gives an upstream that is down, full, drained or tried already', () => {
    let takenCount = 0;
    let trialCount = 0;
    const settings = {
      maxFailures: fc.integer({ min: 1, max: 3 }),
      maxConnections: fc.integer({ min: 1, max: 4 }),
      weight: fc.integer({ min: 1, max: 3 }),
      slowStartTimeMs: fc.constantFrom(0, 5_000),
      check: fc.constantFrom<'none' | 'tcp'>('none', 'none', 'tcp'),
    };
    const balance = fc.constantFrom<'inOrder' | 'leastLoaded'>('inOrder', 'leastLoaded');
    fc.assert(
      fc.property(
        fc.tuple(...NAMES.map(() => fc.record(settings))),
        balance,
        fc.array(step, { maxLength: 120 }),
        (given, chosen, steps) => {
          const rig = new PoolRig(Object.fromEntries(NAMES.map((name, index) => [name, given[index] ?? {}])));
          const known = new Map<string, Known>(
            NAMES.map((name) => [name, { openCount: 0, outage: null, isDraining: false }]),
          );
          const leases: { readonly lease: UpstreamLease; readonly trialOf: Outage | null }[] = [];
          const of = (name: string): Known => known.get(name) ?? assert.fail(name);
          const note = (): void => {
            for (const line of rig.log.splice(0)) {
              const [name = '', what] = line.split(' ');
              of(name).outage = what === 'down' ? { sinceMs: rig.nowMs, hasTrial: false } : null;
            }
          };
          const taken = (lease: UpstreamLease | null, allowed: readonly string[]): void => {
            if (lease === null) return;
            takenCount++;
            const index = NAMES.indexOf(lease.name);
            const state = of(lease.name);
            assert.ok(allowed.includes(lease.name), 'tried already');
            assert.ok(state.openCount < (given[index]?.maxConnections ?? 0), 'full');
            assert.equal(state.isDraining, false, 'drained');
            const trialOf = state.outage;
            if (trialOf !== null) {
              trialCount++;
              assert.equal(given[index]?.check, 'none', 'down, and the checks say when it is up');
              assert.ok(rig.nowMs - trialOf.sinceMs >= 1_000, 'down, and to be left alone');
              assert.equal(trialOf.hasTrial, false, 'down, and on trial');
              trialOf.hasTrial = true;
            }
            state.openCount++;
            leases.push({ lease, trialOf });
          };
          const run = ({ type, name = '', pick = 0 }: Step): void => {
            if (type === 'take') {
              const tried = new Set([name]);
              const allowed = NAMES.filter((other) => other !== name);
              taken(rig.pool.take({ upstreams: NAMES, balance: chosen }, tried), allowed);
            } else if (type === 'takeOne') taken(rig.takeOne(name), [name]);
            else if (type === 'wait') rig.nowMs += pick;
            else if (type === 'drain' || type === 'undrain') {
              of(name).isDraining = type === 'drain';
              rig.pool.setDraining(name, type === 'drain');
            } else if (type === 'checkPassed') rig.pool.checkPassed(name);
            else if (type === 'checkFailed') rig.pool.checkFailed(name, 'refused');
            else if (leases.length > 0) {
              const at = pick % leases.length;
              const { lease, trialOf } = leases[at] ?? assert.fail();
              if (type === 'opened') lease.opened();
              else {
                lease[type as 'failed' | 'turnedAway' | 'broke' | 'closed']('refused');
                // Too late for one that is open.
                if ((type === 'failed' || type === 'turnedAway') && isOpen.has(lease)) return;
                of(lease.name).openCount -= 1;
                leases.splice(at, 1);
              }
              if (type === 'opened') isOpen.add(lease);
              if (trialOf !== null && type !== 'opened') trialOf.hasTrial = false;
            }
          };
          const isOpen = new Set<UpstreamLease>();
          for (const one of steps) {
            run(one);
            note();
            for (const { name, openCount, isDraining, isUp } of rig.pool.status()) {
              const state = of(name);
              assert.deepEqual(
                [openCount, isDraining, isUp],
                [state.openCount, state.isDraining, state.outage === null],
              );
            }
          }
        },
      ),
      { numRuns: 400 },
    );
    assert.ok(takenCount > 2_000 && trialCount > 20, `${takenCount} taken, ${trialCount} on trial`);
  });
});
