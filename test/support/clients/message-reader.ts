// Reads chunks as an emulated client does, pushed or pulled: it says how many bytes it needs next, so that a client which
// reads exactly so many leaves the rest where it is. Strict about what every client relies on. Shares no code with src/.
// [RTMP 5.3]

import { readAmf, type WireObject, type WireValue } from '../amf-wire.ts';
import { DEFAULT_CHUNK_BYTES, MessageType, type RtmpMessage } from './rtmp-bytes.ts';

const EXTENDED_TIMESTAMP = 0xffffff;
const MESSAGE_HEADER_BYTES = [11, 7, 3, 0] as const;

type ChunkStream = {
  timestampMs: number;
  fieldMs: number;
  lengthBytes: number;
  typeId: number;
  messageStreamId: number;
  isExtended: boolean;
  parts: Buffer[];
  receivedBytes: number;
};

/** Reads one connection's messages, behind S0, S1 and S2. */
export class MessageReader {
  readonly #streams = new Map<number, ChunkStream>();
  #chunkSizeBytes = DEFAULT_CHUNK_BYTES;
  #header: Buffer = Buffer.alloc(0);
  #headerBytes = 1;
  #payload: ChunkStream | null = null;
  #openMessages = 0;

  /** Chunk size of the server in force, bytes. */
  get chunkSizeBytes(): number {
    return this.#chunkSizeBytes;
  }

  /** True where no message and no header has begun and is not whole. */
  get isBetweenMessages(): boolean {
    return this.#openMessages === 0 && this.#header.length === 0 && this.#payload === null;
  }

  /** Bytes up to the next decision, 1 or more: to the end of a part of a header, or of a chunk. */
  get neededBytes(): number {
    const stream = this.#payload;
    return stream === null ? this.#headerBytes - this.#header.length : this.#chunkLeftBytes(stream);
  }

  /** Takes bytes in, however they are cut; gives the messages that are whole with them. Copies. */
  receive(bytes: Uint8Array): RtmpMessage[] {
    const messages: RtmpMessage[] = [];
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + this.neededBytes);
      const message = this.#take(Buffer.from(bytes.subarray(at, end)));
      if (message !== null) messages.push(message);
      at = end;
    }
    return messages;
  }

  #take(bytes: Buffer): RtmpMessage | null {
    if (this.#payload !== null) return this.#takePayload(this.#payload, bytes);
    this.#header = Buffer.concat([this.#header, bytes]);
    if (this.#header.length < this.#headerBytes) return null;
    return this.#readHeader();
  }

  #readHeader(): RtmpMessage | null {
    const first = this.#header.readUInt8(0);
    const low = first & 63;
    const format = first >> 6;
    const basicBytes = low === 0 ? 2 : low === 1 ? 3 : 1;
    if (this.#lacks(basicBytes + (MESSAGE_HEADER_BYTES[format] ?? 0))) return null;
    const chunkStreamId =
      low === 0 ? 64 + this.#header.readUInt8(1) : low === 1 ? 64 + this.#header.readUInt16LE(1) : low;
    const stream = this.#streamOf(chunkStreamId, format);
    const isExtended =
      format < 3 ? this.#header.readUIntBE(basicBytes, 3) === EXTENDED_TIMESTAMP : stream.isExtended;
    const shortBytes = basicBytes + (MESSAGE_HEADER_BYTES[format] ?? 0);
    if (this.#lacks(shortBytes + (isExtended ? 4 : 0))) return null;
    const extendedMs = isExtended ? this.#header.readUInt32BE(shortBytes) : null;
    this.#applyHeader(stream, format, basicBytes, extendedMs);
    this.#header = Buffer.alloc(0);
    this.#headerBytes = 1;
    if (stream.lengthBytes === 0) return this.#whole(chunkStreamId, stream);
    this.#payload = stream;
    return null;
  }

  #lacks(headerBytes: number): boolean {
    this.#headerBytes = headerBytes;
    return this.#header.length < headerBytes;
  }

  #applyHeader(stream: ChunkStream, format: number, at: number, extendedMs: number | null): void {
    if (stream.receivedBytes > 0) {
      if (format !== 3)
        throw new Error(`came a header of type ${format} in the middle of a message; needed 3`);
      return;
    }
    if (format < 3) {
      stream.fieldMs = extendedMs ?? this.#header.readUIntBE(at, 3);
      stream.isExtended = extendedMs !== null;
    }
    stream.timestampMs = format === 0 ? stream.fieldMs : (stream.timestampMs + stream.fieldMs) >>> 0;
    if (format < 2) {
      stream.lengthBytes = this.#header.readUIntBE(at + 3, 3);
      stream.typeId = this.#header.readUInt8(at + 6);
    }
    if (format === 0) stream.messageStreamId = this.#header.readUInt32LE(at + 7);
    this.#openMessages++;
  }

  #takePayload(stream: ChunkStream, bytes: Buffer): RtmpMessage | null {
    stream.parts.push(bytes);
    const wasLeftBytes = this.#chunkLeftBytes(stream);
    stream.receivedBytes += bytes.length;
    if (bytes.length < wasLeftBytes) return null;
    this.#payload = null;
    if (stream.receivedBytes < stream.lengthBytes) return null;
    const chunkStreamId = [...this.#streams].find(([, known]) => known === stream)?.[0] ?? 0;
    return this.#whole(chunkStreamId, stream);
  }

  #chunkLeftBytes(stream: ChunkStream): number {
    const intoChunkBytes = stream.receivedBytes % this.#chunkSizeBytes;
    return Math.min(this.#chunkSizeBytes - intoChunkBytes, stream.lengthBytes - stream.receivedBytes);
  }

  #whole(chunkStreamId: number, stream: ChunkStream): RtmpMessage {
    const payload = Buffer.concat(stream.parts);
    stream.parts = [];
    stream.receivedBytes = 0;
    this.#openMessages--;
    const { typeId, messageStreamId, timestampMs } = stream;
    if (typeId === MessageType.SetChunkSize) {
      if (this.#openMessages > 0) throw new Error('came Set Chunk Size in the middle of another message');
      this.#chunkSizeBytes = payload.readUInt32BE(0);
    }
    return { chunkStreamId, typeId, messageStreamId, timestampMs, payload };
  }

  #streamOf(chunkStreamId: number, format: number): ChunkStream {
    const known = this.#streams.get(chunkStreamId);
    if (known !== undefined) return known;
    if (format !== 0)
      throw new Error(`came a header of type ${format} first on chunk stream ${chunkStreamId}`);
    const stream = {
      timestampMs: 0,
      fieldMs: 0,
      lengthBytes: 0,
      typeId: 0,
      messageStreamId: 0,
      isExtended: false,
      parts: [],
      receivedBytes: 0,
    };
    this.#streams.set(chunkStreamId, stream);
    return stream;
  }
}

/** A command: `_result`, `onStatus` and so on. */
export type RtmpCommand = {
  readonly name: string;
  readonly transactionId: number;
  /** Command object, then arguments. */
  readonly values: readonly WireValue[];
};

/** The command in a message; null where it holds none. */
export function commandIn(message: RtmpMessage): RtmpCommand | null {
  if (message.typeId !== MessageType.Command) return null;
  const [name, transactionId, ...values] = readAmf(message.payload);
  if (typeof name !== 'string' || typeof transactionId !== 'number')
    throw new Error('a command without a name');
  return { name, transactionId, values };
}

/** The code of an onStatus or an _error, `NetStream.Play.Start` and so on; null where there is none. */
export function statusCodeIn(command: RtmpCommand): string | null {
  const info = command.values[1];
  if (typeof info !== 'object' || info === null || info instanceof Uint8Array) return null;
  const code = (info as WireObject)['code'];
  return typeof code === 'string' ? code : null;
}

/** True for a status or an error whose level is error. */
export function isErrorStatus(command: RtmpCommand): boolean {
  const info = command.values[1];
  if (typeof info !== 'object' || info === null || info instanceof Uint8Array) return false;
  return (info as WireObject)['level'] === 'error';
}
