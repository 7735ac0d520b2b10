// Bytes that the load program's RTMP clients send: the plain handshake, chunked messages, and the commands of a
// publisher and a player. [RTMP 5.2, 5.3, 7.2] Shares no code with src/.

import { randomBytes } from 'node:crypto';
import { amfBytes } from './amf-bytes.ts';

/** Message types that the load program tells apart. [RTMP 5.4, 7.1] */
export const WireType = {
  SetChunkSize: 1,
  Acknowledgement: 3,
  UserControl: 4,
  WindowAckSize: 5,
  Audio: 8,
  Video: 9,
  Data: 18,
  Command: 20,
} as const;

/** One message to send. */
export type WireMessage = {
  readonly typeId: number;
  readonly chunkStreamId: number;
  readonly messageStreamId: number;
  /** u32 ms. */
  readonly timestampMs: number;
  readonly payload: Buffer;
};

/** Chunk size until another is announced, bytes. [RTMP 5.4.1] */
export const DEFAULT_CHUNK_BYTES = 128;

/** Length of C1, S1, C2 and S2, bytes. [RTMP 5.2.2] */
export const PACKET_BYTES = 1536;

/** The one message stream of each client; servers give 1 to the first createStream. */
export const MESSAGE_STREAM_ID = 1;

const EXTENDED_TIMESTAMP = 0xffffff;
const CONTROL_CHUNK_STREAM_ID = 2;
const COMMAND_CHUNK_STREAM_ID = 3;
const STREAM_CHUNK_STREAM_ID = 8;

/** C0 and C1 without a digest: version 3, time 0, zeros, random bytes. */
export const C0_C1: Buffer = Buffer.concat([Buffer.of(3), Buffer.alloc(8), randomBytes(PACKET_BYTES - 8)]);

/** A message as chunks, type 0 first and type 3 behind it, the extended timestamp in each of them; a buffer of its own. */
export function chunkedMessage(message: WireMessage, chunkSizeBytes: number): Buffer {
  const { payload, timestampMs } = message;
  const isExtended = timestampMs >= EXTENDED_TIMESTAMP;
  const head = Buffer.alloc(isExtended ? 16 : 12);
  head[0] = message.chunkStreamId;
  head.writeUIntBE(isExtended ? EXTENDED_TIMESTAMP : timestampMs, 1, 3);
  head.writeUIntBE(payload.length, 4, 3);
  head[7] = message.typeId;
  head.writeUInt32LE(message.messageStreamId, 8);
  if (isExtended) head.writeUInt32BE(timestampMs, 12);
  const nextHead = Buffer.concat([Buffer.of(0xc0 | message.chunkStreamId), head.subarray(12)]);
  const parts = [head, payload.subarray(0, chunkSizeBytes)];
  for (let offset = chunkSizeBytes; offset < payload.length; offset += chunkSizeBytes) {
    parts.push(nextHead, payload.subarray(offset, offset + chunkSizeBytes));
  }
  return Buffer.concat(parts);
}

/** The command `connect`, which opens an app. */
export function connectBytes(app: string, tcUrl: string): Buffer {
  const info = {
    app,
    flashVer: 'LNX 9,0,124,2',
    tcUrl,
    fpad: false,
    capabilities: 15,
    audioCodecs: 4071,
    videoCodecs: 252,
    videoFunction: 1,
  };
  return command(COMMAND_CHUNK_STREAM_ID, 0, amfBytes('connect', 1, info));
}

/** The command `createStream`. */
export const CREATE_STREAM: Buffer = command(COMMAND_CHUNK_STREAM_ID, 0, amfBytes('createStream', 2, null));

/** The command `play` for a live stream. */
export function playBytes(streamName: string): Buffer {
  const payload = amfBytes('play', 0, null, streamName, -2000);
  return command(STREAM_CHUNK_STREAM_ID, MESSAGE_STREAM_ID, payload);
}

/** The command `publish`. */
export function publishBytes(streamName: string): Buffer {
  const payload = amfBytes('publish', 0, null, streamName, 'live');
  return command(STREAM_CHUNK_STREAM_ID, MESSAGE_STREAM_ID, payload);
}

/** A control message with one u32: an acknowledgement, or a chunk size. */
export function controlBytes(typeId: number, value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(value, 0);
  return controlMessage(typeId, payload);
}

/** The answer to a ping: user control event 7 with the ping's own time. [RTMP 7.1.7] */
export function pongBytes(ping: Buffer): Buffer {
  const payload = Buffer.concat([Buffer.of(0, 7), ping.subarray(2, 6)]);
  return controlMessage(WireType.UserControl, payload);
}

function controlMessage(typeId: number, payload: Buffer): Buffer {
  const message = {
    typeId,
    chunkStreamId: CONTROL_CHUNK_STREAM_ID,
    messageStreamId: 0,
    timestampMs: 0,
    payload,
  };
  return chunkedMessage(message, DEFAULT_CHUNK_BYTES);
}

function command(chunkStreamId: number, messageStreamId: number, payload: Buffer): Buffer {
  const message = { typeId: WireType.Command, chunkStreamId, messageStreamId, timestampMs: 0, payload };
  return chunkedMessage(message, DEFAULT_CHUNK_BYTES);
}
