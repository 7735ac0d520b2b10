// Ends what nobody says anything on for too long. Hearing something costs a number; the wheel is touched once in the time.

import type { Deadline, Wheel } from '../links/link.ts';

/** Watches one connection. */
export class IdleWatch {
  readonly #wheel: Wheel;
  readonly #timeoutMs: number;
  readonly #onIdle: () => void;
  #heardMs: number;
  #deadline: Deadline;

  /** Calls `onIdle` once, when nothing was heard for `timeoutMs`. */
  constructor(wheel: Wheel, timeoutMs: number, onIdle: () => void) {
    this.#wheel = wheel;
    this.#timeoutMs = timeoutMs;
    this.#onIdle = onIdle;
    this.#heardMs = wheel.nowMs();
    this.#deadline = this.#watch();
  }

  /** Either side has said something. */
  heard(): void {
    this.#heardMs = this.#wheel.nowMs();
  }

  /** It is over. */
  stop(): void {
    this.#deadline.cancel();
  }

  #watch(): Deadline {
    return this.#wheel.at(this.#heardMs + this.#timeoutMs, () => {
      if (this.#wheel.nowMs() - this.#heardMs < this.#timeoutMs) this.#deadline = this.#watch();
      else this.#onIdle();
    });
  }
}
