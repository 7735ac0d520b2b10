// How a viewer reads that takes less than everything, or on another message stream id: message by message, apart from
// those who take the log's bytes as they stand.

import { LOG_MESSAGE_STREAM_ID, readdressed } from './log-address.ts';
import type { LogEntry, LogRange } from './log-entry.ts';
import type { StreamLog } from './stream-log.ts';

/** What a viewer wants to receive. */
export type ViewerFilter = { readonly audio: boolean; readonly video: boolean; readonly isPaused: boolean };

const EVERYTHING: ViewerFilter = { audio: true, video: true, isPaused: false };

const NO_BYTES = new Uint8Array(0);

/** What one viewer wants of a log, and what it has to wait for. */
export class FilteredPath {
  readonly #messageStreamId: number;
  /** Gives the video headers in force at a place to begin, as bytes. */
  readonly #videoHeadersAt: (entry: LogEntry) => Uint8Array;
  #filter: ViewerFilter = EVERYTHING;
  /** True until the next keyframe, where the viewer began without one: frames that need it are left out. */
  #awaitsKeyframe = false;
  /** True where that keyframe is to have the video headers in front once more. */
  #owesVideoHeaders = false;

  constructor(messageStreamId: number, videoHeadersAt: (entry: LogEntry) => Uint8Array) {
    this.#messageStreamId = messageStreamId;
    this.#videoHeadersAt = videoHeadersAt;
  }

  /** What the viewer wants now. */
  get filter(): ViewerFilter {
    return this.#filter;
  }

  /** Changes what the viewer wants; `isUnderway` where it has begun, and so has had headers that may be old by now. */
  setFilter(filter: ViewerFilter, isUnderway: boolean): void {
    const before = this.#filter;
    this.#filter = filter.audio && filter.video && !filter.isPaused ? EVERYTHING : filter;
    // After a pause all begins anew at a keyframe.
    if (before.video || !filter.video || (before.isPaused && !filter.isPaused)) return;
    this.#awaitsKeyframe = true;
    this.#owesVideoHeaders = isUnderway;
  }

  /** Takes note that the viewer begins at `entry`, with all headers in front. */
  beginAt(entry: LogEntry): void {
    this.#awaitsKeyframe = entry.kind !== 'video';
    this.#owesVideoHeaders = false;
  }

  /** True from where the viewer takes all that comes, until its filter changes or it begins anew. */
  get takesAll(): boolean {
    return this.#isUnchanged && !this.#awaitsKeyframe;
  }

  /** True while the viewer takes the log's bytes from `position` on as they stand. */
  isPlain(log: StreamLog, position: number): boolean {
    return this.takesAll || (this.#isUnchanged && log.newestVideoFramePosition < position);
  }

  /** Whole messages that the viewer wants, at most `maxBytes`; a first one that is longer too where `takesLong`. */
  read(log: StreamLog, fromPosition: number, maxBytes: number, takesLong: boolean): LogRange {
    const chunks: Uint8Array[] = [];
    let takenBytes = 0;
    let nextPosition = fromPosition;
    for (let entry = log.entryFrom(nextPosition); entry !== null; entry = log.entryFrom(nextPosition)) {
      if (this.#isWanted(entry)) {
        const isKeyframe = entry.kind === 'video' && entry.sticky !== null;
        const headers = isKeyframe && this.#owesVideoHeaders ? this.#videoHeadersAt(entry) : NO_BYTES;
        const lengthBytes = headers.length + entry.lengthBytes;
        const isLong = takenBytes + lengthBytes > maxBytes;
        if (isLong && (takenBytes > 0 || !takesLong)) break;
        if (isKeyframe) this.#awaitsKeyframe = this.#owesVideoHeaders = false;
        if (headers.length > 0) chunks.push(headers);
        chunks.push(readdressed(log.bytesOf(entry), this.#messageStreamId));
        takenBytes += lengthBytes;
      }
      nextPosition = entry.position + entry.lengthBytes;
    }
    return { chunks, nextPosition };
  }

  get #isUnchanged(): boolean {
    return this.#filter === EVERYTHING && this.#messageStreamId === LOG_MESSAGE_STREAM_ID;
  }

  #isWanted({ kind, isInterFrame, isHeader }: LogEntry): boolean {
    if (isHeader) return true;
    if (kind === 'audio') return this.#filter.audio;
    return kind === 'data' || (this.#filter.video && !(this.#awaitsKeyframe && isInterFrame));
  }
}
