// Sends a source's frames when they are due, to one connection or to many alike, and keeps what it sent.

import { performance } from 'node:perf_hooks';
import { Histogram } from '../support/histogram.ts';
import type { MediaFrame, MediaSource } from './media-source.ts';
import { STAMP_OFFSET } from './media-source.ts';
import { chunkedMessage, controlBytes, MESSAGE_STREAM_ID, WireType } from './rtmp-bytes.ts';
import { SentMessages } from './sent-messages.ts';

/** What to send, and where to. */
export type PumpOptions = {
  readonly source: MediaSource;
  /** True where each frame gets its number and sending time: synthetic media. */
  readonly isStamped: boolean;
  /** From the second keyframe on timestamps are higher by this, ms; 0 leaves them as they are. */
  readonly startMs: number;
  /** Takes the bytes of one message, as chunks; they do not change afterwards. */
  readonly write: (bytes: Buffer) => void;
};

const CHUNK_BYTES = 65_536;
const CHUNK_STREAM_ID: Readonly<Record<number, number>> = {
  [WireType.Audio]: 4,
  [WireType.Video]: 6,
  [WireType.Data]: 5,
};
const TIME_BYTES_OFFSET = 4;

/** Sends media until it is stopped. */
export class MediaPump {
  readonly sent: SentMessages = new SentMessages();
  /** How late frames were sent, ms: what shows that this process was short of time. */
  readonly lateness: Histogram = new Histogram();
  readonly #options: PumpOptions;
  #onJumped: (() => void) | null = null;
  #startedMs = 0;
  #next: MediaFrame;
  #keyframes = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: PumpOptions) {
    this.#options = options;
    this.#next = options.source.next();
    this.sent.metadataMark = options.source.metadataMark;
  }

  /** Sends the chunk size, what stands in front of the frames, the first frame, and then each when it is due. */
  start(): void {
    this.#startedMs = performance.now();
    this.#options.write(controlBytes(WireType.SetChunkSize, CHUNK_BYTES));
    for (const { typeId, payload } of this.#options.source.opening) {
      if (typeId !== WireType.Data) this.sent.addHeader(typeId, payload);
      this.#write(typeId, 0, payload);
    }
    this.#pump();
  }

  /** Resolves when timestamps have jumped to `startMs`: the second keyframe is sent. */
  jumped(): Promise<void> {
    if (this.#keyframes > 1) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onJumped = resolve;
    });
  }

  /** Sends nothing more. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
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
    this.#options.write(chunkedMessage(message, CHUNK_BYTES));
  }
}
