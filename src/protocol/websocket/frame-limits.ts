// Counts the frames of a peer that carry nothing, or next to it, from the bytes as they came. What the frames mean, and
// whether they may be, is for another to say: this reads their heads, and skips what is in them. WHY: a library that gives
// whole messages tells of no empty fragment, thousands of which may stand in one. [RFC6455 5.2]
//
//   byte 0      FIN (0x80), three reserved bits, opcode
//   byte 1      MASK (0x80), length 0..125, 126 or 127
//   bytes 2-3   length, where byte 1 says 126
//   bytes 2-9   length, where byte 1 says 127
//   4 bytes     the mask, where byte 1 says so

import { TokenBucket } from '../bytes/token-bucket.ts';
import { FRAME_RATES, type FrameKind, TINY_FRAME_BYTES } from './limits.ts';
import { WebSocketError } from './websocket-error.ts';

const FIN = 0x80;
const OPCODE_MASK = 0x0f;
const CONTINUATION = 0;
const FIRST_CONTROL = 8;
const CLOSE = 8;
const MASK = 0x80;
const MASK_BYTES = 4;
const LENGTH_MASK = 0x7f;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** What one peer may send. */
export class FrameLimits {
  readonly #buckets = new Map<FrameKind, TokenBucket>();
  /** Bytes of the head that were read, of how many, and where in it the length ends. */
  #readBytes = 0;
  #headBytes = 2;
  #lengthEnd = 2;
  #firstByte = 0;
  /** Length of the frame's payload; behind its head, what is still to come of it. */
  #payloadBytes = 0;

  /**
   * Takes in bytes, of which none are kept. Gives the violation where there are frames among them that come too often; what
   * is given for the bytes behind those means nothing. `nowMs` must not go back.
   */
  take(bytes: Uint8Array, nowMs: number): WebSocketError | null {
    for (let offset = 0; offset < bytes.length; ) {
      if (this.#readBytes < this.#headBytes) {
        this.#readHead(bytes[offset++] ?? 0);
        if (this.#readBytes < this.#headBytes) continue;
        const kind = this.#kind();
        if (kind !== null && !this.#mayPass(kind, nowMs)) return violationOf(kind);
      }
      const skippedBytes = Math.min(this.#payloadBytes, bytes.length - offset);
      offset += skippedBytes;
      this.#payloadBytes -= skippedBytes;
      if (this.#payloadBytes === 0) this.#beginHead();
    }
    return null;
  }

  #beginHead(): void {
    this.#readBytes = 0;
    this.#headBytes = 2;
  }

  #readHead(byte: number): void {
    const index = this.#readBytes++;
    if (index === 0) this.#firstByte = byte;
    else if (index === 1) {
      const length = byte & LENGTH_MASK;
      this.#lengthEnd = length === LENGTH_64 ? 10 : length === LENGTH_16 ? 4 : 2;
      this.#headBytes = this.#lengthEnd + ((byte & MASK) === 0 ? 0 : MASK_BYTES);
      this.#payloadBytes = this.#lengthEnd === 2 ? length : 0;
    } else if (index < this.#lengthEnd) this.#payloadBytes = this.#payloadBytes * 256 + byte;
  }

  /** What the frame whose head was read counts for; null where it carries something, or is the last one. */
  #kind(): FrameKind | null {
    const opcode = this.#firstByte & OPCODE_MASK;
    if (opcode >= FIRST_CONTROL) return opcode === CLOSE ? null : 'pings and pongs';
    if (this.#payloadBytes >= TINY_FRAME_BYTES) return null;
    const isMessage = opcode !== CONTINUATION && (this.#firstByte & FIN) !== 0;
    return isMessage && this.#payloadBytes === 0 ? 'empty messages' : 'tiny frames';
  }

  #mayPass(kind: FrameKind, nowMs: number): boolean {
    let bucket = this.#buckets.get(kind);
    if (bucket === undefined) {
      bucket = new TokenBucket(FRAME_RATES[kind], nowMs);
      this.#buckets.set(kind, bucket);
    }
    return bucket.take(1, nowMs);
  }
}

function violationOf(kind: FrameKind): WebSocketError {
  const { atOnce, perSecond } = FRAME_RATES[kind];
  const message = `expected at most ${perSecond} ${kind} a second and ${atOnce} at once, got more`;
  return new WebSocketError('websocket-flood', message);
}
