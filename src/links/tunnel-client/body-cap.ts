// The cap of a send's body: it doubles while full bodies are taken quickly, and halves where one took long, so that a body
// takes a second at most on any line, and much on a fast one.

import { INITIAL_BODY_BYTES, QUICK_BODY_MS, SLOW_BODY_MS } from './limits.ts';

/** How many bytes the next send may carry. */
export class BodyCap {
  readonly #floorBytes: number;
  readonly #ceilingBytes: number;
  #capBytes: number;

  /** The cap never passes `ceilingBytes`, at least 1. */
  constructor(ceilingBytes: number) {
    this.#ceilingBytes = ceilingBytes;
    this.#floorBytes = Math.min(INITIAL_BODY_BYTES, ceilingBytes);
    this.#capBytes = this.#floorBytes;
  }

  /** Cap of the next body, in bytes. */
  get capBytes(): number {
    return this.#capBytes;
  }

  /** Takes note of a body of `lengthBytes` that was answered after `tookMs`. More than half of the cap counts as full. */
  answered(lengthBytes: number, tookMs: number): void {
    const isFull = lengthBytes > this.#capBytes / 2;
    if (tookMs > SLOW_BODY_MS) this.#capBytes = Math.max(Math.floor(this.#capBytes / 2), this.#floorBytes);
    else if (isFull && tookMs < QUICK_BODY_MS)
      this.#capBytes = Math.min(this.#capBytes * 2, this.#ceilingBytes);
  }
}
