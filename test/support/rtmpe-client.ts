// The client's side of RTMPE, written from the specification: Diffie-Hellman by plain big numbers and RC4 as in the
// textbook. It shares no code with src, so that the two cannot be wrong together.

import { createHmac } from 'node:crypto';
import {
  digestAt,
  digestOf,
  patternPacket,
  signed,
  signedAnswer,
} from '../protocol/rtmp/handshake/handshake-vectors.ts';

/** The prime of the Second Oakley Group, and the order of the subgroup of its generator 2. */
export const PRIME = BigInt(
  `0x${[
    'FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74',
    '020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437',
    '4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED',
    'EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF',
  ].join('')}`,
);
export const ORDER = (PRIME - 1n) / 2n;

/** `base` to the `exponent` modulo the prime. */
export function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base % PRIME, rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % PRIME;
    square = (square * square) % PRIME;
  }
  return result;
}

/** 128 bytes, big-endian. */
export function toBytes(number: bigint): Uint8Array {
  return new Uint8Array(Buffer.from(number.toString(16).padStart(256, '0'), 'hex'));
}

/** The number that `bytes` are, big-endian. */
export function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** The private key whose bytes are (i * factor + addend) & 255, as in vector H-3. */
function patternKey(factor: number, addend: number): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, index) => (index * factor + addend) & 255);
}

/** The private keys of vector H-3. */
export const CLIENT_PRIVATE_KEY = patternKey(3, 1);
export const SERVER_PRIVATE_KEY = patternKey(9, 2);

/** RC4 from the first byte of its keystream on. */
class TextbookRc4 {
  readonly #s = Array.from({ length: 256 }, (_, index) => index);
  #i = 0;
  #j = 0;

  constructor(key: Uint8Array) {
    for (let i = 0, j = 0; i < 256; i++) {
      j = (j + this.#at(i) + (key[i % key.length] ?? 0)) % 256;
      this.#swap(i, j);
    }
  }

  /** The next bytes, `data` and the keystream one over the other. */
  next(data: Uint8Array): Uint8Array {
    return data.map((byte) => {
      this.#i = (this.#i + 1) % 256;
      this.#j = (this.#j + this.#at(this.#i)) % 256;
      this.#swap(this.#i, this.#j);
      return byte ^ this.#at((this.#at(this.#i) + this.#at(this.#j)) % 256);
    });
  }

  #at(index: number): number {
    return this.#s[index] ?? 0;
  }

  #swap(i: number, j: number): void {
    const kept = this.#at(i);
    this.#s[i] = this.#at(j);
    this.#s[j] = kept;
  }
}

/** A keystream as RTMPE uses it, without its first 1536 bytes. */
export function rtmpeStream(key: Uint8Array): TextbookRc4 {
  const stream = new TextbookRc4(key);
  stream.next(new Uint8Array(1536));
  return stream;
}

/** Where the public key stands in C1 or S1. */
export function keyAt(packet: Uint8Array, layout: 8 | 772): number {
  const offsetsAt = layout === 8 ? 1532 : 768;
  const sum = packet.subarray(offsetsAt, offsetsAt + 4).reduce((total, byte) => total + byte, 0);
  return (sum % 632) + (layout === 8 ? 772 : 8);
}

/** A signed C1 of RTMPE as librtmp and FFmpeg lay it out (D772), or in the other layout. */
export function encryptedC1(publicKey: Uint8Array, layout: 8 | 772 = 772): Uint8Array {
  const c1 = patternPacket('0000000080000302', 31, 17);
  c1.set(publicKey, keyAt(c1, layout));
  return signed(c1, layout, 'client');
}

/** One client of RTMPE: its handshake, and both keystreams behind it. */
export class RtmpeClient {
  readonly c0c1: Uint8Array;
  #out: TextbookRc4 | null = null;
  #in: TextbookRc4 | null = null;

  constructor({ version = 6, layout = 772 }: { readonly version?: number; readonly layout?: 8 | 772 } = {}) {
    const c1 = encryptedC1(toBytes(power(2n, toNumber(CLIENT_PRIVATE_KEY))), layout);
    this.c0c1 = new Uint8Array(Buffer.concat([Uint8Array.of(version), c1]));
  }

  /** Reads S0 S1 S2, which must be signed in layout D8, and gives C2. */
  answer(serverPackets: Uint8Array): Uint8Array {
    const s1 = serverPackets.subarray(1, 1537);
    const s1Digest = s1.slice(digestAt(s1, 8), digestAt(s1, 8) + 32);
    if (Buffer.compare(s1Digest, digestOf(s1, 8, 'server')) !== 0) throw new Error('S1 is not signed in D8');
    const serverKey = s1.slice(keyAt(s1, 8), keyAt(s1, 8) + 128);
    const clientKey = toBytes(power(2n, toNumber(CLIENT_PRIVATE_KEY)));
    const secret = toBytes(power(toNumber(serverKey), toNumber(CLIENT_PRIVATE_KEY)));
    this.#out = rtmpeStream(hmac(secret, serverKey).subarray(0, 16));
    this.#in = rtmpeStream(hmac(secret, clientKey).subarray(0, 16));
    return signedAnswer(s1, s1Digest, 'client');
  }

  /** What goes over the wire for `bytes`. */
  encrypt(bytes: Uint8Array): Uint8Array {
    if (this.#out === null) throw new Error('no keys yet');
    return this.#out.next(bytes);
  }

  /** What the server's `bytes` behind S2 mean. */
  decrypt(bytes: Uint8Array): Uint8Array {
    if (this.#in === null) throw new Error('no keys yet');
    return this.#in.next(bytes);
  }
}

function hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(createHmac('sha256', key).update(message).digest());
}
