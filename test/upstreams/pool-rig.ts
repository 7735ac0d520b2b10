// A pool over a clock that a test sets, and what it told.

import { type PoolChoice, type UpstreamLease, UpstreamPool } from '../../src/upstreams/pool.ts';
import type { PoolUpstream } from '../../src/upstreams/upstream-state.ts';

/** A pool with upstreams of these names; what is not said of one is as below. */
export class PoolRig {
  readonly pool: UpstreamPool;
  /** What went down and came back, in order: 'a down 1000: refused', 'a up 1500'. */
  readonly log: string[] = [];
  nowMs = 1_000_000;

  constructor(upstreams: Readonly<Record<string, Partial<PoolUpstream>>>) {
    const settings = Object.entries(upstreams).map(([name, given]) => ({ ...SETTINGS, ...given, name }));
    this.pool = new UpstreamPool(settings, {
      nowMs: () => this.nowMs,
      onDown: (name, { reason, downForMs }) => this.log.push(`${name} down ${downForMs}: ${reason}`),
      onUp: (name, { downMs }) => this.log.push(`${name} up ${downMs}`),
    });
  }

  /** Takes that upstream; null where it may not be connected to now. */
  takeOne(name: string): UpstreamLease | null {
    return this.pool.take(inOrder(name));
  }

  /** Takes as the choice says and opens what is taken; the name, or null. */
  open(choice: PoolChoice): string | null {
    const lease = this.pool.take(choice);
    lease?.opened();
    return lease?.name ?? null;
  }

  /** Has `count` connections to the upstream fail, as many as may be opened. */
  fail(name: string, count: number, reason = 'refused'): void {
    for (let times = 0; times < count; times++) this.takeOne(name)?.failed(reason);
  }
}

const SETTINGS: Omit<PoolUpstream, 'name'> = {
  maxConnections: 100,
  weight: 1,
  check: 'none',
  maxFailures: 3,
  downTimeMs: 1_000,
  maxDownTimeMs: 10_000,
  slowStartTimeMs: 0,
};

/** A choice of upstreams in order. */
export function inOrder(...upstreams: string[]): PoolChoice {
  return { upstreams, balance: 'inOrder' };
}

/** A choice of upstreams by load. */
export function leastLoaded(...upstreams: string[]): PoolChoice {
  return { upstreams, balance: 'leastLoaded' };
}
