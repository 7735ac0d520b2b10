// The client's end of an RTMPT tunnel as a Link. What is to go out is pulled from the endpoint when the connection of sends is
// free, as much as waits, up to a cap; what comes back is delivered in order. Idles ask for the rest: one at a time, held by
// the server or paced here. [RTMPT-NOTE 4..7]
//
//   open ──close()──► closing: last sends, then /close ──answered, or CLOSE_TIMEOUT_MS──► ended
//     └── the server ends it, or a request is lost for good ─────────────────────────────┘

import type { EndReason, Guard, Guarded } from '../../errors.ts';
import type { Deadline, Link, LinkEndpoint, LinkFacts, Wheel } from '../link.ts';
import { BodyCap } from './body-cap.ts';
import { IdlePace } from './idle-pace.ts';
import type { Lane } from './lane.ts';
import { CLOSE_PATIENCE_MS, CLOSE_TIMEOUT_MS } from './limits.ts';
import type { TunnelAnswer } from './tunnel-answer.ts';
import type { CompleteTunnelOptions } from './tunnel-client-options.ts';
import { TunnelRequests } from './tunnel-requests.ts';

/** What an opened tunnel is made of. */
export type OpenedTunnel = {
  readonly facts: LinkFacts;
  readonly sessionId: string;
  readonly lanes: readonly [Lane] | readonly [Lane, Lane];
};

/** What was asked so far, what of it again because a connection failed, and idles that came back without a byte. */
export type TunnelClientDiagnostics = {
  readonly requests: number;
  readonly repeatedRequests: number;
  readonly emptyIdles: number;
};

const CLOSED: EndReason = { code: 'done', message: 'The tunnel was closed.' };
const NO_LONGER = Number.POSITIVE_INFINITY;

/** A Link that carries by asking. */
export class TunnelClientLink implements Link, Guarded {
  readonly facts: LinkFacts;
  // WHY: while a send is under way everything gathers by itself.
  readonly gatherMs = 0;
  readonly outlet = null;
  readonly #wheel: Wheel;
  readonly #guard: Guard;
  readonly #requests: TunnelRequests;
  readonly #pace: IdlePace;
  readonly #bodyCap: BodyCap;
  #endpoint: LinkEndpoint | null = null;
  #endReason: EndReason | null = null;
  #isEnded = false;
  #isPaused = false;
  #isPumping = false;
  #isCloseSent = false;
  #emptyIdles = 0;
  #patienceUntilMs = NO_LONGER;
  #closeUntilMs = NO_LONGER;
  #deadline: Deadline | null = null;
  #deadlineMs = NO_LONGER;

  constructor(opened: OpenedTunnel, options: CompleteTunnelOptions) {
    this.facts = opened.facts;
    this.#wheel = options.wheel;
    this.#guard = options.guard;
    this.#pace = new IdlePace(opened.lanes.length === 1);
    this.#bodyCap = new BodyCap(options.maxBodyBytes);
    this.#requests = new TunnelRequests({
      lanes: opened.lanes,
      sessionId: opened.sessionId,
      keepsReplies: options.keepsReplies,
      replyTimeoutMs: options.replyTimeoutMs,
      maxReplyBytes: options.maxReplyBytes,
      nowMs: () => this.#wheel.nowMs(),
      onAnswer: () => this.wake(),
      onLost: (reason) => this.#finish(reason),
    });
  }

  attach(endpoint: LinkEndpoint): void {
    if (this.#endpoint !== null) throw new Error('a tunnel link is attached once');
    this.#endpoint = endpoint;
    this.wake();
  }

  handOver(endpoint: LinkEndpoint): void {
    this.#endpoint = endpoint;
  }

  wake(): void {
    if (!this.#isPumping && !this.#isEnded) this.#guard(this, (link) => link.#pump());
  }

  /**
   * Delivers nothing more until `resume`: no further idle is sent, and replies that are under way are kept; what stands in
   * the reply that is being delivered still comes. LIMIT: a server ends a session that asks nothing for a minute or so.
   */
  pause(): void {
    this.#isPaused = true;
  }

  /** Delivers what was kept, and asks again. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.wake();
  }

  diagnostics(): TunnelClientDiagnostics {
    const { count, repeatCount } = this.#requests;
    return { requests: count, repeatedRequests: repeatCount, emptyIdles: this.#emptyIdles };
  }

  /** Ends the Link: what `take` still gives goes out, then a /close, all within CLOSE_TIMEOUT_MS. */
  close(reason: EndReason): void {
    if (this.#endReason !== null) return;
    this.#endReason = reason;
    const nowMs = this.#wheel.nowMs();
    this.#patienceUntilMs = nowMs + CLOSE_PATIENCE_MS;
    this.#closeUntilMs = nowMs + CLOSE_TIMEOUT_MS;
    this.wake();
  }

  /** The error boundary caught something: the endpoint's last words go out, then the Link closes; at once the second time. */
  fail(reason: EndReason): void {
    if (this.#endReason !== null) {
      this.#finish(this.#endReason);
      return;
    }
    this.#endpoint?.failed(reason);
    this.close(reason);
  }

  /** Delivers what has come, and asks and sends what may leave. */
  #pump(): void {
    this.#isPumping = true;
    try {
      this.#deliver();
      // WHY: an idle in front of a send is answered when the send comes; behind it, it would wait for the send's reply.
      if (this.#requests.isParallel) this.#askIfDue();
      this.#sendOrClose();
      this.#askIfDue();
    } finally {
      this.#isPumping = false;
    }
    this.#arm();
  }

  #deliver(): void {
    while (!this.#isEnded) {
      const answer = this.#requests.takeAnswer(this.#isPaused && this.#endReason === null);
      if (answer === null) return;
      this.#handle(answer);
    }
  }

  #handle(answer: TunnelAnswer): void {
    if (answer.type === 'fault') {
      this.#finish(answer.reason);
      return;
    }
    const { verb, parts, lengthBytes, sentBytes, tookMs } = answer;
    this.#pace.replied(answer, this.#wheel.nowMs());
    if (verb === 'send') this.#bodyCap.answered(sentBytes, tookMs);
    if (verb === 'idle' && lengthBytes === 0) this.#emptyIdles++;
    for (const part of parts) {
      // What the endpoint heard may have ended the Link.
      if (this.#endReason === null && !this.#isEnded) this.#endpoint?.receive(part);
    }
    if (verb === 'close') this.#finish(CLOSED);
  }

  /** Asks for what the server has, where that is due. The client speaks first in RTMP: before that, there is nothing. */
  #askIfDue(): void {
    if (this.#idleDueMs() <= this.#wheel.nowMs()) this.#requests.begin('idle');
  }

  #idleDueMs(): number {
    if (this.#isEnded || this.#endReason !== null || this.#isPaused) return NO_LONGER;
    if (this.#requests.count === 0 || !this.#requests.canBegin('idle')) return NO_LONGER;
    return this.#pace.dueMs;
  }

  /** Sends what waits. Of a closing Link, the close behind the last of it. */
  #sendOrClose(): void {
    if (this.#isEnded || this.#isCloseSent || !this.#requests.canBegin('send')) return;
    if (this.#requests.isFull && this.#endReason === null) return;
    const body = this.#takeBody();
    if (body !== null) this.#requests.begin('send', body);
    else if (this.#endReason !== null) {
      this.#isCloseSent = true;
      this.#requests.begin('close');
    }
  }

  /** What waits, up to the cap and at least a message; null where nothing does. */
  #takeBody(): Uint8Array | null {
    const { capBytes } = this.#bodyCap;
    const chunks: Uint8Array[] = [];
    let lengthBytes = 0;
    while (this.#endpoint !== null && lengthBytes < capBytes) {
      const more = this.#endpoint.take(capBytes - lengthBytes);
      if (more.length === 0) break;
      for (const chunk of more) lengthBytes += chunk.length;
      chunks.push(...more);
    }
    const [first] = chunks;
    if (first === undefined || lengthBytes === 0) return null;
    return chunks.length === 1 ? first : Buffer.concat(chunks, lengthBytes);
  }

  readonly #onDeadline = (): void => {
    this.#deadline = null;
    this.#deadlineMs = NO_LONGER;
    this.#guard(this, (link) => link.#tick());
  };

  #tick(): void {
    const nowMs = this.#wheel.nowMs();
    if (nowMs >= this.#closeUntilMs) {
      this.#finish(this.#endReason ?? CLOSED);
      return;
    }
    if (nowMs >= this.#patienceUntilMs) {
      this.#patienceUntilMs = NO_LONGER;
      this.#requests.dropIdle();
    }
    this.#requests.tick();
    this.wake();
  }

  // WHY: a deadline that turns out too early only looks again, so that an idle twenty times a second touches the wheel rarely.
  #arm(): void {
    if (this.#isEnded) return;
    const nextMs = Math.min(
      this.#requests.nextDeadlineMs(),
      this.#idleDueMs(),
      this.#patienceUntilMs,
      this.#closeUntilMs,
    );
    if (nextMs >= this.#deadlineMs) return;
    this.#deadline?.cancel();
    this.#deadlineMs = nextMs;
    this.#deadline = this.#wheel.at(nextMs, this.#onDeadline);
  }

  #finish(reason: EndReason): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#endReason ??= reason;
    this.#deadline?.cancel();
    this.#requests.destroy();
    this.#guard(this, () => this.#endpoint?.closed(this.#endReason ?? reason));
  }
}
