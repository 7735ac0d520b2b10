// How many gateways a connection has come through, told in C1: what stands there is random to everybody else, and nothing of
// connect has to be written anew for it. So gateways that pass clients on to each other in a circle notice it.
//
//   offset  bytes
//   1520    15     the mark; behind a digest of either layout that this side writes (D8)
//   1535    1      count, 1..255

import { PACKET_BYTES } from './handshake-packet.ts';

/** WHY so long: that random bytes are taken for it does not happen. */
const MARK = new TextEncoder().encode('culvert hops v1');

const MARK_OFFSET_BYTES = PACKET_BYTES - 1 - MARK.length;

const MAX_HOP_COUNT = 255;

/** Writes the count into C1, before that is signed as D8. 0 leaves it as it is. */
export function writeHopCount(c1: Uint8Array, hopCount: number): void {
  if (hopCount === 0) return;
  c1.set(MARK, MARK_OFFSET_BYTES);
  c1[PACKET_BYTES - 1] = Math.min(hopCount, MAX_HOP_COUNT);
}

/** The count in C1; 0 where none stands there. */
export function readHopCount(c1: Uint8Array): number {
  const isMarked = MARK.every((byte, at) => c1[MARK_OFFSET_BYTES + at] === byte);
  return isMarked ? (c1[PACKET_BYTES - 1] ?? 0) : 0;
}
