// Which upstream a relay tries next, and when: each of those that come into question once, at once, and then, after a time
// that doubles, all of them again. An upstream that had served well for a while makes the count begin anew. The last of a
// round may stand while it is waited, where it has nothing to send yet: it may begin to. While a viewer waits for the stream,
// the time does not double.

import type { Config } from '../config/schema.ts';
import type { Deadline, Wheel } from '../links/link.ts';
import type { UpstreamLease } from './pool.ts';
import { PULL_HURRY_MS } from './relay-deps.ts';

/** What the tries of one relay are made with. */
export type RelayAttemptsDeps = {
  readonly wheel: Wheel;
  readonly settings: Pick<Config['relay'], 'retryTimeMs' | 'maxRetryTimeMs'>;
  /** Takes the best upstream that is none of `tried`; null where there is none now. */
  readonly take: (tried: ReadonlySet<string>) => UpstreamLease | null;
  /** Makes a try, in the place of one that stands. Its end is told by `over` or `pass`, later. */
  readonly open: (lease: UpstreamLease) => void;
  /** True while a viewer waits for the stream. */
  readonly isAwaited: () => boolean;
  /** None at all may be connected to; the next try comes in `nextTryMs`. Told once, until one may be. */
  readonly none: (nextTryMs: number) => void;
};

/** The tries of one relay. */
export class RelayAttempts {
  readonly #deps: RelayAttemptsDeps;
  readonly #tried = new Set<string>();
  #delayMs: number;
  #deadline: Deadline | null = null;
  #dueMs = 0;
  /** What `#delayMs` was before the wait that runs. */
  #undoubledMs: number;
  #lastTryMs = Number.NEGATIVE_INFINITY;
  /** The upstream whose connection stands during the wait, and the one that was left for the try that is under way. */
  #standing: string | null = null;
  #left: string | null = null;
  #isNoneTold = false;

  constructor(deps: RelayAttemptsDeps) {
    this.#deps = deps;
    this.#delayMs = deps.settings.retryTimeMs;
    this.#undoubledMs = this.#delayMs;
  }

  /** Makes the first try, or any one now. Gives the time until the next one, ms: 0 where it was made. */
  try(): number {
    const { wheel, take, open, none } = this.#deps;
    this.#lastTryMs = wheel.nowMs();
    const lease = take(this.#tried);
    if (lease !== null) {
      this.stop();
      this.#left = this.#standing;
      this.#standing = null;
      this.#isNoneTold = false;
      open(lease);
      return 0;
    }
    const isNewRound = this.#tried.size === 0;
    const waitMs = this.wait();
    if (isNewRound && !this.#isNoneTold) {
      this.#isNoneTold = true;
      none(waitMs);
    }
    return waitMs;
  }

  /** Forgets how earlier tries went, and makes one. */
  again(): number {
    this.#standing = null;
    this.#forget();
    return this.try();
  }

  /** Hangs the next try on the wheel; gives the time until then, ms. */
  wait(): number {
    const { wheel, settings, isAwaited } = this.#deps;
    const { retryTimeMs, maxRetryTimeMs } = settings;
    const isHurried = isAwaited() && this.#standing === null;
    const waitMs = isHurried ? retryTimeMs : this.#delayMs;
    this.#undoubledMs = this.#delayMs;
    if (!isHurried) this.#delayMs = Math.min(2 * waitMs, Math.max(retryTimeMs, maxRetryTimeMs));
    this.#tried.clear();
    if (this.#standing !== null) this.#tried.add(this.#standing);
    this.#left = null;
    this.#hang(wheel.nowMs() + waitMs);
    return waitMs;
  }

  /**
   * Somebody wants it now: the try that is waited for comes at once, or as soon as PULL_HURRY_MS have gone by since the last
   * one. It is one more than those whose times double. Not where one stands: it may begin to send at any time.
   */
  hurry(): void {
    if (this.#standing !== null) return;
    const dueMs = Math.max(this.#deps.wheel.nowMs(), this.#lastTryMs + PULL_HURRY_MS);
    if (this.#deadline === null || dueMs >= this.#dueMs) return;
    this.#delayMs = this.#undoubledMs;
    this.#hang(dueMs);
  }

  /**
   * A try is over that had served for `servedMs`. Makes the next one, or hangs it on the wheel; gives the time until then,
   * ms. WHY: one that served for less than the time to the first retry is no reason to try the others at once again, for
   * two that break at once would be tried in turn without an end.
   */
  over(upstreamName: string, servedMs: number): number {
    this.#standing = null;
    // The one that was left for it stood, and may again.
    if (this.#left !== null) this.#tried.delete(this.#left);
    this.#left = null;
    this.#note(upstreamName, servedMs);
    return this.try();
  }

  /** A try stands, but brings nothing (any more) after it had served for `servedMs`: the same, and it stands meanwhile. */
  pass(upstreamName: string, servedMs: number): number {
    this.#left = null;
    this.#note(upstreamName, servedMs);
    this.#standing = upstreamName;
    return this.try();
  }

  /** The connection that stood, or served, was ended from this side. */
  left(): void {
    this.#standing = null;
    this.#left = null;
  }

  /** Makes no further try before it is told to. */
  stop(): void {
    this.#deadline?.cancel();
    this.#deadline = null;
  }

  #note(upstreamName: string, servedMs: number): void {
    if (servedMs >= this.#deps.settings.retryTimeMs) this.#forget();
    this.#tried.add(upstreamName);
  }

  #forget(): void {
    this.#tried.clear();
    this.#delayMs = this.#deps.settings.retryTimeMs;
  }

  #hang(dueMs: number): void {
    this.stop();
    this.#dueMs = dueMs;
    this.#deadline = this.#deps.wheel.at(dueMs, () => {
      this.#deadline = null;
      this.try();
    });
  }
}
