// The byte cap of a tunnel's replies. It starts small, so that a first reply is short on a slow line, doubles while
// replies come back full, and falls back when they are small. Replies are whole messages, so one never fills its cap
// exactly: more than half counts as full. Of two replies in a row that both left messages behind, one always is.

import { INITIAL_REPLY_CAP_BYTES } from './limits.ts';

/** How many bytes the next reply may carry. */
export class ReplyCap {
  readonly #floorBytes: number;
  readonly #ceilingBytes: number;
  #capBytes: number;

  /** The cap never passes `ceilingBytes`, at least 1. */
  constructor(ceilingBytes: number) {
    this.#ceilingBytes = ceilingBytes;
    this.#floorBytes = Math.min(INITIAL_REPLY_CAP_BYTES, ceilingBytes);
    this.#capBytes = this.#floorBytes;
  }

  /** Cap of the next reply, in bytes. */
  get capBytes(): number {
    return this.#capBytes;
  }

  /** Takes note of a reply that carried `lengthBytes` of RTMP; true where it counts as full. */
  replied(lengthBytes: number): boolean {
    const isFull = lengthBytes > this.#capBytes / 2;
    if (isFull) {
      this.#capBytes = Math.min(this.#capBytes * 2, this.#ceilingBytes);
    } else if (lengthBytes < this.#capBytes / 8) {
      this.#capBytes = Math.max(Math.floor(this.#capBytes / 2), this.#floorBytes);
    }
    return isFull;
  }
}
