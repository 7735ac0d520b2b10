// The driver: joins one Link to an RTMP server session, and both to the live streams. It decides what the session
// asks (is the name free?), moves media into the streams and viewers' positions out of them, and sees to it that
// whatever the connection held is released exactly once, however it ends.

import { randomBytes } from 'node:crypto';
import type { EndReason, Guard, Guarded } from '../errors.ts';
import { ERRORS } from '../errors.ts';
import type { Deadline, Link, LinkEndpoint, Wheel } from '../links/link.ts';
import type {
  ConnectEvent,
  FilterEvent,
  PlayEvent,
  PublishEvent,
  ServerEvent,
} from '../protocol/rtmp/server/server-events.ts';
import type { ServerSessionOptions } from '../protocol/rtmp/server/server-session.ts';
import { RtmpServerSession } from '../protocol/rtmp/server/server-session.ts';
import { StatusCode } from '../protocol/rtmp/server/status.ts';
import type { LiveStream } from '../streams/live-stream.ts';
import type { StreamRegistry } from '../streams/stream-registry.ts';
import { Viewer } from '../streams/viewer.ts';
import { SessionLog } from './session-log.ts';
import type { Logger } from './session-log.ts';

/** Time a client that was refused gets to read why before the connection is closed, ms. */
const REFUSAL_GRACE_MS = 1000;

const NOTHING: readonly Uint8Array[] = [];

/** What all connections share. */
export type ConnectionDeps = {
  readonly registry: StreamRegistry;
  readonly wheel: Wheel;
  readonly guard: Guard;
  readonly log: Logger;
  readonly sessionOptions: Omit<ServerSessionOptions, 'randomBytes'>;
  /** True where late joiners start at the last keyframe, false where they wait for the next one. */
  readonly startsInPast: boolean;
  /** Told when the connection is over, last of all. */
  readonly onEnd: (connection: RtmpConnection) => void;
};

/** One client, from its first byte to its end. */
export class RtmpConnection implements LinkEndpoint, Guarded {
  readonly #link: Link;
  readonly #deps: ConnectionDeps;
  readonly #session: RtmpServerSession;
  readonly #log: SessionLog;
  readonly #publishing = new Map<number, LiveStream>();
  readonly #playing = new Map<number, { readonly stream: LiveStream; readonly viewer: Viewer }>();
  #app = '';
  #deadline: Deadline | null = null;
  #isEnded = false;

  constructor(link: Link, deps: ConnectionDeps) {
    this.#link = link;
    this.#deps = deps;
    const nowMs = deps.wheel.nowMs();
    const options = { ...deps.sessionOptions, randomBytes: (lengthBytes: number) => randomBytes(lengthBytes) };
    this.#session = new RtmpServerSession(options, nowMs);
    this.#log = new SessionLog(deps.log, link.facts, nowMs);
    this.#armDeadline();
    link.attach(this);
  }

  get isSetUp(): boolean {
    return this.#publishing.size > 0 || this.#playing.size > 0;
  }

  receive(bytes: Uint8Array): void {
    this.#log.bytesIn += bytes.length;
    this.#session.receive(bytes);
    this.#workOff();
  }

  take(maxBytes: number): readonly Uint8Array[] {
    const chunks = this.#take(maxBytes);
    this.#log.bytesOut += lengthOf(chunks);
    return chunks;
  }

  failed(reason: EndReason): void {
    const status = ERRORS[reason.code].rtmpStatus;
    if (status !== null) this.#session.sayStatus('error', status, reason.message);
    this.#session.close();
    this.#release();
  }

  closed(reason: EndReason): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#deadline?.cancel();
    this.#session.close();
    this.#release();
    this.#log.end(reason, this.#deps.wheel.nowMs(), this.#session.counters);
    this.#deps.onEnd(this);
  }

  /** Ends the connection for a reason of its own; the boundary calls this too. */
  fail(reason: EndReason): void {
    this.failed(reason);
    this.#link.close(reason);
  }

  /** Tells the client that the server ends, and closes. */
  drain(): void {
    const reason: EndReason = { code: 'drain', message: 'The server is shutting down.' };
    this.#session.endStreams(reason.message);
    this.fail(reason);
  }

  /** The session's own messages first, then the log; S0, S1 and S2 alone. */
  #take(maxBytes: number): readonly Uint8Array[] {
    const isHandshakeNext = this.#session.isHandshakeNext;
    let chunks: readonly Uint8Array[] = this.#session.hasOutput ? this.#session.takeOutput(maxBytes) : NOTHING;
    if (isHandshakeNext) return chunks;
    for (const { viewer } of this.#playing.values()) {
      const leftBytes = chunks.length === 0 ? maxBytes : maxBytes - lengthOf(chunks);
      if (leftBytes <= 0) return chunks;
      chunks = joined(chunks, viewer.take(leftBytes));
    }
    return this.#session.hasOutput ? joined(chunks, this.#session.takeOutput(maxBytes)) : chunks;
  }

  /** Handles what came up, which may bring up more, and then wakes the Link once. */
  #workOff(): void {
    for (let events = this.#session.drainEvents(); events.length > 0; events = this.#session.drainEvents()) {
      for (const event of events) this.#handle(event);
    }
    if (this.#session.hasOutput) this.#link.wake();
  }

  #handle(event: ServerEvent): void {
    switch (event.type) {
      case 'audio':
        this.#publishing.get(event.messageStreamId)?.publishAudio(event.timestampMs, event.payload);
        return;
      case 'video':
        this.#publishing.get(event.messageStreamId)?.publishVideo(event.timestampMs, event.payload);
        return;
      case 'data':
        this.#publishing.get(event.messageStreamId)?.publishData(event.timestampMs, event.data);
        return;
      case 'connect':
        return this.#connect(event);
      case 'publish':
        return this.#publish(event);
      case 'play':
        return this.#play(event);
      case 'unpublish':
        return this.#endPublish(event.messageStreamId);
      case 'stop':
        return this.#endPlay(event.messageStreamId);
      case 'filter':
        return this.#filter(event);
    }
  }

  #connect(event: ConnectEvent): void {
    this.#app = event.instance === '' ? event.app : `${event.app}/${event.instance}`;
    this.#session.acceptConnect();
    this.#log.connected(this.#app, event.flashVersion);
  }

  #publish({ messageStreamId, streamName }: PublishEvent): void {
    const stream = this.#deps.registry.publish(this.#app, streamName);
    if (typeof stream === 'string') {
      const text =
        stream === 'name-in-use'
          ? `${streamName} is published by somebody else.`
          : 'The server carries as many streams as it can.';
      this.#session.rejectPublish(StatusCode.PublishBadName, text);
      return this.#closeSoon({ code: 'rtmp-stream-refused', message: text });
    }
    this.#publishing.set(messageStreamId, stream);
    this.#log.published(streamName);
    this.#session.acceptPublish();
  }

  #play({ messageStreamId, streamName }: PlayEvent): void {
    const stream = this.#deps.registry.watch(this.#app, streamName);
    if (typeof stream === 'string') {
      const text = 'The server carries as many streams as it can.';
      this.#session.rejectPlay(StatusCode.PlayFailed, text);
      return this.#closeSoon({ code: 'rtmp-stream-refused', message: text });
    }
    const listener = {
      wake: () => this.#link.wake(),
      publishEnded: () => this.#session.publishEnded(messageStreamId),
      publishStarted: () => this.#session.publishStarted(messageStreamId),
    };
    const { startsInPast, sessionOptions } = this.#deps;
    const { chunkSizeBytes } = sessionOptions;
    const viewer = new Viewer(listener, { messageStreamId, chunkSizeBytes, startsInPast });
    this.#playing.set(messageStreamId, { stream, viewer });
    stream.addViewer(viewer);
    this.#log.played(streamName);
    this.#session.acceptPlay();
  }

  #filter({ messageStreamId, audio, video, isPaused }: FilterEvent): void {
    this.#playing.get(messageStreamId)?.viewer.setFilter({ audio, video, isPaused });
    this.#link.wake();
  }

  #endPublish(messageStreamId: number): void {
    const stream = this.#publishing.get(messageStreamId);
    if (stream === undefined) return;
    this.#publishing.delete(messageStreamId);
    stream.endPublish();
    this.#deps.registry.release(stream);
  }

  #endPlay(messageStreamId: number): void {
    const playing = this.#playing.get(messageStreamId);
    if (playing === undefined) return;
    this.#playing.delete(messageStreamId);
    this.#log.skips += playing.viewer.skips;
    playing.stream.removeViewer(playing.viewer);
    this.#deps.registry.release(playing.stream);
  }

  /** Gives back all that the connection publishes and plays. */
  #release(): void {
    for (const messageStreamId of [...this.#publishing.keys()]) this.#endPublish(messageStreamId);
    for (const messageStreamId of [...this.#playing.keys()]) this.#endPlay(messageStreamId);
  }

  /** Leaves a refused client the time to show why. */
  #closeSoon(reason: EndReason): void {
    this.#deps.wheel.at(this.#deps.wheel.nowMs() + REFUSAL_GRACE_MS, () => {
      if (!this.#isEnded && !this.isSetUp) this.#link.close(reason);
    });
  }

  #armDeadline(): void {
    this.#deadline = this.#deps.wheel.at(this.#session.nextDeadlineMs(), () => {
      this.#deps.guard(this, () => {
        this.#session.tick(this.#deps.wheel.nowMs());
        this.#workOff();
        if (!this.#isEnded) this.#armDeadline();
      });
    });
  }
}

function joined(first: readonly Uint8Array[], second: readonly Uint8Array[]): readonly Uint8Array[] {
  if (first.length === 0) return second;
  return second.length === 0 ? first : [...first, ...second];
}

function lengthOf(chunks: readonly Uint8Array[]): number {
  let lengthBytes = 0;
  for (const chunk of chunks) lengthBytes += chunk.length;
  return lengthBytes;
}
