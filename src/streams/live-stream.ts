// One live stream: at most one publisher at a time, its log, its timeline, and the viewers that follow it.
// It decides where viewers may begin, what late joiners need first, and when viewers are woken.

import { readAudioHeader, readVideoHeader } from '../protocol/flv/media-header.ts';
import type { MediaHeader } from '../protocol/flv/media-record.ts';
import type { DataMessage } from '../protocol/rtmp/data-message.ts';
import { encodeDataMessage } from '../protocol/rtmp/data-message.ts';
import type { RtmpMessage } from '../protocol/rtmp/message.ts';
import { MessageType } from '../protocol/rtmp/message.ts';
import { FULLY_MERGED_VIEWERS, UNMERGED_VIEWERS } from './limits.ts';
import { LOG_MESSAGE_STREAM_ID } from './log-address.ts';
import type { LogLimits, MediaKind } from './log-entry.ts';
import { StickySet } from './sticky.ts';
import { describesTracks, StickyTracks } from './sticky-tracks.ts';
import { StreamLog } from './stream-log.ts';
import { type ClockedTrack, Timeline } from './timeline.ts';
import { VideoTracks } from './video-tracks.ts';
import type { Viewer } from './viewer.ts';

/** Chunk stream ids of media on the way out: under 64 for one-byte headers, apart from those of commands. */
const CHUNK_STREAM_ID = { audio: 4, data: 5, video: 6 } as const;

/** Whether viewers may begin at a message, and whether it needs the frames before it. */
type FrameRole = { readonly isEntry: boolean; readonly isInterFrame: boolean; readonly isHeader?: boolean };

const HEADER: FrameRole = { isEntry: false, isInterFrame: false, isHeader: true };

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
  /** Messages that went into the log. */
  readonly messagesIn: number;
  /** Data and media too malformed to be passed on, and headers that were, but could not be kept for late joiners. */
  readonly droppedMessages: number;
  /** Payload bytes copied into the log: each once, whoever watches. */
  readonly copiedBytes: number;
  /** Bytes of memory that the log takes up now, and logs of publishes that ended while viewers still hold them. */
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
  #stickyTracks = new StickyTracks(this.#sticky);
  #videoTracks = new VideoTracks();
  #log: StreamLog | null = null;
  #hasMedia = false;
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
      heldBytes: this.#heldBytes(),
    };
  }

  /** Begins a publish; there must be none. */
  beginPublish(): void {
    if (this.#log !== null) throw new Error(`stream ${this.app}/${this.name} is published already`);
    this.#sticky = new StickySet();
    this.#stickyTracks = new StickyTracks(this.#sticky);
    this.#videoTracks = new VideoTracks();
    this.#hasMedia = false;
    this.#timeline.restart();
    this.#log = new StreamLog(this.#options);
    for (const viewer of this.#viewers) viewer.follow(this.#log, true);
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
    if (this.#log !== null) viewer.follow(this.#log, false);
  }

  /** Takes a viewer off; it is not woken any more. */
  removeViewer(viewer: Viewer): void {
    this.#viewers.delete(viewer);
  }

  /** Publishes an audio message; the payload is an FLV AUDIODATA body, and is copied. False where it is malformed. */
  publishAudio(publisherMs: number, payload: Uint8Array): boolean {
    const header = readAudioHeader(payload);
    if (header.kind === 'malformed') return this.#drop();
    if (describesTracks(header)) return this.#publishHeader('audio', header, publisherMs, payload);
    const timestampMs = this.#mediaMs('audio', header, publisherMs);
    const isEntry = !this.#videoTracks.isThere(timestampMs);
    return this.#append('audio', timestampMs, payload, { isEntry, isInterFrame: false });
  }

  /** Publishes a video message; the payload is an FLV VIDEODATA body, and is copied. False where it is malformed. */
  publishVideo(publisherMs: number, payload: Uint8Array): boolean {
    const header = readVideoHeader(payload);
    if (header.kind === 'malformed') return this.#drop();
    if (describesTracks(header)) return this.#publishHeader('video', header, publisherMs, payload);
    const timestampMs = this.#mediaMs('video', header, publisherMs);
    const isFrame = header.kind === 'frame';
    if (isFrame) this.#videoTracks.saw(header.trackId, timestampMs);
    if (header.kind === 'end') {
      for (const { trackId } of header.tracks ?? [header]) this.#videoTracks.ended(trackId);
    }
    const isEntry = isFrame && header.isKeyframe && this.#videoTracks.isLead(header.trackId);
    return this.#append('video', timestampMs, payload, { isEntry, isInterFrame: isFrame && !isEntry });
  }

  /** Publishes a data message; metadata is kept for late joiners. False where no player could read it. */
  publishData(publisherMs: number, { kind, handler, values, receivedBytes }: DataMessage): boolean {
    const key = `data ${handler}`;
    if (kind === 'clear') {
      this.#sticky.remove(key);
      return true;
    }
    const payload = encodeDataMessage(handler, values, receivedBytes);
    if (payload === null) return this.#drop();
    const isSticky = kind === 'set';
    const timestampMs = isSticky ? this.#timeline.headerMs(publisherMs) : this.#timeline.dataMs(publisherMs);
    const message = this.#message('data', timestampMs, payload);
    if (isSticky && !this.#sticky.put(key, message)) this.#droppedMessages++;
    // A stream of data alone has no other place to begin.
    return this.#append('data', timestampMs, payload, {
      isEntry: !isSticky && !this.#hasMedia,
      isInterFrame: false,
    });
  }

  /** WHY: only frames move the clock: what is none may be stamped 0, and would be taken for one that starts anew. */
  #mediaMs(track: ClockedTrack, { kind }: MediaHeader, publisherMs: number): number {
    return kind === 'frame' ? this.#timeline.frameMs(track, publisherMs) : this.#timeline.dataMs(publisherMs);
  }

  #heldBytes(): number {
    const logs = new Set(this.#log === null ? [] : [this.#log]);
    for (const viewer of this.#viewers) for (const log of viewer.logs) logs.add(log);
    return [...logs].reduce((heldBytes, log) => heldBytes + log.heldBytes, 0);
  }

  #drop(): false {
    this.#droppedMessages++;
    return false;
  }

  /** Passes on what late joiners need, and keeps it. */
  #publishHeader(
    media: 'audio' | 'video',
    header: MediaHeader,
    publisherMs: number,
    payload: Uint8Array,
  ): true {
    const timestampMs = this.#timeline.headerMs(publisherMs);
    const message = this.#message(media, timestampMs, payload);
    if (!this.#stickyTracks.keep(media, header, message)) this.#droppedMessages++;
    if (media === 'video') this.#videoTracks.saw(header.trackId, timestampMs);
    return this.#append(media, timestampMs, payload, HEADER);
  }

  #append(
    kind: MediaKind,
    timestampMs: number,
    payload: Uint8Array,
    { isEntry, isInterFrame, isHeader = false }: FrameRole,
  ): true {
    if (this.#log === null) throw new Error(`stream ${this.app}/${this.name} is not published`);
    this.#messagesIn++;
    if (kind !== 'data') this.#hasMedia = true;
    const sticky = isEntry ? this.#sticky.messages : null;
    this.#log.append(this.#message(kind, timestampMs, payload), { kind, sticky, isInterFrame, isHeader });
    this.#wakeLater();
    return true;
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
