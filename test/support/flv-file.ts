// Reads FLV files that programs wrote, for tests: tags with their times and a hash of what they carry [FLV E.4].
// Shares no code with src/, so that reader and writer cannot be wrong together. Knows the codecs of the test
// streams (H.264, AAC, MP3); Enhanced RTMP headers are left out.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** What a tag is to a player. */
export type FlvTagRole = 'frame' | 'sequence-header' | 'end-of-sequence' | 'script' | 'other';

/** One tag of an FLV file. */
export type FlvTag = {
  readonly type: 'audio' | 'video' | 'script';
  readonly role: FlvTagRole;
  readonly timestampMs: number;
  /** Composition time of an H.264 frame, signed; 0 elsewhere. */
  readonly compositionTimeMs: number;
  readonly isKeyframe: boolean;
  /** SoundFormat of audio, CodecID of video, 0 of a script. */
  readonly codec: number;
  /** The bytes behind the FLV headers. */
  readonly payloadBytes: number;
  /** Hash of these bytes. */
  readonly payloadHash: string;
  /** Where the tag begins in the file. */
  readonly offsetBytes: number;
};

/** A whole file. */
export type FlvFile = {
  readonly path: string;
  readonly tags: readonly FlvTag[];
  /** Bytes of a last tag that was cut off; a killed player leaves one. */
  readonly truncatedBytes: number;
};

const FILE_HEADER_BYTES = 9;
const PREVIOUS_TAG_SIZE_BYTES = 4;
const TAG_HEADER_BYTES = 11;
const CODEC_H264 = 7;
const CODEC_AAC = 10;
const FRAME_TYPE_KEY = 1;
const FRAME_TYPE_COMMAND = 5;

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

type TagContent = Omit<FlvTag, 'timestampMs' | 'offsetBytes'>;

/** AudioTagHeader: SoundFormat u4, rate, size and type u4, then AACPacketType u8 where it is AAC. */
function parseAudio(body: Buffer): TagContent {
  const codec = (body[0] ?? 0) >> 4;
  const isAac = codec === CODEC_AAC;
  const payload = body.subarray(isAac ? 2 : 1);
  const isHeader = isAac && body[1] === 0;
  return {
    type: 'audio',
    role: isHeader ? 'sequence-header' : payload.length > 0 ? 'frame' : 'other',
    compositionTimeMs: 0,
    isKeyframe: false,
    codec,
    payloadBytes: payload.length,
    payloadHash: hashOf(payload),
  };
}

/** VideoTagHeader: FrameType u4, CodecID u4, then for H.264 AVCPacketType u8 and CompositionTime i24. */
function parseVideo(body: Buffer): TagContent {
  const first = body[0] ?? 0;
  const codec = first & 0x0f;
  const frameType = first >> 4;
  const isH264 = codec === CODEC_H264 && body.length >= 5;
  const payload = body.subarray(isH264 ? 5 : 1);
  let role: FlvTagRole = frameType === FRAME_TYPE_COMMAND || payload.length === 0 ? 'other' : 'frame';
  if (isH264 && body[1] === 0) role = 'sequence-header';
  if (isH264 && body[1] === 2) role = 'end-of-sequence';
  return {
    type: 'video',
    role,
    compositionTimeMs: isH264 ? body.readIntBE(2, 3) : 0,
    isKeyframe: role === 'frame' && frameType === FRAME_TYPE_KEY,
    codec,
    payloadBytes: payload.length,
    payloadHash: hashOf(payload),
  };
}

function parseScript(body: Buffer): TagContent {
  return {
    type: 'script',
    role: 'script',
    compositionTimeMs: 0,
    isKeyframe: false,
    codec: 0,
    payloadBytes: body.length,
    payloadHash: hashOf(body),
  };
}

/**
 * Tags of an FLV file, in its order.
 * @throws Error where the file is no FLV, or a tag is malformed
 */
export function readFlvFile(path: string): FlvFile {
  const bytes = readFileSync(path);
  if (bytes.length < FILE_HEADER_BYTES || bytes.toString('latin1', 0, 3) !== 'FLV') {
    throw new Error(
      `${path} is no FLV file: ${bytes.length} bytes, ${bytes.subarray(0, 16).toString('hex')}`,
    );
  }
  const tags: FlvTag[] = [];
  let offset = bytes.readUInt32BE(5) + PREVIOUS_TAG_SIZE_BYTES;
  // TagType u8, DataSize u24, Timestamp u24, TimestampExtended u8, StreamID u24, body, PreviousTagSize u32.
  while (offset + TAG_HEADER_BYTES <= bytes.length) {
    const bodyBytes = bytes.readUIntBE(offset + 1, 3);
    const bodyOffset = offset + TAG_HEADER_BYTES;
    if (bodyOffset + bodyBytes > bytes.length) break;
    const body = bytes.subarray(bodyOffset, bodyOffset + bodyBytes);
    const timestampMs = bytes.readUIntBE(offset + 4, 3) + bytes.readUInt8(offset + 7) * 0x1000000;
    const tagType = bytes.readUInt8(offset);
    if (tagType === 8) tags.push({ ...parseAudio(body), timestampMs, offsetBytes: offset });
    else if (tagType === 9) tags.push({ ...parseVideo(body), timestampMs, offsetBytes: offset });
    else if (tagType === 18) tags.push({ ...parseScript(body), timestampMs, offsetBytes: offset });
    else throw new Error(`${path}: expected tag type 8, 9 or 18 at byte ${offset}, got ${tagType}`);
    offset = bodyOffset + bodyBytes + PREVIOUS_TAG_SIZE_BYTES;
  }
  return { path, tags, truncatedBytes: Math.max(0, bytes.length - offset) };
}
