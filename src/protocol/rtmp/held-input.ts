// Input that waits behind a decision, or for events to be taken: kept in one buffer, read in place, so that neither many
// small pieces nor many decisions in a row cost more than the bytes themselves.

import { MAX_HELD_INPUT_BYTES } from './limits.ts';
import { RtmpError } from './rtmp-error.ts';

const EMPTY = new Uint8Array(0);

/** LIMIT: room made at once, in bytes, so that a trickle of single bytes is not copied again for each. */
const MIN_ROOM_BYTES = 4096;

/** Bytes in the order they came. */
export class HeldInput {
  #buffer: Uint8Array = EMPTY;
  #start = 0;
  #end = 0;

  /** What waits: a view, never written to again, but without what is added behind it. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Appends a copy of `bytes`. @throws RtmpError 'rtmp-pending-input-exceeded' past MAX_HELD_INPUT_BYTES in all */
  add(bytes: Uint8Array): void {
    const lengthBytes = this.#end - this.#start + bytes.length;
    if (lengthBytes > MAX_HELD_INPUT_BYTES) {
      const message = `expected at most ${MAX_HELD_INPUT_BYTES} bytes while reading waits, got ${lengthBytes}`;
      throw new RtmpError('rtmp-pending-input-exceeded', message);
    }
    if (this.#end + bytes.length > this.#buffer.length) this.#makeRoom(lengthBytes);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Keeps a copy of `bytes` where nothing waits, however many: they were in hand, and are read without an answer. */
  keep(bytes: Uint8Array): void {
    if (this.#end > this.#start) throw new Error('input waits already');
    this.#buffer = bytes.length === 0 ? EMPTY : Uint8Array.from(bytes);
    this.#start = 0;
    this.#end = bytes.length;
  }

  /** Takes away the first `countBytes`, which were read. */
  drop(countBytes: number): void {
    this.#start += countBytes;
    if (this.#start >= this.#end) this.clear();
  }

  /** Forgets everything. */
  clear(): void {
    this.#buffer = EMPTY;
    this.#start = 0;
    this.#end = 0;
  }

  /** Moves what waits to the front of a buffer that is up to twice as long as what has come. */
  #makeRoom(neededBytes: number): void {
    const waiting = this.bytes;
    const roomBytes = Math.min(Math.max(2 * neededBytes, MIN_ROOM_BYTES), MAX_HELD_INPUT_BYTES);
    const buffer = new Uint8Array(roomBytes);
    buffer.set(waiting);
    this.#buffer = buffer;
    this.#start = 0;
    this.#end = waiting.length;
  }
}
