// The composition root: makes the rooms out of one frozen configuration and joins them. Nothing happens on import, and
// nothing here touches the process: what it needs of it is handed in.

import { randomBytes } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import fastify from 'fastify';
import type { Admission } from './auth/admission.ts';
import { boundedAdmissions } from './auth/bounded-admission.ts';
import { perApp } from './config/app-settings.ts';
import { parseListener } from './config/listener.ts';
import type { Config } from './config/schema.ts';
import type { ErrorCode } from './errors.ts';
import { createGuard } from './errors.ts';
import type { Link } from './links/link.ts';
import { Listeners } from './links/listeners.ts';
import { rtmptPlugin } from './links/rtmpt/rtmpt-plugin.ts';
import { SharedPort } from './links/shared-port.ts';
import { SocketLink } from './links/socket-link.ts';
import type { Clock } from './sessions/deadline-wheel.ts';
import { DeadlineWheel } from './sessions/deadline-wheel.ts';
import type { ConnectionDeps } from './sessions/rtmp-connection.ts';
import { RtmpConnection } from './sessions/rtmp-connection.ts';
import type { Logger } from './sessions/session-log.ts';
import type { StreamScheduler } from './streams/audience.ts';
import { StreamRegistry } from './streams/stream-registry.ts';

/** Time in ms that connections whose sockets were cut get to say so in the log. */
const ENDING_MS = 1000;

/** What a gateway needs of the world. */
export type GatewayDeps = {
  readonly log: Logger;
  readonly clock: Clock;
  readonly scheduler: StreamScheduler;
  /** Who may connect, by application; whoever likes where an application has none. */
  readonly admissions?: ReadonlyMap<string, Admission>;
};

/** A running gateway's own counters, by name. */
export type GatewayCounters = ReadonlyMap<string, number>;

/** A gateway, made but not started. */
export class Gateway {
  readonly #config: Config;
  readonly #deps: GatewayDeps;
  readonly #wheel: DeadlineWheel;
  readonly #registry: StreamRegistry;
  readonly #http: FastifyInstance;
  readonly #httpServer: HttpServer;
  readonly #listeners: Listeners;
  readonly #connections = new Set<RtmpConnection>();
  readonly #counters = new Map<string, number>();
  #onAllEnded: (() => void) | null = null;
  #isStopping = false;

  constructor(config: Config, deps: GatewayDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#wheel = new DeadlineWheel(deps.clock);
    const streamOptionsFor = perApp(config, (streams) => streamOptionsOf(config, streams));
    this.#registry = new StreamRegistry(streamOptionsFor, deps.scheduler);
    const guard = createGuard((error) => deps.log.error({ err: error }, 'internal error'));
    const connectionDeps: ConnectionDeps = {
      registry: this.#registry,
      wheel: this.#wheel,
      scheduler: deps.scheduler,
      guard,
      log: deps.log,
      sessionOptions: { ...config.rtmp, maxNameLengthChars: config.streams.maxNameLengthChars },
      startsInPast: perApp(config, ({ gopCache }) => gopCache),
      admissions: boundedAdmissions(deps.admissions ?? new Map()),
      onEnd: (ended, reason) => this.#forget(ended, reason.code),
    };
    const addLink = (link: Link): void => {
      if (this.#isStopping) this.#refuse(link);
      else this.#connections.add(new RtmpConnection(link, connectionDeps));
    };
    this.#httpServer = createHttpServer({
      maxHeaderSize: config.http.maxHeaderSizeBytes,
      keepAliveTimeout: config.http.keepAliveTimeoutMs,
      headersTimeout: config.http.headersTimeoutMs,
      requestTimeout: config.http.requestTimeoutMs,
      noDelay: true,
    });
    this.#http = fastify({
      serverFactory: (handler) => {
        this.#httpServer.on('request', handler);
        return this.#httpServer;
      },
      // WHY: a target that is no path, such as a broken percent-encoding, is answered like any unknown one.
      frameworkErrors: (_error, _request, reply) => {
        reply.hijack();
        reply.raw.writeHead(404, { 'Content-Length': 0 }).end();
      },
      logger: false,
      // WHY: nothing is told of a request by its id, and a poll is not worth the making of one.
      genReqId: () => '',
    });
    this.#http.setNotFoundHandler((_request, reply) => reply.code(404).send());
    this.#http.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
      const statusCode = error.statusCode ?? 500;
      if (statusCode >= 500) deps.log.error({ err: error }, 'internal error');
      return reply.code(statusCode).send();
    });
    this.#http.register(rtmptPlugin, {
      config: { ...config.tunnel, ident: identOf(config.tunnel.ident) },
      wheel: this.#wheel,
      randomBytes,
      guard,
      onLink: addLink,
      count: (name: string) => this.#count(name),
    });
    const port = new SharedPort({
      wheel: this.#wheel,
      firstByteTimeoutMs: config.listeners.firstByteTimeoutMs,
      onHttp: handOverTo(this.#httpServer),
      onRtmp: (socket) => {
        const { writeTimeoutMs } = config.rtmp;
        addLink(new SocketLink(socket, factsOf(socket), { guard, wheel: this.#wheel, writeTimeoutMs }));
      },
      onRefused: (cause) => this.#count(`connection-${cause}`),
    });
    this.#listeners = new Listeners(this.#httpServer, (socket) => port.accept(socket));
  }

  /** What was counted so far. */
  get counters(): GatewayCounters {
    return this.#counters;
  }

  /**
   * Opens the listeners and gives the addresses that they got, in the order of the configuration. Where
   * `mayFallBack` holds, port 80 that is not to be had becomes 8080.
   * @throws Error with `code` of the system (EADDRINUSE, EACCES…) naming the listener that cannot be opened
   */
  async start(mayFallBack: boolean): Promise<string[]> {
    await this.#http.ready();
    return this.#listeners.open(this.#config.listen.map(parseListener), mayFallBack, (from, to) => {
      this.#deps.log.info({ wanted: from, used: to }, 'port is taken or not permitted, using another');
    });
  }

  /**
   * Stops taking connections and sessions, tells the clients, and ends when they are gone or the time to drain is over.
   * Where the configuration says where to, those that can connect again by themselves are asked to, and served for that
   * time.
   */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const listenersClosed = this.#listeners.close();
    const { drainTimeoutMs, reconnectUrl } = this.#config.shutdown;
    const tcUrl = reconnectUrl === 'same' ? null : reconnectUrl;
    for (const connection of [...this.#connections]) {
      if (reconnectUrl === 'none' || !connection.askToReconnect(tcUrl)) connection.drain();
    }
    await this.#allEnded(drainTimeoutMs);
    for (const connection of [...this.#connections]) connection.drain();
    await this.#http.close();
    this.#listeners.destroySockets();
    await this.#allEnded(ENDING_MS);
    await listenersClosed;
    this.#wheel.stop();
  }

  /** Resolves when no connection is left, at the latest after `limitMs`. */
  async #allEnded(limitMs: number): Promise<void> {
    if (this.#connections.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onAllEnded = resolve;
      this.#wheel.at(this.#wheel.nowMs() + limitMs, resolve);
    });
  }

  /** WHY: a connection that stays open between requests, or has said nothing yet, may bring a client behind the last. */
  #refuse(link: Link): void {
    this.#count('connection-while-stopping');
    link.close({ code: 'drain', message: 'The server is shutting down.' });
  }

  #forget(connection: RtmpConnection, code: ErrorCode): void {
    this.#connections.delete(connection);
    this.#count(`session-ended-${code}`);
    if (this.#connections.size === 0) this.#onAllEnded?.();
  }

  #count(name: string): void {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + 1);
  }
}

/** Makes a gateway. Nothing is opened before `start`. */
export function createGateway(config: Config, deps: GatewayDeps): Gateway {
  return new Gateway(config, deps);
}

/** Takes the HTTP server's own connection listener, and gives what hands it a connection that was looked at. */
function handOverTo(server: HttpServer): (socket: Socket) => void {
  const [listener] = server.listeners('connection');
  if (listener === undefined) throw new Error('the HTTP server has no connection listener');
  server.removeAllListeners('connection');
  return (socket) => listener.call(server, socket);
}

function factsOf(socket: Socket) {
  return {
    transport: 'rtmp' as const,
    remoteAddress: socket.remoteAddress ?? '',
    remotePort: socket.remotePort ?? 0,
    localPort: socket.localPort ?? 0,
    userAgent: null,
  };
}

function identOf(ident: string): 'not-found' | { readonly text: string } {
  return ident === 'not-found' ? ident : { text: ident };
}

function streamOptionsOf({ rtmp }: Config, streams: Config['streams']) {
  return {
    chunkSizeBytes: rtmp.chunkSizeBytes,
    gopCacheBytes: streams.gopCacheBytes,
    gopCacheMs: streams.gopCacheTimeMs,
    lagBytes: streams.viewerLagBytes,
    lagMs: streams.viewerLagMs,
    mergeMs: streams.mergeTimeMs,
  };
}
