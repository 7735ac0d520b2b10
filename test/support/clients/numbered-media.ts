// Media that carries its number, so that a receiver can be compared byte for byte: headers, keyframes, frames and sound in
// the lengths that matter (less than a chunk, exactly one, many). Shares no code with src/.

import assert from 'node:assert/strict';
import { amf, readAmf, WireEcmaArray } from '../amf-wire.ts';
import { MessageType, type RtmpMessage } from './rtmp-bytes.ts';

/** One message of sound, pictures or data. */
export type MediaMessage = {
  readonly typeId: number;
  readonly timestampMs: number;
  readonly payload: Uint8Array;
};

const FRAME_MS = 33;
const KEYFRAME_EVERY = 10;
const FRAME_LENGTHS_BYTES = [64, 128, 129, 700, 4096, 5000] as const;

/** onMetaData without @setDataFrame, then the AVC and the AAC header: what every encoder sends first. */
export const MEDIA_START: readonly MediaMessage[] = [
  data(amf('onMetaData', new WireEcmaArray({ width: 640, height: 360, encoder: 'emulated' }))),
  { typeId: MessageType.Video, timestampMs: 0, payload: Buffer.from('17000000000164001fff', 'hex') },
  { typeId: MessageType.Audio, timestampMs: 0, payload: Buffer.from('af001210', 'hex') },
];

/** `count` messages from `firstNumber` on, pictures and sound in turn, each tenth picture a keyframe, times rising. */
export function numberedMedia(count: number, firstNumber = 0): MediaMessage[] {
  return Array.from({ length: count }, (_, index) => numberedMessage(firstNumber + index));
}

/** The message of one number: an even one is a picture, an odd one is sound. */
export function numberedMessage(number: number): MediaMessage {
  const pictureNumber = number >> 1;
  const timestampMs = pictureNumber * FRAME_MS + (number & 1) * 7;
  if (number % 2 === 1)
    return { typeId: MessageType.Audio, timestampMs, payload: filled('af01', number, 32) };
  const isKeyframe = pictureNumber % KEYFRAME_EVERY === 0;
  const lengthBytes = FRAME_LENGTHS_BYTES[pictureNumber % FRAME_LENGTHS_BYTES.length] ?? 64;
  const payload = filled(isKeyframe ? '1701000000' : '2701000000', number, lengthBytes);
  return { typeId: MessageType.Video, timestampMs, payload };
}

/** A picture of any length. */
export function numberedPicture(number: number, lengthBytes: number, isKeyframe = false): MediaMessage {
  const payload = filled(isKeyframe ? '1701000000' : '2701000000', number, lengthBytes);
  return { typeId: MessageType.Video, timestampMs: number * FRAME_MS, payload };
}

/** The payload with which a publisher announces metadata: @setDataFrame in front of it. */
export function setDataFrame(message: MediaMessage): Uint8Array {
  return Buffer.concat([amf('@setDataFrame'), message.payload]);
}

/** True for sound, pictures and onMetaData; false for commands, control and other data (|RtmpSampleAccess). */
export function isMedia(message: MediaMessage): boolean {
  if (message.typeId === MessageType.Data) return readAmf(message.payload)[0] === 'onMetaData';
  return message.typeId === MessageType.Audio || message.typeId === MessageType.Video;
}

/** What of a received message is compared. */
export function mediaOf({ typeId, timestampMs, payload }: RtmpMessage): MediaMessage {
  return { typeId, timestampMs, payload };
}

/** Asserts that exactly these messages were received, in order, each to the byte. */
export function assertSameMedia(
  received: readonly MediaMessage[],
  sent: readonly MediaMessage[],
  title = 'what was received',
): void {
  assert.deepEqual(received.map(asText), sent.map(asText), title);
}

function asText({ typeId, timestampMs, payload }: MediaMessage): string {
  return `${typeId} at ${timestampMs} ms, ${payload.length}: ${Buffer.from(payload).toString('hex')}`;
}

function data(payload: Uint8Array): MediaMessage {
  return { typeId: MessageType.Data, timestampMs: 0, payload };
}

/** The start in hex, the number as a u32, and bytes that differ by number and place. */
function filled(startHex: string, number: number, lengthBytes: number): Buffer {
  const bytes = Buffer.alloc(lengthBytes);
  for (let index = 0; index < lengthBytes; index++) bytes[index] = (index * 7 + number * 31) & 255;
  const start = Buffer.from(startHex, 'hex');
  bytes.set(start);
  bytes.writeUInt32BE(number, start.length);
  return bytes;
}
