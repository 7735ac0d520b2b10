// All upstreams of the gateway, and which of them a connect gets. Connections are counted and failures noted once for each
// upstream, however many routes lead to it. Pure: who dials says what came of it.

import type { UpstreamTarget } from '../config/routing.ts';
import { type Outage, type PoolUpstream, type StateListener, UpstreamState } from './upstream-state.ts';

/** Which upstreams come into question, and how one is chosen. */
export type PoolChoice = Pick<UpstreamTarget, 'upstreams' | 'balance'>;

/** The state of one upstream, for people and metrics. */
export type UpstreamStatus = {
  readonly name: string;
  readonly isUp: boolean;
  readonly isDraining: boolean;
  /** Connections that are open or being opened. */
  readonly openCount: number;
  /** Failures in a row. */
  readonly failureCount: number;
};

/** What the pool stands on. */
export type PoolDeps = StateListener & {
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
};

/** The upstreams, by name. */
export class UpstreamPool {
  readonly #states: ReadonlyMap<string, UpstreamState>;
  readonly #nowMs: () => number;

  constructor(upstreams: readonly PoolUpstream[], { nowMs, ...listener }: PoolDeps) {
    this.#states = new Map(
      upstreams.map((settings) => [settings.name, new UpstreamState(settings, listener)]),
    );
    this.#nowMs = nowMs;
  }

  /**
   * Takes the best upstream that may be connected to, and is none of `tried`: call it again with those that failed, until
   * it gives null. What it gives counts as a connection, and must be told how that went on.
   */
  take({ upstreams, balance }: PoolChoice, tried: ReadonlySet<string> = new Set()): UpstreamLease | null {
    const nowMs = this.#nowMs();
    const open = upstreams
      .filter((name) => !tried.has(name))
      .map((name) => this.#stateOf(name))
      .filter((state) => state.isOpenTo(nowMs));
    const state = balance === 'leastLoaded' ? leastLoaded(open, nowMs) : inOrder(open, nowMs);
    return state === undefined ? null : new UpstreamLease(state, this.#nowMs);
  }

  /** True where `take` would give one. Takes none, and no turn of one in its slow start. */
  hasOpen({ upstreams }: Pick<PoolChoice, 'upstreams'>, tried: ReadonlySet<string>): boolean {
    const nowMs = this.#nowMs();
    return upstreams.some((name) => !tried.has(name) && this.#stateOf(name).isOpenTo(nowMs));
  }

  /** Gives an upstream no new connections, or new ones again. False where there is none of that name. */
  setDraining(name: string, isDraining: boolean): boolean {
    const state = this.#states.get(name);
    state?.setDraining(isDraining);
    return state !== undefined;
  }

  /** A check of the upstream was good. */
  checkPassed(name: string): void {
    this.#stateOf(name).checkPassed(this.#nowMs());
  }

  /** A check of the upstream failed. */
  checkFailed(name: string, reason: string): void {
    this.#stateOf(name).checkFailed(this.#nowMs(), reason);
  }

  /** All upstreams, in the order that they were given in. */
  status(): readonly UpstreamStatus[] {
    return [...this.#states].map(([name, { isUp, isDraining, openCount, failureCount }]) => {
      return { name, isUp, isDraining, openCount, failureCount };
    });
  }

  #stateOf(name: string): UpstreamState {
    const state = this.#states.get(name);
    // The configuration was checked: a name that is not there is a bug of ours.
    if (state === undefined) throw new Error(`there is no upstream ${name}`);
    return state;
  }
}

/** A connection to an upstream, from before it is dialled until it is over. What is told after its end changes nothing. */
export class UpstreamLease {
  readonly #state: UpstreamState;
  readonly #nowMs: () => number;
  readonly #trialOf: Outage | null;
  #stage: 'opening' | 'open' | 'over' = 'opening';

  /** Made by the pool alone. */
  constructor(state: UpstreamState, nowMs: () => number) {
    this.#state = state;
    this.#nowMs = nowMs;
    this.#trialOf = state.begin();
  }

  /** The upstream's name. */
  get name(): string {
    return this.#state.settings.name;
  }

  /** The connection came about, the RTMP handshake with it. */
  opened(): void {
    if (this.#stage !== 'opening') return;
    this.#stage = 'open';
    this.#state.succeeded(this.#nowMs());
  }

  /** It did not come about. `reason` is for the log. */
  failed(reason: string): void {
    if (this.#stage !== 'opening') return;
    this.#finish();
    this.#state.failed(this.#nowMs(), reason, this.#trialOf);
  }

  /**
   * The upstream hung up before the handshake was done, and knew by then whose connection it was: it may go by the
   * client's address. Counts as `broke` does of one that is open; a trial that ends so was none.
   */
  turnedAway(): void {
    if (this.#stage !== 'opening') return;
    this.#finish();
    this.#state.broke();
  }

  /** The upstream broke it off: reset, or silent for too long. */
  broke(): void {
    if (this.#stage === 'opening') {
      this.failed('the connection broke before it was ready');
      return;
    }
    if (this.#stage === 'over') return;
    this.#finish();
    this.#state.broke();
  }

  /** It ended in order, or the client gave up while it was being opened: that says nothing of the upstream. */
  closed(): void {
    if (this.#stage !== 'over') this.#finish();
  }

  #finish(): void {
    this.#stage = 'over';
    this.#state.end(this.#trialOf);
  }
}

/** The first; one in its slow start only as often as its share allows, where there are others. */
function inOrder(open: readonly UpstreamState[], nowMs: number): UpstreamState | undefined {
  return open.find((state) => state.shareAt(nowMs) >= 1 || state.takeTurn(nowMs)) ?? open[0];
}

/** The one with the fewest connections for its weight, with this one; the first of several. */
function leastLoaded(open: readonly UpstreamState[], nowMs: number): UpstreamState | undefined {
  const loadOf = (state: UpstreamState) =>
    (state.openCount + 1) / (state.settings.weight * state.shareAt(nowMs));
  let least = open[0];
  for (const state of open) if (least !== undefined && loadOf(state) < loadOf(least)) least = state;
  return least;
}
