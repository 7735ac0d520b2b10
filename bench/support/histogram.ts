// Durations gathered into buckets of a tenth of a millisecond: percentiles of millions of values in 80 KB.

const BUCKETS_PER_MS = 10;
/** LIMIT: two seconds in buckets; what is longer counts as its true value only in `maxMs`. */
const BUCKETS = 2000 * BUCKETS_PER_MS;

/** Counts durations in ms. */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #count = 0;
  #maxMs = 0;

  /** How many durations there are. */
  get count(): number {
    return this.#count;
  }

  /** The longest, in ms; 0 where there is none. */
  get maxMs(): number {
    return this.#maxMs;
  }

  /** Adds one duration. */
  add(durationMs: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.floor(durationMs * BUCKETS_PER_MS)));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count++;
    if (durationMs > this.#maxMs) this.#maxMs = durationMs;
  }

  /** The duration, in ms with one decimal, that `share` (0..1) of all do not exceed; null where there is none. */
  percentileMs(share: number): number | null {
    if (this.#count === 0) return null;
    let left = Math.ceil(this.#count * share);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket] ?? 0;
      if (left <= 0) return (bucket + 1) / BUCKETS_PER_MS;
    }
    return this.#maxMs;
  }
}
