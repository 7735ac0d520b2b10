// The FLV file header and its tags, to bytes and back. [FLV E.2, E.4.1]
//
//   file  'FLV' | version u8 = 1 | flags u8: 4 audio, 1 video | header length u32 = 9 | previous tag size u32 = 0
//   tag   type u8 (bit 5: encrypted) | data length u24 | time u24 | time bits 24..31 u8 | stream id u24 = 0 | data
//         | previous tag size u32 = 11 + data length
//
// Holds no state: who reads a stream keeps the bytes until a tag is whole, and bounds them. Leaves out decryption.

import { ByteCursor } from '../bytes/byte-cursor.ts';
import { ByteWriter } from '../bytes/byte-writer.ts';
import { FlvError } from './flv-error.ts';

/** Types of FLV tags; they are those of the RTMP messages that carry the same data. */
export const FlvTagType = { Audio: 8, Video: 9, ScriptAmf3: 15, Script: 18 } as const;

/** Length of what stands before a tag's data. */
export const FLV_TAG_HEADER_BYTES = 11;

/** Length of the previous tag size behind each tag, and behind the file header. */
export const FLV_PREVIOUS_TAG_SIZE_BYTES = 4;

/** Longest data of one tag: its length field has 24 bits. */
export const MAX_FLV_TAG_DATA_BYTES = 0xff_ffff;

const FILE_HEADER_BYTES = 9;

/** LIMIT: file header as long as a header may say it is, in bytes; 9 in every file there is. */
const MAX_FILE_HEADER_BYTES = 1024;

const SIGNATURE = 0x464c56;
const VERSION = 1;
const Flag = { Audio: 0x04, Video: 0x01 } as const;
const TYPE_MASK = 0x1f;
const ENCRYPTED_BIT = 0x20;

/** What an FLV file says of itself; often wrong in files, so never relied on. */
export type FlvFileHeader = {
  readonly hasAudio: boolean;
  readonly hasVideo: boolean;
};

/** One FLV tag. */
export type FlvTag = {
  /** 0..31; see {@link FlvTagType}. */
  readonly typeId: number;
  /** Time in ms, u32. */
  readonly timestampMs: number;
  /** The tag's data. */
  readonly payload: Uint8Array;
};

/** A tag that was read, and where the next begins. */
export type ParsedFlvTag = FlvTag & {
  /** True where the data are encrypted; they are then of no use. */
  readonly isEncrypted: boolean;
  /** Offset of the next tag; up to 4 bytes past the end where the previous tag size has not come yet. */
  readonly nextOffset: number;
};

/** File header with the first previous tag size, 13 bytes; the caller owns them. */
export function serializeFlvFileHeader(header: FlvFileHeader): Uint8Array {
  const writer = new ByteWriter(FILE_HEADER_BYTES + FLV_PREVIOUS_TAG_SIZE_BYTES);
  writer.writeU24(SIGNATURE);
  writer.writeU8(VERSION);
  writer.writeU8((header.hasAudio ? Flag.Audio : 0) | (header.hasVideo ? Flag.Video : 0));
  writer.writeU32(FILE_HEADER_BYTES);
  writer.writeU32(0);
  return writer.toBytes();
}

/**
 * The file header at the start of `bytes`, and the offset of the first tag; null while it is not whole.
 * @throws FlvError 'flv-header-invalid'
 */
export function parseFlvFileHeader(bytes: Uint8Array): { header: FlvFileHeader; nextOffset: number } | null {
  if (bytes.length < FILE_HEADER_BYTES) return null;
  const cursor = new ByteCursor(bytes);
  const signature = cursor.readU24();
  if (signature !== SIGNATURE) {
    throw new FlvError(
      'flv-header-invalid',
      `expected the signature 0x464c56 at offset 0, got 0x${signature.toString(16)}`,
    );
  }
  const version = cursor.readU8();
  if (version !== VERSION)
    throw new FlvError('flv-header-invalid', `expected version 1 at offset 3, got ${version}`);
  const flags = cursor.readU8();
  const headerBytes = cursor.readU32();
  if (headerBytes < FILE_HEADER_BYTES || headerBytes > MAX_FILE_HEADER_BYTES) {
    throw new FlvError(
      'flv-header-invalid',
      `expected a header length of ${FILE_HEADER_BYTES} to ${MAX_FILE_HEADER_BYTES} bytes at offset 5, got ${headerBytes}`,
    );
  }
  const nextOffset = headerBytes + FLV_PREVIOUS_TAG_SIZE_BYTES;
  if (bytes.length < nextOffset) return null;
  const header = { hasAudio: (flags & Flag.Audio) !== 0, hasVideo: (flags & Flag.Video) !== 0 };
  return { header, nextOffset };
}

/**
 * What goes before the data of a tag, 11 bytes; the caller owns them. For senders that do not copy the data.
 * `dataLengthBytes` is 0..MAX_FLV_TAG_DATA_BYTES, `timestampMs` is u32.
 */
export function serializeFlvTagHeader(
  typeId: number,
  dataLengthBytes: number,
  timestampMs: number,
): Uint8Array {
  const writer = new ByteWriter(FLV_TAG_HEADER_BYTES);
  writeTagHeader(writer, typeId, dataLengthBytes, timestampMs);
  return writer.toBytes();
}

/** What goes behind the data of a tag, 4 bytes; the caller owns them. */
export function serializePreviousTagSize(dataLengthBytes: number): Uint8Array {
  const writer = new ByteWriter(FLV_PREVIOUS_TAG_SIZE_BYTES);
  writer.writeU32(FLV_TAG_HEADER_BYTES + dataLengthBytes);
  return writer.toBytes();
}

/** A whole tag with its data copied and its previous tag size; the caller owns the bytes. */
export function serializeFlvTag(tag: FlvTag): Uint8Array {
  const dataLengthBytes = tag.payload.length;
  const writer = new ByteWriter(FLV_TAG_HEADER_BYTES + dataLengthBytes + FLV_PREVIOUS_TAG_SIZE_BYTES);
  writeTagHeader(writer, tag.typeId, dataLengthBytes, tag.timestampMs);
  writer.writeBytes(tag.payload);
  writer.writeU32(FLV_TAG_HEADER_BYTES + dataLengthBytes);
  return writer.toBytes();
}

/**
 * The tag that begins at `offset`; null while its header and data are not whole. The payload is a view into `bytes`. What
 * its previous tag size says is not looked at: files have it wrong.
 */
export function parseFlvTag(bytes: Uint8Array, offset: number): ParsedFlvTag | null {
  if (bytes.length - offset < FLV_TAG_HEADER_BYTES) return null;
  const cursor = new ByteCursor(bytes);
  cursor.skip(offset);
  const typeByte = cursor.readU8();
  const dataLengthBytes = cursor.readU24();
  const lowBits = cursor.readU24();
  const highBits = cursor.readU8();
  cursor.skip(3);
  if (cursor.remainingBytes < dataLengthBytes) return null;
  return {
    typeId: typeByte & TYPE_MASK,
    timestampMs: highBits * 0x1_00_00_00 + lowBits,
    payload: cursor.readBytes(dataLengthBytes),
    isEncrypted: (typeByte & ENCRYPTED_BIT) !== 0,
    nextOffset: cursor.offset + FLV_PREVIOUS_TAG_SIZE_BYTES,
  };
}

function writeTagHeader(
  writer: ByteWriter,
  typeId: number,
  dataLengthBytes: number,
  timestampMs: number,
): void {
  if (dataLengthBytes > MAX_FLV_TAG_DATA_BYTES) {
    throw new RangeError(`an FLV tag holds at most ${MAX_FLV_TAG_DATA_BYTES} bytes, not ${dataLengthBytes}`);
  }
  writer.writeU8(typeId);
  writer.writeU24(dataLengthBytes);
  writer.writeU24(timestampMs & 0xff_ffff);
  writer.writeU8(timestampMs >>> 24);
  writer.writeU24(0);
}
