// Relays between real sockets: a small server of the project's own sessions and streams, whose plays and publishes ask the
// relays, and upstreams that are dialled by TCP. Until a test ends it, everything runs on the process's own time.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { PROCESS_CLOCK, PROCESS_SCHEDULER } from '../../src/cli/process-clock.ts';
import type { Overrides } from '../../src/config/config-type.ts';
import { configWith } from '../../src/config/load-config.ts';
import { routingOf } from '../../src/config/routing.ts';
import type { Config } from '../../src/config/schema.ts';
import { createGuard, type EndReason, type Guard, type Guarded } from '../../src/errors.ts';
import { makeRelays } from '../../src/gateway-relays.ts';
import { CaFiles } from '../../src/links/dial/ca-files.ts';
import { dialUpstream } from '../../src/links/dial/dial-upstream.ts';
import type { Link, LinkEndpoint, LinkFacts } from '../../src/links/link.ts';
import { SocketLink } from '../../src/links/socket-link.ts';
import type { ServerEvent } from '../../src/protocol/rtmp/server/server-events.ts';
import { RtmpServerSession } from '../../src/protocol/rtmp/server/server-session.ts';
import { DeadlineWheel } from '../../src/sessions/deadline-wheel.ts';
import { Outgoing } from '../../src/sessions/outgoing.ts';
import { Players } from '../../src/sessions/players.ts';
import { Publishers } from '../../src/sessions/publishers.ts';
import { Refusal } from '../../src/sessions/refusal.ts';
import { SessionLog } from '../../src/sessions/session-log.ts';
import { StreamDecisions } from '../../src/sessions/stream-decisions.ts';
import type { StreamRelays } from '../../src/sessions/stream-relays.ts';
import { StreamRegistry } from '../../src/streams/stream-registry.ts';
import { UpstreamPool } from '../../src/upstreams/pool.ts';
import type { Relays } from '../../src/upstreams/relays.ts';
import { SESSION_OPTIONS } from '../sessions/session-rig.ts';
import { OPTIONS } from '../streams/stream-rig.ts';
import { MEMORY_FACTS } from '../support/memory-link.ts';
import type { Cleaner } from '../support/programs.ts';

const WRITE_TIMEOUT_MS = 5000;

/** One line of the relays' log. */
export type RelayLine = { readonly message: string; readonly fields: Record<string, unknown> };

/** A server whose streams are relayed. */
export class RelayRig {
  readonly relays: Relays;
  readonly pool: UpstreamPool;
  readonly wheel = new DeadlineWheel(PROCESS_CLOCK);
  readonly registry = new StreamRegistry(() => OPTIONS, PROCESS_SCHEDULER);
  readonly lines: RelayLine[] = [];
  readonly counts = new Map<string, number>();
  /** Bugs of ours that the boundary caught. */
  readonly internalErrors: unknown[] = [];
  readonly guard: Guard = createGuard((error) => this.internalErrors.push(error));
  /** Sockets to upstreams of plain RTMP that are open. */
  readonly dialled = new Set<Socket>();
  /** Upstreams that were dialled, in order, and for which clients' addresses. */
  readonly dials: string[] = [];
  readonly dialledFor: (string | null)[] = [];
  /** Where the server listens; 0 before. */
  port = 0;

  private constructor(overrides: Overrides<Config>) {
    const config = configWith({ rtmp: { chunkSizeBytes: OPTIONS.chunkSizeBytes }, ...overrides });
    const routing = routingOf(config);
    this.pool = new UpstreamPool(routing.upstreams, {
      nowMs: () => this.wheel.nowMs(),
      onDown: () => undefined,
      onUp: () => undefined,
    });
    const write = (fields: object, message: string): void => {
      this.lines.push({ message, fields: { ...fields } });
    };
    const { guard, wheel } = this;
    const caFiles = new CaFiles();
    const relays = makeRelays(config, routing, {
      registry: this.registry,
      pool: this.pool,
      wheel,
      scheduler: PROCESS_SCHEDULER,
      guard,
      log: { debug: write, info: write, warn: write, error: write },
      count: (name) => this.counts.set(name, (this.counts.get(name) ?? 0) + 1),
      listenerAt: () => '',
      dial: (upstream, client, signal) => {
        this.dials.push(upstream.name);
        this.dialledFor.push(client?.remoteAddress ?? null);
        if (upstream.url.transport === 'rtmp') return this.#dial(upstream.url.portNumber, signal);
        return dialUpstream(upstream, client, { ...this.#linkDeps, caFiles }, signal);
      },
    });
    if (relays === null) throw new Error('nothing is relayed');
    this.relays = relays;
  }

  /** Starts a server of this configuration, and its pulls. */
  static async start(cleaner: Cleaner, overrides: Overrides<Config>): Promise<RelayRig> {
    const rig = new RelayRig(overrides);
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      const { guard, wheel } = rig;
      new RelayingConnection(new SocketLink(socket, MEMORY_FACTS, rig.#linkDeps), { ...rig, guard, wheel });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    rig.port = (server.address() as AddressInfo).port;
    cleaner.after(async () => {
      await rig.relays.stop();
      for (const socket of sockets) socket.destroy();
      server.close();
      rig.wheel.stop();
    });
    rig.relays.start();
    return rig;
  }

  /** URL of `path` (app/stream) here. */
  rtmpUrl(path: string): string {
    return `rtmp://127.0.0.1:${this.port}/${path}`;
  }

  /** Lines of that text. */
  told(message: string): Record<string, unknown>[] {
    return this.lines.filter((line) => line.message === message).map(({ fields }) => fields);
  }

  get #linkDeps() {
    return { guard: this.guard, wheel: this.wheel, writeTimeoutMs: WRITE_TIMEOUT_MS };
  }

  /** As the gateway's own dial, with the sockets kept. */
  async #dial(port: number, signal: AbortSignal): Promise<Link> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const giveUp = (): void => {
      socket.destroy();
    };
    signal.addEventListener('abort', giveUp);
    await once(socket, 'connect', { signal });
    signal.removeEventListener('abort', giveUp);
    this.dialled.add(socket);
    socket.on('close', () => this.dialled.delete(socket));
    return new SocketLink(socket, MEMORY_FACTS, this.#linkDeps);
  }
}

/** What a connection of the rig is made with. */
export type RelayingDeps = Pick<RelayRig, 'registry' | 'guard' | 'wheel'> & { readonly relays: StreamRelays };

/** One client of the rig: what the gateway's own connections do with live streams, and no more. */
export class RelayingConnection implements LinkEndpoint, Guarded {
  readonly isSetUp = true;
  readonly #link: Link;
  readonly #deps: RelayingDeps;
  readonly #session: RtmpServerSession;
  readonly #publishers: Publishers;
  readonly #players: Players;
  readonly #outgoing: Outgoing;
  readonly #refusal: Refusal;
  readonly #decisions: StreamDecisions;
  #app = '';

  constructor(link: Link, deps: RelayingDeps) {
    const nothing = (): void => undefined;
    const log = new SessionLog(
      { debug: nothing, info: nothing, warn: nothing, error: nothing },
      link.facts,
      0,
    );
    this.#link = link;
    this.#deps = deps;
    this.#session = new RtmpServerSession({ ...SESSION_OPTIONS, randomBytes }, deps.wheel.nowMs());
    this.#publishers = new Publishers(deps.registry);
    this.#players = new Players(deps.registry);
    this.#outgoing = new Outgoing(this.#session, this.#players, log);
    this.#refusal = new Refusal(deps.wheel, (reason) => link.close(reason));
    this.#decisions = new StreamDecisions({
      session: this.#session,
      log,
      refusal: this.#refusal,
      link,
      registry: deps.registry,
      publishers: this.#publishers,
      players: this.#players,
      fail: (error) => {
        deps.guard(this, () => {
          throw error;
        });
      },
      chunkSizeBytes: SESSION_OPTIONS.chunkSizeBytes,
      startsInPast: () => true,
      relaying: {
        relays: deps.relays,
        runLater: (work) => {
          deps.guard(this, () => {
            work();
            this.#workOff();
          });
        },
      },
    });
    link.attach(this);
  }

  get hasMore(): boolean {
    return this.#outgoing.hasMore;
  }

  receive(bytes: Uint8Array): void {
    this.#session.receive(bytes, this.#deps.wheel.nowMs());
    this.#workOff();
  }

  take(maxBytes: number): readonly Uint8Array[] {
    return this.#outgoing.take(maxBytes);
  }

  takeDue(maxBytes: number): readonly Uint8Array[] {
    return this.#outgoing.take(maxBytes, true);
  }

  takeAnswers(maxBytes: number): readonly Uint8Array[] {
    return this.#outgoing.takeAnswers(maxBytes);
  }

  failed(): void {
    this.closed();
  }

  closed(): void {
    this.#refusal.stop();
    this.#decisions.close();
    this.#session.close();
    this.#publishers.endAll();
    this.#players.endAll();
  }

  fail(reason: EndReason): void {
    this.closed();
    this.#link.close(reason);
  }

  #workOff(): void {
    for (let events = this.#session.drainEvents(); events.length > 0; events = this.#session.drainEvents()) {
      for (const event of events) this.#handle(event);
    }
    this.#link.wake();
  }

  #handle(event: ServerEvent): void {
    switch (event.type) {
      case 'connect':
        this.#app = event.app;
        this.#session.acceptConnect();
        return;
      case 'publish':
        this.#decisions.publish(this.#app, event);
        return;
      case 'play':
        this.#decisions.play(this.#app, event);
        return;
      case 'unpublish':
        this.#publishers.end(event.messageStreamId);
        return;
      case 'stop':
        this.#players.end(event.messageStreamId);
        return;
      case 'audio':
      case 'video':
      case 'data':
        this.#publishers.publish(event);
        return;
      default:
    }
  }
}

/** Facts of a client of the rig. */
export const CLIENT: LinkFacts = MEMORY_FACTS;
