// A client whose C1 is signed, and what it makes of S1 and S2: checks their signatures, and signs C2. [RTMP 5.2]

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

/** Where the digest is looked for: by the bytes at 8, or by those at 772. */
export type DigestLayout = 8 | 772;

/** One client's handshake. */
export class SignedHandshake {
  readonly #c1: Uint8Array;
  readonly #layout: DigestLayout;

  /** `timeAndVersionHex` are the first eight bytes of C1. */
  constructor(timeAndVersionHex: string, layout: DigestLayout) {
    this.#layout = layout;
    this.#c1 = signed(patternPacket(timeAndVersionHex, 31, 17), layout, 'client');
  }

  /** C0 and C1. */
  get c0c1(): Buffer {
    return Buffer.concat([Buffer.of(3), this.#c1]);
  }

  /** C2 with its signature; null where S1 has no digest, in neither layout. */
  signedC2(s1: Buffer): Buffer | null {
    const packet = new Uint8Array(s1);
    const layouts: readonly DigestLayout[] = [772, 8];
    const layout = layouts.find((tried) =>
      isSame(digestIn(packet, tried), digestOf(packet, tried, 'server')),
    );
    if (layout === undefined) return null;
    return Buffer.from(signedAnswer(patternPacket('0'.repeat(16), 7, 3), digestIn(packet, layout), 'client'));
  }

  /** True where S2 is signed by the digest of C1. */
  isSigned(s2: Buffer): boolean {
    const expected = signatureOf(new Uint8Array(s2), digestIn(this.#c1, this.#layout), 'server');
    return isSame(s2.subarray(PACKET_BYTES - DIGEST_BYTES), expected);
  }
}

function digestIn(packet: Uint8Array, layout: DigestLayout): Uint8Array {
  const at = digestAt(packet, layout);
  return packet.subarray(at, at + DIGEST_BYTES);
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.from(left).equals(right);
}
