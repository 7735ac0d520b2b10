// Viewers of one stream that are woken together: one timer for all of them, however many.

import type { Viewer } from './viewer.ts';

/** What the streams run on: injected, so that a test drives it by hand. */
export interface StreamScheduler {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Calls back once after `delayMs`; 0 means as soon as what is being read now has been worked off. */
  after(delayMs: number, callback: () => void): void;
}

/** How much longer than asked for, as a share of it, what has come may wait for the next message to go with it. */
const WAIT_SHARE = 1 / 4;

/** Viewers that are woken together. */
export class Audience {
  readonly #scheduler: StreamScheduler;
  readonly #onWake: (() => void) | null;
  readonly #viewers = new Set<Viewer>();
  #gatherMs = 0;
  #wokenMs = Number.NEGATIVE_INFINITY;
  /** True where something has come since the last wake. */
  #isPending = false;
  /** True while a wake is asked for as soon as may be; and the time of the earliest that is asked for by timer. */
  #isSoon = false;
  #timedMs = Number.POSITIVE_INFINITY;

  /** `onWake` is called right before the viewers are woken. */
  constructor(scheduler: StreamScheduler, onWake: (() => void) | null = null) {
    this.#scheduler = scheduler;
    this.#onWake = onWake;
  }

  /** Who is in it. */
  get viewers(): ReadonlySet<Viewer> {
    return this.#viewers;
  }

  /** Takes a viewer in. */
  add(viewer: Viewer): void {
    this.#viewers.add(viewer);
  }

  /** Lets a viewer go; it is not woken any more. */
  remove(viewer: Viewer): void {
    this.#viewers.delete(viewer);
  }

  /**
   * Something has come: wakes everybody once for all that is there, not before `gatherMs` have passed since the wake before.
   * WHY: with the first message behind that time, and by a timer only where none comes for long: what comes last then
   * waits for nothing, which is a third less latency for as many writes.
   */
  came(gatherMs: number): void {
    if (this.#viewers.size === 0) return;
    this.#gatherMs = gatherMs;
    this.#isPending = true;
    if (this.#isSoon) return;
    const nowMs = gatherMs === 0 ? Number.POSITIVE_INFINITY : this.#scheduler.nowMs();
    if (nowMs - this.#wokenMs >= gatherMs) {
      this.#isSoon = true;
      this.#scheduler.after(0, this.#wakeSoon);
    } else if (this.#timedMs - this.#latestMs >= 1) this.#wakeBy(nowMs);
  }

  get #latestMs(): number {
    return this.#wokenMs + this.#gatherMs * (1 + WAIT_SHARE);
  }

  #wakeBy(nowMs: number): void {
    this.#timedMs = this.#latestMs;
    this.#scheduler.after(this.#latestMs - nowMs, this.#timeIsUp);
  }

  readonly #wakeSoon = (): void => {
    this.#isSoon = false;
    this.#wake();
  };

  readonly #timeIsUp = (): void => {
    const nowMs = this.#scheduler.nowMs();
    if (this.#timedMs === Number.POSITIVE_INFINITY) return;
    // A timer may be some milliseconds early, for it counts from where its turn began.
    if (this.#timedMs - nowMs >= 1) {
      this.#scheduler.after(this.#timedMs - nowMs, this.#timeIsUp);
      return;
    }
    this.#timedMs = Number.POSITIVE_INFINITY;
    if (!this.#isPending || this.#isSoon) return;
    // A message may have woken everybody since this was asked for.
    if (this.#latestMs - nowMs >= 1) this.#wakeBy(nowMs);
    else this.#wake();
  };

  #wake(): void {
    this.#isPending = false;
    this.#wokenMs = this.#scheduler.nowMs();
    this.#onWake?.();
    for (const viewer of this.#viewers) {
      try {
        viewer.wake();
      } catch (error) {
        viewer.listener.failed(error);
      }
    }
  }
}
