// Whether anybody wants a live stream that is fetched: those who wait for it, and those who watch. Once it has come it is
// kept for a while after the last of them; one that has brought nothing yet ends with the last who waits.

import type { Config } from '../config/schema.ts';
import type { Deadline, Wheel } from '../links/link.ts';
import { RelayWaiters } from './relay-waiters.ts';

/** Time from one look at whether anybody watches to the next, ms. */
const LOOK_MS = 250;

/** What it is made with. */
export type PullAudienceDeps = {
  readonly wheel: Wheel;
  readonly settings: Pick<Config['relay'], 'startTimeoutMs' | 'keepTimeMs'>;
  /** Those who watch now. */
  readonly viewerCount: () => number;
  /** Nobody wants it any more; called by the wheel or by who leaves, once. */
  readonly onGone: () => void;
};

/** The audience of one pull. */
export class PullAudience {
  readonly #deps: PullAudienceDeps;
  readonly #waiters: RelayWaiters;
  #lookDeadline: Deadline | null = null;
  #isKept = false;
  #goneSinceMs: number | null = null;

  constructor(deps: PullAudienceDeps) {
    this.#deps = deps;
    this.#waiters = new RelayWaiters(deps.wheel, deps.settings.startTimeoutMs, () => this.#look());
  }

  /** Begins to look after it; without that, it is wanted for good. */
  watch(): void {
    this.#lookLater();
  }

  /** Looks no more. */
  stop(): void {
    this.#lookDeadline?.cancel();
    this.#lookDeadline = null;
  }

  /** The stream has come: it is kept for those who come back. */
  keep(): void {
    this.#isKept = true;
  }

  /** Adds one who waits; gives what takes the question back. */
  wait(answer: (outcome: 'started' | 'none') => void): () => void {
    return this.#waiters.add(answer);
  }

  /** True while somebody waits. */
  get isAwaited(): boolean {
    return this.#waiters.count > 0;
  }

  /** Answers all who wait. */
  settle(outcome: 'started' | 'none'): void {
    this.#waiters.settle(outcome);
  }

  #look(): void {
    // It is not looked after, or no more.
    if (this.#lookDeadline === null) return;
    this.stop();
    const { wheel, settings, viewerCount, onGone } = this.#deps;
    const nowMs = wheel.nowMs();
    if (this.#waiters.count > 0 || viewerCount() > 0) this.#goneSinceMs = null;
    else this.#goneSinceMs ??= nowMs;
    const keepTimeMs = this.#isKept ? settings.keepTimeMs : 0;
    if (this.#goneSinceMs !== null && nowMs - this.#goneSinceMs >= keepTimeMs) onGone();
    else this.#lookLater();
  }

  #lookLater(): void {
    const { wheel } = this.#deps;
    this.#lookDeadline = wheel.at(wheel.nowMs() + LOOK_MS, () => this.#look());
  }
}
