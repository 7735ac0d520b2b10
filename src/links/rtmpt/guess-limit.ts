// How often one source may ask for sessions that are not there: whoever guesses ids is slowed down, and whoever has a valid
// one, behind the same address too, is not touched. A client whose session has ended asks a few times and gives up.

import { addressBlockOf } from '../../auth/address-block.ts';
import { type Rate, TokenBucket } from '../../protocol/bytes/token-bucket.ts';

/** LIMIT: an id has 128 bits; a company whose sessions all end at once asks a few hundred times, and then opens new ones. */
const GUESS_RATE: Rate = { atOnce: 500, perSecond: 20 };

/** LIMIT: sources that are remembered, about 200 bytes each; beyond that the one that was new first is forgotten. */
const MAX_SOURCES = 10_000;

/** Counts requests for unknown sessions by source. */
export class GuessLimit {
  readonly #buckets = new Map<string, TokenBucket>();

  /** False where `remoteAddress` has asked too often. */
  mayAsk(remoteAddress: string, nowMs: number): boolean {
    const source = addressBlockOf(remoteAddress);
    let bucket = this.#buckets.get(source);
    if (bucket === undefined) {
      bucket = new TokenBucket(GUESS_RATE, nowMs);
      this.#buckets.set(source, bucket);
      if (this.#buckets.size > MAX_SOURCES) this.#forgetFirst();
    }
    return bucket.take(1, nowMs);
  }

  #forgetFirst(): void {
    const [first] = this.#buckets.keys();
    if (first !== undefined) this.#buckets.delete(first);
  }
}
