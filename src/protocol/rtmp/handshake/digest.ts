// The digest that signs C1 and S1, and the signature at the end of S2 and C2. Adobe never published it; this is
// what Flash Player, FMLE and FFmpeg send and check. The Diffie-Hellman key of RTMPE is left out.
//
//   layout  digest stands at                       its 4 offset bytes (summed, not read as one integer)
//   D8      12 + (b8 + b9 + b10 + b11) mod 728     8..11
//   D772    776 + (b772 + ... + b775) mod 728      772..775

import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { PACKET_BYTES } from './handshake-packet.ts';

/** Where a packet carries its digest, by the place of its offset bytes. */
export const DigestLayout = { D8: 8, D772: 772 } as const;
export type DigestLayout = (typeof DigestLayout)[keyof typeof DigestLayout];

/** Length of a digest and of a signature in bytes (SHA-256). */
const DIGEST_BYTES = 32;

/** Where the signature of S2 and C2 begins: it is their last 32 bytes. */
const SIGNATURE_OFFSET_BYTES = PACKET_BYTES - DIGEST_BYTES;

/** Positions that the offset bytes can name within a block. */
const DIGEST_POSITIONS = 728;

/** Both layouts in the order they are tried: Flash Player 10 and later uses D772. */
const LAYOUTS_TO_TRY: readonly DigestLayout[] = [DigestLayout.D772, DigestLayout.D8];

/**
 * The published key of one side: `text` alone signs C1 or S1, `full` (text, then 32 bytes) signs C2 or S2.
 * WHY key objects: with plain bytes an HMAC costs five times as much.
 */
type SigningKey = { readonly text: KeyObject; readonly full: KeyObject };

/** Key of the client's packets C1 and C2. */
export const CLIENT_KEY: SigningKey = createKey('Genuine Adobe Flash Player 001');
/** Key of the server's packets S1 and S2. */
export const SERVER_KEY: SigningKey = createKey('Genuine Adobe Flash Media Server 001');

function createKey(text: string): SigningKey {
  const tailHex = 'f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae';
  const full = new Uint8Array([...Buffer.from(text, 'latin1'), ...Buffer.from(tailHex, 'hex')]);
  return { text: createSecretKey(full.subarray(0, text.length)), full: createSecretKey(full) };
}

/** Offset of the digest in a 1536-byte packet: 12..739 in D8, 776..1503 in D772. */
export function digestOffsetBytes(packet: Uint8Array, layout: DigestLayout): number {
  let sum = 0;
  for (let at: number = layout; at < layout + 4; at++) sum += packet[at] ?? 0;
  return layout + 4 + (sum % DIGEST_POSITIONS);
}

/** Signs C1 or S1 in place, once all its other bytes are final. Returns the digest, 32 bytes, a copy. */
export function signPacket(packet: Uint8Array, layout: DigestLayout, key: SigningKey): Uint8Array {
  const offsetBytes = digestOffsetBytes(packet, layout);
  const digest = computeDigest(packet, offsetBytes, key);
  packet.set(digest, offsetBytes);
  return digest;
}

/** A digest that was found to be right, 32 bytes, a copy, and the layout it was found in. */
type FoundDigest = { readonly layout: DigestLayout; readonly digest: Uint8Array };

/** Looks for a right digest in C1 or S1, D772 first. Null where neither layout verifies: not signed, or broken. */
export function findDigest(packet: Uint8Array, key: SigningKey): FoundDigest | null {
  for (const layout of LAYOUTS_TO_TRY) {
    const offsetBytes = digestOffsetBytes(packet, layout);
    const digest = computeDigest(packet, offsetBytes, key);
    if (isEqualAt(packet, offsetBytes, digest)) return { layout, digest };
  }
  return null;
}

/** Signs S2 or C2 in place: the last 32 bytes prove that `peerDigest`, the digest of C1 or S1, was read. */
export function signAnswer(packet: Uint8Array, peerDigest: Uint8Array, key: SigningKey): void {
  packet.set(computeSignature(packet, peerDigest, key), SIGNATURE_OFFSET_BYTES);
}

/** True where the last 32 bytes of S2 or C2 are the right signature over `ownDigest`, the receiver's own digest. */
export function verifyAnswer(packet: Uint8Array, ownDigest: Uint8Array, key: SigningKey): boolean {
  return isEqualAt(packet, SIGNATURE_OFFSET_BYTES, computeSignature(packet, ownDigest, key));
}

function computeDigest(packet: Uint8Array, offsetBytes: number, key: SigningKey): Uint8Array {
  return createHmac('sha256', key.text)
    .update(packet.subarray(0, offsetBytes))
    .update(packet.subarray(offsetBytes + DIGEST_BYTES, PACKET_BYTES))
    .digest();
}

function computeSignature(packet: Uint8Array, peerDigest: Uint8Array, key: SigningKey): Uint8Array {
  const answerKey = createHmac('sha256', key.full).update(peerDigest).digest();
  return createHmac('sha256', createSecretKey(answerKey))
    .update(packet.subarray(0, SIGNATURE_OFFSET_BYTES))
    .digest();
}

function isEqualAt(packet: Uint8Array, offsetBytes: number, expected: Uint8Array): boolean {
  // WHY: no constant-time comparison: the keys are public, so nothing can be learnt from the time it takes.
  for (let at = 0; at < expected.length; at++) {
    if (packet[offsetBytes + at] !== expected[at]) return false;
  }
  return true;
}
