// What both sides of the handshake share: sizes, the meaning of the version byte, and the layout of C0..C2 and
// S0..S2. [RTMP 5.2] How packets are signed is in digest.ts.
//
//   offset  bytes  C1, S1                        C2, S2
//   0       4      time, any epoch               the peer's time
//   4       4      0, or a version where signed  the peer's bytes, or when they were read
//   8       1528   random                        the peer's random

/** Length of C1, S1, C2 and S2 in bytes. */
export const PACKET_BYTES = 1536;

/** Length of C0 C1 C2, and of S0 S1 S2, in bytes: no side ever holds more than this. */
export const HANDSHAKE_BYTES = 1 + 2 * PACKET_BYTES;

/** The version byte of plain RTMP. */
export const PLAIN_VERSION = 3;

/** Where the version field stands in C1 and S1. */
export const VERSION_OFFSET_BYTES = 4;

/** Where the random fill begins in C1 and S1. */
const RANDOM_OFFSET_BYTES = 8;

/** What a version byte asks for; see {@link versionKind}. */
type VersionKind = 'plain' | 'encrypted' | 'forbidden';

/**
 * What the version byte in C0 or S0 (0..255) asks for. 6, 8 and 9 are the encrypted RTMPE; 32 and above is
 * forbidden, so that RTMP can be told from text and TLS; all else, reserved values too, is taken as plain.
 */
export function versionKind(version: number): VersionKind {
  if (version >= 32) return 'forbidden';
  return version === 6 || version === 8 || version === 9 ? 'encrypted' : 'plain';
}

/** True where the version field of C1 or S1 is not zero: its sender may have signed it. */
export function hasVersion(packet: Uint8Array): boolean {
  for (let at = VERSION_OFFSET_BYTES; at < RANDOM_OFFSET_BYTES; at++) {
    if (packet[at] !== 0) return true;
  }
  return false;
}

/**
 * Fills C1 or S1: time 0, the 4 bytes of `version`, then 1528 random bytes. `packet` is 1536 bytes long.
 * The random source is the caller's: ring 0 has none.
 */
export function fillPacket(
  packet: Uint8Array,
  version: readonly number[],
  randomBytes: (lengthBytes: number) => Uint8Array,
): void {
  packet.fill(0, 0, VERSION_OFFSET_BYTES);
  packet.set(version, VERSION_OFFSET_BYTES);
  const fill = randomBytes(PACKET_BYTES - RANDOM_OFFSET_BYTES);
  if (fill.length !== PACKET_BYTES - RANDOM_OFFSET_BYTES) {
    throw new Error(`randomBytes gave ${fill.length} bytes, asked for ${PACKET_BYTES - RANDOM_OFFSET_BYTES}`);
  }
  packet.set(fill, RANDOM_OFFSET_BYTES);
}
