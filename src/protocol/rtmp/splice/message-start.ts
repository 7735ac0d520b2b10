// The header of a chunk that begins a message, written anew so that it says the length of its message. Chunk stream id,
// time and message stream stay as they were. [RTMP 5.3.1.2]

import { ByteWriter } from '../../bytes/byte-writer.ts';

const EXTENDED = 0xffffff;
const TYPE_MASK = 0xc0;
const TYPE_ONE = 0x40;

/** Length of the fields in front of the length, in bytes: that of the time. */
const TIME_BYTES = 3;

/** Header fields in force on a chunk stream where a message begins; a ChunkStream is one. */
export type HeaderInForce = {
  readonly typeId: number;
  /** What a type 3 chunk adds to the time, ms, u32. */
  readonly deltaMs: number;
  readonly hasExtendedTimestamp: boolean;
  /** As it stood on the wire, u32. */
  readonly extendedTimestampMs: number;
};

/** Length in bytes of the basic header that begins with the byte `first`, 1..3. */
export function basicHeaderBytes(first: number): number {
  const idField = first & 63;
  return idField === 0 ? 2 : idField === 1 ? 3 : 1;
}

/**
 * A copy of `header`, a whole one with all its timestamps, that declares a payload of `lengthBytes`, 0..0xFFFFFF. A type 2
 * or 3 chunk, which cannot, becomes one of type 1. WHY not type 0: that would need the absolute time, and leave
 * behind another delta.
 */
export function withLength(header: Uint8Array, inForce: HeaderInForce, lengthBytes: number): Uint8Array {
  const first = header[0] ?? 0;
  const format = first >> 6;
  const timeOffset = basicHeaderBytes(first);
  const lengthOffset = timeOffset + TIME_BYTES;
  const writer = new ByteWriter(header.length + 11);
  if (format <= 1) {
    writer.writeBytes(header.subarray(0, lengthOffset));
    writer.writeU24(lengthBytes);
    writer.writeBytes(header.subarray(lengthOffset + 3));
    return writer.toBytes();
  }
  writer.writeU8((first & ~TYPE_MASK) | TYPE_ONE);
  writer.writeBytes(header.subarray(1, timeOffset));
  if (format === 2) writer.writeBytes(header.subarray(timeOffset, lengthOffset));
  else writer.writeU24(inForce.hasExtendedTimestamp ? EXTENDED : inForce.deltaMs);
  writer.writeU24(lengthBytes);
  writer.writeU8(inForce.typeId);
  if (inForce.hasExtendedTimestamp) writer.writeU32(inForce.extendedTimestampMs);
  return writer.toBytes();
}
