// The requests of one session: numbered from 0 in one count, carried on one connection or two, repeated where they are lost,
// and their replies given in the order of the numbers. [RTMPT-NOTE 4, 5]
//
// With two connections a request may overtake an idle that is held. The server handles both in the order of their numbers,
// so the bytes of its replies follow one another in that order too: a reply that comes before an earlier one waits for it.
// No idle is sent behind a send without a reply, so what waits at the server for a lost request is never more than a send
// behind an idle; and an idle has no bytes to lose.

import type { EndReason } from '../../errors.ts';
import type { Lane } from './lane.ts';
import {
  FIRST_REQUESTS,
  MAX_KEPT_BYTES,
  MAX_KEPT_REPLIES,
  MAX_REQUESTS_AHEAD,
  REPEAT_DELAYS_MS,
  REPEAT_WITHIN_MS,
} from './limits.ts';
import type { PostOutcome } from './post-exchange.ts';
import { answerOf, emptyReply, type TunnelAnswer, type TunnelVerb } from './tunnel-answer.ts';

/** What the requests of a session are made with. */
export type TunnelRequestsOptions = {
  /** The lane of sends, and the one of idles where they have their own. */
  readonly lanes: readonly [Lane] | readonly [Lane, Lane];
  readonly sessionId: string;
  readonly keepsReplies: boolean;
  readonly replyTimeoutMs: number;
  readonly maxReplyBytes: number;
  readonly nowMs: () => number;
  /** An answer may be there. */
  readonly onAnswer: () => void;
  /** A request is lost for good, and the session with it. */
  readonly onLost: (reason: EndReason) => void;
};

type Request = {
  readonly sequenceNumber: number;
  readonly verb: TunnelVerb;
  readonly body: Uint8Array;
  readonly lane: Lane;
  readonly sentMs: number;
  /** When its reply is given up; when it is repeated, while it waits for that. */
  dueMs: number;
  isRepeatDue: boolean;
  repeats: number;
  firstLostMs: number | null;
  answer: TunnelAnswer | null;
};

/** Statuses of a proxy that lost the server, or its reply. [RFC 9110 15.6] */
const PROXY_FAULTS: ReadonlySet<number> = new Set([502, 503, 504]);

const IDLE_BODY = Uint8Array.of(0);

/** Carries the requests of one session. */
export class TunnelRequests {
  readonly #options: TunnelRequestsOptions;
  /** In the order of their numbers, from the oldest whose answer was not taken. */
  readonly #requests: Request[] = [];
  #nextNumber = 0;
  #keptBytes = 0;
  /** True once an answer has said that the session is over, or it was given up. */
  #isOver = false;
  #repeatCount = 0;

  constructor(options: TunnelRequestsOptions) {
    this.#options = options;
  }

  /** Requests that were made so far. */
  get count(): number {
    return this.#nextNumber;
  }

  /** Requests that were made again so far. */
  get repeatCount(): number {
    return this.#repeatCount;
  }

  /** True once idles may be under way beside sends. */
  get isParallel(): boolean {
    return this.#options.lanes.length === 2 && this.#nextNumber >= FIRST_REQUESTS;
  }

  /** True where answers that nobody took are enough for now. */
  get isFull(): boolean {
    return this.#keptBytes > MAX_KEPT_BYTES || this.#requests.length > MAX_KEPT_REPLIES;
  }

  /** True where such a request may leave now. */
  canBegin(verb: TunnelVerb): boolean {
    const lane = this.#laneOf(verb);
    // A request that waits to be repeated has its lane to itself.
    if (
      this.#isOver ||
      !lane.isFree ||
      this.#requests.some((request) => request.lane === lane && request.isRepeatDue)
    )
      return false;
    const oldest = this.#requests.find(({ answer }) => answer === null);
    if (oldest === undefined) return true;
    const { sequenceNumber } = oldest;
    if (!this.isParallel || sequenceNumber < FIRST_REQUESTS || verb === 'idle') return false;
    return this.#nextNumber < sequenceNumber + MAX_REQUESTS_AHEAD;
  }

  /** Makes a request; only where it may leave. A send's body is not written to any more. */
  begin(verb: TunnelVerb, body: Uint8Array = IDLE_BODY): void {
    const request: Request = {
      sequenceNumber: this.#nextNumber,
      verb,
      body,
      lane: this.#laneOf(verb),
      sentMs: this.#options.nowMs(),
      dueMs: 0,
      isRepeatDue: false,
      repeats: 0,
      firstLostMs: null,
      answer: null,
    };
    this.#nextNumber++;
    this.#requests.push(request);
    this.#post(request);
  }

  /** Takes the answer of the oldest request; null where it has none yet, or brings bytes that are not wanted now. */
  takeAnswer(isWithoutBytes: boolean): TunnelAnswer | null {
    const answer = this.#requests[0]?.answer ?? null;
    if (answer === null) return null;
    if (isWithoutBytes && answer.type === 'reply' && answer.lengthBytes > 0) return null;
    this.#requests.shift();
    if (answer.type === 'reply') this.#keptBytes -= answer.lengthBytes;
    return answer;
  }

  /** Gives up an idle that has no answer: the next request is not kept waiting by it. */
  dropIdle(): void {
    const idle = this.#requests.find(({ verb, answer }) => verb === 'idle' && answer === null);
    if (idle === undefined) return;
    idle.lane.cut();
    const asked = { verb: idle.verb, sentBytes: idle.body.length, tookMs: this.#tookMs(idle) };
    this.#answered(idle, emptyReply(asked));
  }

  /** Gives up replies that are overdue, and repeats what is to be repeated. */
  tick(): void {
    const nowMs = this.#options.nowMs();
    for (const request of [...this.#requests]) {
      // The one before may have ended the session.
      if (this.#isOver) return;
      if (request.answer !== null || request.dueMs > nowMs) continue;
      if (request.isRepeatDue) this.#post(request);
      else {
        request.lane.cut();
        this.#lost(request, `no reply within ${this.#options.replyTimeoutMs} ms`, false);
      }
    }
  }

  /** When `tick` is next wanted, monotonic ms; Infinity where never. */
  nextDeadlineMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const request of this.#requests) {
      if (request.answer === null) dueMs = Math.min(dueMs, request.dueMs);
    }
    return dueMs;
  }

  /** Gives up everything, and the connections. */
  destroy(): void {
    this.#isOver = true;
    this.#requests.length = 0;
    this.#keptBytes = 0;
    for (const lane of this.#options.lanes) lane.cut();
  }

  #laneOf(verb: TunnelVerb): Lane {
    const [sends, idles = sends] = this.#options.lanes;
    return verb === 'idle' ? idles : sends;
  }

  #tookMs({ sentMs }: Request): number {
    return this.#options.nowMs() - sentMs;
  }

  #post(request: Request): void {
    const { sessionId, replyTimeoutMs, nowMs } = this.#options;
    request.isRepeatDue = false;
    request.dueMs = nowMs() + replyTimeoutMs;
    const path = `/${request.verb}/${sessionId}/${request.sequenceNumber}`;
    request.lane.post(path, request.body, (outcome) => this.#ended(request, outcome));
  }

  #ended(request: Request, outcome: PostOutcome): void {
    if (outcome.type === 'failed') this.#lost(request, outcome.text, outcome.isUnsent);
    else if (outcome.type === 'reply' && PROXY_FAULTS.has(outcome.statusCode)) {
      this.#lost(request, `status ${outcome.statusCode}`, false);
    } else {
      const { verb, body } = request;
      const asked = { verb, sentBytes: body.length, tookMs: this.#tookMs(request) };
      this.#answered(request, answerOf(outcome, asked, this.#options.maxReplyBytes));
    }
  }

  #answered(request: Request, answer: TunnelAnswer): void {
    request.answer = answer;
    if (answer.type === 'reply') this.#keptBytes += answer.lengthBytes;
    else this.#isOver = true;
    this.#options.onAnswer();
  }

  /** Repeats a request whose reply did not come, after a pause, or gives up. */
  #lost(request: Request, text: string, isUnsent: boolean): void {
    const nowMs = this.#options.nowMs();
    request.firstLostMs ??= nowMs;
    const delayMs = REPEAT_DELAYS_MS[request.repeats];
    const isKnown = this.#options.keepsReplies && request.sequenceNumber >= FIRST_REQUESTS - 1;
    const isInTime = nowMs < request.firstLostMs + REPEAT_WITHIN_MS;
    if (delayMs === undefined || !isInTime || !(isKnown || isUnsent)) {
      const tries = request.repeats === 0 ? '' : ` after ${request.repeats} repetitions`;
      const message = `expected a reply to a request of the tunnel, found${tries}: ${text}`;
      this.#options.onLost({ code: 'peer-reset', message });
      return;
    }
    request.repeats++;
    this.#repeatCount++;
    request.isRepeatDue = true;
    request.dueMs = nowMs + delayMs;
    if (delayMs === 0) this.#post(request);
    else this.#options.onAnswer();
  }
}
