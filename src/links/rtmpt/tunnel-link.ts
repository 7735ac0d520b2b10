// One RTMPT tunnel as a Link: the pure session, the wheel that gives it time, the connections that carry its requests,
// and the error boundary around every way in. It knows no routes and writes no heads; see rtmpt-plugin.ts.

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { EndReason, Guard, Guarded } from '../../errors.ts';
import type { TunnelSettings } from '../../protocol/rtmpt/limits.ts';
import { RequestOrder } from '../../protocol/rtmpt/request-order.ts';
import type { TunnelDiagnostics } from '../../protocol/rtmpt/tunnel-diagnostics.ts';
import {
  SESSION_OVER,
  type TunnelReply,
  TunnelSession,
  type TunnelSessionRequest,
} from '../../protocol/rtmpt/tunnel-session.ts';
import type { Deadline, Link, LinkEndpoint, LinkFacts, Wheel } from '../link.ts';
import { RequestIntake } from './request-intake.ts';

/** What a tunnel link is made with. */
export type TunnelLinkOptions = {
  readonly facts: LinkFacts;
  readonly settings: TunnelSettings;
  readonly gatherMs: number;
  readonly maxRequestsPerSecond: number;
  readonly wheel: Wheel;
  readonly guard: Guard;
  /** Writes one answer; called once for each response, in no case after its connection is gone. */
  readonly writeReply: (response: ServerResponse, reply: TunnelReply) => void;
  /** The client has shaken hands; called once. */
  readonly onShaken: () => void;
  /** The link is over and answers nothing any more; called once, before the endpoint's `closed`. */
  readonly onEnded: () => void;
};

/** Figures of one tunnel: those of its session, and what its requests had to wait for in front of it. */
export type TunnelLinkDiagnostics = TunnelDiagnostics & {
  /** Requests that waited unread, because the session could take in no more, or they came too fast. */
  readonly delayedRequests: number;
};

const ENDED_BY_PEER: EndReason = { code: 'peer-closed', message: 'the client closed the tunnel' };

/** A Link whose bytes travel in HTTP requests and replies. */
export class TunnelLink implements Link, Guarded {
  readonly facts: LinkFacts;
  readonly gatherMs: number;
  readonly outlet = null;
  /** Where its requests come through. */
  readonly intake: RequestIntake;
  readonly #settings: TunnelSettings;
  readonly #wheel: Wheel;
  readonly #guard: Guard;
  readonly #onShaken: () => void;
  readonly #onEnded: () => void;
  readonly #carriers = new Set<Socket>();
  // The one of them that carried last, mostly the only one.
  #lastCarrier: Socket | null = null;
  #endpoint: LinkEndpoint | null = null;
  #session: TunnelSession<ServerResponse> | null = null;
  readonly #order: RequestOrder<ServerResponse>;
  #endReason: EndReason | null = null;
  #isEnded = false;
  #hasFailed = false;
  #isShaken = false;
  #deadline: Deadline | null = null;
  #deadlineMs = Number.POSITIVE_INFINITY;

  constructor(options: TunnelLinkOptions) {
    this.facts = options.facts;
    this.gatherMs = options.gatherMs;
    this.#settings = options.settings;
    this.#wheel = options.wheel;
    this.#guard = options.guard;
    const { wheel, maxRequestsPerSecond } = options;
    this.intake = new RequestIntake({ wheel, maxRequestsPerSecond, onOpen: () => this.#arm() });
    this.#order = new RequestOrder({
      handle: (request, response, nowMs) => this.#session?.receive(request, response, nowMs),
      releaseHeld: () => this.#session?.releaseHeld(this.#wheel.nowMs()),
      reply: options.writeReply,
    });
    this.#onShaken = options.onShaken;
    this.#onEnded = options.onEnded;
  }

  /** True while an endpoint is attached and nothing has ended the link. */
  get isOpen(): boolean {
    return this.#session?.isOpen ?? false;
  }

  /** True once it is over: every further request is one of an unknown session. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The open connections that have carried requests of this session. */
  get carriers(): ReadonlySet<Socket> {
    return this.#carriers;
  }

  /** True where `socket` is one of the carriers. Cheap for the one that was asked about before. */
  isCarriedBy(socket: Socket): boolean {
    if (socket === this.#lastCarrier) return true;
    if (!this.#carriers.has(socket)) return false;
    this.#lastCarrier = socket;
    return true;
  }

  /** Names the endpoint; called once, before the reply to /open leaves. */
  attach(endpoint: LinkEndpoint): void {
    if (this.#endpoint !== null || this.#isEnded)
      throw new Error('a tunnel link is attached once, while it lives');
    this.#endpoint = endpoint;
    this.#session = new TunnelSession<ServerResponse>({
      settings: this.#settings,
      endpoint,
      openedMs: this.#wheel.nowMs(),
      reply: (response, reply) => this.#order.replied(response, reply),
      onEnded: this.#finish,
    });
    this.#session.carriersChanged(this.#carriers.size, this.#wheel.nowMs());
    this.#arm();
  }

  handOver(endpoint: LinkEndpoint): void {
    this.#endpoint = endpoint;
    if (this.#session !== null) this.#session.endpoint = endpoint;
  }

  /** Handles one whole request; the answer goes to `response`, now or later. */
  receive(request: TunnelSessionRequest, response: ServerResponse): void {
    this.#guard(this, () => this.#order.receive(request, response, this.#wheel.nowMs()));
    if (!this.#isShaken && this.#session?.isShaken) {
      this.#isShaken = true;
      this.#onShaken();
    }
    this.#arm();
  }

  /** Says that `take` may have something; call it when a batch is whole, for a held reply leaves at once. */
  wake(): void {
    // WHY: of a crowd that pauses between its polls, most have no poll here when they are woken, many times a second.
    if (this.#session?.isWaiting) this.#guard(this, (link) => link.#session?.wake(link.#wheel.nowMs()));
  }

  /** What says why the tunnel is slow; null before an endpoint is attached. */
  diagnostics(): TunnelLinkDiagnostics | null {
    if (this.#session === null) return null;
    const { delayedRequests } = this.intake;
    return { ...this.#session.diagnostics(this.#order.counters), delayedRequests };
  }

  pause(): void {
    this.intake.pause();
    this.#session?.pause();
  }

  resume(): void {
    this.#guard(this, (link) => link.#session?.resume(link.#wheel.nowMs()));
    this.intake.resume();
    this.#arm();
  }

  /** Ends the link: what `take` still gives goes out with the next replies, for at most five seconds. */
  close(reason: EndReason): void {
    this.#endReason ??= reason;
    if (this.#session === null) {
      this.#finish();
      return;
    }
    this.#guard(this, (link) => link.#session?.close(link.#wheel.nowMs()));
    // What waits takes the last words away.
    this.resume();
  }

  /** Ends the link at once: held requests are answered with the closing byte, `take` is not called any more. */
  end(reason: EndReason): void {
    this.#endReason ??= reason;
    if (this.#session === null) this.#finish();
    else this.#session.end();
  }

  /** The error boundary caught something: the endpoint's last words go out, then the link closes. */
  fail(reason: EndReason): void {
    if (this.#hasFailed || !this.isOpen) {
      this.end(reason);
      return;
    }
    this.#hasFailed = true;
    this.#guard(this, () => {
      this.#endpoint?.failed(reason);
      this.close(reason);
    });
  }

  /** A connection has carried its first request of this session. */
  carrierOpened(socket: Socket): void {
    this.#carriers.add(socket);
    this.#session?.carriersChanged(this.#carriers.size, this.#wheel.nowMs());
  }

  /** A connection that carried requests of this session is gone, and with it the clients of the requests it held. */
  carrierClosed(socket: Socket): void {
    if (!this.#carriers.delete(socket)) return;
    if (this.#lastCarrier === socket) this.#lastCarrier = null;
    const isGone = (response: ServerResponse): boolean => response.req.socket === socket;
    this.intake.forget(socket);
    this.#session?.abort(isGone);
    this.#guard(this, () => this.#order.abort(isGone, this.#wheel.nowMs()));
    this.#session?.carriersChanged(this.#carriers.size, this.#wheel.nowMs());
    this.#arm();
  }

  readonly #onDeadline = (): void => {
    this.#deadline = null;
    this.#deadlineMs = Number.POSITIVE_INFINITY;
    // WHY: a client whose requests are held back is not silent, and what the others wait for may be one of them.
    if (this.intake.isHoldingBack) this.#session?.heard(this.#wheel.nowMs());
    else this.#guard(this, (link) => link.#order.tick(link.#wheel.nowMs()));
    this.#guard(this, (link) => link.#session?.tick(link.#wheel.nowMs()));
    this.#arm();
  };

  // WHY: a deadline that turns out too early only looks again. So a session that is polled thirty times a second
  // touches the wheel a few times a second, not twice for each hold.
  #arm(): void {
    const sessionMs = this.#session?.nextDeadlineMs() ?? Number.POSITIVE_INFINITY;
    const orderMs = this.intake.isHoldingBack ? Number.POSITIVE_INFINITY : this.#order.nextDeadlineMs();
    const nextMs = Math.min(sessionMs, orderMs);
    if (nextMs >= this.#deadlineMs) return;
    this.#deadline?.cancel();
    this.#deadlineMs = nextMs;
    this.#deadline = this.#wheel.at(nextMs, this.#onDeadline);
  }

  readonly #finish = (): void => {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#deadline?.cancel();
    this.#deadline = null;
    this.#order.end(SESSION_OVER);
    this.#onEnded();
    this.intake.end();
    this.#carriers.clear();
    this.#lastCarrier = null;
    this.#guard(this, () => this.#endpoint?.closed(this.#endReason ?? ENDED_BY_PEER));
  };
}
