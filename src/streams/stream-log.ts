// A live stream's log: what the publisher sent, appended once as bytes ready for the wire, in slabs. Every
// message is chunked with a full header (fmt 0), so each message boundary is a place where a viewer can begin
// or go on. A position is the count of bytes appended before it; it only grows, and old slabs fall off the front.
// It knows nothing of viewers: they are positions, and ask. Who reads furthest behind it asks itself, once a slab and
// group of pictures.

import { chunkedLengthBytes } from '../protocol/rtmp/chunk-encoder.ts';
import type { RtmpMessage } from '../protocol/rtmp/message.ts';
import { AUDIO_JOIN_MS, ENTRY_BYTES, FIRST_SLAB_BYTES, MAX_STEP_MS, SLAB_BYTES } from './limits.ts';
import type { EntryRole, LogEntry, LogLimits, LogRange } from './log-entry.ts';
import { Slab } from './slab.ts';
import { StickyWeight } from './sticky-weight.ts';

type JoinedRange = { readonly fromPosition: number; readonly endPosition: number; readonly range: LogRange };

const NO_RANGE: LogRange = { chunks: [], nextPosition: 0 };
const NOT_JOINED: JoinedRange = { fromPosition: -1, endPosition: -1, range: NO_RANGE };

/** The append-only log of one publish. */
export class StreamLog {
  readonly #limits: LogLimits;
  readonly #oldestReader: () => number;
  readonly #slabs: Slab[] = [];
  /** Memory of a slab that was dropped and that nobody had read: the next slab's. */
  #spareBytes: Uint8Array | null = null;
  /** Size of the next slab. */
  #slabBytes = FIRST_SLAB_BYTES;
  #end = 0;
  /** What all messages so far count for. */
  #weightBytes = 0;
  readonly #stickyWeight = new StickyWeight();
  #isEnded = false;
  #copiedBytes = 0;
  /** The latest time of any message, u32. */
  #latestMs = 0;
  /** Media time that has passed in the log. */
  #reachedMs = 0;
  #newestEntryPoint: LogEntry | null = null;
  #newestVideoFramePosition = -1;
  #releasedPosition = 0;
  /** The oldest message that was not behind the limits of lag when it was asked for, as its slab's index and its own. */
  #lagSlab = 0;
  #lagEntry = 0;
  /** The newest range that was read, and from where: viewers in step all ask for the same one. */
  #sharedFrom = -1;
  #shared: LogRange = NO_RANGE;
  /** The newest range that was joined out of two slabs, where from, and where the log ended then. */
  #joined: JoinedRange = NOT_JOINED;

  /** `oldestReader` gives the least position that anybody may still read from: what is before it, and too old for those
   * who come, is not kept until the limits of lag. */
  constructor(limits: LogLimits, oldestReader: () => number = () => 0) {
    this.#limits = limits;
    this.#oldestReader = oldestReader;
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

  /** Payload bytes copied into the log so far: they do not depend on the number of viewers. */
  get copiedBytes(): number {
    return this.#copiedBytes;
  }

  /** The newest place where a viewer may begin, null where the log holds none. */
  get newestEntryPoint(): LogEntry | null {
    const entry = this.#newestEntryPoint;
    return entry !== null && entry.position >= this.startPosition ? entry : null;
  }

  /** The newest place to begin, where it is near enough to the end for those who come late; null elsewhere. */
  get cachedEntryPoint(): LogEntry | null {
    const entry = this.newestEntryPoint;
    const { gopCacheBytes, gopCacheMs } = this.#limits;
    return entry !== null && this.#isWithin(entry, gopCacheBytes, gopCacheMs) ? entry : null;
  }

  /** Position of the newest video frame, key or not; -1 before the first. */
  get newestVideoFramePosition(): number {
    return this.#newestVideoFramePosition;
  }

  /** Up to where those who let media gather have been woken. */
  get releasedPosition(): number {
    return this.#releasedPosition;
  }

  /** A viewer before this position is slow. */
  get lagPosition(): number {
    this.#moveLag();
    return this.#slabs[this.#lagSlab]?.entries[this.#lagEntry]?.position ?? this.#end;
  }

  /** True where the message at `position` is behind the newest by more than `maxBytes` or `maxMs`. */
  isBehind(position: number, maxBytes: number, maxMs: number): boolean {
    const entry = position < this.#end ? this.entryFrom(position) : null;
    return entry !== null && !this.#isWithin(entry, maxBytes, maxMs);
  }

  /** Bytes of memory that the log takes up. */
  get heldBytes(): number {
    let heldBytes = 0;
    for (const slab of this.#slabs) heldBytes += slab.heldBytes;
    return heldBytes + (this.#spareBytes?.length ?? 0);
  }

  /** Appends one message, copying its payload. */
  append(message: RtmpMessage, role: EntryRole): void {
    const { chunkSizeBytes } = this.#limits;
    const { payload, timestampMs, chunkStreamId } = message;
    const { kind, sticky, isInterFrame, isHeader } = role;
    const lengthBytes = chunkedLengthBytes(payload.length, timestampMs, chunkStreamId, chunkSizeBytes);
    this.#passTime(timestampMs);
    const entry: LogEntry = {
      kind,
      sticky,
      isInterFrame,
      isHeader,
      position: this.#end,
      lengthBytes,
      weightBefore: this.#weightBytes,
      timestampMs,
      reachedMs: this.#reachedMs,
    };
    const stickyBytes = sticky === null ? 0 : this.#stickyWeight.addedBytes(sticky);
    const last = this.#slabs.at(-1);
    const isNewSlab = !last?.hasRoomFor(lengthBytes);
    const slab = last === undefined || isNewSlab ? this.#addSlab(lengthBytes) : last;
    slab.append(message, entry, chunkSizeBytes, stickyBytes);
    this.#end += lengthBytes;
    this.#weightBytes += lengthBytes + ENTRY_BYTES + stickyBytes;
    this.#copiedBytes += payload.length;
    const joinBefore = this.#newestEntryPoint?.position ?? -1;
    if (sticky !== null) this.#newestEntryPoint = entry;
    if (kind === 'video' && (sticky !== null || isInterFrame))
      this.#newestVideoFramePosition = entry.position;
    // WHY: whoever reads is asked for it: not at each keyframe of a publisher that sends nothing else.
    if (isNewSlab || (kind === 'video' && sticky !== null && joinBefore < slab.start)) this.#trim();
  }

  /** All that is held is for those to take now who let media gather. */
  release(): void {
    this.#releasedPosition = this.#end;
  }

  /** Says that the publish is over. What is held stays readable. */
  end(): void {
    this.#isEnded = true;
    this.#spareBytes = null;
  }

  /**
   * Reads whole messages from a message boundary on: at least one where there is one, otherwise at most
   * `maxBytes`. `fromPosition` must lie within the log.
   */
  read(fromPosition: number, maxBytes: number): LogRange {
    // WHY: apart, for everybody asks at the end as well, and the range that is shared must outlast it.
    if (fromPosition >= this.#end) return { chunks: NO_RANGE.chunks, nextPosition: this.#end };
    const toPosition =
      this.#end - fromPosition <= maxBytes ? this.#end : this.#boundaryBefore(fromPosition, maxBytes);
    if (fromPosition === this.#sharedFrom && toPosition === this.#shared.nextPosition) return this.#shared;
    const chunks: Uint8Array[] = [];
    for (const slab of this.#slabs.slice(this.#slabIndexOf(fromPosition))) {
      if (slab.start >= toPosition) break;
      const bytes = slab.bytesBetween(fromPosition, toPosition);
      if (bytes.length > 0) chunks.push(bytes);
    }
    this.#sharedFrom = fromPosition;
    this.#shared = { chunks, nextPosition: toPosition };
    return this.#shared;
  }

  /**
   * The same, in one piece also where a slab ends in it, copied once for all: one write for each of those in step. Those
   * who ask from elsewhere get it in two.
   */
  readAsOne(fromPosition: number, maxBytes: number): LogRange {
    const joined = this.#joined;
    if (joined.fromPosition === fromPosition && joined.endPosition === this.#end) return joined.range;
    const range = this.read(fromPosition, maxBytes);
    if (range.chunks.length <= 1 || joined.endPosition === this.#end) return range;
    const { nextPosition } = range;
    this.#joined = {
      fromPosition,
      endPosition: this.#end,
      range: { chunks: [concatenated(range.chunks)], nextPosition },
    };
    this.#copiedBytes += nextPosition - fromPosition;
    return this.#joined.range;
  }

  /** The message at or next after a position, null at the end. */
  entryFrom(position: number): LogEntry | null {
    for (let index = this.#slabIndexOf(position); index < this.#slabs.length; index++) {
      const slab = this.#slabs[index];
      const entry = slab?.entries[slab.indexFrom(position)];
      if (entry !== undefined) return entry;
    }
    return null;
  }

  /** The bytes of one message on the wire, a view; the message must still be held. */
  bytesOf({ position, lengthBytes }: LogEntry): Uint8Array {
    const slab = this.#slabs[this.#slabIndexOf(position)];
    if (slab === undefined || position < slab.start)
      throw new Error(`position ${position} is not held any more`);
    return slab.bytesBetween(position, position + lengthBytes);
  }

  /** The oldest place to begin at or behind a position that came at most `backMs` of media time ago; or null. */
  entryPointFrom(position: number, backMs = Number.POSITIVE_INFINITY): LogEntry | null {
    // WHY: a viewer that waits asks at each take.
    if ((this.newestEntryPoint?.position ?? -1) < position) return null;
    for (const slab of this.#slabs.slice(this.#slabIndexOf(position))) {
      for (let at = slab.indexFrom(position); at < slab.entries.length; at++) {
        const entry = slab.entries[at];
        if (entry !== undefined && entry.sticky !== null && this.#ageMs(entry) <= backMs) return entry;
      }
    }
    return null;
  }

  /** Lets media time pass up to a message. WHY: a publisher whose clock jumps ahead makes nobody slow, so that one
   * step counts for little however long it is. */
  #passTime(timestampMs: number): void {
    const stepMs = this.#end === 0 ? 0 : (timestampMs - this.#latestMs) | 0;
    if (stepMs < 0) return;
    this.#latestMs = timestampMs;
    this.#reachedMs += Math.min(stepMs, MAX_STEP_MS);
  }

  #ageMs(entry: LogEntry): number {
    return this.#reachedMs - entry.reachedMs;
  }

  #isWithin(entry: LogEntry, maxBytes: number, maxMs: number): boolean {
    return this.#weightBytes - entry.weightBefore <= maxBytes && this.#ageMs(entry) <= maxMs;
  }

  #addSlab(lengthBytes: number): Slab {
    const slabBytes = Math.max(this.#slabBytes, lengthBytes);
    const spare = this.#spareBytes?.length === slabBytes ? this.#spareBytes : null;
    if (spare !== null) this.#spareBytes = null;
    // WHY: not cleared, for nothing is read of a slab but what was written into it.
    const slab = new Slab(this.#end, spare ?? new Uint8Array(Buffer.allocUnsafeSlow(slabBytes).buffer));
    this.#slabBytes = Math.min(this.#slabBytes * 2, SLAB_BYTES);
    this.#slabs.push(slab);
    return slab;
  }

  /** Moves the lag position over what is now too far behind; never over the newest message. */
  #moveLag(): void {
    const { lagBytes, lagMs } = this.#limits;
    const lastSlab = this.#slabs.length - 1;
    for (;;) {
      const slab = this.#slabs[this.#lagSlab];
      if (slab === undefined) return;
      const entry = slab.entries[this.#lagEntry];
      if (entry === undefined) {
        this.#lagSlab++;
        this.#lagEntry = 0;
        continue;
      }
      const isNewest = this.#lagSlab === lastSlab && this.#lagEntry === slab.entries.length - 1;
      if (isNewest || this.#isWithin(entry, lagBytes, lagMs)) return;
      this.#lagEntry++;
    }
  }

  /** Drops the slabs that nobody needs: no late joiner, and nobody who reads and is not too far behind. */
  #trim(): void {
    const { lagPosition } = this;
    const readFrom = this.#oldestReader();
    const joinFrom = this.cachedEntryPoint?.position ?? this.#end;
    const isNeeded = (slab: Slab): boolean =>
      slab.end > joinFrom || (slab.end > lagPosition && (slab.end > readFrom || this.#isRecent(slab)));
    let dropped = 0;
    for (const slab of this.#slabs) {
      if (isNeeded(slab)) break;
      dropped++;
    }
    if (dropped === 0) return;
    for (const slab of this.#slabs.splice(0, dropped))
      this.#spareBytes = slab.unreadBytes ?? this.#spareBytes;
    if (this.#lagSlab < dropped) this.#lagEntry = 0;
    this.#lagSlab = Math.max(0, this.#lagSlab - dropped);
    if (this.#sharedFrom < this.startPosition) {
      this.#sharedFrom = -1;
      this.#shared = NO_RANGE;
    }
  }

  /** True where somebody who comes may begin in it, a second back in a stream of sound alone. */
  #isRecent(slab: Slab): boolean {
    const newest = slab.entries.at(-1);
    return newest !== undefined && this.#ageMs(newest) <= AUDIO_JOIN_MS;
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
    const boundary = slab?.entries[slab.indexFrom(limit + 1) - 1]?.position ?? this.#end;
    if (boundary > fromPosition) return boundary;
    const first = this.entryFrom(fromPosition);
    return first === null ? this.#end : first.position + first.lengthBytes;
  }
}

function concatenated(chunks: readonly Uint8Array[]): Uint8Array {
  const { buffer, byteOffset, length } = Buffer.concat(chunks);
  return new Uint8Array(buffer, byteOffset, length);
}
