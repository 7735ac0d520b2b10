// A token bucket: how a limit on how often something comes is kept. Time comes from outside.

/** How often something may come: so many at once, and so many a second in the long run. */
export type Rate = { readonly atOnce: number; readonly perSecond: number };

/** A bucket: full at first, filled again at its rate. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #filledMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.atOnce;
    this.#filledMs = nowMs;
  }

  /** Takes `count` tokens; false where there are not so many. `nowMs` must not go back. */
  take(count: number, nowMs: number): boolean {
    const { atOnce, perSecond } = this.#rate;
    this.#tokens = Math.min(atOnce, this.#tokens + ((nowMs - this.#filledMs) * perSecond) / 1000);
    this.#filledMs = nowMs;
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }
}
