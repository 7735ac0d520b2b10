// A piece of a live stream's log: a buffer that is filled from the front, and the places of the messages in it. A
// message never spans two slabs.

import { writeChunkedMessage } from '../protocol/rtmp/chunk-encoder.ts';
import type { RtmpMessage } from '../protocol/rtmp/message.ts';
import { ENTRY_BYTES, MAX_SLAB_PLACES_BYTES, SLAB_BYTES } from './limits.ts';
import type { LogEntry } from './log-entry.ts';

/** One slab of a log. */
export class Slab {
  /** Position of its first byte. */
  readonly start: number;
  readonly #bytes: Uint8Array;
  readonly #entries: LogEntry[] = [];
  #usedBytes = 0;
  /** True once somebody got a view of it. */
  #isRead = false;
  /** What its messages' places take up, with what they hold. */
  #placesBytes = 0;

  /** Begins at position `start`, in `bytes`, whatever they hold. */
  constructor(start: number, bytes: Uint8Array) {
    this.start = start;
    this.#bytes = bytes;
  }

  /** Its memory, where it can become another slab's: nobody has a view of it, and it is of the usual length. */
  get unreadBytes(): Uint8Array | null {
    return this.#isRead || this.#bytes.length !== SLAB_BYTES ? null : this.#bytes;
  }

  /** Position behind its last message. */
  get end(): number {
    return this.start + this.#usedBytes;
  }

  /** Bytes of memory that it takes up, its messages' places and what they hold included. */
  get heldBytes(): number {
    return this.#bytes.length + this.#placesBytes;
  }

  /** Its messages, oldest first. */
  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /** True where a message of that length still fits, and its place. */
  hasRoomFor(lengthBytes: number): boolean {
    return this.#usedBytes + lengthBytes <= this.#bytes.length && this.#placesBytes < MAX_SLAB_PLACES_BYTES;
  }

  /** Appends a message, which must fit: copies its payload. `stickyBytes` is what its sticky messages take up. */
  append(message: RtmpMessage, entry: LogEntry, chunkSizeBytes: number, stickyBytes: number): void {
    writeChunkedMessage(this.#bytes, this.#usedBytes, message, chunkSizeBytes);
    this.#usedBytes += entry.lengthBytes;
    this.#placesBytes += ENTRY_BYTES + stickyBytes;
    this.#entries.push(entry);
  }

  /** The bytes between two positions, as far as they lie in this slab: a view, never written to again. */
  bytesBetween(fromPosition: number, toPosition: number): Uint8Array {
    this.#isRead = true;
    const from = Math.max(fromPosition - this.start, 0);
    return this.#bytes.subarray(from, Math.min(toPosition - this.start, this.#usedBytes));
  }

  /** Index of the first message at or behind a position; the number of messages where there is none. */
  indexFrom(position: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry !== undefined && entry.position < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
