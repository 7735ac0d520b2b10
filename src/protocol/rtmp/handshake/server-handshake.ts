// The server's side of the handshake: reads C0, C1 and C2 in pieces of any size, answers S0 S1 S2 as soon as C1
// is whole, signed where C1 was, and agrees on a cipher where C0 asks for RTMPE. [RTMP 5.2] Deadlines are the
// session's; what is encrypted behind the handshake is the session's to do.

import { RtmpError } from '../rtmp-error.ts';
import { DhKeyPair, PRIVATE_KEY_BYTES } from './diffie-hellman.ts';
import { CLIENT_KEY, DigestLayout, findDigest, SERVER_KEY, signAnswer, signPacket } from './digest.ts';
import {
  fillPacket,
  HANDSHAKE_BYTES,
  hasVersion,
  PACKET_BYTES,
  PLAIN_VERSION,
  versionKind,
} from './handshake-packet.ts';
import { readHopCount } from './hop-count.ts';
import type { RtmpeCipher } from './rtmpe.ts';
import { createServerCipher, publicKeyPlace, RTMPE_VERSION } from './rtmpe.ts';

/** Version field of a signed S1: any first byte from 3 on makes players verify the signature. */
const SIGNED_VERSION = [4, 5, 0, 1];
/**
 * WHY: an unsigned S1 must carry version zero, or FFmpeg as a player looks for a signature and fails.
 */
const UNSIGNED_VERSION = [0, 0, 0, 0];

/** Where S1 and S2 stand in the answer. */
const S1_OFFSET_BYTES = 1;
const S2_OFFSET_BYTES = 1 + PACKET_BYTES;

/** What a server handshake needs from outside. */
type ServerHandshakeOptions = {
  /** Gives exactly `lengthBytes` random bytes; called at most once, for 1528, and for RTMPE before that for 32. */
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
  /** True where a client that asks for RTMPE gets it; it is answered as plain RTMP otherwise. */
  readonly rtmpe: boolean;
};

/** One connection's handshake, seen from the server. */
export class ServerHandshake {
  readonly #options: ServerHandshakeOptions;
  #step: 'c0' | 'c1' | 'c2' | 'done' = 'c0';
  /** The answer to be: C1 is gathered where S2 will stand, so that S2, its echo, needs no second copy. */
  #answer: Uint8Array | null = null;
  #packetBytesReceived = 0;
  #isAnswerReady = false;
  #isEncryptionAsked = false;
  #cipher: RtmpeCipher | null = null;
  #hopCount = 0;

  constructor(options: ServerHandshakeOptions) {
    this.#options = options;
  }

  /** True once all of C2 was received. The answer may still wait in `takeOutput`. */
  get isDone(): boolean {
    return this.#step === 'done';
  }

  /** What everything behind C2 and behind S2 is encrypted with; null without RTMPE. Known once C1 is whole. */
  get cipher(): RtmpeCipher | null {
    return this.#cipher;
  }

  /** Gateways that the connection has come through, as far as they say so. Known once C1 is whole. */
  get hopCount(): number {
    return this.#hopCount;
  }

  /**
   * Takes in bytes, and returns how many of them belong to the handshake: it stops exactly at the end of C2, and
   * the rest is the chunk stream's. What C2 says is ignored, as no server in the field checks it.
   * @throws RtmpError 'rtmp-version-unsupported' where the first byte is 32 or above, 'rtmp-encryption-invalid'
   * where C1 asks for RTMPE and carries no public key that holds
   */
  receive(bytes: Uint8Array): number {
    let consumedBytes = 0;
    while (consumedBytes < bytes.length && this.#step !== 'done') {
      if (this.#step === 'c0') {
        this.#readVersion(bytes[consumedBytes] ?? 0);
        consumedBytes += 1;
        continue;
      }
      const missingBytes = PACKET_BYTES - this.#packetBytesReceived;
      const end = Math.min(consumedBytes + missingBytes, bytes.length);
      if (this.#step === 'c1') {
        this.#answer?.set(bytes.subarray(consumedBytes, end), S2_OFFSET_BYTES + this.#packetBytesReceived);
      }
      this.#packetBytesReceived += end - consumedBytes;
      consumedBytes = end;
      if (this.#packetBytesReceived === PACKET_BYTES) this.#endPacket();
    }
    return consumedBytes;
  }

  /** Gives S0 S1 S2 as one buffer of 3073 bytes, once, when C1 is whole; otherwise null. The buffer is the caller's. */
  takeOutput(): Uint8Array | null {
    if (!this.#isAnswerReady) return null;
    const answer = this.#answer;
    this.#answer = null;
    this.#isAnswerReady = false;
    return answer;
  }

  #readVersion(version: number): void {
    const kind = versionKind(version);
    if (kind === 'forbidden') {
      throw new RtmpError('rtmp-version-unsupported', `expected a version byte below 32, got ${version}`);
    }
    this.#isEncryptionAsked = kind === 'encrypted';
    this.#answer = new Uint8Array(HANDSHAKE_BYTES);
    this.#step = 'c1';
  }

  #endPacket(): void {
    this.#packetBytesReceived = 0;
    if (this.#step === 'c1') {
      this.#writeAnswer();
      this.#step = 'c2';
    } else {
      this.#step = 'done';
    }
  }

  #writeAnswer(): void {
    if (this.#answer === null) throw new Error('C1 ended before C0');
    const s1 = this.#answer.subarray(S1_OFFSET_BYTES, S2_OFFSET_BYTES);
    const s2 = this.#answer.subarray(S2_OFFSET_BYTES);
    this.#hopCount = readHopCount(s2);
    if (this.#isEncryptionAsked && this.#options.rtmpe) {
      this.#answer[0] = RTMPE_VERSION;
      this.#agreeOnCipher(s1, s2);
    } else {
      this.#answer[0] = PLAIN_VERSION;
      this.#answerPlain(s1, s2);
    }
    this.#isAnswerReady = true;
  }

  #answerPlain(s1: Uint8Array, s2: Uint8Array): void {
    const maySign = !this.#isEncryptionAsked && hasVersion(s2);
    const found = maySign ? findDigest(s2, CLIENT_KEY) : null;
    fillPacket(s1, found === null ? UNSIGNED_VERSION : SIGNED_VERSION, this.#options.randomBytes);
    if (found !== null) {
      signPacket(s1, found.layout, SERVER_KEY);
      signAnswer(s2, found.digest, SERVER_KEY);
    }
  }

  /** DEVIATION: S1 is always laid out as D8, whatever C1 is: FFmpeg publishing RTMPE reads the key there unseen. */
  #agreeOnCipher(s1: Uint8Array, s2: Uint8Array): void {
    const { randomBytes } = this.#options;
    const found = findDigest(s2, CLIENT_KEY);
    if (found === null) {
      throw new RtmpError(
        'rtmp-encryption-invalid',
        'expected a signed C1 with RTMPE, found no right digest',
      );
    }
    const keys = new DhKeyPair(randomBytes(PRIVATE_KEY_BYTES));
    this.#cipher = createServerCipher(keys, publicKeyPlace(s2, found.layout));
    fillPacket(s1, SIGNED_VERSION, randomBytes);
    publicKeyPlace(s1, DigestLayout.D8).set(keys.publicKey);
    signPacket(s1, DigestLayout.D8, SERVER_KEY);
    signAnswer(s2, found.digest, SERVER_KEY);
  }
}
