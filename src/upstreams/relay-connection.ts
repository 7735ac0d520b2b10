// One try of a relay at one upstream, from the dial to the end: the handshake and the login that an upstream may ask for,
// which take further connections, the connect, and the play or publish that the relay is for. The lease is told how it went.

import type { Upstream } from '../config/routing.ts';
import type { EndReason, Guarded } from '../errors.ts';
import type { Link, LinkFacts } from '../links/link.ts';
import { ClientAuth } from '../protocol/rtmp/client/client-auth.ts';
import type { ClientEvent, SessionEnd } from '../protocol/rtmp/client/client-events.ts';
import type { ClientSessionOptions, ConnectRequest } from '../protocol/rtmp/client/client-options.ts';
import type { ClientSession } from '../protocol/rtmp/client/client-session.ts';
import type { RtmpStatus } from '../protocol/rtmp/client/client-status.ts';
import { faultOf } from './fault.ts';
import type { UpstreamLease } from './pool.ts';
import { PULL_QUIET_MS, PULL_SILENCE_MS, type RelayEnd, type SharedRelayDeps } from './relay-deps.ts';
import { connectRequestOf } from './relay-request.ts';
import { UpstreamSession, type UpstreamSessionOwner } from './upstream-session.ts';

/** WHY: one for all, since an error made at the abort would keep, by its stack, the relay that is to be let go. */
const GIVEN_UP = new DOMException('The relay does not want the connection any more.', 'AbortError');

/** LIMIT: what the log takes of a status code, characters: the longest that is known has 40. */
const MAX_STATUS_CODE_CHARS = 100;

/** Ends of a Link that the upstream brought about. */
const HANG_UPS: ReadonlySet<string> = new Set(['peer-closed', 'peer-reset']);

const DONE: EndReason = { code: 'done', message: 'The relay is over.' };

/** What is wanted of the upstream. */
export type RelayGoal = {
  readonly kind: 'play' | 'publish';
  /** Application at the upstream, with its instance. */
  readonly app: string;
  /** Name of the live stream at the upstream. */
  readonly streamName: string;
  /** The client that it is for; null where it is for many, or none. */
  readonly client: LinkFacts | null;
  /** Gateways before this one that it has come through. */
  readonly hopCount: number;
};

/** Who hears of a connection. */
export interface RelayConnectionOwner {
  /** True where `send` has something. */
  readonly hasMedia: boolean;
  /** As of an upstream session: media, data and what becomes of the stream, but for a refusal. */
  heard(event: ClientEvent): void;
  /** As of an upstream session. */
  send(session: ClientSession, maxBytes: number): void;
  /** It is over, other than by `close`; told once, last. */
  ended(end: RelayEnd): void;
}

/** One try. */
export class RelayConnection implements UpstreamSessionOwner, Guarded {
  readonly #lease: UpstreamLease;
  readonly #settings: Upstream;
  readonly #goal: RelayGoal;
  readonly #owner: RelayConnectionOwner;
  readonly #deps: SharedRelayDeps;
  /** As it is before a login. */
  readonly #request: ConnectRequest;
  readonly #auth: ClientAuth;
  readonly #givenUp = new AbortController();
  #upstream: UpstreamSession | null = null;
  /** What the newest connection says. */
  #said: ConnectRequest;
  #isSigned = true;
  /** When the dial of the newest connection began, monotonic ms. */
  #dialledMs = 0;
  #isConnected = false;
  #isOver = false;

  /** Begins to dial. */
  constructor(lease: UpstreamLease, goal: RelayGoal, owner: RelayConnectionOwner, deps: SharedRelayDeps) {
    this.#lease = lease;
    this.#goal = goal;
    this.#owner = owner;
    this.#deps = deps;
    const settings = deps.upstreamOf(lease.name);
    this.#settings = settings;
    this.#request = connectRequestOf(settings, goal.app, goal.client);
    const { user, password } = settings.url.credentials ?? { user: '', password: '' };
    const { randomBytes } = deps;
    this.#auth = new ClientAuth({ ...this.#request, user, password, randomBytes });
    this.#said = this.#request;
    this.#dial(this.#said);
  }

  /** Name of the upstream. */
  get upstreamName(): string {
    return this.#lease.name;
  }

  /** True once the upstream has taken the connect. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** True while what is sent goes out. */
  get isPublishing(): boolean {
    return !this.#isOver && this.#upstream?.session.isPublishing === true;
  }

  get hasMedia(): boolean {
    return this.#owner.hasMedia;
  }

  /** Says that the owner has media. */
  wake(): void {
    this.#upstream?.wake();
  }

  /** Ends it in order. The owner is told nothing further. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#lease.closed();
    this.#givenUp.abort(GIVEN_UP);
    this.#upstream?.close(DONE);
  }

  /** Ends it because it takes too long; the owner is told. For the upstream it is a failure unless it has answered. */
  giveUp(reason: string): void {
    this.#over({ outcome: 'failed', reason });
  }

  send(session: ClientSession, maxBytes: number): void {
    this.#owner.send(session, maxBytes);
  }

  heard(event: ClientEvent): void {
    switch (event.type) {
      case 'connected':
        this.#lease.opened();
        this.#isConnected = true;
        this.#ask();
        return;
      case 'connect-rejected':
        this.#lease.opened();
        this.#connectRejected(event.status);
        return;
      case 'play-rejected':
      case 'publish-rejected':
        this.#over({ outcome: 'refused', reason: `refused: ${wordOf(event.status)}` });
        return;
      default:
        this.#owner.heard(event);
    }
  }

  ended({ code, message }: SessionEnd): void {
    // As a splice does it: whoever claims a signature that it does not have may take a client that does not sign.
    if (this.#isSigned && code === 'rtmp-handshake-unsigned') {
      this.#isSigned = false;
      this.#dial(this.#said);
      return;
    }
    if (this.#isTold && HANG_UPS.has(code)) this.#lease.turnedAway();
    this.#over({ outcome: 'broke', reason: `${code}: ${message}` });
  }

  /** True where the upstream knows whose connection it is, and may go by that. */
  get #isTold(): boolean {
    return this.#goal.client !== null && this.#settings.proxyProtocol !== 'none';
  }

  fail(reason: EndReason): void {
    this.#over({ outcome: 'broke', reason: reason.code });
  }

  #dial(request: ConnectRequest): void {
    this.#said = request;
    this.#upstream = null;
    this.#dialledMs = this.#deps.wheel.nowMs();
    const { dial, guard, sessions, onSessionGone } = this.#deps;
    const { signal } = this.#givenUp;
    const attach = (link: Link): void => {
      if (this.#isOver) {
        link.close(DONE);
        return;
      }
      const session = new UpstreamSession(link, this, this.#optionsOf(), {
        ...this.#deps,
        onGone: (gone) => {
          sessions.delete(gone);
          onSessionGone();
        },
      });
      sessions.add(session);
      this.#upstream = session;
      session.connect(request);
    };
    const failed = (error: unknown): void => {
      const { code, reason } = faultOf(error);
      if (code === 'turned-away') this.#lease.turnedAway();
      this.#over({ outcome: 'failed', reason });
    };
    // WHY: async, so that a dial which throws before it waits for anything fails as one that rejects.
    const attempt = async (): Promise<Link> => dial(this.#settings, this.#goal.client, signal);
    attempt().then(
      (link) => guard(this, () => attach(link)),
      (error: unknown) => guard(this, () => failed(error)),
    );
  }

  #optionsOf(): ClientSessionOptions {
    const { randomBytes, wheel } = this.#deps;
    const dialMs = wheel.nowMs() - this.#dialledMs;
    const options = {
      randomBytes,
      isHandshakeSigned: this.#isSigned,
      hopCount: this.#goal.hopCount + 1,
      // One time for the dial and the handshake.
      handshakeTimeoutMs: Math.max(0, this.#settings.connectTimeoutMs - dialMs),
    };
    if (this.#goal.kind === 'publish') return options;
    return {
      ...options,
      pingIntervalMs: PULL_QUIET_MS,
      pingTimeoutMs: PULL_QUIET_MS,
      answeredPingMs: PULL_SILENCE_MS,
    };
  }

  #ask(): void {
    const upstream = this.#upstream;
    if (upstream === null) return;
    const { kind, streamName } = this.#goal;
    if (kind === 'play') upstream.session.play(streamName);
    else upstream.session.publish(streamName);
    upstream.wake();
  }

  #connectRejected(status: RtmpStatus): void {
    const step = this.#auth.next(status);
    if (step.type === 'reconnect') {
      this.#upstream?.close(DONE);
      this.#dial({ ...this.#request, app: step.app, tcUrl: step.tcUrl });
      return;
    }
    const reason = step.type === 'failed' ? step.message : `connect refused: ${wordOf(status)}`;
    this.#over({ outcome: 'refused', reason });
  }

  #over(end: RelayEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#givenUp.abort(GIVEN_UP);
    // A lease that was not opened has failed by `broke` too.
    if (end.outcome === 'failed') this.#lease.failed(end.reason);
    else if (end.outcome === 'broke') this.#lease.broke();
    this.#lease.closed();
    this.#upstream?.close(DONE);
    this.#owner.ended(end);
  }
}

/** WHY: the code alone. A description may repeat the name of the stream, which is the key of many a service. */
function wordOf({ code }: RtmpStatus): string {
  return code === '' ? 'no reason given' : code.slice(0, MAX_STATUS_CODE_CHARS);
}
