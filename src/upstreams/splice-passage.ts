// Finds the upstream of one client that is spliced: one after the other is dialled, shaken hands with and told the connect,
// until one has begun to answer. Up to then the client notices nothing of a change.

import type { Upstream } from '../config/routing.ts';
import type { EndReason } from '../errors.ts';
import type { Link, LinkFacts, Wheel } from '../links/link.ts';
import type { ClosedPassage, OpenPassage, Passage, PassedClient, PassedEndpoint } from '../links/passage.ts';
import { StatusCode } from '../protocol/rtmp/server/status.ts';
import type { IncomingConnect } from '../protocol/rtmp/splice/connect-reader.ts';
import { type RewrittenConnect, rewriteConnect } from '../protocol/rtmp/splice/rewrite-connect.ts';
import { connectChanges } from './connect-changes.ts';
import type { PoolChoice, UpstreamLease, UpstreamPool } from './pool.ts';
import { appAt, type RouteRequest } from './route.ts';
import { Splice, type SpliceDeps } from './splice.ts';
import { UpstreamGreeting } from './upstream-greeting.ts';

/** Opens a connection to an upstream, for a client or for nobody in particular. Rejects where there is none. */
export type Dial = (upstream: Upstream, client: LinkFacts | null, signal: AbortSignal) => Promise<Link>;

/** What passages share. */
export type PassageDeps = {
  readonly wheel: Wheel;
  readonly dial: Dial;
  readonly pool: UpstreamPool;
  readonly upstreamOf: (name: string) => Upstream;
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
  /** Time for all upstreams that are tried together, ms. */
  readonly failoverTimeoutMs: number;
  readonly splice: SpliceDeps;
};

/** What a route says of the client. */
export type PassageRoute = PoolChoice & { readonly app: string | null };

/** One upstream that has begun to answer. */
type Greeted = { readonly link: Link; readonly greeting: UpstreamGreeting };

/** The way of one client to the upstreams of its route. */
export class SplicePassage implements Passage {
  readonly #route: PassageRoute;
  readonly #request: Pick<RouteRequest, 'app' | 'instance'>;
  readonly #deps: PassageDeps;

  constructor(route: PassageRoute, request: Pick<RouteRequest, 'app' | 'instance'>, deps: PassageDeps) {
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
      const upstream = this.#deps.upstreamOf(lease.name);
      const connect = this.#connectFor(upstream, incoming, facts);
      const found = await this.#greet(upstream, { lease, connect, facts, untilMs, signal });
      if (typeof found !== 'string') return this.#opened(found, lease, connect);
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

  /** Gives an upstream that has begun to answer, or says why there is none. */
  async #greet(upstream: Upstream, attempt: Attempt): Promise<Greeted | string> {
    const { lease, signal } = attempt;
    const abandoned = new AbortController();
    const giveUp = (): void => abandoned.abort();
    signal.addEventListener('abort', giveUp);
    const { wheel } = this.#deps;
    const deadline = wheel.at(attempt.untilMs, giveUp);
    try {
      const link = await this.#deps.dial(upstream, attempt.facts, abandoned.signal);
      const greeting = await this.#answerOf(link, upstream, attempt, abandoned.signal);
      lease.opened();
      return { link, greeting };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (signal.aborted) lease.closed();
      else lease.failed(reason);
      return reason;
    } finally {
      deadline.cancel();
      signal.removeEventListener('abort', giveUp);
    }
  }

  #answerOf(
    link: Link,
    { connectTimeoutMs }: Upstream,
    { connect }: Attempt,
    signal: AbortSignal,
  ): Promise<UpstreamGreeting> {
    const { wheel, randomBytes } = this.#deps;
    return new Promise((resolve, reject) => {
      const finish = (error: Error | null): void => {
        handshakeDeadline.cancel();
        signal.removeEventListener('abort', onAbort);
        if (error === null) resolve(greeting);
        else {
          reject(error);
          link.close({ code: 'done', message: error.message });
        }
      };
      const onAbort = (): void => finish(new Error('expected an answer to connect in time, got none'));
      const handshakeDeadline = wheel.at(wheel.nowMs() + connectTimeoutMs, () => {
        finish(new Error(`expected an RTMP handshake within ${connectTimeoutMs} ms, got none`));
      });
      const greeting = new UpstreamGreeting(link, connect.bytes, randomBytes, {
        onShaken: () => handshakeDeadline.cancel(),
        onAnswer: () => finish(null),
        onEnded: ({ message }: EndReason) => finish(new Error(`the connection ended early: ${message}`)),
      });
      if (signal.aborted) {
        onAbort();
        return;
      }
      signal.addEventListener('abort', onAbort);
      link.attach(greeting);
      link.wake();
    });
  }

  #opened({ link, greeting }: Greeted, lease: UpstreamLease, connect: RewrittenConnect): OpenPassage {
    return {
      type: 'open',
      upstream: lease.name,
      begin: (client: PassedClient): PassedEndpoint => {
        const { answer } = greeting;
        const upstream = { link, lease, answer, following: connect.following };
        const splice = new Splice(client, upstream, this.#deps.splice);
        link.handOver(splice.upstreamEndpoint);
        link.resume();
        link.wake();
        return splice;
      },
      close: () => {
        lease.closed();
        link.close({ code: 'done', message: 'the client is gone' });
      },
    };
  }
}

/** One try of one upstream. */
type Attempt = {
  readonly lease: UpstreamLease;
  readonly connect: RewrittenConnect;
  readonly facts: LinkFacts;
  /** When all tries are over, monotonic ms. */
  readonly untilMs: number;
  readonly signal: AbortSignal;
};
