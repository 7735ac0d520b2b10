// One playing NetStream: a position in a stream's log. In step it is an integer; it begins at a keyframe with
// the headers in front, jumps to the newest keyframe when it has fallen too far behind, waits where there is none,
// and goes from one publish of its stream to the next.

import { AUDIO_JOIN_MS } from './limits.ts';
import { writeChunkedMessages } from './sticky.ts';
import type { LogEntry, StreamLog } from './stream-log.ts';

/** What a viewer tells the session that plays. */
export interface ViewerListener {
  /** Something may be there to take. */
  wake(): void;
  /** The publish has ended and all of it was taken. Called once for each publish that was begun. */
  publishEnded(): void;
  /** A new publish of the stream begins; not called for the one that was there at the start. */
  publishStarted(): void;
}

/** What a viewer wants to receive. */
export type ViewerFilter = { readonly audio: boolean; readonly video: boolean; readonly isPaused: boolean };

const EVERYTHING: ViewerFilter = { audio: true, video: true, isPaused: false };

/** The message stream id that a log's bytes carry. */
export const LOG_MESSAGE_STREAM_ID = 1;

/** Offset of the message stream id in a message with a one-byte chunk basic header. [RTMP 5.3.1.2.1] */
const MESSAGE_STREAM_ID_OFFSET = 8;

/** Settings of a viewer that come from its stream. */
export type ViewerOptions = {
  readonly messageStreamId: number;
  readonly chunkSizeBytes: number;
  /** False where late joiners wait for the next keyframe instead of starting at the last one. */
  readonly startsInPast: boolean;
};

/** A position in a live stream's log. */
export class Viewer {
  readonly listener: ViewerListener;
  readonly #options: ViewerOptions;
  #filter: ViewerFilter = EVERYTHING;
  #log: StreamLog | null = null;
  #nextLogs: StreamLog[] = [];
  /** Position in the log; null while waiting for a place to begin at or behind `#waitFrom`. */
  #position: number | null = null;
  #waitFrom = 0;
  /** True once a publish was seen: the next one is news. */
  #hasSeenPublish = false;
  /** Times this viewer fell too far behind and jumped. */
  skips = 0;

  constructor(listener: ViewerListener, options: ViewerOptions) {
    this.listener = listener;
    this.#options = options;
  }

  /** True while the viewer takes the log's bytes as they stand. */
  get #isPlain(): boolean {
    return this.#filter === EVERYTHING && this.#options.messageStreamId === LOG_MESSAGE_STREAM_ID;
  }

  /** Gives the viewer the log of a publish; it goes over to it when it has taken all of the one before. */
  follow(log: StreamLog): void {
    this.#nextLogs.push(log);
  }

  /** Changes what the viewer receives. Video that comes back starts at a keyframe. */
  setFilter(filter: ViewerFilter): void {
    const wasAll = this.#filter.video && !this.#filter.isPaused;
    this.#filter = filter.audio && filter.video && !filter.isPaused ? EVERYTHING : filter;
    if (!wasAll && filter.video && !filter.isPaused) this.#waitForNext();
  }

  /**
   * Takes what comes next: whole messages, at least one where there is one, otherwise at most `maxBytes`. The
   * listener hears of a publish's end and start in between, when all before it was taken.
   */
  take(maxBytes: number): readonly Uint8Array[] {
    const log = this.#currentLog();
    if (log === null || this.#filter.isPaused) return [];
    const prefix: Uint8Array[] = [];
    if (this.#position === null || this.#isTooFarBehind(log, this.#position)) {
      const entry = this.#placeToBegin(log);
      if (entry === null) return [];
      this.#position = entry.position;
      prefix.push(this.#headersBefore(entry));
    }
    const chunks = this.#isPlain
      ? this.#readPlain(log, this.#position, maxBytes)
      : this.#readFiltered(log, this.#position, maxBytes);
    return prefix.length === 0 ? chunks : [...prefix, ...chunks];
  }

  /** Goes from an ended publish to the next one. */
  #currentLog(): StreamLog | null {
    if (this.#log !== null && this.#log.isEnded && this.#isThrough(this.#log)) {
      this.#log = null;
      this.listener.publishEnded();
    }
    if (this.#log === null) {
      const next = this.#nextLogs.shift();
      if (next === undefined) return null;
      if (this.#hasSeenPublish) this.listener.publishStarted();
      this.#log = next;
      this.#hasSeenPublish = true;
      this.#position = null;
      this.#waitFrom = this.#options.startsInPast ? 0 : next.endPosition;
    }
    return this.#log;
  }

  /** True when nothing of an ended log is left for this viewer. */
  #isThrough(log: StreamLog): boolean {
    if (this.#filter.isPaused) return true;
    return this.#position === null ? this.#placeToBegin(log) === null : this.#position >= log.endPosition;
  }

  #isTooFarBehind(log: StreamLog, position: number): boolean {
    if (position >= log.lagPosition) return false;
    const newest = log.newestEntryPoint;
    const canJump = newest !== null && newest.position > position;
    if (!canJump && position >= log.startPosition) return false;
    this.skips++;
    this.#waitForNext();
    return true;
  }

  #waitForNext(): void {
    this.#waitFrom = Math.max(this.#waitFrom, this.#position ?? 0);
    this.#position = null;
  }

  #placeToBegin(log: StreamLog): LogEntry | null {
    const entry = log.newestEntryPoint;
    if (entry === null || entry.position < this.#waitFrom) return null;
    if (entry.kind !== 'audio') return entry;
    const earlier = log.entryPointBack(AUDIO_JOIN_MS);
    return earlier !== null && earlier.position >= this.#waitFrom ? earlier : entry;
  }

  /** The sticky messages in force at `entry`, stamped with its time. */
  #headersBefore(entry: LogEntry): Uint8Array {
    const { messageStreamId, chunkSizeBytes } = this.#options;
    const messages = (entry.sticky ?? []).map((sticky) => sticky.message);
    return writeChunkedMessages(messages, entry.timestampMs, messageStreamId, chunkSizeBytes);
  }

  #readPlain(log: StreamLog, position: number, maxBytes: number): readonly Uint8Array[] {
    const range = log.read(position, maxBytes);
    this.#position = range.nextPosition;
    return range.chunks;
  }

  /** A path of its own for a viewer that takes less than everything, or on another message stream id. */
  #readFiltered(log: StreamLog, position: number, maxBytes: number): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    let takenBytes = 0;
    let next = position;
    for (let entry = log.entryFrom(next); entry !== null; entry = log.entryFrom(next)) {
      if (takenBytes > 0 && takenBytes + entry.lengthBytes > maxBytes) break;
      next = entry.position + entry.lengthBytes;
      if (entry.kind === 'audio' && !this.#filter.audio) continue;
      if (entry.kind === 'video' && !this.#filter.video) continue;
      chunks.push(this.#readdressed(log.bytesOf(entry)));
      takenBytes += entry.lengthBytes;
    }
    this.#position = next;
    return chunks;
  }

  #readdressed(bytes: Uint8Array): Uint8Array {
    const { messageStreamId } = this.#options;
    if (messageStreamId === LOG_MESSAGE_STREAM_ID) return bytes;
    const copy = bytes.slice();
    new DataView(copy.buffer, copy.byteOffset).setUint32(MESSAGE_STREAM_ID_OFFSET, messageStreamId, true);
    return copy;
  }
}
