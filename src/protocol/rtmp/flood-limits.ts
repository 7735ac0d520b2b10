// Token buckets against floods: one for each kind of message that costs more to take in than to send. Time comes from
// outside, with the bytes.

import { TokenBucket } from '../bytes/token-bucket.ts';
import { FLOOD_RATES } from './limits.ts';
import { RtmpError } from './rtmp-error.ts';

/** What is watched. */
export type FloodKind = keyof typeof FLOOD_RATES;

/** The buckets of one connection; each is made when it is needed. */
export class FloodLimits {
  readonly #buckets = new Map<FloodKind, TokenBucket>();
  /** The time that holds for what comes next, ms; must not go back. */
  nowMs: number;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  /** Counts `count` of a kind. @throws RtmpError 'rtmp-flood' where that is more than its rate allows */
  spend(kind: FloodKind, count = 1): void {
    let bucket = this.#buckets.get(kind);
    if (bucket === undefined) {
      bucket = new TokenBucket(FLOOD_RATES[kind], this.nowMs);
      this.#buckets.set(kind, bucket);
    }
    if (bucket.take(count, this.nowMs)) return;
    const { atOnce, perSecond } = FLOOD_RATES[kind];
    throw new RtmpError(
      'rtmp-flood',
      `expected at most ${perSecond} ${kind} a second and ${atOnce} at once, got more`,
    );
  }
}
