// The times of a connection's life, seen from the server: how long the handshake and the way to an accepted connect may
// take, and from then on those of peer-watch.ts.

import { PeerWatch, type PeerWatchOptions } from '../peer-watch.ts';
import { RtmpError } from '../rtmp-error.ts';

/** Times in ms. */
export type LivenessOptions = PeerWatchOptions & {
  readonly handshakeTimeoutMs: number;
  /** From the start to an accepted connect. */
  readonly connectTimeoutMs: number;
};

/** What a tick needs to know of the session. */
export type LivenessFacts = {
  readonly isHandshakeDone: boolean;
  /** Since when a message that was begun has made no progress, ms; null where none is unfinished. */
  readonly stillSinceMs: number | null;
};

/** Watches over one connection's times. */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #startedMs: number;
  readonly #peer: PeerWatch;
  #nowMs: number;
  #isConnected = false;

  constructor(options: LivenessOptions, nowMs: number) {
    this.#options = options;
    this.#startedMs = nowMs;
    this.#nowMs = nowMs;
    this.#peer = new PeerWatch(options, nowMs);
  }

  /** The peer sent something since the last tick. */
  heard(): void {
    this.#peer.heard();
  }

  /** The connect was accepted: its deadline no longer holds. */
  connected(): void {
    this.#isConnected = true;
  }

  /** Passes time; true when a ping is due. @throws RtmpError where a time has run out */
  tick(nowMs: number, facts: LivenessFacts): boolean {
    this.#nowMs = nowMs;
    const { handshakeTimeoutMs, connectTimeoutMs } = this.#options;
    if (!facts.isHandshakeDone && nowMs - this.#startedMs >= handshakeTimeoutMs) {
      throw timeout('rtmp-handshake-timeout', 'a whole handshake', handshakeTimeoutMs);
    }
    if (this.#isConnected) return this.#peer.tick(nowMs, facts.stillSinceMs);
    this.#peer.pass(nowMs);
    if (nowMs - this.#startedMs < connectTimeoutMs) return false;
    throw timeout('rtmp-connect-timeout', 'an accepted connect', connectTimeoutMs);
  }

  /** When the next tick is due. */
  nextDeadlineMs(): number {
    const { handshakeTimeoutMs, connectTimeoutMs } = this.#options;
    if (this.#isConnected) return this.#peer.nextDeadlineMs;
    const handshakeMs = this.#startedMs + handshakeTimeoutMs;
    const connectMs = this.#startedMs + connectTimeoutMs;
    return this.#nowMs < handshakeMs ? Math.min(handshakeMs, connectMs) : connectMs;
  }
}

function timeout(
  code: 'rtmp-handshake-timeout' | 'rtmp-connect-timeout',
  what: string,
  limitMs: number,
): RtmpError {
  return new RtmpError(code, `expected ${what} within ${limitMs} ms, got none`);
}
