// The longest time in which nothing came to a viewer, between two moments.

/** Measures one viewer's pauses. All times are monotonic ms. */
export class PauseMeter {
  #lastMs = Number.POSITIVE_INFINITY;
  #longestMs = 0;
  #isOn = false;

  /** The longest pause between `start` and `stop`, ms. */
  get longestMs(): number {
    return this.#longestMs;
  }

  /** From now on pauses count. */
  start(nowMs: number): void {
    this.#isOn = true;
    this.#lastMs = nowMs;
  }

  /** Something came. */
  read(nowMs: number): void {
    if (this.#isOn) this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }

  /** No more pauses count; the one that lasts now ends here. */
  stop(nowMs: number): void {
    this.read(nowMs);
    this.#isOn = false;
  }
}
