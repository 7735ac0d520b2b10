// When the next idle may leave. A server that holds idles paces them itself. One that answers at once would be flooded: there
// the classic polling byte counts, and a pause that grows with the silence. What brings bytes is followed by the next at
// once, so that no pause stands in the way while data flows. On a single connection a held idle keeps sends waiting: who sends
// and hears nothing idles rarely there, as FFmpeg's publisher does, for replies to sends bring answers too. [RTMPT-NOTE 6, 7]

import {
  AFTER_SEND_PAUSE_MS,
  EMPTY_BEFORE_SLOWING,
  HELD_MS,
  MAX_AFTER_SEND_MS,
  MAX_POLLING_BYTE,
  MAX_SLOWED_PAUSE_MS,
  MIN_EMPTY_PAUSE_MS,
  POLLING_UNIT_MS,
} from './limits.ts';

/** What counts of a reply; times in ms. */
export type PacingReply = {
  readonly verb: 'send' | 'idle' | 'close';
  /** Bytes of RTMP in it. */
  readonly lengthBytes: number;
  readonly pollingByte: number;
  /** From the request to the reply. */
  readonly tookMs: number;
};

/** Paces the idles of one session. */
export class IdlePace {
  readonly #isSendHeldUp: boolean;
  #dueMs = 0;
  #emptyInARow = 0;
  /** Quickest reply so far, ms: about what the line takes. */
  #quickestMs = Number.POSITIVE_INFINITY;
  /** When an idle came back without a byte, while nothing has brought any since; null else. */
  #quietSinceMs: number | null = null;

  /** `isSendHeldUp` where sends wait for idles: there is one connection. */
  constructor(isSendHeldUp: boolean) {
    this.#isSendHeldUp = isSendHeldUp;
  }

  /** When the next idle may leave, monotonic ms. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** Takes note of a reply that came at `nowMs`. */
  replied(reply: PacingReply, nowMs: number): void {
    const { verb, lengthBytes, tookMs } = reply;
    this.#quickestMs = Math.min(this.#quickestMs, tookMs);
    if (lengthBytes > 0) {
      this.#emptyInARow = 0;
      this.#dueMs = nowMs;
      this.#quietSinceMs = null;
    } else if (verb === 'idle') {
      const isHeld = tookMs - this.#quickestMs >= HELD_MS;
      this.#emptyInARow = isHeld ? 0 : this.#emptyInARow + 1;
      this.#dueMs = isHeld ? nowMs : nowMs + Math.max(this.#askedMs(reply), this.#ownMs());
      this.#quietSinceMs = nowMs;
    } else if (this.#isSendHeldUp && this.#quietSinceMs !== null) {
      const latestMs = this.#quietSinceMs + MAX_AFTER_SEND_MS;
      this.#dueMs = Math.max(this.#dueMs, Math.min(nowMs + AFTER_SEND_PAUSE_MS, latestMs));
    }
  }

  #askedMs({ pollingByte }: PacingReply): number {
    return Math.min(pollingByte, MAX_POLLING_BYTE) * POLLING_UNIT_MS;
  }

  #ownMs(): number {
    const doublings = Math.max(0, this.#emptyInARow - EMPTY_BEFORE_SLOWING);
    return Math.min(MIN_EMPTY_PAUSE_MS * 2 ** doublings, MAX_SLOWED_PAUSE_MS);
  }
}
