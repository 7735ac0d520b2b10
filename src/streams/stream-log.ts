// A live stream's log: what the publisher sent, appended once as bytes ready for the wire, in slabs. Every
// message is chunked with a full header (fmt 0), so each message boundary is a place where a viewer can begin
// or go on. A position is the count of bytes appended before it; it only grows, and old slabs fall off the front.
// It knows nothing of viewers: they are positions, and ask.

import { chunkedLengthBytes, writeChunkedMessage } from '../protocol/rtmp/chunk-encoder.ts';
import type { RtmpMessage } from '../protocol/rtmp/message.ts';
import { SLAB_BYTES } from './limits.ts';

/** What a message of the log carries. */
export const MediaKind = { Audio: 'audio', Video: 'video', Data: 'data' } as const;
export type MediaKind = (typeof MediaKind)[keyof typeof MediaKind];

/** A message that late joiners need before their first frame: metadata or a sequence header. */
export type StickyMessage = {
  /** What it replaces when it comes again: its kind, and its name or track. */
  readonly key: string;
  readonly message: RtmpMessage;
};

/** One message's place in the log. */
export type LogEntry = {
  /** Position of the message's first byte. */
  readonly position: number;
  /** Length on the wire, chunk headers included. */
  readonly lengthBytes: number;
  /** Time on the stream's own timeline, u32 ms. */
  readonly timestampMs: number;
  readonly kind: MediaKind;
  /** For a place where a viewer may begin: what it needs first. Null elsewhere. */
  readonly sticky: readonly StickyMessage[] | null;
};

/** How far back a log reaches, and from when on a viewer counts as slow. */
export type LogLimits = {
  /** Out chunk size of everything in the log, bytes. */
  readonly chunkSizeBytes: number;
  /** Bytes and media time that the newest group of pictures may take up; 0 keeps none for late joiners. */
  readonly gopCacheBytes: number;
  readonly gopCacheMs: number;
  /** A viewer further behind than either of these is slow. */
  readonly lagBytes: number;
  readonly lagMs: number;
};

/** A stretch of the log. Shared by all who asked for the same one: not to be changed. */
export type LogRange = { readonly chunks: readonly Uint8Array[]; readonly nextPosition: number };

type Slab = { readonly start: number; readonly bytes: Uint8Array; used: number; readonly entries: LogEntry[] };

/** The append-only log of one publish. */
export class StreamLog {
  readonly #limits: LogLimits;
  readonly #slabs: Slab[] = [];
  #end = 0;
  #isEnded = false;
  #newestTimestampMs = 0;
  #newestEntryPoint: LogEntry | null = null;
  #lagPosition = 0;
  /** The newest range that was read, and from where: viewers in step all ask for the same one. */
  #sharedFrom = -1;
  #sharedTo = -1;
  #shared: LogRange = { chunks: [], nextPosition: 0 };
  /** Payload bytes copied into the log: a test holds it against the number of viewers. */
  copiedBytes = 0;

  constructor(limits: LogLimits) {
    this.#limits = limits;
  }

  /** Position of the oldest message still held. */
  get startPosition(): number {
    return this.#slabs[0]?.start ?? this.#end;
  }

  /** Position behind the newest message. */
  get endPosition(): number {
    return this.#end;
  }

  /** True once the publish is over: nothing will be appended any more. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The newest place where a viewer may begin, null where the log holds none. */
  get newestEntryPoint(): LogEntry | null {
    const entry = this.#newestEntryPoint;
    return entry !== null && entry.position >= this.startPosition ? entry : null;
  }

  /** A viewer before this position is slow. */
  get lagPosition(): number {
    return this.#lagPosition;
  }

  /** Bytes of memory that the slabs take up. */
  get heldBytes(): number {
    let heldBytes = 0;
    for (const slab of this.#slabs) heldBytes += slab.bytes.length;
    return heldBytes;
  }

  /** Appends one message, copying its payload. `sticky` marks a place where a viewer may begin. */
  append(message: RtmpMessage, kind: MediaKind, sticky: readonly StickyMessage[] | null): LogEntry {
    const { chunkSizeBytes } = this.#limits;
    const { payload, timestampMs, chunkStreamId } = message;
    const lengthBytes = chunkedLengthBytes(payload.length, timestampMs, chunkStreamId, chunkSizeBytes);
    const slab = this.#slabFor(lengthBytes);
    const entry: LogEntry = { position: this.#end, lengthBytes, timestampMs, kind, sticky };
    writeChunkedMessage(slab.bytes, slab.used, message, chunkSizeBytes);
    slab.used += lengthBytes;
    slab.entries.push(entry);
    this.#end += lengthBytes;
    this.#newestTimestampMs = timestampMs;
    this.copiedBytes += payload.length;
    if (sticky !== null) this.#newestEntryPoint = entry;
    return entry;
  }

  /** Says that the publish is over. What is held stays readable. */
  end(): void {
    this.#isEnded = true;
  }

  /**
   * Reads whole messages from a message boundary on: at least one where there is one, otherwise at most
   * `maxBytes`. `fromPosition` must lie within the log.
   */
  read(fromPosition: number, maxBytes: number): LogRange {
    const toPosition =
      this.#end - fromPosition <= maxBytes ? this.#end : this.#boundaryBefore(fromPosition, maxBytes);
    if (fromPosition === this.#sharedFrom && toPosition === this.#sharedTo) return this.#shared;
    const chunks: Uint8Array[] = [];
    for (let index = this.#slabIndexOf(fromPosition); index < this.#slabs.length; index++) {
      const slab = this.#slabs[index];
      if (slab === undefined || slab.start >= toPosition) break;
      const from = Math.max(fromPosition, slab.start) - slab.start;
      const to = Math.min(toPosition - slab.start, slab.used);
      if (to > from) chunks.push(slab.bytes.subarray(from, to));
    }
    this.#sharedFrom = fromPosition;
    this.#sharedTo = toPosition;
    this.#shared = { chunks, nextPosition: toPosition };
    return this.#shared;
  }

  /** The message at or next after a position, null at the end. */
  entryFrom(position: number): LogEntry | null {
    for (let index = this.#slabIndexOf(position); index < this.#slabs.length; index++) {
      const entries = this.#slabs[index]?.entries ?? [];
      const entry = entries[lowerBound(entries, position)];
      if (entry !== undefined) return entry;
    }
    return null;
  }

  /** The bytes of one message on the wire, a view. */
  bytesOf(entry: LogEntry): Uint8Array {
    const slab = this.#slabs[this.#slabIndexOf(entry.position)];
    if (slab === undefined) throw new Error(`entry at ${entry.position} is no longer in the log`);
    const from = entry.position - slab.start;
    return slab.bytes.subarray(from, from + entry.lengthBytes);
  }

  /** The oldest place to begin whose time is at most `backMs` before the newest message's, null where none is. */
  entryPointBack(backMs: number): LogEntry | null {
    for (const slab of this.#slabs) {
      for (const entry of slab.entries) {
        if (entry.sticky !== null && this.#ageMs(entry) <= backMs) return entry;
      }
    }
    return null;
  }

  #ageMs(entry: LogEntry): number {
    return (this.#newestTimestampMs - entry.timestampMs) | 0;
  }

  #slabFor(lengthBytes: number): Slab {
    const last = this.#slabs.at(-1);
    if (last !== undefined && last.used + lengthBytes <= last.bytes.length) return last;
    this.#trim();
    const bytes = new Uint8Array(Math.max(SLAB_BYTES, lengthBytes));
    const slab: Slab = { start: this.#end, bytes, used: 0, entries: [] };
    this.#slabs.push(slab);
    return slab;
  }

  /** Moves the lag position, and drops the slabs that neither a late joiner nor a lagging viewer needs. */
  #trim(): void {
    this.#lagPosition = this.#firstWithin(this.#limits.lagBytes, this.#limits.lagMs);
    let keepFrom = this.#lagPosition;
    const entryPoint = this.newestEntryPoint;
    if (entryPoint !== null && this.#isCacheable(entryPoint)) keepFrom = Math.min(keepFrom, entryPoint.position);
    let dropped = 0;
    for (const slab of this.#slabs) {
      if (slab.start + slab.used > keepFrom) break;
      dropped++;
    }
    this.#slabs.splice(0, dropped);
  }

  #isCacheable(entryPoint: LogEntry): boolean {
    const { gopCacheBytes, gopCacheMs } = this.#limits;
    return this.#end - entryPoint.position <= gopCacheBytes && this.#ageMs(entryPoint) <= gopCacheMs;
  }

  /** Position of the slab from which on everything is within so many bytes and so much media time of the end. */
  #firstWithin(maxBytes: number, maxMs: number): number {
    for (let index = this.#slabs.length - 1; index >= 0; index--) {
      const slab = this.#slabs[index];
      const first = slab?.entries[0];
      if (slab === undefined || first === undefined) continue;
      if (this.#end - slab.start > maxBytes || this.#ageMs(first) > maxMs) return slab.start + slab.used;
    }
    return this.startPosition;
  }

  #slabIndexOf(position: number): number {
    for (let index = this.#slabs.length - 1; index > 0; index--) {
      const slab = this.#slabs[index];
      if (slab !== undefined && slab.start <= position) return index;
    }
    return 0;
  }

  /** The last message boundary at most `maxBytes` behind `fromPosition`, or the one after the first message. */
  #boundaryBefore(fromPosition: number, maxBytes: number): number {
    const limit = fromPosition + maxBytes;
    const slab = this.#slabs[this.#slabIndexOf(limit)];
    const entries = slab?.entries ?? [];
    const index = lowerBound(entries, limit + 1) - 1;
    const boundary = entries[index]?.position ?? slab?.start ?? this.#end;
    if (boundary > fromPosition) return boundary;
    const first = this.entryFrom(fromPosition);
    return first === null ? this.#end : first.position + first.lengthBytes;
  }
}

/** Index of the first entry at or behind a position. */
function lowerBound(entries: readonly LogEntry[], position: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    if (entry !== undefined && entry.position < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
