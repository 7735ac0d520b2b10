// One live stream: at most one publisher at a time, its log, its timeline, and the viewers that follow it.
// It decides where viewers may begin, what late joiners need first, and when viewers are woken.

import { readAudioHeader, readVideoHeader } from '../protocol/flv/media-header.ts';
import type { MediaHeader } from '../protocol/flv/media-record.ts';
import type { DataMessage } from '../protocol/rtmp/data-message.ts';
import { encodeDataMessage } from '../protocol/rtmp/data-message.ts';
import type { RtmpMessage } from '../protocol/rtmp/message.ts';
import { MessageType } from '../protocol/rtmp/message.ts';
import type { StreamScheduler } from './audience.ts';
import { Audience } from './audience.ts';
import { FULLY_MERGED_VIEWERS, UNMERGED_VIEWERS } from './limits.ts';
import { LOG_MESSAGE_STREAM_ID } from './log-address.ts';
import type { LogLimits } from './log-entry.ts';
import { StickySet } from './sticky.ts';
import { describesTracks, StickyTracks } from './sticky-tracks.ts';
import { StreamLog } from './stream-log.ts';
import { type ClockedTrack, Timeline } from './timeline.ts';
import { VideoTracks } from './video-tracks.ts';
import type { Viewer } from './viewer.ts';

/** How media goes out: under 64 for chunk stream ids of one byte, apart from those of commands. */
const AUDIO = { kind: 'audio', typeId: MessageType.Audio, chunkStreamId: 4 } as const;
const DATA = { kind: 'data', typeId: MessageType.DataAmf0, chunkStreamId: 5 } as const;
const VIDEO = { kind: 'video', typeId: MessageType.Video, chunkStreamId: 6 } as const;

type Medium = typeof AUDIO | typeof DATA | typeof VIDEO;

/** Whether viewers may begin at a message, and whether it needs the frames before it. */
type FrameRole = { readonly isEntry: boolean; readonly isInterFrame: boolean; readonly isHeader: boolean };

const ENTRY: FrameRole = { isEntry: true, isInterFrame: false, isHeader: false };
const INTER_FRAME: FrameRole = { isEntry: false, isInterFrame: true, isHeader: false };
const HEADER: FrameRole = { isEntry: false, isInterFrame: false, isHeader: true };
const PLAIN: FrameRole = { isEntry: false, isInterFrame: false, isHeader: false };

/** Settings of a live stream. */
export type LiveStreamOptions = LogLimits & {
  /** Least time in ms from one write to the next while many watch, see FULLY_MERGED_VIEWERS; 0 never gathers. */
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
  readonly #timeline = new Timeline();
  readonly #prompt: Audience;
  /** Those whose Links have media gather. */
  readonly #gathering: Audience;
  #sticky = new StickySet();
  #stickyTracks = new StickyTracks(this.#sticky);
  #videoTracks = new VideoTracks();
  #log: StreamLog | null = null;
  #hasMedia = false;
  /** The longest that any of them asked for, ms. */
  #gatherMs = 0;
  #messagesIn = 0;
  #droppedMessages = 0;
  #copiedBytesBefore = 0;

  constructor(app: string, name: string, options: LiveStreamOptions, scheduler: StreamScheduler) {
    this.app = app;
    this.name = name;
    this.#options = options;
    this.#prompt = new Audience(scheduler);
    this.#gathering = new Audience(scheduler, () => this.#log?.release());
  }

  /** True while somebody publishes. */
  get isPublished(): boolean {
    return this.#log !== null;
  }

  /** True when nobody publishes and nobody watches. */
  get isIdle(): boolean {
    return this.#log === null && this.#viewerCount === 0;
  }

  /** Viewers now. */
  get viewerCount(): number {
    return this.#viewerCount;
  }

  /** What there is to say of the stream now. */
  get stats(): LiveStreamStats {
    return {
      viewers: this.#viewerCount,
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
    this.#log = new StreamLog(this.#options, this.#oldestReader);
    for (const viewer of this.#viewers()) viewer.follow(this.#log, true);
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
    this.#audienceOf(viewer).add(viewer);
    this.#gatherMs = Math.max(this.#gatherMs, viewer.gatherMs);
    if (this.#log !== null) viewer.follow(this.#log, false);
  }

  /** Takes a viewer off; it is not woken any more. */
  removeViewer(viewer: Viewer): void {
    this.#audienceOf(viewer).remove(viewer);
    if (this.#gathering.viewers.size === 0) this.#gatherMs = 0;
  }

  /** Publishes an audio message; the payload is an FLV AUDIODATA body, and is copied. False where it is malformed. */
  publishAudio(publisherMs: number, payload: Uint8Array): boolean {
    const header = readAudioHeader(payload);
    if (header.kind === 'malformed') return this.#drop();
    if (describesTracks(header)) return this.#publishHeader(AUDIO, header, publisherMs, payload);
    const timestampMs = this.#mediaMs('audio', header, publisherMs);
    const isEntry = !this.#videoTracks.isThere(timestampMs);
    return this.#append(AUDIO, timestampMs, payload, isEntry ? ENTRY : PLAIN);
  }

  /** Publishes a video message; the payload is an FLV VIDEODATA body, and is copied. False where it is malformed. */
  publishVideo(publisherMs: number, payload: Uint8Array): boolean {
    const header = readVideoHeader(payload);
    if (header.kind === 'malformed') return this.#drop();
    if (describesTracks(header)) return this.#publishHeader(VIDEO, header, publisherMs, payload);
    const timestampMs = this.#mediaMs('video', header, publisherMs);
    const isFrame = header.kind === 'frame';
    if (isFrame) this.#videoTracks.saw(header.trackId, timestampMs);
    if (header.kind === 'end') {
      for (const { trackId } of header.tracks ?? [header]) this.#videoTracks.ended(trackId);
    }
    const isEntry = isFrame && header.isKeyframe && this.#videoTracks.isLead(header.trackId);
    return this.#append(VIDEO, timestampMs, payload, isEntry ? ENTRY : isFrame ? INTER_FRAME : PLAIN);
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
    const message = messageOf(DATA, timestampMs, payload);
    if (isSticky && !this.#sticky.put(key, message)) this.#droppedMessages++;
    // A stream of data alone has no other place to begin.
    return this.#append(DATA, timestampMs, payload, !isSticky && !this.#hasMedia ? ENTRY : PLAIN);
  }

  /** WHY: only frames move the clock: what is none may be stamped 0, and would be taken for one that starts anew. */
  #mediaMs(track: ClockedTrack, { kind }: MediaHeader, publisherMs: number): number {
    return kind === 'frame' ? this.#timeline.frameMs(track, publisherMs) : this.#timeline.dataMs(publisherMs);
  }

  #heldBytes(): number {
    const logs = new Set(this.#log === null ? [] : [this.#log]);
    for (const viewer of this.#viewers()) for (const log of viewer.logs) logs.add(log);
    return [...logs].reduce((heldBytes, log) => heldBytes + log.heldBytes, 0);
  }

  #drop(): false {
    this.#droppedMessages++;
    return false;
  }

  /** Passes on what late joiners need, and keeps it. */
  #publishHeader(
    medium: typeof AUDIO | typeof VIDEO,
    header: MediaHeader,
    publisherMs: number,
    payload: Uint8Array,
  ): true {
    const timestampMs = this.#timeline.headerMs(publisherMs);
    const message = messageOf(medium, timestampMs, payload);
    if (!this.#stickyTracks.keep(medium.kind, header, message)) this.#droppedMessages++;
    if (medium === VIDEO) this.#videoTracks.saw(header.trackId, timestampMs);
    return this.#append(medium, timestampMs, payload, HEADER);
  }

  #append(
    medium: Medium,
    timestampMs: number,
    payload: Uint8Array,
    { isEntry, isInterFrame, isHeader }: FrameRole,
  ): true {
    if (this.#log === null) throw new Error(`stream ${this.app}/${this.name} is not published`);
    this.#messagesIn++;
    if (medium !== DATA) this.#hasMedia = true;
    const sticky = isEntry ? this.#sticky.messages : null;
    const role = { kind: medium.kind, sticky, isInterFrame, isHeader };
    this.#log.append(messageOf(medium, timestampMs, payload), role);
    this.#wakeLater();
    return true;
  }

  get #viewerCount(): number {
    return this.#prompt.viewers.size + this.#gathering.viewers.size;
  }

  *#viewers(): Iterable<Viewer> {
    yield* this.#prompt.viewers;
    yield* this.#gathering.viewers;
  }

  #audienceOf(viewer: Viewer): Audience {
    return viewer.gatherMs > 0 ? this.#gathering : this.#prompt;
  }

  readonly #oldestReader = (): number => {
    let oldest = Number.POSITIVE_INFINITY;
    for (const viewer of this.#viewers()) {
      oldest = Math.min(oldest, this.#log === null ? 0 : viewer.wantedFrom(this.#log));
    }
    return oldest;
  };

  /** Wakes the viewers once for all that is appended until then. */
  #wakeLater(): void {
    const mergeMs = this.#mergeMs();
    this.#prompt.came(mergeMs);
    this.#gathering.came(Math.max(mergeMs, this.#gatherMs));
  }

  /** Few viewers get each frame at once; the more there are, the longer writes gather, up to the cap. */
  #mergeMs(): number {
    const share = (this.#viewerCount - UNMERGED_VIEWERS) / (FULLY_MERGED_VIEWERS - UNMERGED_VIEWERS);
    return Math.round(this.#options.mergeMs * Math.min(1, Math.max(0, share)));
  }
}

function messageOf({ typeId, chunkStreamId }: Medium, timestampMs: number, payload: Uint8Array): RtmpMessage {
  return { typeId, chunkStreamId, messageStreamId: LOG_MESSAGE_STREAM_ID, timestampMs, payload };
}
