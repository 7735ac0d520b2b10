// Puts the requests of a session in order and knows those that come again. [RTMPT-NOTE 5] A proxy repeats a POST whose reply
// it did not get, and requests on several connections overtake each other. The number in a request helps only where the
// client counts: a session is taken for numbered once its requests have gone up by exactly one a few times, and until then,
// and where a number makes no sense, requests are handled as they come.
//
// Of a numbered session a request is
//   the next one       handled, and those that waited for it behind it
//   one of the last    answered with the very reply that the first got, and not handled
//   older              answered with nothing: its bytes are long behind
//   ahead of its turn  kept until those before it have come, in a window of requests, bytes and time; where that runs out,
//                      the missing ones are given up and it goes on in the order of the numbers

import { KeptReplies } from './kept-replies.ts';
import { MAX_AHEAD_BYTES, MAX_AHEAD_MS, MAX_AHEAD_REQUESTS, NUMBERED_AFTER_STEPS } from './limits.ts';
import type { TunnelReply, TunnelSessionRequest } from './tunnel-session.ts';

/** Who handles requests in their order, and who carries the answers away. */
export type RequestOrderOptions<Token> = {
  /** Handles one request; its answer comes by `replied`, now or later. */
  readonly handle: (request: TunnelSessionRequest, token: Token, nowMs: number) => void;
  /** A request waits for another one: what is held is to be answered. */
  readonly releaseHeld: () => void;
  /** Carries one answer away; called once for each token that was received and not aborted. */
  readonly reply: (token: Token, reply: TunnelReply) => void;
};

/** What was out of order so far, by what it was. */
export type OrderCounters = {
  /** Requests that came again and were not handled again. */
  readonly repeatedRequests: number;
  /** Requests that waited for one before them. */
  readonly earlyRequests: number;
  /** Numbers that were given up: their bytes are lost. */
  readonly missingRequests: number;
  /** Requests that came when their number was long behind, or given up. */
  readonly lateRequests: number;
};

type Early<Token> = {
  readonly sequenceNumber: number;
  readonly request: TunnelSessionRequest;
  token: Token;
  /** True once the client of `token` has gone; what the request carries is part of the stream all the same. */
  isAbandoned: boolean;
  /** Who has asked the same again meanwhile. */
  readonly followers: Token[];
  readonly dueMs: number;
};

const NO_BYTES = new Uint8Array(0);
const NOTHING_NEW: TunnelReply = { statusCode: 200, pollingByte: 1, parts: [] };

/** How far behind a number is taken for a late one; LIMIT: further back, the client has begun to count anew. */
const LATE_NUMBERS = 256;

/** Orders the requests of one session. All times are monotonic ms. */
export class RequestOrder<Token> {
  readonly #options: RequestOrderOptions<Token>;
  #kept: KeptReplies<Token> | null = null;
  /** Ahead of their turn, by number. Empty in the ordinary run. */
  readonly #early: Early<Token>[] = [];
  #earlyBytes = 0;
  #lastNumber: number | null = null;
  #steps = 0;
  #counters = { repeatedRequests: 0, earlyRequests: 0, missingRequests: 0, lateRequests: 0 };

  constructor(options: RequestOrderOptions<Token>) {
    this.#options = options;
  }

  /** What was out of order so far. */
  get counters(): OrderCounters {
    return this.#counters;
  }

  /** True once the client was seen to count its requests, as long as it does. */
  get isNumbered(): boolean {
    return this.#kept !== null;
  }

  /**
   * Takes in one whole request as it came.
   * @throws whatever handling it, or one that waited for it, throws
   */
  receive(request: TunnelSessionRequest, token: Token, nowMs: number): void {
    const { sequenceNumber } = request;
    const kept = this.#kept;
    if (kept === null || this.#lastNumber === null || sequenceNumber === null) {
      this.#handleAsItComes(request, token, nowMs);
      return;
    }
    const ahead = sequenceNumber - this.#lastNumber;
    if (ahead === 1) {
      this.#handleNumbered(kept, sequenceNumber, request, token, nowMs);
      this.#handleEarly(kept, nowMs);
    } else if (ahead > MAX_AHEAD_REQUESTS || ahead <= -LATE_NUMBERS) {
      this.#handleAsItComes(request, token, nowMs);
    } else if (ahead > 1) this.#wait(kept, sequenceNumber, request, token, nowMs);
    else this.#repeat(kept, sequenceNumber, request, token, nowMs);
  }

  /** The session has answered a request. */
  replied(token: Token, reply: TunnelReply): void {
    const followers = this.#kept?.answered(token, reply);
    this.#options.reply(token, reply);
    if (followers !== undefined) for (const follower of followers) this.#options.reply(follower, reply);
  }

  /**
   * Gives up what has been waited for too long.
   * @throws whatever handling the requests that waited throws
   */
  tick(nowMs: number): void {
    while (this.#kept !== null && this.nextDeadlineMs() <= nowMs) this.#giveUp(this.#kept, nowMs);
  }

  /** When `tick` is next wanted; Infinity where never. */
  nextDeadlineMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const early of this.#early) dueMs = Math.min(dueMs, early.dueMs);
    return dueMs;
  }

  /** The clients of some requests are gone. What they have sent is handled in its turn. @throws whatever handling throws */
  abort(isGone: (token: Token) => boolean, nowMs: number): void {
    for (const early of this.#early) early.isAbandoned ||= isGone(early.token);
    for (const { type, sequenceNumber, token } of this.#kept?.abort(isGone) ?? []) {
      if (token !== null) this.#options.handle({ type, sequenceNumber, body: NO_BYTES }, token, nowMs);
    }
  }

  /** The session is over: everything that waits is answered with `reply`. */
  end(reply: TunnelReply): void {
    const early = this.#early.splice(0).flatMap(({ token, followers }) => [token, ...followers]);
    const waiting = [...(this.#kept?.clear() ?? []), ...early];
    this.#earlyBytes = 0;
    this.#kept = null;
    for (const token of waiting) this.#options.reply(token, reply);
  }

  #handleAsItComes(request: TunnelSessionRequest, token: Token, nowMs: number): void {
    const { sequenceNumber } = request;
    this.#stopCounting(nowMs);
    const isStep = sequenceNumber !== null && sequenceNumber - 1 === this.#lastNumber;
    this.#steps = isStep ? this.#steps + 1 : 0;
    this.#lastNumber = sequenceNumber;
    if (this.#steps >= NUMBERED_AFTER_STEPS && sequenceNumber !== null) {
      this.#kept = new KeptReplies();
      this.#kept.begin(sequenceNumber, request, token);
    }
    this.#options.handle(request, token, nowMs);
  }

  #handleNumbered(
    kept: KeptReplies<Token>,
    sequenceNumber: number,
    request: TunnelSessionRequest,
    token: Token,
    nowMs: number,
  ): void {
    this.#lastNumber = sequenceNumber;
    kept.begin(sequenceNumber, request, token);
    this.#options.handle(request, token, nowMs);
  }

  /** Handles those whose turn has come. */
  #handleEarly(kept: KeptReplies<Token>, nowMs: number): void {
    for (let next = this.#early[0]; next !== undefined; next = this.#early[0]) {
      if (next.sequenceNumber - 1 !== this.#lastNumber || this.#kept !== kept) return;
      this.#early.shift();
      const { sequenceNumber, request, token, isAbandoned, followers } = next;
      this.#earlyBytes -= request.body.length;
      this.#lastNumber = sequenceNumber;
      // Nobody waits for an idle any more: it is handled when it is asked again.
      const isVain = isAbandoned && request.type === 'idle' && followers.length === 0;
      kept.begin(sequenceNumber, request, isVain ? null : token, followers);
      if (!isVain) this.#options.handle(request, token, nowMs);
    }
  }

  #wait(
    kept: KeptReplies<Token>,
    sequenceNumber: number,
    request: TunnelSessionRequest,
    token: Token,
    nowMs: number,
  ): void {
    const at = this.#early.findIndex((early) => early.sequenceNumber >= sequenceNumber);
    const index = at < 0 ? this.#early.length : at;
    const same = this.#early[index];
    if (same?.sequenceNumber === sequenceNumber) {
      this.#counters.repeatedRequests++;
      if (same.isAbandoned) Object.assign(same, { token, isAbandoned: false });
      else same.followers.push(token);
      return;
    }
    this.#counters.earlyRequests++;
    const dueMs = nowMs + MAX_AHEAD_MS;
    const early = { sequenceNumber, request, token, isAbandoned: false, followers: [], dueMs };
    this.#early.splice(index, 0, early);
    this.#earlyBytes += request.body.length;
    this.#options.releaseHeld();
    while (this.#early.length > 0 && this.#earlyBytes > MAX_AHEAD_BYTES) this.#giveUp(kept, nowMs);
  }

  /** Gives up the numbers that are missing in front of the first that waits. */
  #giveUp(kept: KeptReplies<Token>, nowMs: number): void {
    const first = this.#early[0];
    if (first === undefined || this.#lastNumber === null) return;
    this.#counters.missingRequests += first.sequenceNumber - 1 - this.#lastNumber;
    this.#lastNumber = first.sequenceNumber - 1;
    this.#handleEarly(kept, nowMs);
  }

  #repeat(
    kept: KeptReplies<Token>,
    sequenceNumber: number,
    request: TunnelSessionRequest,
    token: Token,
    nowMs: number,
  ): void {
    const handled = kept.find(sequenceNumber);
    // A client that closes means it, whatever number it says.
    if (request.type === 'close' && handled?.type !== 'close') this.#handleAsItComes(request, token, nowMs);
    else if (handled === undefined) {
      this.#counters.lateRequests++;
      this.#options.reply(token, NOTHING_NEW);
    } else if (!kept.isRepeated(handled, request)) this.#handleAsItComes(request, token, nowMs);
    else if (handled.isAnswered) {
      this.#counters.repeatedRequests++;
      this.#options.reply(token, handled.reply ?? NOTHING_NEW);
    } else if (handled.token === null) {
      // Its client went away before there was an answer: what it brought was taken in, and the answer is this one's.
      this.#counters.repeatedRequests++;
      handled.token = token;
      this.#options.handle({ ...request, body: NO_BYTES }, token, nowMs);
    } else {
      this.#counters.repeatedRequests++;
      handled.followers.push(token);
    }
  }

  /** The client does not count, or not any more: what waits is handled in the order of its numbers. */
  #stopCounting(nowMs: number): void {
    const followers = this.#kept?.clear() ?? [];
    this.#kept = null;
    for (const follower of followers) this.#options.reply(follower, NOTHING_NEW);
    const waiting = this.#early.splice(0);
    this.#earlyBytes = 0;
    for (const { request, token, followers } of waiting) {
      this.#options.handle(request, token, nowMs);
      for (const follower of followers) this.#options.reply(follower, NOTHING_NEW);
    }
  }
}
