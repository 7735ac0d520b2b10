// Walks the chunk headers of one direction of a connection: finds where whole messages end, and keeps none. [RTMP 5.3]
// Set Chunk Size and Abort act here, as in chunk-decoder.ts, whose rules these are, deviations included; what messages
// say is nobody's business here.

import { ChunkStream, messageHeaderBytes } from '../chunk-stream.ts';
import { ChunkStreamTable } from '../chunk-stream-table.ts';
import { parseAbort, parseSetChunkSize } from '../control-message.ts';
import { HeaderScratch } from '../header-scratch.ts';
import { DEFAULT_CHUNK_SIZE_BYTES } from '../limits.ts';
import { MessageType } from '../message.ts';
import { type ChunkDecoderLimits, MessageBounds } from '../message-bounds.ts';
import { RepeatedTimestampHabit } from '../repeated-timestamp.ts';
import type { SameTimeHabit } from '../same-time-habit.ts';
import { CONTROL_VALUE_BYTES, ControlValues } from './control-values.ts';
import type { ChunkObserver } from './walked-chunk.ts';

const Step = {
  BasicHeader: 0,
  LongChunkStreamId: 1,
  MessageHeader: 2,
  ExtendedTimestamp: 3,
  RepeatedTimestamp: 4,
  Payload: 5,
} as const;
type Step = (typeof Step)[keyof typeof Step];

const TIMESTAMP_BYTES = 4;

/**
 * Finds the points of a chunk stream at which no message is open, so that it can be cut there. What it finds does not
 * depend on how the bytes are cut. Nothing is allocated per message, and nothing of the bytes is kept but a few of a
 * header, and four of a control message. After a throw it must not be used again.
 */
export class ChunkWalker {
  readonly #bounds: MessageBounds;
  readonly #scratch = new HeaderScratch();
  readonly #streams: ChunkStreamTable;
  readonly #habit = new RepeatedTimestampHabit();
  readonly #sameTime: SameTimeHabit | null;
  readonly #observer: ChunkObserver | null;
  readonly #controlValues = new ControlValues();
  #step: Step = Step.BasicHeader;
  #format = 0;
  #stream = new ChunkStream(0);
  #chunkStartBytes = 0;
  #chunkBytes = 0;
  #chunkMissingBytes = 0;
  #chunkSizeBytes = DEFAULT_CHUNK_SIZE_BYTES;
  #openMessages = 0;
  #walkedBytes = 0;
  #cutBytes = 0;
  #cutChunkSizeBytes = DEFAULT_CHUNK_SIZE_BYTES;
  #isStopped = false;

  /**
   * Of `limits` those of message length and chunk streams hold. `sameTime` matters where the peer leaves times out; it is
   * as for the chunk decoder.
   */
  constructor(
    limits: ChunkDecoderLimits,
    observer: ChunkObserver | null = null,
    sameTime: SameTimeHabit | null = null,
  ) {
    this.#bounds = new MessageBounds(limits);
    this.#streams = new ChunkStreamTable(this.#bounds.maxChunkStreams);
    this.#observer = observer;
    this.#sameTime = sameTime;
  }

  /** All bytes that were walked. */
  get walkedBytes(): number {
    return this.#walkedBytes;
  }

  /**
   * The last point so far that everything before is whole messages, in bytes from the first one walked. Where the peer
   * leaves out extended timestamps, it may become known four bytes later.
   */
  get cutBytes(): number {
    return this.#cutBytes;
  }

  /** Bytes walked behind that point. */
  get openBytes(): number {
    return this.#walkedBytes - this.#cutBytes;
  }

  /** The last bytes that were walked as far as they are part of a header that is not whole, or may be. */
  get headerBytes(): number {
    const isHeader = this.#step !== Step.BasicHeader && this.#step !== Step.Payload;
    return isHeader ? this.#walkedBytes - this.#chunkStartBytes : 0;
  }

  /** The peer's chunk size in force, 1..0xFFFFFF bytes. */
  get chunkSizeBytes(): number {
    return this.#chunkSizeBytes;
  }

  /** The chunk size that was in force at that last point where no message was open, 1..0xFFFFFF bytes. */
  get cutChunkSizeBytes(): number {
    return this.#cutChunkSizeBytes;
  }

  /**
   * Walks what came next.
   * @throws RtmpError 'rtmp-chunk-header-without-start', 'rtmp-chunk-message-interrupted',
   * 'rtmp-chunk-size-invalid', 'rtmp-chunk-streams-exceeded', 'rtmp-message-too-large'
   */
  walk(bytes: Uint8Array): void {
    const baseBytes = this.#walkedBytes;
    this.#walkedBytes = baseBytes + bytes.length;
    this.#run(bytes, baseBytes);
  }

  #run(bytes: Uint8Array, baseBytes: number): void {
    let position = 0;
    while (position < bytes.length && !this.#isStopped) {
      switch (this.#step) {
        case Step.BasicHeader:
          this.#chunkStartBytes = baseBytes + position;
          this.#readBasicHeader(bytes[position] ?? 0);
          position += 1;
          if (this.#isHeaderWhole) this.#startPayload(baseBytes + position);
          break;
        case Step.Payload:
          position = this.#passPayload(bytes, position, baseBytes);
          break;
        default:
          position = this.#scratch.fill(bytes, position);
          if (this.#scratch.isFull) position = this.#readField(position, baseBytes);
      }
    }
  }

  /** Reads a field that ends at `position`, and returns where to go on. */
  #readField(position: number, baseBytes: number): number {
    const scratch = this.#scratch;
    let returnedBytes = 0;
    switch (this.#step) {
      case Step.MessageHeader:
        this.#readMessageHeader();
        break;
      case Step.ExtendedTimestamp:
        this.#stream.extendedTimestampMs = scratch.readU32(0);
        this.#startMessage(scratch.readU32(0));
        break;
      case Step.RepeatedTimestamp:
        if (!this.#habit.isRepeated(scratch.readU32(0), this.#stream)) returnedBytes = TIMESTAMP_BYTES;
        this.#startTypeThreeChunk();
        break;
      default:
        this.#openStream(64 + scratch.readU8(0) + (scratch.neededBytes === 2 ? 256 * scratch.readU8(1) : 0));
    }
    if (!this.#isHeaderWhole) return position;
    if (returnedBytes <= position) {
      this.#startPayload(baseBytes + position - returnedBytes);
      return position - returnedBytes;
    }
    // What was taken for a timestamp began in the bytes before these. Too little to be taken for one again.
    const returned = scratch.copy();
    this.#startPayload(baseBytes + position - returnedBytes);
    this.#run(returned, baseBytes + position - returnedBytes);
    return position;
  }

  get #isHeaderWhole(): boolean {
    return this.#step === Step.Payload;
  }

  #need(step: Step, countBytes: number): void {
    this.#step = step;
    this.#scratch.begin(countBytes);
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
    else if (this.#habit.mayRepeat(stream)) this.#need(Step.RepeatedTimestamp, TIMESTAMP_BYTES);
    else this.#startTypeThreeChunk();
  }

  #readMessageHeader(): void {
    const stream = this.#stream;
    const fieldMs = stream.readHeader(this.#format, this.#scratch);
    this.#bounds.requireLength(stream);
    if (stream.hasExtendedTimestamp) this.#need(Step.ExtendedTimestamp, TIMESTAMP_BYTES);
    else this.#startMessage(fieldMs);
  }

  #startTypeThreeChunk(): void {
    const stream = this.#stream;
    if (stream.receivedBytes > 0) this.#step = Step.Payload;
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
    this.#step = Step.Payload;
  }

  /** The header is whole, and the payload begins at `payloadStartBytes`. */
  #startPayload(payloadStartBytes: number): void {
    const stream = this.#stream;
    const payloadBytes = Math.min(this.#chunkSizeBytes, stream.lengthBytes - stream.receivedBytes);
    this.#chunkBytes = payloadBytes;
    this.#chunkMissingBytes = payloadBytes;
    if (this.#observer !== null) {
      const startBytes = this.#chunkStartBytes;
      const chunk = { stream, format: this.#format, startBytes, payloadStartBytes, payloadBytes };
      this.#isStopped = !this.#observer(chunk);
    }
    if (payloadBytes === 0) this.#endChunk(payloadStartBytes);
  }

  #passPayload(bytes: Uint8Array, start: number, baseBytes: number): number {
    const countBytes = Math.min(this.#chunkMissingBytes, bytes.length - start);
    const end = start + countBytes;
    const { id, typeId, receivedBytes } = this.#stream;
    if (typeId <= MessageType.Abort) {
      const offset = receivedBytes + this.#chunkBytes - this.#chunkMissingBytes;
      this.#controlValues.keep(id, offset, bytes.subarray(start, end));
    }
    this.#chunkMissingBytes -= countBytes;
    if (this.#chunkMissingBytes === 0) this.#endChunk(baseBytes + end);
    return end;
  }

  #endChunk(endBytes: number): void {
    const stream = this.#stream;
    const wasOpen = stream.receivedBytes > 0;
    const receivedBytes = stream.receivedBytes + this.#chunkBytes;
    this.#step = Step.BasicHeader;
    if (receivedBytes < stream.lengthBytes) {
      stream.receivedBytes = receivedBytes;
      if (!wasOpen) this.#openMessages += 1;
      return;
    }
    stream.receivedBytes = 0;
    if (wasOpen) this.#openMessages -= 1;
    if (stream.typeId <= MessageType.Abort) this.#obey(stream);
    if (this.#openMessages > 0) return;
    this.#cutBytes = endBytes;
    this.#cutChunkSizeBytes = this.#chunkSizeBytes;
  }

  /** Acts on a whole Set Chunk Size or Abort. */
  #obey({ id, typeId, lengthBytes }: ChunkStream): void {
    if (lengthBytes < CONTROL_VALUE_BYTES) return;
    const value = this.#controlValues.of(id);
    if (typeId === MessageType.SetChunkSize) {
      this.#chunkSizeBytes = parseSetChunkSize(value) ?? this.#chunkSizeBytes;
    } else if (typeId === MessageType.Abort && lengthBytes === CONTROL_VALUE_BYTES) {
      this.#abort(parseAbort(value) ?? 0);
    }
  }

  #abort(chunkStreamId: number): void {
    const stream = this.#streams.find(chunkStreamId);
    if (stream === undefined || stream.receivedBytes === 0) return;
    stream.discard();
    this.#openMessages -= 1;
  }
}
