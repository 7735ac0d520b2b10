// Viewers of one stream that are woken together: one timer for all of them, however many.

import type { Viewer } from './viewer.ts';

/** What the streams run on: injected, so that a test drives it by hand. */
export interface StreamScheduler {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Calls back once after `delayMs`; 0 means as soon as what is being read now has been worked off. */
  after(delayMs: number, callback: () => void): void;
}

/** Viewers that are woken together. */
export class Audience {
  readonly #scheduler: StreamScheduler;
  readonly #onWake: (() => void) | null;
  readonly #viewers = new Set<Viewer>();
  #isWakeDue = false;
  #wokenMs = Number.NEGATIVE_INFINITY;

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
   * Wakes everybody once for all that is there by then: `gatherMs` behind the wake before, or at once where that is past.
   * WHY: from the wake before and not from now on, so that what comes after a pause waits for nothing.
   */
  wakeWithin(gatherMs: number): void {
    if (this.#isWakeDue || this.#viewers.size === 0) return;
    this.#isWakeDue = true;
    const delayMs = gatherMs === 0 ? 0 : this.#wokenMs + gatherMs - this.#scheduler.nowMs();
    this.#scheduler.after(Math.max(0, delayMs), this.#wake);
  }

  readonly #wake = (): void => {
    this.#isWakeDue = false;
    this.#wokenMs = this.#scheduler.nowMs();
    this.#onWake?.();
    for (const viewer of this.#viewers) viewer.listener.wake();
  };
}
