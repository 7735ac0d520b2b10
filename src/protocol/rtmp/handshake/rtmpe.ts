// RTMPE behind its handshake: where the public keys stand in C1 and S1, which RC4 keys follow from them, and the cipher
// of a connection. It hides RTMP from a passing look and secures nothing: nobody is authenticated, and all fixed keys
// are published. Types 8 and 9, which encrypt the signatures too, are left out: a server may answer them with 6.
//
//   layout  public key stands at                          its 4 offset bytes (summed, not read as one integer)
//   D8      772 + (b1532 + ... + b1535) mod 632           1532..1535
//   D772    8 + (b768 + ... + b771) mod 632               768..771

import { createHmac } from 'node:crypto';
import type { DhKeyPair } from './diffie-hellman.ts';
import { DH_KEY_BYTES } from './diffie-hellman.ts';
import { DigestLayout } from './digest.ts';
import { Rc4 } from './rc4.ts';

/** The version byte of RTMPE. */
export const RTMPE_VERSION = 6;

/** Positions that the offset bytes can name within a block. */
const KEY_POSITIONS = 632;

const RC4_KEY_BYTES = 16;

/** Where the block of the public key begins in each layout, and where its offset bytes stand. */
const KEY_BLOCKS = {
  [DigestLayout.D8]: { startBytes: 772, offsetsAtBytes: 1532 },
  [DigestLayout.D772]: { startBytes: 8, offsetsAtBytes: 768 },
} as const;

/** The 128 bytes of C1 or S1 where the public key stands in this layout: a view, to be read or written. */
export function publicKeyPlace(packet: Uint8Array, layout: DigestLayout): Uint8Array {
  const { startBytes, offsetsAtBytes } = KEY_BLOCKS[layout];
  let sum = 0;
  for (let at: number = offsetsAtBytes; at < offsetsAtBytes + 4; at++) sum += packet[at] ?? 0;
  const offsetBytes = startBytes + (sum % KEY_POSITIONS);
  return packet.subarray(offsetBytes, offsetBytes + DH_KEY_BYTES);
}

/** Both keystreams of one connection. What goes out must be encrypted in the order in which it is sent. */
export class RtmpeCipher {
  readonly #in: Rc4;
  readonly #out: Rc4;

  /** Takes the 16-byte keys of what comes in and what goes out. */
  constructor(inKey: Uint8Array, outKey: Uint8Array) {
    this.#in = new Rc4(inKey);
    this.#out = new Rc4(outKey);
  }

  /** What `bytes`, the next that came, mean: a copy. */
  decryptNext(bytes: Uint8Array): Uint8Array {
    const copy = new Uint8Array(bytes);
    this.#in.apply(copy);
    return copy;
  }

  /** Encrypts the next that is sent, in place. */
  encrypt(bytes: Uint8Array): void {
    this.#out.apply(bytes);
  }

  /** The next that is sent, encrypted into copies: what came in may be shared with others. */
  encryptNext(parts: readonly Uint8Array[]): Uint8Array[] {
    return parts.map((part) => {
      const copy = new Uint8Array(part);
      this.#out.apply(copy);
      return copy;
    });
  }
}

/**
 * The server's cipher, out of its own keys and the client's public key.
 * @throws RtmpError 'rtmp-encryption-invalid' where that is none
 */
export function createServerCipher(own: DhKeyPair, clientPublicKey: Uint8Array): RtmpeCipher {
  const secret = own.secretWith(clientPublicKey);
  return new RtmpeCipher(rc4Key(secret, own.publicKey), rc4Key(secret, clientPublicKey));
}

/** The key of the direction whose receiver has this public key. */
function rc4Key(secret: Uint8Array, receiverPublicKey: Uint8Array): Uint8Array {
  return createHmac('sha256', secret).update(receiverPublicKey).digest().subarray(0, RC4_KEY_BYTES);
}
