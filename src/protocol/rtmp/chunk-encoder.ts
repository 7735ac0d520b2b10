// Writes messages as chunks. [RTMP 5.3] Two ways: without state, each message on its own with a type 0 header,
// so that a reader may enter at any of them (the live log); and with the short headers that refer to the
// message before (our client). Interleaving is left to the caller: a message is always written in one piece.

import { parseSetChunkSize } from './control-message.ts';
import { DEFAULT_CHUNK_SIZE_BYTES, MAX_CHUNK_SIZE_BYTES, MAX_OUTPUT_CHUNK_STREAM_ID } from './limits.ts';
import { MessageType, type RtmpMessage } from './message.ts';

const EXTENDED = 0xffffff;
const MAX_PAYLOAD_BYTES = 0xffffff;
const CONTROL_CHUNK_STREAM_ID = 2;

/** Bytes of a basic and message header by chunk type, for the ids up to 63. */
const HEADER_BYTES = [12, 8, 4, 1] as const;
type ChunkFormat = 0 | 1 | 2 | 3;

/**
 * Bytes that {@link writeChunkedMessage} takes for a message of this size and time on `chunkStreamId`, 2..31.
 * @throws Error for a number that must not be written
 */
export function chunkedLengthBytes(
  payloadLengthBytes: number,
  timestampMs: number,
  chunkStreamId: number,
  chunkSizeBytes: number,
): number {
  assertChunkStreamId(chunkStreamId);
  return lengthBytes(0, payloadLengthBytes, timestampMs >= EXTENDED, chunkSizeBytes);
}

/**
 * Writes `message` into `target` from `offset` on: a type 0 chunk, then type 3 chunks, each with the extended
 * timestamp where there is one. Allocates nothing. Returns the offset behind the last byte.
 * @throws Error for a message that must not be written: a chunk stream id outside 2..31, a control message off
 * chunk stream 2 and message stream 0, a payload over 0xFFFFFF bytes; RangeError where `target` is too short
 */
export function writeChunkedMessage(
  target: Uint8Array,
  offset: number,
  message: RtmpMessage,
  chunkSizeBytes: number,
): number {
  assertWritable(message);
  return writeChunks(target, offset, message, 0, message.timestampMs, chunkSizeBytes);
}

/** What a peer's decoder inherits on a chunk stream. */
type SentHeader = {
  readonly format: ChunkFormat;
  readonly timestampMs: number;
  readonly deltaMs: number;
  readonly lengthBytes: number;
  readonly typeId: number;
  readonly messageStreamId: number;
};

/**
 * Writes the messages of one direction of a connection with the shortest headers that every known peer reads
 * alike: a type 3 chunk starts a message only behind a type 1 to 3 with the same delta, and a delta that needs
 * an extended timestamp is never written: a type 0 header with the absolute time is, instead.
 */
export class ChunkEncoder {
  readonly #sent: (SentHeader | undefined)[] = [];
  #chunkSizeBytes = DEFAULT_CHUNK_SIZE_BYTES;

  /** Chunk size of the messages to come, 1..0xFFFFFF bytes. A Set Chunk Size that is encoded changes it. */
  get chunkSizeBytes(): number {
    return this.#chunkSizeBytes;
  }

  /** @throws RangeError outside 1..0xFFFFFF */
  set chunkSizeBytes(value: number) {
    assertChunkSize(value);
    this.#chunkSizeBytes = value;
  }

  /**
   * The chunks of `message`, in a buffer of their own.
   * @throws Error for a message that must not be written, as {@link writeChunkedMessage} says
   */
  encode(message: RtmpMessage): Uint8Array {
    assertWritable(message);
    const header = nextHeader(this.#sent[message.chunkStreamId], message);
    this.#sent[message.chunkStreamId] = header;
    const fieldMs = header.format === 0 ? message.timestampMs : header.deltaMs;
    const hasExtended = header.format === 0 && fieldMs >= EXTENDED;
    const length = lengthBytes(header.format, message.payload.length, hasExtended, this.#chunkSizeBytes);
    const chunks = new Uint8Array(length);
    writeChunks(chunks, 0, message, header.format, fieldMs, this.#chunkSizeBytes);
    if (message.typeId === MessageType.SetChunkSize) {
      this.#chunkSizeBytes = parseSetChunkSize(message.payload) ?? this.#chunkSizeBytes;
    }
    return chunks;
  }
}

function nextHeader(sent: SentHeader | undefined, message: RtmpMessage): SentHeader {
  const { timestampMs, typeId, messageStreamId } = message;
  const length = message.payload.length;
  const deltaMs = sent === undefined ? 0 : (timestampMs - sent.timestampMs) >>> 0;
  const header = { timestampMs, deltaMs, lengthBytes: length, typeId, messageStreamId };
  // A time that goes back is a delta of 2^31 or more, which needs an extended timestamp too.
  if (sent === undefined || sent.messageStreamId !== messageStreamId || deltaMs >= EXTENDED) {
    return { ...header, format: 0 };
  }
  if (sent.lengthBytes !== length || sent.typeId !== typeId) return { ...header, format: 1 };
  return { ...header, format: sent.format !== 0 && sent.deltaMs === deltaMs ? 3 : 2 };
}

function lengthBytes(
  format: ChunkFormat,
  payloadBytes: number,
  hasExtended: boolean,
  chunkSizeBytes: number,
): number {
  assertChunkSize(chunkSizeBytes);
  const continuations = payloadBytes === 0 ? 0 : Math.ceil(payloadBytes / chunkSizeBytes) - 1;
  const extendedBytes = hasExtended ? 4 : 0;
  return HEADER_BYTES[format] + extendedBytes + payloadBytes + continuations * (1 + extendedBytes);
}

// WHY: the payload is put at the end of its room at once, and its chunks are moved to the front one by one. A
// copy of parts would cost a view each.
function writeChunks(
  target: Uint8Array,
  offset: number,
  message: RtmpMessage,
  format: ChunkFormat,
  fieldMs: number,
  chunkSizeBytes: number,
): number {
  const { payload, chunkStreamId } = message;
  const hasExtended = fieldMs >= EXTENDED;
  const end = offset + lengthBytes(format, payload.length, hasExtended, chunkSizeBytes);
  if (end > target.length) throw new RangeError(`${end} bytes of room needed, ${target.length} there`);
  let position = writeHeader(target, offset, message, format, fieldMs);
  let source = end - payload.length;
  target.set(payload, source);
  while (source < end) {
    if (source !== position) target.copyWithin(position, source, source + chunkSizeBytes);
    source += chunkSizeBytes;
    position += chunkSizeBytes;
    if (source >= end) break;
    target[position] = 0xc0 | chunkStreamId;
    position = hasExtended ? writeU32(target, position + 1, fieldMs) : position + 1;
  }
  return end;
}

function writeHeader(
  target: Uint8Array,
  offset: number,
  message: RtmpMessage,
  format: ChunkFormat,
  fieldMs: number,
): number {
  const { messageStreamId, payload } = message;
  let position = offset;
  target[position++] = (format << 6) | message.chunkStreamId;
  if (format === 3) return position;
  position = writeU24(target, position, Math.min(fieldMs, EXTENDED));
  if (format <= 1) {
    position = writeU24(target, position, payload.length);
    target[position++] = message.typeId;
  }
  if (format === 0) {
    target[position++] = messageStreamId;
    target[position++] = messageStreamId >>> 8;
    target[position++] = messageStreamId >>> 16;
    target[position++] = messageStreamId >>> 24;
  }
  return fieldMs >= EXTENDED ? writeU32(target, position, fieldMs) : position;
}

function writeU24(target: Uint8Array, offset: number, value: number): number {
  target[offset] = value >>> 16;
  target[offset + 1] = value >>> 8;
  target[offset + 2] = value;
  return offset + 3;
}

function writeU32(target: Uint8Array, offset: number, value: number): number {
  target[offset] = value >>> 24;
  return writeU24(target, offset + 1, value);
}

function assertWritable(message: RtmpMessage): void {
  const { chunkStreamId, messageStreamId, payload, timestampMs, typeId } = message;
  assertChunkStreamId(chunkStreamId);
  if (timestampMs >>> 0 !== timestampMs) throw new Error(`a timestamp must be a u32, not ${timestampMs}`);
  if (payload.length > MAX_PAYLOAD_BYTES) throw new Error(`a payload of ${payload.length} bytes is too long`);
  if (isControl(typeId) && (chunkStreamId !== CONTROL_CHUNK_STREAM_ID || messageStreamId !== 0)) {
    throw new Error(`type ${typeId} must go on chunk stream 2 and message stream 0`);
  }
}

function isControl(typeId: number): boolean {
  return typeId >= MessageType.SetChunkSize && typeId <= MessageType.SetPeerBandwidth;
}

function assertChunkStreamId(chunkStreamId: number): void {
  if (chunkStreamId >= 2 && chunkStreamId <= MAX_OUTPUT_CHUNK_STREAM_ID) return;
  throw new Error(`a chunk stream id must be in 2..${MAX_OUTPUT_CHUNK_STREAM_ID}, not ${chunkStreamId}`);
}

function assertChunkSize(chunkSizeBytes: number): void {
  if (chunkSizeBytes >= 1 && chunkSizeBytes <= MAX_CHUNK_SIZE_BYTES) return;
  throw new RangeError(`a chunk size must be in 1..${MAX_CHUNK_SIZE_BYTES}, not ${chunkSizeBytes}`);
}
