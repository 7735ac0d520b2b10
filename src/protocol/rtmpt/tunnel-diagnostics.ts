// What an operator needs to say why a tunnel is slow: how often it asks, how long its idles are held, how long it stays
// away between an answer and its next request, and how full its replies are. Figures of the whole session, kept in a few
// numbers: nothing is allocated for a request, and no clock is read. Bytes that wait for the session are not among them:
// a viewer is a position in a log, and what lies before it would have to be added up.

import type { OrderCounters } from './request-order.ts';

/** Figures of one session since it was opened, rounded; null where there was nothing to measure. */
export type TunnelDiagnostics = OrderCounters & {
  /** Requests that were handled: none that only got the answer of an earlier one, or came too late. */
  readonly requests: number;
  /** The same a second, from the opening to the last of them: a silence at the end does not count. */
  readonly requestsPerSecond: number | null;
  /** Share of the idles answered that got nothing but the polling byte, 0..1. */
  readonly emptyIdleRatio: number | null;
  /** From the arrival of an idle to its answer, of all idles answered, ms; 0 for one that is not held. */
  readonly meanHoldMs: number | null;
  readonly longestHoldMs: number | null;
  /** From an answer to the arrival of the next request, ms: the network both ways, and the client's own pause. */
  readonly meanRoundTripMs: number | null;
  readonly longestRoundTripMs: number | null;
  /** Most RTMP bytes that one reply carried. */
  readonly largestReplyBytes: number;
  /** Replies that came near enough to their cap for it to be raised; see reply-cap.ts. */
  readonly fullReplies: number;
};

/** Measures one session. All times are monotonic ms. */
export class TunnelMeter {
  readonly #openedMs: number;
  #requestedMs: number;
  /** NaN where the next request has no answer to be measured from. */
  #answeredMs: number;
  #requests = 0;
  #idles = 0;
  #emptyIdles = 0;
  #holdsMs = 0;
  #longestHoldMs = 0;
  #roundTrips = 0;
  #roundTripsMs = 0;
  #longestRoundTripMs = 0;
  #largestReplyBytes = 0;
  #fullReplies = 0;

  /** The session was opened at `openedMs`, which counts as an answer. */
  constructor(openedMs: number) {
    this.#openedMs = openedMs;
    this.#requestedMs = openedMs;
    this.#answeredMs = openedMs;
  }

  /** A request came; `isPipelined` where one before it had no answer yet, and has got it by now. */
  requested(isPipelined: boolean, nowMs: number): void {
    this.#requests++;
    this.#requestedMs = nowMs;
    if (!isPipelined && !Number.isNaN(this.#answeredMs)) {
      const roundTripMs = nowMs - this.#answeredMs;
      this.#roundTrips++;
      this.#roundTripsMs += roundTripMs;
      if (roundTripMs > this.#longestRoundTripMs) this.#longestRoundTripMs = roundTripMs;
    }
    this.#answeredMs = Number.NaN;
  }

  /** The request that came last was answered with `lengthBytes` of RTMP. */
  answered(isIdle: boolean, lengthBytes: number, isFull: boolean, nowMs: number): void {
    this.#answeredMs = nowMs;
    if (lengthBytes > this.#largestReplyBytes) this.#largestReplyBytes = lengthBytes;
    if (isFull) this.#fullReplies++;
    if (!isIdle) return;
    const holdMs = nowMs - this.#requestedMs;
    this.#idles++;
    this.#holdsMs += holdMs;
    if (holdMs > this.#longestHoldMs) this.#longestHoldMs = holdMs;
    if (lengthBytes === 0) this.#emptyIdles++;
  }

  /** The figures so far, with those of the session's request order. */
  read(order: OrderCounters): TunnelDiagnostics {
    const longestHoldMs = this.#idles > 0 ? this.#longestHoldMs : null;
    const longestRoundTripMs = this.#roundTrips > 0 ? this.#longestRoundTripMs : null;
    return {
      requests: this.#requests,
      requestsPerSecond: quotient(this.#requests * 1000, this.#requestedMs - this.#openedMs, 2),
      emptyIdleRatio: quotient(this.#emptyIdles, this.#idles, 3),
      meanHoldMs: quotient(this.#holdsMs, this.#idles, 1),
      longestHoldMs: longestHoldMs === null ? null : Math.round(longestHoldMs),
      meanRoundTripMs: quotient(this.#roundTripsMs, this.#roundTrips, 1),
      longestRoundTripMs: longestRoundTripMs === null ? null : Math.round(longestRoundTripMs),
      largestReplyBytes: this.#largestReplyBytes,
      fullReplies: this.#fullReplies,
      ...order,
    };
  }
}

/** With so many digits behind the point; null where there is nothing to divide by. */
function quotient(dividend: number, divisor: number, digits: number): number | null {
  return divisor > 0 ? Number((dividend / divisor).toFixed(digits)) : null;
}
