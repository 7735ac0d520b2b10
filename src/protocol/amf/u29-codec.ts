// AMF3's integer of variable length. [AMF3 1.3.1]
//
//   0..7F        0xxxxxxx
//   ..3FFF       1xxxxxxx 0xxxxxxx
//   ..1FFFFF     1xxxxxxx 1xxxxxxx 0xxxxxxx
//   ..1FFFFFFF   1xxxxxxx 1xxxxxxx 1xxxxxxx xxxxxxxx

import type { ByteCursor } from '../bytes/byte-cursor.ts';
import type { ByteWriter } from '../bytes/byte-writer.ts';

const CONTINUES = 0x80;
const SEVEN_BITS = 0x7f;

/**
 * An unsigned integer, 0..0x1FFFFFFF. One written longer than it needs to be is taken.
 * @throws BytesError 'bytes-truncated'
 */
export function readU29(cursor: ByteCursor): number {
  let byte = cursor.readU8();
  if (byte < CONTINUES) return byte;
  let value = byte & SEVEN_BITS;
  byte = cursor.readU8();
  if (byte < CONTINUES) return (value << 7) | byte;
  value = (value << 7) | (byte & SEVEN_BITS);
  byte = cursor.readU8();
  if (byte < CONTINUES) return (value << 7) | byte;
  value = (value << 7) | (byte & SEVEN_BITS);
  return (value << 8) | cursor.readU8();
}

/** Writes an integer 0..0x1FFFFFFF as short as it goes; of others the lower 29 bits, so that signed ones fit too. */
export function writeU29(writer: ByteWriter, value: number): void {
  const bits = value & 0x1fff_ffff;
  if (bits < 0x80) {
    writer.writeU8(bits);
  } else if (bits < 0x4000) {
    writer.writeU8((bits >>> 7) | CONTINUES);
    writer.writeU8(bits & SEVEN_BITS);
  } else if (bits < 0x20_0000) {
    writer.writeU8((bits >>> 14) | CONTINUES);
    writer.writeU8(((bits >>> 7) & SEVEN_BITS) | CONTINUES);
    writer.writeU8(bits & SEVEN_BITS);
  } else {
    writer.writeU8((bits >>> 22) | CONTINUES);
    writer.writeU8(((bits >>> 15) & SEVEN_BITS) | CONTINUES);
    writer.writeU8(((bits >>> 8) & SEVEN_BITS) | CONTINUES);
    writer.writeU8(bits & 0xff);
  }
}
