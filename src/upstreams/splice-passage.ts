// Finds the upstream of one client that is spliced: one after the other is dialled, shaken hands with and told the connect,
// until one has begun to answer. Up to then the client notices nothing of a change.

import type { Upstream } from '../config/routing.ts';
import type { Link, LinkFacts, Wheel } from '../links/link.ts';
import type { ClosedPassage, OpenPassage, Passage, PassedClient, PassedEndpoint } from '../links/passage.ts';
import { StatusCode } from '../protocol/rtmp/server/status.ts';
import type { IncomingConnect } from '../protocol/rtmp/splice/connect-reader.ts';
import { type RewrittenConnect, rewriteConnect } from '../protocol/rtmp/splice/rewrite-connect.ts';
import { connectChanges } from './connect-changes.ts';
import type { Dial, UpstreamOf } from './dial.ts';
import { faultOf } from './fault.ts';
import { GreetingError, greetUpstream } from './greet-upstream.ts';
import type { PoolChoice, UpstreamLease, UpstreamPool } from './pool.ts';
import { appAt, type RouteRequest } from './route.ts';
import { Splice } from './splice.ts';
import type { SpliceDeps, SplicedUpstream } from './splice-deps.ts';
import type { GreetingOptions, UpstreamGreeting } from './upstream-greeting.ts';

/** What passages share. */
export type PassageDeps = {
  readonly wheel: Wheel;
  readonly dial: Dial;
  readonly pool: UpstreamPool;
  readonly upstreamOf: UpstreamOf;
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
  /** Time for all upstreams that are tried together, ms. */
  readonly failoverTimeoutMs: number;
  readonly splice: SpliceDeps;
};

/** What the client asks for, and the gateways that it has come through. */
export type PassedRequest = Pick<RouteRequest, 'app' | 'instance'> & { readonly hopCount: number };

/** What a route says of the client. */
export type PassageRoute = PoolChoice & { readonly app: string | null };

/** One upstream that has begun to answer. */
type Greeted = { readonly link: Link; readonly greeting: UpstreamGreeting };

/** The way of one client to the upstreams of its route. */
export class SplicePassage implements Passage {
  readonly #route: PassageRoute;
  readonly #request: PassedRequest;
  readonly #deps: PassageDeps;

  constructor(route: PassageRoute, request: PassedRequest, deps: PassageDeps) {
    this.#route = route;
    this.#request = request;
    this.#deps = deps;
  }

  async open(
    incoming: IncomingConnect,
    facts: LinkFacts,
    signal: AbortSignal,
  ): Promise<OpenPassage | ClosedPassage> {
    const { pool, wheel, failoverTimeoutMs } = this.#deps;
    const tried = new Map<string, string>();
    const untilMs = wheel.nowMs() + failoverTimeoutMs;
    while (!signal.aborted && wheel.nowMs() < untilMs) {
      const lease = pool.take(this.#route, new Set(tried.keys()));
      if (lease === null) break;
      const isFirst = tried.size === 0;
      const taken = new Set([...tried.keys(), lease.name]);
      const hasOthers = (): boolean => pool.hasOpen(this.#route, taken);
      const found = await this.#try(incoming, { lease, facts, untilMs, isFirst, hasOthers, signal });
      if (typeof found !== 'string') return found;
      tried.set(lease.name, found);
    }
    const reasons = [...tried].map(([name, reason]) => `${name}: ${reason}`);
    const none = 'expected one of its upstreams to be up and to have room, found none';
    const message = reasons.length === 0 ? none : reasons.join('; ');
    return { type: 'closed', rtmpStatus: StatusCode.ConnectRejected, message };
  }

  #connectFor(upstream: Upstream, incoming: IncomingConnect, facts: LinkFacts): RewrittenConnect {
    const app = appAt(this.#route, upstream.url, this.#request);
    return rewriteConnect(incoming, connectChanges(incoming.connect, app, upstream, facts));
  }

  /** Tries one upstream: gives the way through it, or says why there is none. */
  async #try(incoming: IncomingConnect, attempt: Attempt): Promise<OpenPassage | string> {
    const { lease, facts, signal } = attempt;
    const upstream = this.#deps.upstreamOf(lease.name);
    let connect: RewrittenConnect;
    try {
      connect = this.#connectFor(upstream, incoming, facts);
    } catch (error) {
      // A connect that cannot be written anew is not the upstream's fault.
      lease.closed();
      throw error;
    }
    const time = this.#openingTime(upstream, attempt);
    try {
      const greeted = await this.#greet(upstream, connect.bytes, attempt, time.untilMs);
      return this.#opened(greeted, lease, connect);
    } catch (error) {
      const { code, reason } = faultOf(error);
      const isTold = code === 'turned-away' || (code === 'hung-up' && upstream.proxyProtocol !== 'none');
      // WHY: that others took the time says nothing of this one.
      if (signal.aborted || (code === 'timeout' && time.isShort)) lease.closed();
      else if (isTold) lease.turnedAway();
      lease.failed(reason);
      // Behind the handshake it counts for less: what the client said in its connect could have caused it.
      lease.broke();
      return reason;
    }
  }

  /** Time for all up to the end of the handshake: that of the upstream, where the others that may follow keep as much. */
  #openingTime({ connectTimeoutMs }: Upstream, { untilMs, isFirst, hasOthers }: Attempt): OpeningTime {
    const nowMs = this.#deps.wheel.nowMs();
    const shareMs = (untilMs - nowMs) / (hasOthers() ? 2 : 1);
    const openingMs = Math.min(connectTimeoutMs, shareMs);
    return { untilMs: nowMs + openingMs, isShort: !isFirst && openingMs < connectTimeoutMs };
  }

  /** Dials an upstream and greets it, once more without a signature where it has none of its own. */
  async #greet(
    upstream: Upstream,
    connect: Uint8Array,
    attempt: Attempt,
    openingUntilMs: number,
  ): Promise<Greeted> {
    try {
      return await this.#greetOnce(upstream, { connect, isSigned: true }, attempt, openingUntilMs);
    } catch (error) {
      if (!(error instanceof GreetingError && error.code === 'unsigned')) throw error;
      return this.#greetOnce(upstream, { connect, isSigned: false }, attempt, openingUntilMs);
    }
  }

  async #greetOnce(
    upstream: Upstream,
    said: Pick<GreetingOptions, 'connect' | 'isSigned'>,
    { lease, facts, untilMs, hasOthers, signal }: Attempt,
    openingUntilMs: number,
  ): Promise<Greeted> {
    const { wheel, randomBytes, dial } = this.#deps;
    const connectTimeoutMs = Math.max(0, Math.ceil(openingUntilMs - wheel.nowMs()));
    const link = await dial({ ...upstream, connectTimeoutMs }, facts, signal);
    const greeting = await greetUpstream(link, {
      ...said,
      hopCount: this.#request.hopCount + 1,
      randomBytes,
      wheel,
      handshakeUntilMs: openingUntilMs,
      // WHY half: one that shakes hands and says nothing leaves the others time.
      answerTimeoutMs: () => (untilMs - wheel.nowMs()) / (hasOthers() ? 2 : 1),
      signal,
      onShaken: () => lease.opened(),
    });
    return { link, greeting };
  }

  #opened({ link, greeting }: Greeted, lease: UpstreamLease, connect: RewrittenConnect): OpenPassage {
    return {
      type: 'open',
      upstream: lease.name,
      begin: (client: PassedClient): PassedEndpoint => {
        const { answer } = greeting;
        const { following } = connect;
        const upstream = { link, lease, answer, unsaid: greeting.takeUnsaid(), following };
        const splice = this.#spliceOf(client, upstream);
        link.handOver(splice.upstreamEndpoint);
        link.resume();
        link.wake();
        if (greeting.hasEnded) {
          const { wheel } = this.#deps;
          // WHY later: the client's Link is handed over behind this, and has to carry the end out.
          wheel.at(wheel.nowMs(), () => greeting.tellEnd(splice.upstreamEndpoint));
        }
        return splice;
      },
      close: () => letGo(link, lease),
    };
  }

  /** @throws RtmpError where what the client sent behind its connect is no chunk stream */
  #spliceOf(client: PassedClient, upstream: SplicedUpstream): Splice {
    try {
      return new Splice(client, upstream, this.#deps.splice);
    } catch (error) {
      letGo(upstream.link, upstream.lease);
      throw error;
    }
  }
}

/** One try of one upstream. */
type Attempt = {
  readonly lease: UpstreamLease;
  readonly facts: LinkFacts;
  /** When all tries are over, monotonic ms. */
  readonly untilMs: number;
  /** True where none was tried before it. */
  readonly isFirst: boolean;
  /** Whether another upstream may be tried behind it. */
  readonly hasOthers: () => boolean;
  readonly signal: AbortSignal;
};

/** When one upstream has to be open, monotonic ms, and whether it had less than its own time, for others took theirs. */
type OpeningTime = { readonly untilMs: number; readonly isShort: boolean };

function letGo(link: Link, lease: UpstreamLease): void {
  lease.closed();
  link.close({ code: 'done', message: 'the client is gone' });
}
