// A client session on an outgoing Link: moves bytes between the two, keeps the session's time on the wheel, and hands on
// what the upstream says. What is asked of the upstream is the owner's to say.

import type { EndReason, Guard, Guarded } from '../errors.ts';
import type { Deadline, Link, LinkEndpoint, Wheel } from '../links/link.ts';
import type { ClientEvent, SessionEnd } from '../protocol/rtmp/client/client-events.ts';
import type { ClientSessionOptions, ConnectRequest } from '../protocol/rtmp/client/client-options.ts';
import { ClientSession } from '../protocol/rtmp/client/client-session.ts';

/** Who owns an upstream session. */
export interface UpstreamSessionOwner {
  /** The upstream said something, in order; 'closed' is not among it. */
  heard(event: ClientEvent): void;
  /** True where `send` would give the session something. */
  readonly hasMedia: boolean;
  /** There is room for about `maxBytes`, and the session publishes: what there is is to be given to it now. */
  send(session: ClientSession, maxBytes: number): void;
  /** It is over, other than by `close`; told once, last. */
  ended(reason: SessionEnd): void;
}

/** What upstream sessions are made with. */
export type UpstreamSessionDeps = {
  readonly wheel: Wheel;
  readonly guard: Guard;
  /** The Link is over, however the session ended. Called once. */
  readonly onGone: (session: UpstreamSession) => void;
};

/** One connection to an upstream. */
export class UpstreamSession implements LinkEndpoint, Guarded {
  readonly session: ClientSession;
  readonly #link: Link;
  readonly #owner: UpstreamSessionOwner;
  readonly #deps: UpstreamSessionDeps;
  #deadline: Deadline | null = null;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #isSetUp = false;
  /** True once the owner was told of the end, or asked for it. */
  #isEnded = false;

  constructor(
    link: Link,
    owner: UpstreamSessionOwner,
    options: ClientSessionOptions,
    deps: UpstreamSessionDeps,
  ) {
    this.#link = link;
    this.#owner = owner;
    this.#deps = deps;
    this.session = new ClientSession(options);
  }

  /** Takes the Link, which may call back before this returns, and connects. */
  connect(request: ConnectRequest): void {
    this.session.connect(request);
    this.#link.attach(this);
    this.#finish();
  }

  get isSetUp(): boolean {
    return this.#isSetUp;
  }

  get hasMore(): boolean {
    return this.session.waitingOutputBytes > 0 || (this.session.isPublishing && this.#owner.hasMedia);
  }

  /** Says that the owner has media, or asked something of the session. */
  wake(): void {
    if (this.#isEnded) return;
    this.#link.wake();
    this.#armDeadline();
  }

  receive(bytes: Uint8Array): void {
    try {
      this.session.receive(bytes, this.#deps.wheel.nowMs());
    } finally {
      // WHY: what came whole before a fault counts.
      this.#workOff();
    }
  }

  take(maxBytes: number): readonly Uint8Array[] {
    const said = this.session.takeOutput(maxBytes);
    if (said.length > 0 || this.#isEnded || !this.session.isPublishing) return said;
    this.#owner.send(this.session, maxBytes);
    return this.session.takeOutput(maxBytes);
  }

  takeDue(maxBytes: number): readonly Uint8Array[] {
    return this.take(maxBytes);
  }

  takeAnswers(maxBytes: number): readonly Uint8Array[] {
    return this.session.takeOutput(maxBytes);
  }

  failed(reason: EndReason): void {
    this.session.close(reason);
    this.#end(reason);
  }

  closed(reason: EndReason): void {
    this.session.close(reason);
    this.#end(reason);
    this.#deps.onGone(this);
  }

  fail(reason: EndReason): void {
    this.failed(reason);
    this.#link.close(reason);
  }

  /** Ends it in order: an open stream is given back first. The owner is told nothing further. */
  close(reason: EndReason): void {
    this.#isEnded = true;
    this.#deadline?.cancel();
    this.session.close(reason);
    this.#link.close(reason);
  }

  #workOff(): void {
    for (let events = this.session.drainEvents(); events.length > 0; events = this.session.drainEvents()) {
      for (const event of events) {
        if (this.#isEnded) return;
        this.#handle(event);
      }
    }
    this.#finish();
  }

  #handle(event: ClientEvent): void {
    if (event.type === 'closed') {
      this.#end(event.reason);
      this.#link.close({ code: 'done', message: event.reason.message });
      return;
    }
    if (event.type === 'play-started' || event.type === 'publish-started') this.#isSetUp = true;
    this.#owner.heard(event);
  }

  #finish(): void {
    if (this.#isEnded) return;
    if (this.hasMore) this.#link.wake();
    this.#armDeadline();
  }

  #end(reason: SessionEnd): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#deadline?.cancel();
    this.#owner.ended(reason);
  }

  /** Hangs the session's next deadline on the wheel, where none that is as early hangs there. */
  #armDeadline(): void {
    const nextMs = this.session.nextDeadlineMs();
    if (this.#isEnded || nextMs === null || nextMs >= this.#deadlineMs) return;
    this.#deadline?.cancel();
    this.#deadlineMs = nextMs;
    this.#deadline = this.#deps.wheel.at(nextMs, () => {
      this.#deadlineMs = Number.POSITIVE_INFINITY;
      this.#deps.guard(this, () => {
        this.session.tick(this.#deps.wheel.nowMs());
        this.#workOff();
      });
    });
  }
}
