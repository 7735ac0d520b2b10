// What a receiver keeps of one chunk stream: the header fields that later chunks inherit, and the payload of
// the message that is coming in. Which header means what is decided in chunk-decoder.ts. [RTMP 5.3.1.2]

import type { HeaderScratch } from './header-scratch.ts';
import { FIRST_PAYLOAD_BUFFER_BYTES, MAX_ADVANCE_BUFFER_BYTES } from './limits.ts';

const EMPTY = new Uint8Array(0);
const EXTENDED = 0xffffff;

/** From this length on a payload gets memory of its own: two of them would leave much of a pool unused. */
const MIN_UNPOOLED_BYTES = 8192;

/** Length of the message header of a chunk of type `format`, 0..2, in bytes. */
export function messageHeaderBytes(format: number): number {
  if (format === 0) return 11;
  return format === 1 ? 7 : 3;
}

/** More than the bytes of any payload. */
const PAYLOAD_RANGE = 0x100_0000;

/** Which of a connection's chunk streams has a payload buffer ahead of its bytes; one at a time may. */
export type BufferAdvance = { holder: ChunkStream | null };

/** Receive state of one chunk stream. A fresh one has every header field zero. */
export class ChunkStream {
  /** Chunk stream id, 2..65599. */
  readonly id: number;
  /** Absolute time of the last message in ms, u32. */
  timestampMs = 0;
  /** What a type 3 chunk that starts a message adds, in ms, u32. */
  deltaMs = 0;
  /** Whether `deltaMs` is the timestamp of a type 0 chunk; kept up by {@link SameTimeHabit}, where there is one. */
  isDeltaAbsolute = false;
  /** Declared payload length, 0..0xFFFFFF. */
  lengthBytes = 0;
  /** Message type id, 0..255. */
  typeId = 0;
  /** Message stream id, u32. */
  messageStreamId = 0;
  /** Whether the last chunk of type 0, 1 or 2 had an extended timestamp. */
  hasExtendedTimestamp = false;
  /** The last extended timestamp as it stood on the wire, u32. */
  extendedTimestampMs = 0;
  /** Payload bytes that have come, 0..lengthBytes; above 0 only in the middle of a message. */
  receivedBytes = 0;
  /** Messages that came whole on it. */
  completedMessages = 0;
  #payload: Uint8Array = EMPTY;
  /** What was unfinished when it was looked at last: a number of its own for each byte of each message. */
  #watchedMark = 0;
  #watchedSinceMs = 0;
  // Where a message in pieces begins that may not have its buffer ahead; kept from one message to the next.
  #firstBuffer: Uint8Array = EMPTY;
  readonly #advance: BufferAdvance;

  /** `advance` is shared by all chunk streams of one direction of a connection. */
  constructor(id: number, advance: BufferAdvance = { holder: null }) {
    this.id = id;
    this.#advance = advance;
  }

  /**
   * Takes in the message header of a chunk of type `format`, 0..2, and returns its time field in ms, which is
   * void where `hasExtendedTimestamp` is set by it.
   *
   * offset width  meaning                        in types
   *      0     3  timestamp, or delta            0, or 1 and 2
   *      3     3  message length                 0, 1
   *      6     1  message type id                0, 1
   *      7     4  message stream id, low first   0
   */
  readHeader(format: number, header: HeaderScratch): number {
    if (format <= 1) {
      this.lengthBytes = header.readU24(3);
      this.typeId = header.readU8(6);
    }
    if (format === 0) this.messageStreamId = header.readU32Le(7);
    const fieldMs = header.readU24(0);
    this.hasExtendedTimestamp = fieldMs === EXTENDED;
    return fieldMs;
  }

  /** Copies payload bytes in; the caller sees to it that no more come than `lengthBytes`. */
  append(bytes: Uint8Array, start: number, countBytes: number): void {
    const totalBytes = this.receivedBytes + countBytes;
    if (totalBytes > this.#payload.length) this.#grow(totalBytes);
    this.#payload.set(bytes.subarray(start, start + countBytes), this.receivedBytes);
    this.receivedBytes = totalBytes;
  }

  /** Gives away the payload of a complete message, exactly `lengthBytes` long, and starts anew. */
  takePayload(): Uint8Array {
    let payload = this.#payload;
    if (payload === this.#firstBuffer && this.lengthBytes > 0) {
      payload = allocate(this.lengthBytes);
      payload.set(this.#firstBuffer.subarray(0, this.lengthBytes));
    }
    this.discard();
    this.completedMessages += 1;
    return payload;
  }

  /**
   * Since when the unfinished message has stood as it stands at `nowMs`, as far as was asked before; null where there is
   * none. What has not been read by our own choice has not stood still.
   */
  stillSinceMs(nowMs: number, isReading: boolean): number | null {
    const mark = this.receivedBytes === 0 ? 0 : this.completedMessages * PAYLOAD_RANGE + this.receivedBytes;
    if (mark !== this.#watchedMark || !isReading) this.#watchedSinceMs = nowMs;
    this.#watchedMark = mark;
    return mark === 0 ? null : this.#watchedSinceMs;
  }

  /** Forgets the payload that has come, and keeps the header fields. */
  discard(): void {
    this.#payload = EMPTY;
    this.receivedBytes = 0;
    this.#endAdvance();
  }

  // A payload gets its buffer with its first piece, up to MAX_ADVANCE_BUFFER_BYTES and where no other chunk stream of the
  // connection has one: each byte is copied once. All others begin in the first buffer. From there on buffers double: by
  // what has come and never by what was declared. The last one is as long as the payload, and is given away.
  #grow(neededBytes: number): void {
    if (this.receivedBytes === 0 && this.#advance.holder === null) {
      this.#advance.holder = this;
      this.#payload = allocate(Math.min(this.lengthBytes, Math.max(neededBytes, MAX_ADVANCE_BUFFER_BYTES)));
    } else if (neededBytes <= FIRST_PAYLOAD_BUFFER_BYTES) {
      if (this.#firstBuffer === EMPTY) this.#firstBuffer = new Uint8Array(FIRST_PAYLOAD_BUFFER_BYTES);
      this.#payload = this.#firstBuffer;
    } else {
      const wantedBytes = Math.max(neededBytes, 2 * this.#payload.length);
      const grown = allocate(Math.min(wantedBytes, this.lengthBytes));
      grown.set(this.#payload.subarray(0, this.receivedBytes));
      this.#payload = grown;
      this.#endAdvance();
    }
  }

  #endAdvance(): void {
    if (this.#advance.holder === this) this.#advance.holder = null;
  }
}

// WHY: Node's pool makes a short payload ten times cheaper than an array of its own, mostly in garbage collection.
// Neither is cleared, so that only a payload that is filled to its end leaves this file. A few bytes that wait for the
// rest of their message would pin a whole pool of 64 KiB: with the advance that is one a connection.
function allocate(lengthBytes: number): Uint8Array {
  const isPooled = lengthBytes < MIN_UNPOOLED_BYTES;
  const bytes = isPooled ? Buffer.allocUnsafe(lengthBytes) : Buffer.allocUnsafeSlow(lengthBytes);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, lengthBytes);
}
