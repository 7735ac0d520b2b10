// A lean push reader of chunks for clients that check what they receive: it walks chunk headers whatever the chunk
// size and however the bytes are split, hands audio and video on in pieces without a copy, and puts together only the
// other messages. [RTMP 5.3] It trusts its server: a load program, not a guard. Shares no code with src/.

import { DEFAULT_CHUNK_BYTES, WireType } from './rtmp-bytes.ts';
import type { SentMessage } from './sent-messages.ts';

/** Leading bytes of a media message that are kept until it can be told which one it is. */
export const HEAD_BYTES = 24;

const MAX_HEADER_BYTES = 3 + 11 + 4;
const EXTENDED_TIMESTAMP = 0xffffff;
const MESSAGE_HEADER_BYTES = [11, 7, 3, 0] as const;
const NO_BYTES = Buffer.alloc(0);

/** One chunk stream's headers in force, and its message in progress. */
export class ChunkStream {
  typeId = 0;
  /** u32 ms, absolute. */
  timestampMs = 0;
  lengthBytes = 0;
  /** Payload bytes of the message so far. */
  receivedBytes = 0;
  deltaMs = 0;
  isExtended = false;
  /** Payload of a message that is put together. */
  body: Buffer = NO_BYTES;
  /** For the checks: the first bytes, which sent message it is, and whether every byte so far is the same. */
  readonly head: Buffer = Buffer.alloc(HEAD_BYTES);
  expected: SentMessage | null = null;
  isSame = false;
}

/** Who takes the messages. Bytes are views, valid until the call returns. */
export interface MessageSink {
  /** Some payload of an audio or video message; `stream.receivedBytes` is what came before it. */
  mediaPiece(stream: ChunkStream, bytes: Buffer, from: number, to: number): void;
  /** The message of which the pieces came is whole. */
  mediaEnd(stream: ChunkStream): void;
  /** A whole message of another type. */
  message(typeId: number, payload: Buffer): void;
}

type Step = 'basic' | 'message' | 'extended';

/** Reads one connection's chunks. */
export class ChunkReader {
  readonly #sink: MessageSink;
  readonly #streams = new Map<number, ChunkStream>();
  readonly #header = Buffer.alloc(MAX_HEADER_BYTES);
  #chunkSizeBytes = DEFAULT_CHUNK_BYTES;
  #headerBytes = 0;
  #neededBytes = 1;
  #step: Step = 'basic';
  #format = 0;
  #basicBytes = 1;
  #current: ChunkStream = new ChunkStream();
  #chunkLeftBytes = 0;
  #openMessages = 0;

  constructor(sink: MessageSink) {
    this.#sink = sink;
  }

  /** True between two messages: nothing is half received. */
  get isBetweenMessages(): boolean {
    return this.#openMessages === 0 && this.#headerBytes === 0;
  }

  /** Takes in `bytes[from..to)`. */
  receive(bytes: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) {
      if (this.#chunkLeftBytes > 0) {
        const lengthBytes = Math.min(this.#chunkLeftBytes, to - at);
        this.#payload(bytes, at, at + lengthBytes);
        at += lengthBytes;
        continue;
      }
      this.#header[this.#headerBytes++] = bytes[at++] ?? 0;
      while (this.#headerBytes === this.#neededBytes && this.#chunkLeftBytes === 0) {
        if (this.#headerStep()) break;
      }
    }
  }

  /** Goes one step on in a header whose needed bytes are there. True when the header is whole. */
  #headerStep(): boolean {
    switch (this.#step) {
      case 'basic': {
        const first = this.#header[0] ?? 0;
        const low = first & 0x3f;
        this.#basicBytes = low === 0 ? 2 : low === 1 ? 3 : 1;
        if (this.#headerBytes < this.#basicBytes) {
          this.#neededBytes = this.#basicBytes;
          return false;
        }
        this.#format = first >> 6;
        this.#current = this.#streamOf(this.#chunkStreamId(low));
        this.#neededBytes += MESSAGE_HEADER_BYTES[this.#format] ?? 0;
        this.#step = 'message';
        return false;
      }
      case 'message': {
        const stream = this.#current;
        if (this.#format < 3) {
          stream.isExtended = this.#header.readUIntBE(this.#basicBytes, 3) === EXTENDED_TIMESTAMP;
        }
        this.#step = 'extended';
        if (stream.isExtended) this.#neededBytes += 4;
        return false;
      }
      case 'extended':
        this.#headerEnd();
        return true;
    }
  }

  #chunkStreamId(low: number): number {
    if (low === 0) return 64 + (this.#header[1] ?? 0);
    return low === 1 ? 64 + this.#header.readUInt16LE(1) : low;
  }

  #headerEnd(): void {
    const stream = this.#current;
    if (stream.receivedBytes === 0) {
      this.#beginMessage(stream);
    } else if (this.#format !== 3) {
      throw new Error(`a chunk of type ${this.#format} in the middle of a message`);
    }
    this.#headerBytes = 0;
    this.#neededBytes = 1;
    this.#step = 'basic';
    this.#chunkLeftBytes = Math.min(this.#chunkSizeBytes, stream.lengthBytes - stream.receivedBytes);
    if (stream.lengthBytes === 0) this.#endMessage(stream);
  }

  #beginMessage(stream: ChunkStream): void {
    const offset = this.#basicBytes;
    const format = this.#format;
    if (format < 3) {
      const short = this.#header.readUIntBE(offset, 3);
      const fieldMs = stream.isExtended ? this.#header.readUInt32BE(this.#neededBytes - 4) : short;
      stream.deltaMs = fieldMs;
      if (format === 0) stream.timestampMs = fieldMs;
    }
    if (format > 0) stream.timestampMs = (stream.timestampMs + stream.deltaMs) >>> 0;
    if (format < 2) {
      stream.lengthBytes = this.#header.readUIntBE(offset + 3, 3);
      stream.typeId = this.#header[offset + 6] ?? 0;
    }
    this.#openMessages++;
    if (!isMedia(stream.typeId)) stream.body = Buffer.allocUnsafe(stream.lengthBytes);
  }

  #payload(bytes: Buffer, from: number, to: number): void {
    const stream = this.#current;
    const lengthBytes = to - from;
    if (isMedia(stream.typeId)) this.#sink.mediaPiece(stream, bytes, from, to);
    else bytes.copy(stream.body, stream.receivedBytes, from, to);
    stream.receivedBytes += lengthBytes;
    this.#chunkLeftBytes -= lengthBytes;
    if (stream.receivedBytes === stream.lengthBytes) this.#endMessage(stream);
  }

  #endMessage(stream: ChunkStream): void {
    stream.receivedBytes = 0;
    this.#openMessages--;
    if (isMedia(stream.typeId)) {
      this.#sink.mediaEnd(stream);
      return;
    }
    if (stream.typeId === WireType.SetChunkSize) this.#chunkSizeBytes = stream.body.readUInt32BE(0);
    this.#sink.message(stream.typeId, stream.body);
  }

  #streamOf(chunkStreamId: number): ChunkStream {
    const known = this.#streams.get(chunkStreamId);
    if (known !== undefined) return known;
    const stream = new ChunkStream();
    this.#streams.set(chunkStreamId, stream);
    return stream;
  }
}

function isMedia(typeId: number): boolean {
  return typeId === WireType.Audio || typeId === WireType.Video;
}
