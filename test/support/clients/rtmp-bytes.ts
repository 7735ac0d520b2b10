// RTMP bytes as the emulated clients write them: handshake packets, messages in chunks with the header that the client
// chooses, commands and control messages. Written from the specification; shares no code with src/. [RTMP 5.2, 5.3, 7]

import { amf, type WireValue } from '../amf-wire.ts';

/** Message types. [RTMP 5.4, 7.1] */
export const MessageType = {
  SetChunkSize: 1,
  Acknowledgement: 3,
  UserControl: 4,
  WindowAckSize: 5,
  SetPeerBandwidth: 6,
  Audio: 8,
  Video: 9,
  Data: 18,
  Command: 20,
} as const;

/** One message. */
export type RtmpMessage = {
  readonly chunkStreamId: number;
  readonly typeId: number;
  readonly messageStreamId: number;
  /** u32 ms, absolute. */
  readonly timestampMs: number;
  readonly payload: Uint8Array;
};

/** Chunk size until another is announced, bytes. [RTMP 5.4.1] */
export const DEFAULT_CHUNK_BYTES = 128;

/** Length of C1, C2, S1 and S2, bytes. [RTMP 5.2.2] */
export const PACKET_BYTES = 1536;

/** Length of S0, S1 and S2 together, bytes. */
export const SERVER_HANDSHAKE_BYTES = 1 + 2 * PACKET_BYTES;

const EXTENDED_TIMESTAMP = 0xffffff;
const MESSAGE_HEADER_BYTES = [11, 7, 3, 0] as const;

/** Which header begins a message: 0 whole, 1 without message stream, 2 only the time, 3 nothing. [RTMP 5.3.1.2] */
export type HeaderFormat = 0 | 1 | 2 | 3;

/**
 * C0 and C1 without a digest: version 3, `timeMs`, four version bytes, then bytes that differ from each other.
 * `version` in hex, zeros for a plain C1.
 */
export function c0c1(timeMs = 0, version = '00000000'): Buffer {
  const bytes = Buffer.alloc(1 + PACKET_BYTES);
  for (let index = 9; index < bytes.length; index++) bytes[index] = (index * 13 + 7) & 255;
  bytes[0] = 3;
  bytes.writeUInt32BE(timeMs, 1);
  bytes.write(version, 5, 4, 'hex');
  return bytes;
}

/** C2 that answers S1: a copy of it. `serverHandshake` is S0, S1 and perhaps more. */
export function c2(serverHandshake: Uint8Array): Buffer {
  return Buffer.from(serverHandshake.subarray(1, 1 + PACKET_BYTES));
}

/**
 * Writes one client's messages: chunks of 128 bytes until `setChunkSize` is written. The caller chooses the header of each
 * message; the time in headers 1 and 2 is the difference to the message before it on its chunk stream.
 */
export class ChunkWriter {
  chunkSizeBytes = DEFAULT_CHUNK_BYTES;
  readonly #sent = new Map<number, RtmpMessage & { readonly fieldMs: number }>();

  /** The message before on this chunk stream, with what stood in its time field; undefined where there was none. */
  sentBefore(chunkStreamId: number): (RtmpMessage & { readonly fieldMs: number }) | undefined {
    return this.#sent.get(chunkStreamId);
  }

  /** A message in chunks: its first header as told, of type 3 behind it, with the extended time in each of them. */
  message(message: RtmpMessage, format: HeaderFormat = 0): Buffer {
    const { chunkStreamId, payload, timestampMs } = message;
    const before = this.#sent.get(chunkStreamId);
    const elapsedMs = (timestampMs - (before?.timestampMs ?? 0)) >>> 0;
    const fieldMs = format === 0 ? timestampMs : elapsedMs;
    this.#sent.set(chunkStreamId, { ...message, fieldMs: format === 3 ? (before?.fieldMs ?? 0) : fieldMs });
    const timeMs = format === 3 ? (before?.fieldMs ?? 0) : fieldMs;
    const extended = Buffer.alloc(timeMs >= EXTENDED_TIMESTAMP ? 4 : 0);
    if (extended.length > 0) extended.writeUInt32BE(timeMs);
    const header = Buffer.alloc(11);
    header.writeUIntBE(Math.min(timeMs, EXTENDED_TIMESTAMP), 0, 3);
    header.writeUIntBE(payload.length, 3, 3);
    header[6] = message.typeId;
    header.writeUInt32LE(message.messageStreamId, 7);
    const parts: Uint8Array[] = [
      Buffer.of((format << 6) | chunkStreamId),
      header.subarray(0, MESSAGE_HEADER_BYTES[format]),
      extended,
      payload.subarray(0, this.chunkSizeBytes),
    ];
    for (let at = this.chunkSizeBytes; at < payload.length; at += this.chunkSizeBytes) {
      parts.push(Buffer.of(0xc0 | chunkStreamId), extended, payload.subarray(at, at + this.chunkSizeBytes));
    }
    return Buffer.concat(parts);
  }

  /** Set Chunk Size; what is written behind it is cut so. */
  setChunkSize(chunkSizeBytes: number): Buffer {
    const bytes = this.control(MessageType.SetChunkSize, chunkSizeBytes);
    this.chunkSizeBytes = chunkSizeBytes;
    return bytes;
  }

  /** A control message of one u32: an acknowledgement, a window. */
  control(typeId: number, value: number): Buffer {
    return this.message({
      chunkStreamId: 2,
      typeId,
      messageStreamId: 0,
      timestampMs: 0,
      payload: u32(value),
    });
  }

  /** A user control message: its event number, then u32 values. [RTMP 7.1.7] */
  userControl(eventNumber: number, ...values: readonly number[]): Buffer {
    const payload = Buffer.concat([Buffer.of(eventNumber >> 8, eventNumber & 255), ...values.map(u32)]);
    const typeId = MessageType.UserControl;
    return this.message({ chunkStreamId: 2, typeId, messageStreamId: 0, timestampMs: 0, payload });
  }

  /** A command: name, transaction id, then the command object and arguments. By default on chunk stream 3. */
  command(
    name: string,
    transactionId: number,
    values: readonly WireValue[],
    { chunkStreamId = 3, messageStreamId = 0, format = 0 as HeaderFormat, timestampMs = 0 } = {},
  ): Buffer {
    const payload = amf(name, transactionId, ...values);
    const typeId = MessageType.Command;
    return this.message({ chunkStreamId, typeId, messageStreamId, timestampMs, payload }, format);
  }
}

/** A u32 on the wire. */
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
