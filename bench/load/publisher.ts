// The one publisher of a load run: sends a source's frames over RTMP when they are due, and keeps what it sent.

import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { Histogram } from '../support/histogram.ts';
import type { ClientListener, ClientScript } from './client-session.ts';
import { ClientSession } from './client-session.ts';
import type { MediaFrame, MediaSource } from './media-source.ts';
import { STAMP_OFFSET } from './media-source.ts';
import { chunkedMessage, controlBytes, MESSAGE_STREAM_ID, WireType } from './rtmp-bytes.ts';
import { SentMessages } from './sent-messages.ts';

/** Where and what to publish. */
export type PublisherOptions = {
  readonly host: string;
  readonly port: number;
  readonly script: ClientScript;
  readonly source: MediaSource;
  /** True where each frame gets its number and sending time: synthetic media. */
  readonly isStamped: boolean;
  /** From the second keyframe on timestamps are higher by this, ms; 0 leaves them as they are. */
  readonly startMs: number;
  /** The connection has failed, or the server refused the publish. */
  readonly onFailed: (text: string) => void;
};

const CHUNK_BYTES = 65_536;
const CHUNK_STREAM_ID: Readonly<Record<number, number>> = {
  [WireType.Audio]: 4,
  [WireType.Video]: 6,
  [WireType.Data]: 5,
};
const TIME_BYTES_OFFSET = 4;

/** Publishes until it is stopped. */
export class Publisher implements ClientListener {
  readonly sent: SentMessages = new SentMessages();
  /** How late frames were sent, ms: what shows that this process was short of time. */
  readonly lateness: Histogram = new Histogram();
  readonly #options: PublisherOptions;
  readonly #session: ClientSession;
  #socket: Socket | null = null;
  #onStarted: (() => void) | null = null;
  #onJumped: (() => void) | null = null;
  #startedMs = 0;
  #next: MediaFrame;
  #keyframes = 0;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#session = new ClientSession(options.script, this);
    this.#next = options.source.next();
    this.sent.metadataMark = options.source.metadataMark;
  }

  /** Connects and publishes; resolves when the first keyframe is sent. */
  start(): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve) => {
      this.#onStarted = resolve;
      const socket = connect({ host, port, noDelay: true });
      this.#socket = socket;
      socket.on('data', (bytes: Buffer) => this.#receive(bytes));
      socket.on('error', (error) => this.#failed(error.message));
      socket.on('close', () => this.#failed('the server closed the connection'));
      this.#session.begin();
    });
  }

  /** Resolves when timestamps have jumped to `startMs`: the second keyframe is sent. */
  jumped(): Promise<void> {
    if (this.#keyframes > 1) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onJumped = resolve;
    });
  }

  /** Sends nothing more; the connection stays. */
  stopSending(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Ends the connection. */
  close(): void {
    this.#isStopped = true;
    this.stopSending();
    this.#socket?.destroy();
  }

  send(bytes: Buffer): void {
    this.#socket?.write(bytes);
  }

  status(code: string): void {
    if (code !== 'NetStream.Publish.Start') this.#failed(`the server said ${code}`);
    else if (this.#startedMs === 0) this.#begin();
  }

  #begin(): void {
    this.#startedMs = performance.now();
    this.send(controlBytes(WireType.SetChunkSize, CHUNK_BYTES));
    for (const { typeId, payload } of this.#options.source.opening) {
      if (typeId !== WireType.Data) this.sent.headers.set(typeId, payload);
      this.#write(typeId, 0, payload);
    }
    this.#pump();
    this.#onStarted?.();
  }

  data(): void {
    // A server says nothing by data messages to a publisher.
  }

  mediaPiece(): void {
    // A server sends a publisher no media.
  }

  mediaEnd(): void {
    // A server sends a publisher no media.
  }

  #receive(bytes: Buffer): void {
    try {
      this.#session.receive(bytes, 0, bytes.length);
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error));
    }
  }

  #pump(): void {
    const elapsedMs = performance.now() - this.#startedMs;
    while (this.#next.mediaMs <= elapsedMs) {
      this.#sendFrame(this.#next);
      this.#next = this.#options.source.next();
    }
    const waitMs = this.#next.mediaMs - (performance.now() - this.#startedMs);
    this.#timer = setTimeout(() => this.#pump(), Math.max(1, Math.ceil(waitMs)));
  }

  #sendFrame({ typeId, mediaMs, payload, isKeyframe }: MediaFrame): void {
    if (isKeyframe) this.#keyframes++;
    const startMs = this.#keyframes > 1 ? this.#options.startMs : 0;
    const timestampMs = (Math.floor(mediaMs) + startMs) >>> 0;
    const nowMs = performance.now();
    if (this.#options.isStamped)
      payload.writeDoubleBE(nowMs, (STAMP_OFFSET[typeId] ?? 0) + TIME_BYTES_OFFSET);
    const sequence = this.sent.nextSequence;
    this.sent.add({ sequence, typeId, timestampMs, payload, isKeyframe });
    this.lateness.add(nowMs - this.#startedMs - mediaMs);
    this.#write(typeId, timestampMs, payload);
    if (this.#keyframes === 2 && isKeyframe) this.#onJumped?.();
  }

  #write(typeId: number, timestampMs: number, payload: Buffer): void {
    const chunkStreamId = CHUNK_STREAM_ID[typeId] ?? 3;
    const message = { typeId, chunkStreamId, messageStreamId: MESSAGE_STREAM_ID, timestampMs, payload };
    this.send(chunkedMessage(message, CHUNK_BYTES));
  }

  #failed(text: string): void {
    if (this.#isStopped) return;
    this.close();
    this.#options.onFailed(`publisher: ${text}`);
  }
}
