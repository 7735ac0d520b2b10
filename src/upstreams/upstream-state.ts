// One upstream: how many connections it has, whether it is up, and for how long it is left alone where it is not. Time is
// handed in; nothing here dials.
//
//   up ── maxFailures in a row ──► down ── downTime, doubled at each relapse ──► on trial: one connection, or a check
//    ▲                              ▲                                              │ │
//    │                              └──────────────── it fails ────────────────────┘ │
//    └────── slow start: a share that grows ◄────────── it succeeds ─────────────────┘

import type { Upstream } from '../config/routing.ts';

/** What is set of an upstream, as far as its state goes by it. */
export type PoolUpstream = Pick<
  Upstream,
  | 'name'
  | 'maxConnections'
  | 'weight'
  | 'check'
  | 'maxFailures'
  | 'downTimeMs'
  | 'maxDownTimeMs'
  | 'slowStartTimeMs'
>;

/** Hears of changes, for the log. Called in the middle of what caused them; must not throw. */
export type StateListener = {
  /** It counts as down from now on; it is left alone for `downForMs` first. */
  readonly onDown: (name: string, facts: { readonly reason: string; readonly downForMs: number }) => void;
  /** It is up again; it was down for `downMs` in all. */
  readonly onUp: (name: string, facts: { readonly downMs: number }) => void;
};

/** The least share of the clients in a slow start, one of ten: with less it would be long before the first comes. */
const MIN_SHARE = 0.1;

/** One time of being down: since when, and until when it is left alone. */
export type Outage = { readonly sinceMs: number; retryAtMs: number; hasTrial: boolean };

/** The state of one upstream. */
export class UpstreamState {
  readonly settings: PoolUpstream;
  readonly #listener: StateListener;
  #openCount = 0;
  #isDraining = false;
  #failureCount = 0;
  #checkFailureCount = 0;
  #outage: Outage | null = null;
  #downForMs = 0;
  /** When it came back; null where it was never down. */
  #upAgainMs: number | null = null;
  /** What of its share was not used yet, in clients. */
  #credit = 0;

  constructor(settings: PoolUpstream, listener: StateListener) {
    this.settings = settings;
    this.#listener = listener;
  }

  /** Connections that are open or being opened. */
  get openCount(): number {
    return this.#openCount;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  get isUp(): boolean {
    return this.#outage === null;
  }

  /** Failures in a row, of connections or of checks, whichever are more. */
  get failureCount(): number {
    return Math.max(this.#failureCount, this.#checkFailureCount);
  }

  /** Whether it gets no new connections; those that it has stay. */
  setDraining(isDraining: boolean): void {
    this.#isDraining = isDraining;
  }

  /** True where a connection may be opened now. */
  isOpenTo(nowMs: number): boolean {
    if (this.#isDraining || this.#openCount >= this.settings.maxConnections) return false;
    if (this.#outage === null) return true;
    // WHY: where checks bring it back, no client has to try.
    return this.settings.check === 'none' && nowMs >= this.#outage.retryAtMs && !this.#outage.hasTrial;
  }

  /** The share of the clients that it bears, more than 0 and up to 1. */
  shareAt(nowMs: number): number {
    const { slowStartTimeMs } = this.settings;
    if (this.#upAgainMs === null || slowStartTimeMs === 0) return 1;
    return Math.min(1, Math.max(MIN_SHARE, (nowMs - this.#upAgainMs) / slowStartTimeMs));
  }

  /** Takes one client's worth of its share; false where it is not due yet, and others should go first. */
  takeTurn(nowMs: number): boolean {
    this.#credit += this.shareAt(nowMs);
    // WHY: ten tenths are a little less than one in floating point.
    if (this.#credit < 1 - 1e-9) return false;
    this.#credit -= 1;
    return true;
  }

  /** Counts a connection that is being opened, where one may be. Gives what it is the trial of; null where it is none. */
  begin(): Outage | null {
    this.#openCount += 1;
    if (this.#outage !== null) this.#outage.hasTrial = true;
    return this.#outage;
  }

  /** The connection is over. */
  end(trialOf: Outage | null): void {
    this.#openCount -= 1;
    if (trialOf !== null) trialOf.hasTrial = false;
  }

  /** A connection came about. */
  succeeded(nowMs: number): void {
    this.#failureCount = 0;
    this.#comeBack(nowMs);
  }

  /** A check was good. Of failures that clients had it says nothing. */
  checkPassed(nowMs: number): void {
    this.#checkFailureCount = 0;
    // WHY: what a check calls good may fail clients; then it does not come back at once each time.
    if (this.#outage !== null && nowMs >= this.#outage.retryAtMs) this.#comeBack(nowMs);
  }

  /** A check failed. */
  checkFailed(nowMs: number, reason: string): void {
    if (this.#outage !== null) return;
    this.#checkFailureCount += 1;
    if (this.#checkFailureCount >= this.settings.maxFailures) this.#goDown(nowMs, reason);
  }

  #comeBack(nowMs: number): void {
    if (this.#outage === null) return;
    this.#failureCount = 0;
    this.#checkFailureCount = 0;
    const downMs = nowMs - this.#outage.sinceMs;
    this.#outage = null;
    this.#upAgainMs = nowMs;
    this.#credit = 0;
    this.#listener.onUp(this.settings.name, { downMs });
  }

  /** A connection did not come about. `trialOf` is what `begin` gave. */
  failed(nowMs: number, reason: string, trialOf: Outage | null): void {
    if (this.#outage !== null) {
      // What began before it went down says nothing new.
      if (trialOf === this.#outage) this.#leaveAlone(this.#outage, nowMs);
      return;
    }
    this.#failureCount += 1;
    if (this.#failureCount >= this.settings.maxFailures) this.#goDown(nowMs, reason);
  }

  #goDown(nowMs: number, reason: string): void {
    const isRelapse = this.#upAgainMs !== null && nowMs - this.#upAgainMs < this.settings.maxDownTimeMs;
    if (!isRelapse) this.#downForMs = 0;
    this.#outage = { sinceMs: nowMs, retryAtMs: nowMs, hasTrial: false };
    this.#leaveAlone(this.#outage, nowMs);
    this.#listener.onDown(this.settings.name, { reason, downForMs: this.#downForMs });
  }

  /**
   * A connection broke after it had come about, or as soon as the upstream knew whose it was.
   * WHY: it never takes the last step. What a client sends can have an upstream hang up; no client may take it from others.
   */
  broke(): void {
    if (this.#outage === null)
      this.#failureCount = Math.min(this.#failureCount + 1, this.settings.maxFailures - 1);
  }

  #leaveAlone(outage: Outage, nowMs: number): void {
    const { downTimeMs, maxDownTimeMs } = this.settings;
    const mostMs = Math.max(downTimeMs, maxDownTimeMs);
    this.#downForMs = this.#downForMs === 0 ? downTimeMs : Math.min(2 * this.#downForMs, mostMs);
    outage.retryAtMs = nowMs + this.#downForMs;
  }
}
