// One RTMPT session as a state machine: requests in, replies out, RTMP bytes to and from an endpoint. [RTMPT-NOTE 4..9]
// It does no I/O and has no clock: a reply leaves through the injected `reply`, with the token its request came with.
// Requests are handled in the order they come, one at a time. Sequence numbers are passed along and not judged: their order
// and retries stand in front, in request-order.ts.
//
//   open ──close()──► closing ──all given, or nobody asks──► ended
//     └──── a /close request ──────────────────────────────────────┘

import {
  CLOSE_LINGER_MS,
  MAX_CLOSE_LINGER_MS,
  MAX_IDLE_HOLD_MS,
  MAX_SEND_HOLD_MS,
  type TunnelSettings,
} from './limits.ts';
import { PollingLadder } from './polling-ladder.ts';
import { ReplyCap } from './reply-cap.ts';
import type { OrderCounters } from './request-order.ts';
import { type TunnelDiagnostics, TunnelMeter } from './tunnel-diagnostics.ts';
import type { TunnelEndpoint } from './tunnel-endpoint.ts';
import { TunnelLife } from './tunnel-life.ts';

/** One whole request of a session. */
export type TunnelSessionRequest = {
  readonly type: 'send' | 'idle' | 'close';
  /** 0 or more; null where the client gave none. */
  readonly sequenceNumber: number | null;
  /** RTMP bytes of a send, which are not written to any more; ignored in an idle and a close. */
  readonly body: Uint8Array;
};

/** The answer to one request. The body is the polling byte, where there is one, and then the parts in order. */
export type TunnelReply = {
  readonly statusCode: 200 | 404;
  /** 0x01..0x21 while the session lives, 0 when it is over; null for an empty body. [RTMPT-NOTE 7] */
  readonly pollingByte: number | null;
  /** Whole RTMP messages: the endpoint's own views, never written to. */
  readonly parts: readonly Uint8Array[];
};

/** What a session is made with. */
type TunnelSessionOptions<Token> = {
  readonly settings: TunnelSettings;
  readonly endpoint: TunnelEndpoint;
  /** When the session was opened, monotonic ms. */
  readonly openedMs: number;
  /** Carries one answer away. Called exactly once for each token, unless it was aborted first. */
  readonly reply: (token: Token, reply: TunnelReply) => void;
  /** The session is over: every request was answered, and the endpoint is not called any more. Called once. */
  readonly onEnded: () => void;
};

type Waiting<Token> = {
  readonly token: Token;
  // WHY: librtmp loses the connection where a long reply has another one right behind it, and it pipelines its sends;
  // it never sends anything behind an idle. So media travels in the replies to idles alone. [RTMPT-NOTE 9]
  readonly carriesMedia: boolean;
  dueMs: number;
};

/** What is answered to the requests that wait when a session ends. */
export const SESSION_OVER: TunnelReply = { statusCode: 200, pollingByte: 0, parts: [] };
const SESSION_UNKNOWN: TunnelReply = { statusCode: 404, pollingByte: null, parts: [] };

/** One RTMPT session. `Token` is whatever the caller tells requests apart by. All times are monotonic ms. */
export class TunnelSession<Token> {
  readonly #settings: TunnelSettings;
  /** What stands at the inner end; changed only between its calls. */
  endpoint: TunnelEndpoint;
  readonly #reply: (token: Token, reply: TunnelReply) => void;
  readonly #onEnded: () => void;
  readonly #life: TunnelLife;
  readonly #replyCap: ReplyCap;
  /** Null where the polling byte stays 01. */
  readonly #ladder: PollingLadder | null;
  readonly #meter: TunnelMeter;
  // Requests that have no answer yet, in order. In the ordinary run: none, or one idle that is held.
  readonly #waiting: Waiting<Token>[] = [];
  #state: 'open' | 'closing' | 'ended' = 'open';
  #lingerUntilMs = Number.POSITIVE_INFINITY;
  #lastLingerMs = Number.POSITIVE_INFINITY;
  #isOverdue = false;
  #isInEndpoint = false;
  /** True while what a send brings is more than the endpoint can do with: the answer to it waits. [RTMPT-NOTE 6] */
  #isPaused = false;

  constructor(options: TunnelSessionOptions<Token>) {
    this.#settings = options.settings;
    this.endpoint = options.endpoint;
    this.#reply = options.reply;
    this.#onEnded = options.onEnded;
    this.#life = new TunnelLife(options.settings, options.openedMs);
    const { pollingByte, idleHoldMs, maxReplyBytes } = options.settings;
    this.#replyCap = new ReplyCap(maxReplyBytes);
    this.#ladder = pollingByte === 'ladder' && idleHoldMs === 0 ? new PollingLadder() : null;
    this.#meter = new TunnelMeter(options.openedMs);
  }

  /** True while requests are carried and nothing has ended the session. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** True once a handshake's bytes have come. */
  get isShaken(): boolean {
    return this.#life.isShaken;
  }

  /** True while a request has no answer yet. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** True once the session is over; every further request is answered 404. */
  get isEnded(): boolean {
    return this.#state === 'ended';
  }

  /**
   * Handles one whole request. A held idle is answered first. What the endpoint throws comes through; the request
   * then waits for `close`, which answers it with the endpoint's last words, or at the latest for the next `tick`.
   * @throws whatever the endpoint throws
   */
  receive(request: TunnelSessionRequest, token: Token, nowMs: number): void {
    if (this.isEnded) {
      this.#reply(token, SESSION_UNKNOWN);
      return;
    }
    this.#life.requested(request.type === 'send' ? request.body.length : 0, nowMs);
    const waiting = { token, carriesMedia: request.type === 'idle', dueMs: nowMs };
    const isPipelined = this.#waiting.length > 0;
    this.#waiting.push(waiting);
    while (this.#waiting.length > 1) this.#answerFirst(nowMs);
    this.#meter.requested(isPipelined, nowMs);
    if (this.isEnded) return;
    switch (request.type) {
      case 'close':
        this.end();
        return;
      case 'send':
        if (this.isOpen) this.#feed(request.body);
        if (this.#isPaused && this.isOpen) waiting.dueMs += MAX_SEND_HOLD_MS;
        else this.#answerFirst(nowMs);
        return;
      case 'idle':
        // What gathers is left to gather, and leaves with a `wake`, or when the hold ends.
        if (this.#answerFirstWithBytes(nowMs, true)) return;
        waiting.dueMs += this.#holdMs();
        if (waiting.dueMs === nowMs) this.#answerFirst(nowMs);
    }
  }

  /** The client has asked something that is not here yet: it is not silent. */
  heard(nowMs: number): void {
    this.#life.requested(0, nowMs);
  }

  /** Answers what is held, with what there is. @throws whatever the endpoint throws */
  releaseHeld(nowMs: number): void {
    while (this.#waiting.length > 0) this.#answerFirst(nowMs);
  }

  /** The endpoint has enough for now: the answer to a send waits until `resume`, or for MAX_SEND_HOLD_MS. */
  pause(): void {
    this.#isPaused = true;
  }

  /** The endpoint takes more: a send that waits is answered. @throws whatever the endpoint throws */
  resume(nowMs: number): void {
    this.#isPaused = false;
    // In the middle of a send its own answer is yet to come.
    if (!this.#isInEndpoint && this.#waiting[0]?.carriesMedia === false) this.#answerFirst(nowMs);
  }

  /** The endpoint may have something to give: a held idle leaves with it. @throws whatever the endpoint throws */
  wake(nowMs: number): void {
    if (!this.#isInEndpoint) this.#answerFirstWithBytes(nowMs);
  }

  /**
   * Does what is due: ends a hold, ends the lingering of a closed session, or finds that a time of life has run out.
   * @throws TunnelError tunnel-handshake-timeout, tunnel-silent, tunnel-detached; the caller then closes the session
   */
  tick(nowMs: number): void {
    const first = this.#waiting[0];
    if (first !== undefined && first.dueMs <= nowMs) this.#answerFirst(nowMs);
    if (this.isEnded) return;
    if (nowMs >= this.#lingerUntilMs) {
      this.end();
      return;
    }
    if (!this.isOpen) return;
    const overdue = this.#life.overdue(nowMs);
    if (overdue === null) return;
    this.#isOverdue = true;
    throw overdue;
  }

  /** When `tick` is next wanted; Infinity where never. */
  nextDeadlineMs(): number {
    if (this.isEnded) return Number.POSITIVE_INFINITY;
    const holdMs = this.#waiting[0]?.dueMs ?? Number.POSITIVE_INFINITY;
    return Math.min(holdMs, this.isOpen ? this.#life.nextDeadlineMs() : this.#lingerUntilMs);
  }

  /** Says how many open connections have carried requests of this session. */
  carriersChanged(carrierCount: number, nowMs: number): void {
    this.#life.carriersChanged(carrierCount, nowMs);
  }

  /** Drops the requests whose client is gone, unanswered. */
  abort(isGone: (token: Token) => boolean): void {
    for (let index = this.#waiting.length - 1; index >= 0; index--) {
      const waiting = this.#waiting[index];
      if (waiting !== undefined && isGone(waiting.token)) this.#waiting.splice(index, 1);
    }
  }

  /**
   * Ends the session from this side. What the endpoint still gives is carried by the replies that are due and to the
   * next requests, as long as none is more than CLOSE_LINGER_MS behind the one before, and for MAX_CLOSE_LINGER_MS at
   * most; then one reply says `00`, and the session is over. A session that a time of life has ended does not linger.
   * Does nothing where it is closing already.
   * @throws whatever the endpoint throws; `end` is then what is left to do
   */
  close(nowMs: number): void {
    if (!this.isOpen) return;
    this.#state = 'closing';
    this.#lingerUntilMs = nowMs + (this.#isOverdue ? 0 : CLOSE_LINGER_MS);
    this.#lastLingerMs = nowMs + MAX_CLOSE_LINGER_MS;
    // WHY: called by the endpoint itself, in the middle of a request, that request's own answer carries it on.
    if (this.#isInEndpoint) return;
    this.releaseHeld(nowMs);
    if (this.#isOverdue) this.end();
  }

  /** What says why the session is slow, with what `order` counted in front of it. What its end answers is not counted. */
  diagnostics(order: OrderCounters): TunnelDiagnostics {
    return this.#meter.read(order);
  }

  /** Ends the session at once: waiting requests are answered `00`, the endpoint is not asked any more. */
  end(): void {
    if (this.isEnded) return;
    this.#state = 'ended';
    for (const waiting of this.#waiting.splice(0)) this.#reply(waiting.token, SESSION_OVER);
    this.#onEnded();
  }

  #holdMs(): number {
    if (!this.isOpen) return 0;
    const holdMs = this.endpoint.isSetUp ? this.#settings.idleHoldMs : this.#settings.setupHoldMs;
    return Math.min(holdMs, MAX_IDLE_HOLD_MS);
  }

  #feed(body: Uint8Array): void {
    if (body.length === 0) return;
    this.#isInEndpoint = true;
    try {
      this.endpoint.receive(body);
    } finally {
      this.#isInEndpoint = false;
    }
  }

  // Answers the first waiting request with what there is; of a closing session, with `00` once there is nothing.
  #answerFirst(nowMs: number): void {
    if (this.#waiting.length === 0) return;
    if (this.#answerFirstWithBytes(nowMs)) return;
    if (this.#state === 'closing') {
      this.end();
      return;
    }
    const first = this.#waiting.shift();
    if (first === undefined) return;
    this.#meter.answered(first.carriesMedia, 0, false, nowMs);
    const pollingByte = this.#ladder?.empty(first.carriesMedia) ?? 1;
    this.#reply(first.token, { statusCode: 200, pollingByte, parts: [] });
  }

  // Answers the first waiting request if there are bytes for it. The token leaves the queue only after `take` has
  // returned, so that one which throws leaves nobody without an answer.
  #answerFirstWithBytes(nowMs: number, dueOnly = false): boolean {
    const first = this.#waiting[0];
    if (first === undefined) return false;
    const parts = this.#take(first.carriesMedia, dueOnly);
    if (parts.length === 0) return false;
    // WHY: `take` may have ended the session, and then everything is answered.
    if (this.#waiting[0] !== first) return true;
    this.#waiting.shift();
    let lengthBytes = 0;
    for (const part of parts) lengthBytes += part.length;
    const isFull = this.#replyCap.replied(lengthBytes);
    this.#ladder?.reset();
    this.#meter.answered(first.carriesMedia, lengthBytes, isFull, nowMs);
    if (!this.isOpen) this.#lingerUntilMs = Math.min(nowMs + CLOSE_LINGER_MS, this.#lastLingerMs);
    this.#reply(first.token, { statusCode: 200, pollingByte: 1, parts });
    return true;
  }

  #take(withMedia: boolean, dueOnly: boolean): readonly Uint8Array[] {
    this.#isInEndpoint = true;
    try {
      const { capBytes } = this.#replyCap;
      if (!withMedia) return this.endpoint.takeAnswers(capBytes);
      return dueOnly ? this.endpoint.takeDue(capBytes) : this.endpoint.take(capBytes);
    } finally {
      this.#isInEndpoint = false;
    }
  }
}
