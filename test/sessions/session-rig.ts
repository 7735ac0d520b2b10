// Connections over Links in memory, joined to live streams, with a clock and a scheduler that the test turns. Clients
// send bytes built by hand and read replies with a reader that shares no code with src.

import type { LinkFacts } from '../../src/links/link.ts';
import { type Clock, DeadlineWheel } from '../../src/sessions/deadline-wheel.ts';
import { type ConnectionDeps, RtmpConnection } from '../../src/sessions/rtmp-connection.ts';
import { StreamRegistry } from '../../src/streams/stream-registry.ts';
import { FakeScheduler, lineOf, OPTIONS, PAYLOAD } from '../streams/stream-rig.ts';
import { ClientMessages, clientHandshake } from '../support/client-messages.ts';
import { MemoryLink } from '../support/memory-link.ts';
import { describeReply, SERVER_HANDSHAKE_BYTES, ServerReplyReader } from '../support/server-reply-reader.ts';

/** A clock that moves only when the test says so; calls come in the order of their times. */
export class FakeClock implements Clock {
  #nowMs = 10_000;
  #calls: { readonly atMs: number; readonly callback: () => void }[] = [];

  get waitingCalls(): number {
    return this.#calls.length;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const call = { atMs: this.#nowMs + delayMs, callback };
    this.#calls.push(call);
    return () => {
      this.#calls = this.#calls.filter((other) => other !== call);
    };
  }

  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#calls.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#calls = this.#calls.filter((other) => other !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
    }
    // A callback may have let time pass itself.
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /** Lets time pass without making a call: a process that was stopped meanwhile. */
  sleep(ms: number): void {
    this.#nowMs += ms;
  }
}

/** One line of the log. */
export type LogLine = {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
};

/** Settings of a session that no ordinary test meets. */
export const SESSION_OPTIONS = {
  rtmpe: true,
  chunkSizeBytes: OPTIONS.chunkSizeBytes,
  ackWindowBytes: 2_500_000,
  maxMessageBytes: 8 * 1024 * 1024,
  maxNameLengthChars: 256,
  recordsConnect: false,
  handshakeTimeoutMs: 10_000,
  connectTimeoutMs: 60_000,
  pingIntervalMs: 60_000,
  pingTimeoutMs: 60_000,
  messageTimeoutMs: 60_000,
};

/** One client of the rig. */
export class TestPeer {
  readonly link: MemoryLink;
  readonly connection: RtmpConnection;
  readonly say = new ClientMessages();
  readonly #reader = new ServerReplyReader();
  #isGreeted = false;

  constructor(link: MemoryLink, connection: RtmpConnection) {
    this.link = link;
    this.connection = connection;
  }

  /** Sends bytes. */
  send(...parts: readonly Uint8Array[]): void {
    this.link.push(Buffer.concat(parts));
  }

  /** What the server said since the last call, a line a message. S0, S1 and S2 are one line. */
  heard(): string[] {
    const bytes = this.link.readPulled();
    if (this.#isGreeted || bytes.length === 0) return this.#linesOf(bytes);
    this.#isGreeted = true;
    const rest = this.#linesOf(bytes.subarray(SERVER_HANDSHAKE_BYTES));
    return [`handshake version ${bytes[0]}`, ...rest];
  }

  /** The codes of the statuses among what was said. */
  statuses(): string[] {
    return this.heard().flatMap((line) => /onStatus \w+ (\S+)/.exec(line)?.slice(1) ?? []);
  }

  #linesOf(bytes: Uint8Array): string[] {
    return this.#reader.read(bytes).map((reply) => {
      const isMedia =
        reply.typeId === 8 || reply.typeId === 9 || (reply.typeId === 18 && reply.chunkStreamId === 5);
      const isOwn = reply.typeId === 18 && Buffer.from(reply.payload).includes('RtmpSampleAccess');
      return isMedia && !isOwn ? lineOf(reply) : describeReply(reply);
    });
  }
}

/** A server without sockets. */
export class SessionRig {
  readonly clock = new FakeClock();
  readonly scheduler = new FakeScheduler();
  readonly registry = new StreamRegistry(() => OPTIONS, this.scheduler);
  readonly wheel = new DeadlineWheel(this.clock);
  readonly log: LogLine[] = [];
  readonly ended: RtmpConnection[] = [];
  readonly #deps: Partial<ConnectionDeps>;

  constructor(deps: Partial<ConnectionDeps> = {}) {
    this.#deps = deps;
  }

  /** A new connection, which has said nothing yet. */
  peer(facts: Partial<LinkFacts> = {}): TestPeer {
    const link = new MemoryLink(facts);
    const write = (level: string) => (fields: object, message: string) => {
      this.log.push({ level, message, fields: { ...fields } });
    };
    const connection = new RtmpConnection(link, {
      registry: this.registry,
      wheel: this.wheel,
      scheduler: this.scheduler,
      guard: link.guard,
      log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
      sessionOptions: SESSION_OPTIONS,
      startsInPast: () => true,
      front: null,
      relays: null,
      admissions: new Map(),
      onEnd: (ended) => this.ended.push(ended),
      ...this.#deps,
    });
    return new TestPeer(link, connection);
  }

  /** A connection whose connect to `app` was accepted; what was said so far is read. */
  connected(app = 'live'): TestPeer {
    const peer = this.peer();
    peer.send(clientHandshake(), peer.say.connect(app));
    peer.heard();
    return peer;
  }

  /** A connection that publishes `name` on NetStream 1; what was said so far is read. */
  publisher(name: string, app = 'live'): TestPeer {
    const peer = this.connected(app);
    peer.send(peer.say.call('createStream', 2), peer.say.onStream(1, 'publish', name, 'live'));
    peer.heard();
    return peer;
  }

  /** A connection that plays `name` on NetStream 1; what was said so far is read. */
  player(name: string, app = 'live'): TestPeer {
    const peer = this.connected(app);
    peer.send(peer.say.call('createStream', 2), peer.say.onStream(1, 'play', name));
    peer.heard();
    return peer;
  }

  /** Lines of the log with that text. */
  lines(message: string): LogLine[] {
    return this.log.filter((line) => line.message === message);
  }
}

/** A keyframe of that number, from a publisher on NetStream 1. */
export function sendKey(peer: TestPeer, timestampMs: number, number: number, lengthBytes?: number): void {
  peer.send(peer.say.video(1, timestampMs, PAYLOAD.key(number, lengthBytes)));
}

/** A frame of that number that needs those before it, from a publisher on NetStream 1. */
export function sendInter(peer: TestPeer, timestampMs: number, number: number, lengthBytes?: number): void {
  peer.send(peer.say.video(1, timestampMs, PAYLOAD.inter(number, lengthBytes)));
}
