// One live stream: at most one publisher at a time, its log, its timeline, and the viewers that follow it.
// It decides where viewers may begin, what late joiners need first, and when viewers are woken.

import type { AudioHeader, VideoHeader } from '../protocol/flv/media-header.ts';
import { readAudioHeader, readVideoHeader } from '../protocol/flv/media-header.ts';
import type { DataMessage } from '../protocol/rtmp/data-message.ts';
import { encodeDataMessage } from '../protocol/rtmp/data-message.ts';
import type { RtmpMessage } from '../protocol/rtmp/message.ts';
import { MessageType } from '../protocol/rtmp/message.ts';
import { FULLY_MERGED_VIEWERS, UNMERGED_VIEWERS, VIDEO_GONE_MS } from './limits.ts';
import { StickySet } from './sticky.ts';
import type { LogLimits, MediaKind } from './stream-log.ts';
import { StreamLog } from './stream-log.ts';
import { Timeline } from './timeline.ts';
import type { Viewer } from './viewer.ts';
import { LOG_MESSAGE_STREAM_ID } from './viewer.ts';

/** Chunk stream ids of media on the way out: under 64 for one-byte headers, apart from those of commands. */
const CHUNK_STREAM_ID = { audio: 4, data: 5, video: 6 } as const;

/** What the streams run on: injected, so that a test drives it by hand. */
export interface StreamScheduler {
  /** Calls back after `delayMs`; 0 means as soon as what is being read now has been worked off. */
  after(delayMs: number, callback: () => void): void;
}

/** Settings of a live stream. */
export type LiveStreamOptions = LogLimits & {
  /** Cap in ms on how long writes gather while many watch; 0 never gathers. */
  readonly mergeMs: number;
};

/** Counters of a stream, from its first publish on. */
export type LiveStreamStats = {
  readonly viewers: number;
  readonly isPublished: boolean;
  readonly messagesIn: number;
  readonly droppedMessages: number;
  readonly copiedBytes: number;
  readonly heldBytes: number;
};

/** A live stream, with or without a publisher. */
export class LiveStream {
  readonly app: string;
  readonly name: string;
  readonly #options: LiveStreamOptions;
  readonly #scheduler: StreamScheduler;
  readonly #timeline = new Timeline();
  readonly #viewers = new Set<Viewer>();
  #sticky = new StickySet();
  #log: StreamLog | null = null;
  #hasVideo = false;
  #newestVideoMs = 0;
  #isWakeDue = false;
  #messagesIn = 0;
  #droppedMessages = 0;
  #copiedBytesBefore = 0;

  constructor(app: string, name: string, options: LiveStreamOptions, scheduler: StreamScheduler) {
    this.app = app;
    this.name = name;
    this.#options = options;
    this.#scheduler = scheduler;
  }

  /** True while somebody publishes. */
  get isPublished(): boolean {
    return this.#log !== null;
  }

  /** True when nobody publishes and nobody watches. */
  get isIdle(): boolean {
    return this.#log === null && this.#viewers.size === 0;
  }

  /** What there is to say of the stream now. */
  get stats(): LiveStreamStats {
    return {
      viewers: this.#viewers.size,
      isPublished: this.isPublished,
      messagesIn: this.#messagesIn,
      droppedMessages: this.#droppedMessages,
      copiedBytes: this.#copiedBytesBefore + (this.#log?.copiedBytes ?? 0),
      heldBytes: this.#log?.heldBytes ?? 0,
    };
  }

  /** Begins a publish; there must be none. */
  beginPublish(): void {
    if (this.#log !== null) throw new Error(`stream ${this.app}/${this.name} is published already`);
    this.#sticky = new StickySet();
    this.#hasVideo = false;
    this.#timeline.restart();
    this.#log = new StreamLog(this.#options);
    for (const viewer of this.#viewers) viewer.follow(this.#log);
    this.#wakeLater();
  }

  /** Ends the publish: viewers hear of it when they have taken what is left. Without one, does nothing. */
  endPublish(): void {
    if (this.#log === null) return;
    this.#copiedBytesBefore += this.#log.copiedBytes;
    this.#log.end();
    this.#log = null;
    this.#wakeLater();
  }

  /** Adds a viewer; it is woken when there is something for it. */
  addViewer(viewer: Viewer): void {
    this.#viewers.add(viewer);
    if (this.#log !== null) viewer.follow(this.#log);
  }

  /** Takes a viewer off; it is not woken any more. */
  removeViewer(viewer: Viewer): void {
    this.#viewers.delete(viewer);
  }

  /** Publishes an audio message; the payload is an FLV AUDIODATA body, and is copied. */
  publishAudio(publisherMs: number, payload: Uint8Array): void {
    const header = readAudioHeader(payload);
    if (header.kind === 'sequence-header') return this.#putHeader('audio', header, publisherMs, payload);
    const timestampMs = this.#timeline.frameMs(publisherMs);
    const isEntry = !this.#hasVideo || ((timestampMs - this.#newestVideoMs) | 0) > VIDEO_GONE_MS;
    this.#append('audio', timestampMs, payload, isEntry);
  }

  /** Publishes a video message; the payload is an FLV VIDEODATA body, and is copied. */
  publishVideo(publisherMs: number, payload: Uint8Array): void {
    const header = readVideoHeader(payload);
    if (header.kind === 'sequence-header' || header.kind === 'metadata') {
      return this.#putHeader('video', header, publisherMs, payload);
    }
    const timestampMs = this.#timeline.frameMs(publisherMs);
    if (header.kind === 'frame') {
      this.#hasVideo = true;
      this.#newestVideoMs = timestampMs;
    }
    this.#append('video', timestampMs, payload, header.kind === 'frame' && header.isKeyframe);
  }

  /** Publishes a data message; metadata is kept for late joiners. */
  publishData(publisherMs: number, data: DataMessage): void {
    if (data.kind === 'clear') return this.#sticky.remove(data.handler);
    const payload = encodeDataMessage(data.handler, data.values);
    if (payload === null) {
      this.#droppedMessages++;
      return;
    }
    if (data.kind === 'send') return this.#append('data', this.#timeline.headerMs(publisherMs), payload, false);
    const timestampMs = this.#timeline.headerMs(publisherMs);
    const message = this.#message('data', timestampMs, payload);
    if (!this.#sticky.put(data.handler, message, true)) this.#droppedMessages++;
    this.#append('data', timestampMs, payload, false);
  }

  #putHeader(
    kind: 'audio' | 'video',
    header: AudioHeader | VideoHeader,
    publisherMs: number,
    payload: Uint8Array,
  ): void {
    const timestampMs = this.#timeline.headerMs(publisherMs);
    const message = this.#message(kind, timestampMs, payload);
    const key = `${kind} ${header.kind} ${header.trackId}`;
    if (!this.#sticky.put(key, message, false)) this.#droppedMessages++;
    if (kind === 'video') {
      this.#hasVideo = true;
      this.#newestVideoMs = timestampMs;
    }
    this.#append(kind, timestampMs, payload, false);
  }

  #append(kind: MediaKind, timestampMs: number, payload: Uint8Array, isEntry: boolean): void {
    if (this.#log === null) throw new Error(`stream ${this.app}/${this.name} is not published`);
    this.#messagesIn++;
    const sticky = isEntry ? this.#sticky.messages : null;
    this.#log.append(this.#message(kind, timestampMs, payload), kind, sticky);
    this.#wakeLater();
  }

  #message(kind: MediaKind, timestampMs: number, payload: Uint8Array): RtmpMessage {
    const typeId = { audio: MessageType.Audio, video: MessageType.Video, data: MessageType.DataAmf0 }[kind];
    const chunkStreamId = CHUNK_STREAM_ID[kind];
    return { typeId, chunkStreamId, messageStreamId: LOG_MESSAGE_STREAM_ID, timestampMs, payload };
  }

  /** Wakes the viewers once for all that is appended until then. */
  #wakeLater(): void {
    if (this.#isWakeDue || this.#viewers.size === 0) return;
    this.#isWakeDue = true;
    this.#scheduler.after(this.#mergeMs(), () => {
      this.#isWakeDue = false;
      for (const viewer of this.#viewers) viewer.listener.wake();
    });
  }

  /** Few viewers get each frame at once; the more there are, the longer writes gather, up to the cap. */
  #mergeMs(): number {
    const share = (this.#viewers.size - UNMERGED_VIEWERS) / (FULLY_MERGED_VIEWERS - UNMERGED_VIEWERS);
    return Math.round(this.#options.mergeMs * Math.min(1, Math.max(0, share)));
  }
}
