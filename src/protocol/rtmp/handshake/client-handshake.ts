// The client's side of the handshake: sends C0 C1, answers S1 with C2, and reads S2 to its end. [RTMP 5.2] A
// signed C1 is laid out as FFmpeg lays it out (D8). Deadlines are the session's; RTMPE is left out.

import { RtmpError } from '../rtmp-error.ts';
import {
  CLIENT_KEY,
  DigestLayout,
  findDigest,
  SERVER_KEY,
  signAnswer,
  signPacket,
  verifyAnswer,
} from './digest.ts';
import {
  fillPacket,
  PACKET_BYTES,
  PLAIN_VERSION,
  VERSION_OFFSET_BYTES,
  versionKind,
} from './handshake-packet.ts';
import { writeHopCount } from './hop-count.ts';

/** Version field of a signed C1: Flash Player 9.0.124.2, as FFmpeg sends it. */
const SIGNED_VERSION = [9, 0, 124, 2];
const UNSIGNED_VERSION = [0, 0, 0, 0];

/** First byte of S1's version field from which on a server claims to have signed, as FFmpeg reads it. */
const LOWEST_SIGNED_VERSION = 3;

/** What a client handshake needs from outside, and how strict it is. */
export type ClientHandshakeOptions = {
  /** Gives exactly `lengthBytes` random bytes; called once, for 1528. */
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
  /** Signs C1, and checks S1 and S2 of a server that claims to have signed. */
  readonly isSigned: boolean;
  /** Refuses a server that does not sign. Default false; needs `isSigned`. */
  readonly requireSigned?: boolean;
  /** Gateways that the connection will have come through, see hop-count.ts. Default 0. */
  readonly hopCount?: number;
};

/** One connection's handshake, seen from the client. */
export class ClientHandshake {
  readonly #requireSigned: boolean;
  /** Digest of our C1, which S2 must answer; null where C1 is unsigned. */
  readonly #ownDigest: Uint8Array | null;
  readonly #output: Uint8Array[] = [];
  #step: 's0' | 's1' | 's2' | 'done' = 's0';
  /** S1 or S2 as far as it has come; null where it is only counted. */
  #packet: Uint8Array | null = null;
  #packetBytesReceived = 0;
  #isServerSigned = false;

  constructor(options: ClientHandshakeOptions) {
    this.#requireSigned = options.requireSigned ?? false;
    if (this.#requireSigned && !options.isSigned) throw new Error('requireSigned needs isSigned');
    const greeting = new Uint8Array(1 + PACKET_BYTES);
    const c1 = greeting.subarray(1);
    greeting[0] = PLAIN_VERSION;
    fillPacket(c1, options.isSigned ? SIGNED_VERSION : UNSIGNED_VERSION, options.randomBytes);
    writeHopCount(c1, options.hopCount ?? 0);
    this.#ownDigest = options.isSigned ? signPacket(c1, DigestLayout.D8, CLIENT_KEY) : null;
    this.#output.push(greeting);
  }

  /** True once all of S2 was received. C2 may still wait in `takeOutput`, and goes before anything else. */
  get isDone(): boolean {
    return this.#step === 'done';
  }

  /** True where the server's S1 carried a right digest; known once S1 is whole. */
  get isServerSigned(): boolean {
    return this.#isServerSigned;
  }

  /**
   * Takes in bytes, and returns how many of them belong to the handshake: it stops exactly at the end of S2, and
   * the rest is the chunk stream's.
   * @throws RtmpError 'rtmp-version-unsupported' where S0 names an encrypted or a forbidden version,
   *   'rtmp-handshake-unsigned' where S1 claims a signature and it or that of S2 is wrong, or where none is there
   *   and one is required
   */
  receive(bytes: Uint8Array): number {
    let consumedBytes = 0;
    while (consumedBytes < bytes.length && this.#step !== 'done') {
      if (this.#step === 's0') {
        this.#readVersion(bytes[consumedBytes] ?? 0);
        consumedBytes += 1;
        continue;
      }
      const missingBytes = PACKET_BYTES - this.#packetBytesReceived;
      const end = Math.min(consumedBytes + missingBytes, bytes.length);
      this.#packet?.set(bytes.subarray(consumedBytes, end), this.#packetBytesReceived);
      this.#packetBytesReceived += end - consumedBytes;
      consumedBytes = end;
      if (this.#packetBytesReceived === PACKET_BYTES) this.#endPacket();
    }
    return consumedBytes;
  }

  /** Gives C0 C1 (1537 bytes) at first, C2 (1536 bytes) once S1 is whole, otherwise null. The buffer is the caller's. */
  takeOutput(): Uint8Array | null {
    return this.#output.shift() ?? null;
  }

  #readVersion(version: number): void {
    if (versionKind(version) !== 'plain') {
      throw new RtmpError('rtmp-version-unsupported', `expected S0 to be ${PLAIN_VERSION}, got ${version}`);
    }
    this.#packet = new Uint8Array(PACKET_BYTES);
    this.#step = 's1';
  }

  #endPacket(): void {
    const packet = this.#packet;
    this.#packetBytesReceived = 0;
    if (this.#step === 's1') {
      if (packet === null) throw new Error('S1 was not kept');
      this.#answerS1(packet);
      this.#packet = this.#isServerSigned ? new Uint8Array(PACKET_BYTES) : null;
      this.#step = 's2';
    } else {
      if (packet !== null) this.#checkS2(packet);
      this.#packet = null;
      this.#step = 'done';
    }
  }

  /** Turns S1 into C2 in place: C2 is its echo, with a signature at its end where the server signed. */
  #answerS1(s1: Uint8Array): void {
    const found = this.#ownDigest === null ? null : findDigest(s1, SERVER_KEY);
    if (found !== null) {
      this.#isServerSigned = true;
      signAnswer(s1, found.digest, CLIENT_KEY);
    } else if (this.#ownDigest !== null) {
      this.#refuseUnsigned(s1);
    }
    this.#output.push(s1);
  }

  #refuseUnsigned(s1: Uint8Array): void {
    const version = s1[VERSION_OFFSET_BYTES] ?? 0;
    if (version >= LOWEST_SIGNED_VERSION) {
      throw new RtmpError(
        'rtmp-handshake-unsigned',
        `expected a right digest in S1 of version ${version}, found none`,
      );
    }
    if (this.#requireSigned) {
      throw new RtmpError('rtmp-handshake-unsigned', 'expected a signed S1, got an unsigned one');
    }
  }

  #checkS2(s2: Uint8Array): void {
    if (this.#ownDigest === null || verifyAnswer(s2, this.#ownDigest, SERVER_KEY)) return;
    throw new RtmpError(
      'rtmp-handshake-unsigned',
      'expected S2 to end in a signature over C1, got a wrong one',
    );
  }
}
