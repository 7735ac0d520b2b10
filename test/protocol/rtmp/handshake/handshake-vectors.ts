// Handshake vectors H-1 (layout D8) and H-2 (layout D772), and an independent maker of signed packets: it shares
// no code with src, so that the two cannot be wrong together.

import { createHash, createHmac } from 'node:crypto';

export const PACKET_BYTES = 1536;

const TAIL_HEX = 'f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae';
const PLAYER_TEXT = 'Genuine Adobe Flash Player 001';
const SERVER_TEXT = 'Genuine Adobe Flash Media Server 001';

/** One handshake as the vectors give it; all values in hex. */
export type HandshakeVector = {
  readonly id: string;
  readonly layout: 8 | 772;
  readonly c1DigestAt: number;
  readonly c1Digest: string;
  readonly c1Sha256: string;
  readonly s1DigestAt: number;
  readonly s1Digest: string;
  readonly s1Sha256: string;
  readonly s2Signature: string;
  readonly s2Sha256: string;
  readonly c2Signature: string;
  readonly c2Sha256: string;
};

export const VECTORS: readonly HandshakeVector[] = [
  {
    id: 'H-1',
    layout: 8,
    c1DigestAt: 234,
    c1Digest: '2c8907c8a5b85200c5de5c3e68b9fba9e7509c56a443f43b1694ab1f8a6b9d1e',
    c1Sha256: 'f588b2e1c4260a602cdb32e25d8038815796e3637d9d6d318bb70e7e0732e2b6',
    s1DigestAt: 526,
    s1Digest: '0ddfd7d36352acc5abdf42bbb3ff458b55862cb1fee12661f59b4f5a9313a87b',
    s1Sha256: '15dd10acef3661d0697979f49017ebe2d086c8c290e61ee7b158ac976a26d212',
    s2Signature: 'e3acf703b0f74847b392ecef6daaa8f3e1720bebb2071576e88697988f742ef0',
    s2Sha256: 'c066b2d2e58cb049ba87251b7b2c181407dba436f1b3c59869d7cc9a8bf8e371',
    c2Signature: 'e9c8b5475fa86b621030c40a963186ac24951597e89c9768899957f64b7183cc',
    c2Sha256: 'b7b62a342c5543636364fabdddab7e3cbbf95ee9b9580f027d7fcd60913128d9',
  },
  {
    id: 'H-2',
    layout: 772,
    c1DigestAt: 798,
    c1Digest: '32dbfe2170ab822611db7e204ecbe3a6bdff2027f14f0ab1802f2eebc088f7bd',
    c1Sha256: '5822c297e877219f3e3d54900ffbcab6df9c6566a3590d29ff5e92f81d235e76',
    s1DigestAt: 1082,
    s1Digest: '7c2985c9ffc4624be9fa8dfb9b0d281d444f8b04f2e2ddd6e048375c0ba97434',
    s1Sha256: 'adeb2b791a3b8923c4b744df4408338eda362022d5a6f17c6c1cdd84f1287c60',
    s2Signature: 'a83c668aaff00b9cc4ac28e69c4d833ccc407e1c1bc64a7782921370a5971cd3',
    s2Sha256: '76366779bf5c8d988a87294f14b1300d243ee3f79df6d932442fd6faba5ab097',
    c2Signature: 'd6b509993952589922378f6c96f19dffda06797e516fcae929ddb04f38ef1dd2',
    c2Sha256: '3b2ea6e55f331b821fcf69f1377f8011dc1c8fb2033a1a1b1c3778040ecbfb40',
  },
];

/** The side whose key is used. */
export type Side = 'client' | 'server';

function fullKey(side: Side): Buffer {
  return Buffer.concat([Buffer.from(shortKey(side)), Buffer.from(TAIL_HEX, 'hex')]);
}

function shortKey(side: Side): string {
  return side === 'client' ? PLAYER_TEXT : SERVER_TEXT;
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** C1 or S1 before it is signed: 8 header bytes in hex, then [i] = (i * factor + addend) & 255. */
export function patternPacket(headerHex: string, factor: number, addend: number): Uint8Array {
  const packet = new Uint8Array(PACKET_BYTES);
  packet.set(fromHex(headerHex));
  for (let i = 8; i < PACKET_BYTES; i++) packet[i] = (i * factor + addend) & 255;
  return packet;
}

/** C1 of the vectors, unsigned. */
export const unsignedC1 = (): Uint8Array => patternPacket('1122334480000702', 31, 17);
/** S1 of the vectors, unsigned. */
export const unsignedS1 = (): Uint8Array => patternPacket('0000000104050001', 13, 5);

/** S2 or C2 of the vectors, unsigned: 1504 patterned bytes, then 32 zeros. */
export function unsignedAnswer(factor: number, addend: number): Uint8Array {
  const packet = new Uint8Array(PACKET_BYTES);
  for (let i = 0; i < PACKET_BYTES - 32; i++) packet[i] = (i * factor + addend) & 255;
  return packet;
}

/** Where the digest of `packet` stands. */
export function digestAt(packet: Uint8Array, layout: 8 | 772): number {
  const sum = packet.subarray(layout, layout + 4).reduce((total, byte) => total + byte, 0);
  return (sum % 728) + (layout === 8 ? 12 : 776);
}

/** The digest that `packet` ought to carry. */
export function digestOf(packet: Uint8Array, layout: 8 | 772, side: Side): Uint8Array {
  const at = digestAt(packet, layout);
  const rest = Buffer.concat([packet.subarray(0, at), packet.subarray(at + 32)]);
  return new Uint8Array(createHmac('sha256', shortKey(side)).update(rest).digest());
}

/** A signed copy of `packet`. */
export function signed(packet: Uint8Array, layout: 8 | 772, side: Side): Uint8Array {
  const copy = packet.slice();
  copy.set(digestOf(packet, layout, side), digestAt(packet, layout));
  return copy;
}

/** The signature that S2 (side 'server') or C2 (side 'client') ought to end in. */
export function signatureOf(packet: Uint8Array, peerDigest: Uint8Array, side: Side): Uint8Array {
  const key = createHmac('sha256', fullKey(side)).update(peerDigest).digest();
  return new Uint8Array(createHmac('sha256', key).update(packet.subarray(0, 1504)).digest());
}

/** S2 or C2 with its signature. */
export function signedAnswer(packet: Uint8Array, peerDigest: Uint8Array, side: Side): Uint8Array {
  const copy = packet.slice();
  copy.set(signatureOf(packet, peerDigest, side), 1504);
  return copy;
}

/** Joins buffers into one. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** A source of "random" bytes that is the same on every run, and counts what was asked of it. */
export function countingRandom(seed: number): { next: (lengthBytes: number) => Uint8Array; asked: number[] } {
  const asked: number[] = [];
  let state = seed;
  const next = (lengthBytes: number): Uint8Array => {
    asked.push(lengthBytes);
    const bytes = new Uint8Array(lengthBytes);
    for (let i = 0; i < lengthBytes; i++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      bytes[i] = state >>> 16;
    }
    return bytes;
  };
  return { next, asked };
}
