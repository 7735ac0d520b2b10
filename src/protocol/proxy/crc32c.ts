// CRC-32C (Castagnoli), the checksum of PROXY headers. [RFC 4960 B]

/** The polynomial 0x1EDC6F41 with its bits the other way round. */
const POLYNOMIAL = 0x82f6_3b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ ((value & 1) * POLYNOMIAL);
  return value;
});

/** The checksum of all `pieces`, one behind the other; 0..0xFFFFFFFF. */
export function crc32c(...pieces: readonly Uint8Array[]): number {
  let value = 0xffff_ffff;
  for (const piece of pieces) {
    for (const byte of piece) value = (value >>> 8) ^ (TABLE[(value ^ byte) & 0xff] ?? 0);
  }
  return (value ^ 0xffff_ffff) >>> 0;
}
