// Which upstream a relay tries next, and when: each of those that come into question once, at once, and then, after a time
// that doubles, all of them again. An upstream that had served well for a while makes the count begin anew.

import type { Config } from '../config/schema.ts';
import type { Deadline, Wheel } from '../links/link.ts';
import type { UpstreamLease } from './pool.ts';

/** What the tries of one relay are made with. */
export type RelayAttemptsDeps = {
  readonly wheel: Wheel;
  readonly settings: Pick<Config['relay'], 'retryTimeMs' | 'maxRetryTimeMs'>;
  /** Takes the best upstream that is none of `tried`; null where there is none now. */
  readonly take: (tried: ReadonlySet<string>) => UpstreamLease | null;
  /** Makes a try. Its end is told by `over`, later. */
  readonly open: (lease: UpstreamLease) => void;
};

/** The tries of one relay. */
export class RelayAttempts {
  readonly #deps: RelayAttemptsDeps;
  readonly #tried = new Set<string>();
  #delayMs: number;
  #deadline: Deadline | null = null;

  constructor(deps: RelayAttemptsDeps) {
    this.#deps = deps;
    this.#delayMs = deps.settings.retryTimeMs;
  }

  /** Makes the first try, or any one now. Gives the time until the next one, ms: 0 where it was made. */
  try(): number {
    const { take, open } = this.#deps;
    const lease = take(this.#tried);
    if (lease === null) return this.wait();
    this.stop();
    open(lease);
    return 0;
  }

  /** Hangs the next try on the wheel; gives the time until then, ms. */
  wait(): number {
    const { wheel, settings } = this.#deps;
    this.stop();
    const waitMs = this.#delayMs;
    this.#delayMs = Math.min(2 * waitMs, Math.max(settings.retryTimeMs, settings.maxRetryTimeMs));
    this.#tried.clear();
    this.#deadline = wheel.at(wheel.nowMs() + waitMs, () => {
      this.#deadline = null;
      this.try();
    });
    return waitMs;
  }

  /**
   * A try is over that had served for `servedMs`. Makes the next one, or hangs it on the wheel; gives the time until then,
   * ms. WHY: one that served for less than the time to the first retry is no reason to try the others at once again, for
   * two that break at once would be tried in turn without an end.
   */
  over(upstreamName: string, servedMs: number): number {
    if (servedMs >= this.#deps.settings.retryTimeMs) {
      this.#tried.clear();
      this.#delayMs = this.#deps.settings.retryTimeMs;
    }
    this.#tried.add(upstreamName);
    return this.try();
  }

  /** Makes no further try before `try` or `over`. */
  stop(): void {
    this.#deadline?.cancel();
    this.#deadline = null;
  }
}
