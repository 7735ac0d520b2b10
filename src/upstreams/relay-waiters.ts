// Those who wait for a live stream that is being fetched: each is answered once, at the latest when its time is over.

import type { Deadline, Wheel } from '../links/link.ts';

type Outcome = 'started' | 'none';
type Waiter = { readonly answer: (outcome: Outcome) => void; readonly deadline: Deadline };

/** The waiters of one pull. */
export class RelayWaiters {
  readonly #wheel: Wheel;
  readonly #limitMs: number;
  readonly #onNoneLeft: () => void;
  readonly #waiters = new Set<Waiter>();

  /** Whoever waits for longer than `limitMs` is told that there is none. `onNoneLeft` hears of the last one who left. */
  constructor(wheel: Wheel, limitMs: number, onNoneLeft: () => void) {
    this.#wheel = wheel;
    this.#limitMs = limitMs;
    this.#onNoneLeft = onNoneLeft;
  }

  /** How many there are. */
  get count(): number {
    return this.#waiters.size;
  }

  /** Adds one; gives what takes it off without an answer. */
  add(answer: (outcome: Outcome) => void): () => void {
    const deadline = this.#wheel.at(this.#wheel.nowMs() + this.#limitMs, () => {
      if (!this.#waiters.delete(waiter)) return;
      answer('none');
      this.#left();
    });
    const waiter: Waiter = { answer, deadline };
    this.#waiters.add(waiter);
    return () => {
      deadline.cancel();
      if (this.#waiters.delete(waiter)) this.#left();
    };
  }

  /** Answers all; `onNoneLeft` is not called. */
  settle(outcome: Outcome): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const { answer, deadline } of waiters) {
      deadline.cancel();
      answer(outcome);
    }
  }

  #left(): void {
    if (this.#waiters.size === 0) this.#onNoneLeft();
  }
}
