// How often one viewer fell too far behind, and how many bytes of its streams it did not get for that.

/** Counts the jumps of one viewer. */
export class Skips {
  #count = 0;
  #skippedBytes = 0;
  /** Where it left off; null where it goes on, or left off for a reason of its own. */
  #leftAt: number | null = null;

  /** Times that it jumped. */
  get count(): number {
    return this.#count;
  }

  /** Bytes that it jumped over. */
  get skippedBytes(): number {
    return this.#skippedBytes;
  }

  /** It leaves off at `position`, because it is too far behind. */
  leave(position: number): void {
    this.#count++;
    this.#leftAt ??= position;
  }

  /** It goes on at `position` of the same log, or that log ends there. */
  goOn(position: number): void {
    if (this.#leftAt !== null) this.#skippedBytes += Math.max(0, position - this.#leftAt);
    this.#leftAt = null;
  }
}
