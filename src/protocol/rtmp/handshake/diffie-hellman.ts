// The key agreement of RTMPE: Diffie-Hellman over the Second Oakley Group (RFC 2409 6.2; 1024 bits, generator 2).
// Private keys come from the caller; where a public key stands in C1 and S1 is in rtmpe.ts.

import type { DiffieHellman } from 'node:crypto';
import { createDiffieHellman, getDiffieHellman } from 'node:crypto';
import { RtmpError } from '../rtmp-error.ts';

/** Length of a public key and of a shared secret in bytes. */
export const DH_KEY_BYTES = 128;

/** Random bytes of a private key. WHY: ample for a group of 1024 bits, and half the work of a key of 128 bytes. */
export const PRIVATE_KEY_BYTES = 32;

const GENERATOR = 2;

type Group = { readonly calculator: DiffieHellman; readonly prime: bigint };

let group: Group | null = null;

// WHY: one for all, made when it is first needed: OpenSSL tests the prime each time it gets it, for 27 ms. Each use
// sets its own private key first.
function oakleyGroup(): Group {
  if (group === null) {
    const prime = getDiffieHellman('modp2').getPrime();
    group = { calculator: createDiffieHellman(prime, GENERATOR), prime: toNumber(prime) };
  }
  return group;
}

/** The key pair of one side for one connection. */
export class DhKeyPair {
  readonly #privateKey: Uint8Array;
  /** 128 bytes, big-endian, with zeros in front where the number is shorter. */
  readonly publicKey: Uint8Array;

  /** Makes a pair of a private key: up to 128 bytes, random, big-endian, under the prime. It is copied. */
  constructor(privateKey: Uint8Array) {
    this.#privateKey = Uint8Array.from(privateKey);
    const { calculator } = oakleyGroup();
    calculator.setPrivateKey(this.#privateKey);
    this.publicKey = padded(calculator.generateKeys());
  }

  /**
   * The secret that both sides come to: 128 bytes, big-endian, with zeros in front where the number is shorter.
   * @throws RtmpError 'rtmp-encryption-invalid' where the peer's public key is none of the group's
   */
  secretWith(peerPublicKey: Uint8Array): Uint8Array {
    const { calculator, prime } = oakleyGroup();
    const key = toNumber(peerPublicKey);
    if (key < 2n || key > prime - 2n || !isQuadraticResidue(key, prime)) {
      const text = 'expected a public key of the Diffie-Hellman group, got a number that is none of its';
      throw new RtmpError('rtmp-encryption-invalid', text);
    }
    calculator.setPrivateKey(this.#privateKey);
    return padded(calculator.computeSecret(peerPublicKey));
  }
}

function padded(number: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(DH_KEY_BYTES);
  bytes.set(number, DH_KEY_BYTES - number.length);
  return bytes;
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`);
}

/**
 * True where y^q mod p is 1, which RFC 2631 asks of a public key; `prime` is p = 2q + 1. By Euler's criterion those are
 * the squares, and the Jacobi symbol tells them in a fifteenth of the time. Both numbers have at most 1024 bits, and
 * each round takes at least one off.
 */
function isQuadraticResidue(key: bigint, prime: bigint): boolean {
  let upper = key;
  let lower = prime;
  let isPositive = true;
  while (upper !== 0n) {
    while ((upper & 1n) === 0n) {
      upper >>= 1n;
      const rest = lower & 7n;
      if (rest === 3n || rest === 5n) isPositive = !isPositive;
    }
    if ((upper & lower & 3n) === 3n) isPositive = !isPositive;
    [upper, lower] = [lower % upper, upper];
  }
  return lower === 1n && isPositive;
}
