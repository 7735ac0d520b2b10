// Has what upstreams send gather for a while, so that many clients cost few reads, writes and replies: all that came
// something for are told at one moment, and one timer does for them.

import type { StreamScheduler } from '../streams/audience.ts';

/** Told when it is time. */
export interface Gatherer {
  released(): void;
}

/** One rhythm for all who gather. */
export class GatherClock {
  readonly #scheduler: StreamScheduler;
  readonly #gatherMs: number;
  #waiting = new Set<Gatherer>();
  /** Those that are being told; empty elsewhere. */
  #told = new Set<Gatherer>();

  constructor(scheduler: StreamScheduler, gatherMs: number) {
    this.#scheduler = scheduler;
    this.#gatherMs = gatherMs;
  }

  /** Something came for it: it is told within the time to gather, once. */
  add(gatherer: Gatherer): void {
    if (this.#waiting.size === 0) this.#scheduler.after(this.#gatherMs, this.#release);
    this.#waiting.add(gatherer);
  }

  /** It is gone. */
  remove(gatherer: Gatherer): void {
    this.#waiting.delete(gatherer);
    // One of them may end another, or itself.
    this.#told.delete(gatherer);
  }

  readonly #release = (): void => {
    this.#told = this.#waiting;
    this.#waiting = new Set();
    for (const gatherer of this.#told) gatherer.released();
    this.#told.clear();
  };
}
