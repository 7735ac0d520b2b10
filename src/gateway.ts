// The composition root: makes the rooms out of one frozen configuration and joins them. Nothing happens on import, and
// nothing here touches the process: what it needs of it is handed in.

import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Admission } from './auth/admission.ts';
import { boundedAdmissions } from './auth/bounded-admission.ts';
import { perApp } from './config/app-settings.ts';
import { listenerText } from './config/listener.ts';
import type { Config } from './config/schema.ts';
import { pagesPlugin } from './delivery/pages-plugin.ts';
import type { ErrorCode, Guard } from './errors.ts';
import { createGuard } from './errors.ts';
import { addressListOf, type DoorWorld, makeDoor } from './gateway-door.ts';
import { makeUpstreams, type Upstreams } from './gateway-upstreams.ts';
import type { Door, DoorDeps } from './links/door/door.ts';
import type { OpenListener } from './links/door/listeners.ts';
import { Listeners } from './links/door/listeners.ts';
import { Refusals } from './links/door/refusals.ts';
import { HttpFront } from './links/http-front.ts';
import type { Link, Peer } from './links/link.ts';
import { rtmptPlugin } from './links/rtmpt/rtmpt-plugin.ts';
import { SocketLink } from './links/socket-link.ts';
import type { CertificateStore } from './links/tls/certificate-store.ts';
import { isWebSocketUpgrade, WebSocketDoor } from './links/websocket/websocket-door.ts';
import { webSocketPlugin } from './links/websocket/websocket-plugin.ts';
import type { Clock } from './sessions/deadline-wheel.ts';
import { DeadlineWheel } from './sessions/deadline-wheel.ts';
import type { ConnectionDeps } from './sessions/rtmp-connection.ts';
import { RtmpConnection } from './sessions/rtmp-connection.ts';
import type { StreamScheduler } from './streams/audience.ts';
import { StreamRegistry } from './streams/stream-registry.ts';

/** Time in ms that connections whose sockets were cut get to say so in the log. */
const ENDING_MS = 1000;

/** What a gateway needs of the world. */
export type GatewayDeps = DoorWorld & {
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
  readonly #guard: Guard;
  readonly #http: HttpFront;
  readonly #refusals: Refusals;
  readonly #listeners: Listeners;
  readonly #connectionDeps: ConnectionDeps;
  readonly #upstreams: Upstreams;
  /** The entries of `listen`, by the ports that they got. */
  readonly #listenersByPort = new Map<number, string>();
  readonly #connections = new Set<RtmpConnection>();
  readonly #counters = new Map<string, number>();
  #certificates: CertificateStore | null = null;
  #door: Door | null = null;
  #onAllEnded: (() => void) | null = null;
  #started: Promise<OpenListener[]> | null = null;
  #isStopping = false;

  constructor(config: Config, deps: GatewayDeps) {
    this.#config = config;
    this.#deps = deps;
    const onInternalError = (error: unknown): void => deps.log.error({ err: error }, 'internal error');
    this.#wheel = new DeadlineWheel(deps.clock);
    this.#guard = createGuard(onInternalError);
    this.#refusals = new Refusals({
      log: deps.log,
      wheel: this.#wheel,
      count: (code) => this.#count(code),
    });
    const streamOptionsFor = perApp(config, (streams) => streamOptionsOf(config, streams));
    const registry = new StreamRegistry(streamOptionsFor, deps.scheduler);
    this.#upstreams = makeUpstreams(config, {
      registry,
      count: (name) => this.#count(name),
      log: deps.log,
      wheel: this.#wheel,
      scheduler: deps.scheduler,
      guard: this.#guard,
      onInternalError,
      listenerAt: (port) => this.#listenersByPort.get(port) ?? '',
    });
    const { front, relays } = this.#upstreams;
    this.#connectionDeps = {
      registry,
      wheel: this.#wheel,
      scheduler: deps.scheduler,
      guard: this.#guard,
      log: deps.log,
      sessionOptions: {
        ...config.rtmp,
        maxNameLengthChars: config.streams.maxNameLengthChars,
        recordsConnect: front !== null,
      },
      front,
      relays,
      startsInPast: perApp(config, ({ gopCache }) => gopCache),
      admissions: boundedAdmissions(deps.admissions ?? new Map()),
      onEnd: (ended, reason) => this.#forget(ended, reason.code),
    };
    const common = {
      wheel: this.#wheel,
      guard: this.#guard,
      peerOf: (request: IncomingMessage) => this.#http.peerOf(request),
      onLink: (link: Link) => this.#add(link),
      count: (name: string) => this.#count(name),
    };
    const webSockets = new WebSocketDoor({
      ...common,
      config: config.websocket,
      writeTimeoutMs: config.rtmp.writeTimeoutMs,
    });
    this.#http = new HttpFront({
      config: config.http,
      wheel: this.#wheel,
      forwarders: addressListOf(config.trustedProxies.httpProxies),
      forwardedHeader: config.trustedProxies.httpHeader,
      isUpgrade: isWebSocketUpgrade,
      onUpgrade: (request, socket, head) => webSockets.upgrade(request, socket, head),
      onInternalError,
      onRefused: this.#onRefused,
    });
    this.#http.app.register(rtmptPlugin, {
      ...common,
      config: {
        ...config.tunnel,
        writeTimeoutMs: config.rtmp.writeTimeoutMs,
        ident: identOf(config.tunnel.ident),
      },
      randomBytes,
    });
    this.#http.app.register(webSocketPlugin);
    this.#http.app.register(pagesPlugin);
    this.#listeners = new Listeners({
      httpServer: this.#http.server,
      onSocket: (socket, kind) => this.#door?.accept(socket, kind),
      onFailedAccept: () => this.#count('connection-accept-failed'),
      textOf: listenerText,
    });
  }

  /** What was counted so far. */
  get counters(): GatewayCounters {
    return this.#counters;
  }

  /**
   * Opens the listeners and gives them with the addresses that they got, in the order of the configuration. Where
   * `mayFallBack` holds, port 80 or 443 that is not to be had becomes 8080 or 8443.
   * @throws Error that names the certificate that cannot be used, or, with `code` of the system (EADDRINUSE, EACCES…), the
   * listener that cannot be opened
   */
  start(mayFallBack: boolean): Promise<OpenListener[]> {
    this.#started ??= this.#start(mayFallBack);
    return this.#started;
  }

  async #start(mayFallBack: boolean): Promise<OpenListener[]> {
    await this.#http.app.ready();
    const { door, listeners, certificates } = await makeDoor(this.#config, this.#deps, this.#wheel, {
      onHttp: (socket, peer) => this.#http.take(socket, peer),
      onRtmp: (socket, peer) => this.#addSocket(socket, peer),
      onRefused: this.#onRefused,
    });
    this.#door = door;
    this.#certificates = certificates;
    const opened = await this.#listeners.open(listeners, mayFallBack, (from, to) => {
      this.#deps.log.info({ wanted: from, used: to }, 'port is taken or not permitted, using another');
    });
    for (const [index, { address }] of opened.entries()) {
      const wanted = listeners[index];
      const port = Number(address.slice(address.lastIndexOf(':') + 1));
      if (wanted !== undefined) this.#listenersByPort.set(port, listenerText(wanted));
    }
    this.#upstreams.start();
    return opened;
  }

  /**
   * Takes what can change while it runs: the certificates, which are read again, and of `config`, where it is not null, which
   * upstreams are drained. A broken certificate is told in the log, and not taken.
   */
  async reload(config: Config | null = null): Promise<void> {
    if (config !== null) this.#upstreams.reload(config);
    await this.#certificates?.reload();
  }

  /**
   * Stops taking connections and sessions, tells the clients, and ends when they are gone or the time to drain is over.
   * Where the configuration says where to, those that can connect again by themselves are asked to, and served for that
   * time.
   */
  async stop(): Promise<void> {
    this.#isStopping = true;
    // What it opens would stay open behind a stop that comes in between. That it failed is told to who started it.
    await this.#started?.catch(() => undefined);
    const listenersClosed = this.#listeners.close();
    const { drainTimeoutMs, reconnectUrl } = this.#config.shutdown;
    const tcUrl = reconnectUrl === 'same' ? null : reconnectUrl;
    for (const connection of [...this.#connections]) {
      if (reconnectUrl === 'none' || !connection.askToReconnect(tcUrl)) connection.drain();
    }
    await this.#allEnded(drainTimeoutMs);
    for (const connection of [...this.#connections]) connection.drain();
    await this.#http.app.close();
    this.#listeners.destroySockets();
    await this.#allEnded(ENDING_MS);
    await listenersClosed;
    await this.#upstreams.stop();
    this.#certificates?.stop();
    this.#wheel.stop();
  }

  #addSocket(socket: Socket, peer: Peer): void {
    const transport = peer.tlsVersion === null ? 'rtmp' : 'rtmps';
    const { writeTimeoutMs } = this.#config.rtmp;
    const facts = { ...peer, transport, userAgent: null } as const;
    this.#add(new SocketLink(socket, facts, { guard: this.#guard, wheel: this.#wheel, writeTimeoutMs }));
  }

  #add(link: Link): void {
    if (this.#isStopping) this.#refuse(link);
    else this.#connections.add(new RtmpConnection(link, this.#connectionDeps));
  }

  readonly #onRefused: DoorDeps['onRefused'] = (code, peer, detail) => {
    this.#refusals.refused(code, peer, detail);
  };

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
