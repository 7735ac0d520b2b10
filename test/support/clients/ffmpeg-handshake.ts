// FFmpeg's handshake: C1 is always signed. A player checks S1 and S2 where S1's version is 3 or more, and signs C2; a
// publisher checks nothing, and its C2 is S1. [RTMP 5.2]

import {
  digestAt,
  digestOf,
  patternPacket,
  signatureOf,
  signed,
  signedAnswer,
} from '../../protocol/rtmp/handshake/handshake-vectors.ts';
import { PACKET_BYTES } from './rtmp-bytes.ts';

const DIGEST_BYTES = 32;
const VERSION_AT = 4;
const FIRST_SIGNING_VERSION = 3;
const VERSION_HEX = '09007c02';
const LAYOUT = 8;

/** C1: time 0, version 9.0.124.2, a digest in layout 8. */
const C1 = signed(patternPacket(`00000000${VERSION_HEX}`, 31, 17), LAYOUT, 'client');

/** C0 and C1. */
export const FFMPEG_C0_C1: Buffer = Buffer.concat([Buffer.of(3), C1]);

/** C2 of a publisher: S1. `answer` is S0, S1 and S2. */
export function publisherC2(answer: Buffer): Buffer {
  return answer.subarray(1, 1 + PACKET_BYTES);
}

/** C2 of a player. @throws Error where S1 has a version that signs, and S1 or S2 is not signed as it ought to be */
export function playerC2(answer: Buffer): Buffer {
  const s1 = new Uint8Array(answer.subarray(1, 1 + PACKET_BYTES));
  const s2 = new Uint8Array(answer.subarray(1 + PACKET_BYTES, 1 + 2 * PACKET_BYTES));
  if ((s1[VERSION_AT] ?? 0) < FIRST_SIGNING_VERSION) return publisherC2(answer);
  const layout = ([772, 8] as const).find((tried) =>
    isSame(digestIn(s1, tried), digestOf(s1, tried, 'server')),
  );
  if (layout === undefined) {
    throw new Error(
      `came S1 of version ${s1[VERSION_AT]} without its digest; FFmpeg: response validating failed`,
    );
  }
  const signature = s2.subarray(PACKET_BYTES - DIGEST_BYTES);
  if (!isSame(signature, signatureOf(s2, digestIn(C1, LAYOUT), 'server'))) {
    throw new Error('came S2 without its signature; FFmpeg: Signature mismatch');
  }
  return Buffer.from(signedAnswer(patternPacket('0'.repeat(16), 7, 3), digestIn(s1, layout), 'client'));
}

function digestIn(packet: Uint8Array, layout: 8 | 772): Uint8Array {
  const at = digestAt(packet, layout);
  return packet.subarray(at, at + DIGEST_BYTES);
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.from(left).equals(right);
}
