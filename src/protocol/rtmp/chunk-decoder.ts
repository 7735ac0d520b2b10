// Reads a chunk stream: bytes in as they come, whole messages out. [RTMP 5.3, 5.4.1, 5.4.2] Set Chunk Size and Abort
// act here, because what follows is cut by them. What messages mean, acknowledgements and deadlines are the session's.
//
// DEVIATION: a type 1 chunk may open a chunk stream, as librtmp's pings do: message stream id 0, time = delta. Pinned by
// "takes a type 1 chunk on a chunk stream never used" in chunk-decoder.test.ts.
// DEVIATION: whether a type 3 chunk repeats the extended timestamp is found out, for old librtmp leaves it out; see
// repeated-timestamp.ts. Pinned by "waits for four bytes while the habit is unknown" in chunk-extended-timestamp.test.ts.

import { ChunkStream, messageHeaderBytes } from './chunk-stream.ts';
import { ChunkStreamTable } from './chunk-stream-table.ts';
import { parseAbort, parseSetChunkSize } from './control-message.ts';
import { HeaderScratch } from './header-scratch.ts';
import { DEFAULT_CHUNK_SIZE_BYTES, TINY_MESSAGE_BYTES } from './limits.ts';
import { MessageType, type RtmpMessage } from './message.ts';
import { type ChunkDecoderLimits, MessageBounds } from './message-bounds.ts';
import { RepeatedTimestampHabit } from './repeated-timestamp.ts';
import type { SameTimeHabit } from './same-time-habit.ts';

const Step = {
  BasicHeader: 0,
  LongChunkStreamId: 1,
  MessageHeader: 2,
  ExtendedTimestamp: 3,
  RepeatedTimestamp: 4,
  Payload: 5,
  Complete: 6,
} as const;
type Step = (typeof Step)[keyof typeof Step];

/**
 * Turns the bytes of one direction of a connection into messages. What it yields does not depend on how the
 * bytes are cut. It holds at most `maxPartialBytes` and one message, in buffers up to twice as large as what has
 * come, and up to MAX_ADVANCE_BUFFER_BYTES more. After a throw it must not be used again.
 */
export class ChunkDecoder {
  readonly #bounds: MessageBounds;
  readonly #scratch = new HeaderScratch();
  readonly #streams: ChunkStreamTable;
  readonly #habit = new RepeatedTimestampHabit();
  readonly #sameTime: SameTimeHabit | null;
  #step: Step = Step.BasicHeader;
  #format = 0;
  #stream = new ChunkStream(0);
  #chunkMissingBytes = 0;
  #chunkSizeBytes = DEFAULT_CHUNK_SIZE_BYTES;
  #partialBytes = 0;
  #tinyChunks = 0;
  // Bytes looked at for an extended timestamp that turned out to be payload: read again before the input.
  #returned: Uint8Array = new Uint8Array(0);
  #isHeld = false;

  /** Type 3 chunks that begin a message are read by the text, or as `sameTime` finds the peer to mean them. */
  constructor(limits: ChunkDecoderLimits, sameTime: SameTimeHabit | null = null) {
    this.#sameTime = sameTime;
    this.#bounds = new MessageBounds(limits);
    this.#streams = new ChunkStreamTable(this.#bounds.maxChunkStreams);
  }

  /** Largest message taken from now on, in bytes; judged when a header is read. */
  get maxMessageBytes(): number {
    return this.#bounds.maxMessageBytes;
  }

  set maxMessageBytes(value: number) {
    this.#bounds.maxMessageBytes = value;
  }

  /** Payload bytes of unfinished messages taken from now on, all together. */
  set maxPartialBytes(value: number) {
    this.#bounds.maxPartialBytes = value;
  }

  /** The peer's chunk size in force, 1..0xFFFFFF bytes. */
  get chunkSizeBytes(): number {
    return this.#chunkSizeBytes;
  }

  /** Payload bytes held of messages that are not complete. */
  get partialBytes(): number {
    return this.#partialBytes;
  }

  /** Chunks so far that carried next to nothing: under 128 bytes in mid-message, or under 16 in all. */
  get tinyChunks(): number {
    return this.#tinyChunks;
  }

  /**
   * Since when the unfinished message that has stood still longest has, as far as was asked before, ms; null where none
   * is unfinished. `isReading` is false where it is the caller who reads nothing.
   */
  stillSinceMs(nowMs: number, isReading: boolean): number | null {
    return this.#streams.stillSinceMs(nowMs, isReading);
  }

  /**
   * Reads `bytes` from `offset` on and hands each message over as soon as it is complete. The payload is a view
   * of `bytes` where it came in one chunk and at once, and a copy of its own elsewhere. Where `onMessage` returns false it stops right
   * behind that message: the caller keeps what follows and comes back with it, even where it is empty.
   * Returns the offset of the first byte not read: `bytes.length` unless it was stopped.
   * @throws RtmpError 'rtmp-chunk-header-without-start', 'rtmp-chunk-message-interrupted',
   * 'rtmp-chunk-size-invalid', 'rtmp-chunk-streams-exceeded', 'rtmp-message-too-large',
   * 'rtmp-partial-bytes-exceeded'
   */
  receive(bytes: Uint8Array, offset: number, onMessage: (message: RtmpMessage) => boolean): number {
    this.#isHeld = false;
    let position = offset;
    do {
      while (this.#returned.length > 0 && !this.#isHeld) {
        const returned = this.#returned;
        this.#returned = returned.subarray(returned.length);
        const usedBytes = this.#run(returned, 0, onMessage);
        if (usedBytes < returned.length) this.#returned = returned.subarray(usedBytes);
      }
      if (this.#isHeld) return position;
      position = this.#run(bytes, position, onMessage);
    } while (this.#returned.length > 0 && !this.#isHeld);
    return position;
  }

  #run(bytes: Uint8Array, start: number, onMessage: (message: RtmpMessage) => boolean): number {
    let position = start;
    while (position < bytes.length) {
      let message: RtmpMessage | null = null;
      switch (this.#step) {
        case Step.BasicHeader:
          this.#readBasicHeader(bytes[position] ?? 0);
          position += 1;
          break;
        case Step.Payload:
          if (this.#isWholeWithin(bytes.length - position)) {
            const end = position + this.#stream.lengthBytes;
            message = this.#complete(viewOf(bytes, position, end));
            position = end;
          } else position = this.#readPayload(bytes, position);
          break;
        default:
          position = this.#scratch.fill(bytes, position);
          if (this.#scratch.isFull) this.#readField();
      }
      if (this.#step === Step.Complete) {
        this.#partialBytes -= this.#stream.lengthBytes;
        message = this.#complete(this.#stream.takePayload());
      }
      if (message !== null && !onMessage(message)) {
        this.#isHeld = true;
        return position;
      }
      if (this.#returned.length > 0) return position;
    }
    return position;
  }

  #need(step: Step, countBytes: number): void {
    this.#step = step;
    this.#scratch.begin(countBytes);
  }

  #readField(): void {
    const scratch = this.#scratch;
    switch (this.#step) {
      case Step.MessageHeader:
        this.#readMessageHeader();
        break;
      case Step.ExtendedTimestamp:
        this.#stream.extendedTimestampMs = scratch.readU32(0);
        this.#startMessage(scratch.readU32(0));
        break;
      case Step.RepeatedTimestamp:
        // WHY: four bytes are waited for even past the end of the message, so that how the input is cut decides nothing.
        if (!this.#habit.isRepeated(scratch.readU32(0), this.#stream)) this.#returned = scratch.copy();
        this.#startTypeThreeChunk();
        break;
      default:
        this.#openStream(64 + scratch.readU8(0) + (scratch.neededBytes === 2 ? 256 * scratch.readU8(1) : 0));
    }
  }

  // Basic header: format (2 bits) and id (6 bits); 0 and 1 say that one or two bytes follow, low byte first.
  #readBasicHeader(first: number): void {
    const idField = first & 63;
    this.#format = first >> 6;
    if (idField >= 2) this.#openStream(idField);
    else this.#need(Step.LongChunkStreamId, idField + 1);
  }

  #openStream(id: number): void {
    const format = this.#format;
    const stream = this.#streams.open(id, format);
    this.#stream = stream;
    if (format !== 3) this.#need(Step.MessageHeader, messageHeaderBytes(format));
    else if (this.#habit.mayRepeat(stream)) this.#need(Step.RepeatedTimestamp, 4);
    else this.#startTypeThreeChunk();
  }

  #readMessageHeader(): void {
    const stream = this.#stream;
    const fieldMs = stream.readHeader(this.#format, this.#scratch);
    this.#bounds.requireLength(stream);
    if (stream.hasExtendedTimestamp) this.#need(Step.ExtendedTimestamp, 4);
    else this.#startMessage(fieldMs);
  }

  #startTypeThreeChunk(): void {
    const stream = this.#stream;
    if (stream.receivedBytes > 0) this.#startChunk();
    else {
      this.#bounds.requireLength(stream);
      this.#startMessage(this.#sameTime?.deltaMsFor(stream) ?? stream.deltaMs);
    }
  }

  #startMessage(fieldMs: number): void {
    const stream = this.#stream;
    stream.timestampMs = this.#format === 0 ? fieldMs : (stream.timestampMs + fieldMs) >>> 0;
    if (this.#format !== 3) stream.deltaMs = fieldMs;
    this.#sameTime?.began(stream, this.#format);
    this.#startChunk();
  }

  #startChunk(): void {
    const missingBytes = this.#stream.lengthBytes - this.#stream.receivedBytes;
    const chunkBytes = Math.min(this.#chunkSizeBytes, missingBytes);
    // WHY: a chunk that completes its message does not count, so that how its bytes are cut decides nothing.
    if (chunkBytes < missingBytes) this.#bounds.requirePartial(this.#partialBytes + chunkBytes);
    if (
      chunkBytes < TINY_MESSAGE_BYTES ||
      (chunkBytes < missingBytes && chunkBytes < DEFAULT_CHUNK_SIZE_BYTES)
    ) {
      this.#tinyChunks++;
    }
    this.#chunkMissingBytes = chunkBytes;
    this.#step = missingBytes === 0 ? Step.Complete : Step.Payload;
  }

  #readPayload(bytes: Uint8Array, start: number): number {
    const stream = this.#stream;
    const countBytes = Math.min(this.#chunkMissingBytes, bytes.length - start);
    stream.append(bytes, start, countBytes);
    this.#partialBytes += countBytes;
    this.#chunkMissingBytes -= countBytes;
    if (stream.receivedBytes === stream.lengthBytes) this.#step = Step.Complete;
    else if (this.#chunkMissingBytes === 0) this.#step = Step.BasicHeader;
    return start + countBytes;
  }

  /** Whether a payload begins here and ends within so many bytes, in this chunk. WHY: most messages of audio, and of
   * video from encoders with large chunks, come like this, and need no copy. */
  #isWholeWithin(countBytes: number): boolean {
    const { lengthBytes } = this.#stream;
    return this.#chunkMissingBytes === lengthBytes && lengthBytes <= countBytes;
  }

  #complete(payload: Uint8Array): RtmpMessage {
    const stream = this.#stream;
    const message: RtmpMessage = {
      typeId: stream.typeId,
      chunkStreamId: stream.id,
      messageStreamId: stream.messageStreamId,
      timestampMs: stream.timestampMs,
      payload,
    };
    this.#step = Step.BasicHeader;
    if (message.typeId === MessageType.SetChunkSize) {
      this.#chunkSizeBytes = parseSetChunkSize(message.payload) ?? this.#chunkSizeBytes;
    } else if (message.typeId === MessageType.Abort) this.#abort(message.payload);
    return message;
  }

  #abort(payload: Uint8Array): void {
    const stream = this.#streams.find(parseAbort(payload) ?? 0);
    if (stream === undefined) return;
    this.#partialBytes -= stream.receivedBytes;
    stream.discard();
  }
}

/** WHY: not `subarray`, which gives a Buffer of a Buffer, whose `slice` does not copy. */
function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}
