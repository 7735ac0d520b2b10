// The times of a connection's life: how long the handshake and the way to an accepted connect may take, when a
// silent peer is pinged and given up, and how long a message that was begun may stand still.

import { RtmpError } from '../rtmp-error.ts';

/** Times in ms. */
export type LivenessOptions = {
  readonly handshakeTimeoutMs: number;
  /** From the start to an accepted connect. */
  readonly connectTimeoutMs: number;
  /** Silence after which a ping is sent. */
  readonly pingIntervalMs: number;
  /** Further silence after which the peer is given up. */
  readonly pingTimeoutMs: number;
  /** Time without a byte of progress on a message that was begun. */
  readonly messageTimeoutMs: number;
};

/** What a tick needs to know of the session. */
export type LivenessFacts = {
  readonly isHandshakeDone: boolean;
  /** Payload bytes of messages that were begun; 0 where it is us who do not read on. */
  readonly partialBytes: number;
  /** Which messages those are: another number where others were begun. */
  readonly unfinishedMark: number;
};

/** How finely silence is measured: this part of the shortest time that is watched. */
const STEPS = 4;

/** Watches over one connection's times. */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #startedMs: number;
  #nowMs: number;
  readonly #shortestMs: number;
  #isConnected = false;
  #hasHeard = false;
  #lastHeardMs: number;
  #isPinged = false;
  #partialBytes = 0;
  #unfinishedMark = 0;
  #partialSinceMs: number;

  constructor(options: LivenessOptions, nowMs: number) {
    this.#options = options;
    const { pingIntervalMs, pingTimeoutMs, messageTimeoutMs } = options;
    this.#shortestMs = Math.min(pingIntervalMs, pingTimeoutMs, messageTimeoutMs);
    this.#startedMs = nowMs;
    this.#nowMs = nowMs;
    this.#lastHeardMs = nowMs;
    this.#partialSinceMs = nowMs;
  }

  /** The peer sent something since the last tick. */
  heard(): void {
    this.#hasHeard = true;
  }

  /** The connect was accepted: its deadline no longer holds. */
  connected(): void {
    this.#isConnected = true;
  }

  /** Passes time; true when a ping is due. @throws RtmpError where a time has run out */
  tick(nowMs: number, facts: LivenessFacts): boolean {
    this.#nowMs = nowMs;
    const options = this.#options;
    if (this.#hasHeard) {
      this.#hasHeard = false;
      this.#isPinged = false;
      this.#lastHeardMs = nowMs;
    }
    if (!facts.isHandshakeDone && nowMs - this.#startedMs >= options.handshakeTimeoutMs) {
      throw timeout('rtmp-handshake-timeout', 'a whole handshake', options.handshakeTimeoutMs);
    }
    if (!this.#isConnected) {
      if (nowMs - this.#startedMs < options.connectTimeoutMs) return false;
      throw timeout('rtmp-connect-timeout', 'an accepted connect', options.connectTimeoutMs);
    }
    this.#watchPartial(nowMs, facts);
    const silentMs = nowMs - this.#lastHeardMs;
    if (silentMs >= options.pingIntervalMs + options.pingTimeoutMs) {
      throw timeout('rtmp-peer-silent', 'any byte', options.pingIntervalMs + options.pingTimeoutMs);
    }
    if (silentMs < options.pingIntervalMs || this.#isPinged) return false;
    this.#isPinged = true;
    return true;
  }

  /** When the next tick is due. */
  nextDeadlineMs(): number {
    const { handshakeTimeoutMs, connectTimeoutMs } = this.#options;
    if (this.#isConnected) return this.#nowMs + this.#shortestMs / STEPS;
    const handshakeMs = this.#startedMs + handshakeTimeoutMs;
    const connectMs = this.#startedMs + connectTimeoutMs;
    return this.#nowMs < handshakeMs ? Math.min(handshakeMs, connectMs) : connectMs;
  }

  #watchPartial(nowMs: number, { partialBytes, unfinishedMark }: LivenessFacts): void {
    // WHY: the bytes alone say too little: a busy publisher may be as far into another message as it was into the last.
    const hasMoved = partialBytes !== this.#partialBytes || unfinishedMark !== this.#unfinishedMark;
    if (partialBytes === 0 || hasMoved) {
      this.#partialBytes = partialBytes;
      this.#unfinishedMark = unfinishedMark;
      this.#partialSinceMs = nowMs;
    } else if (nowMs - this.#partialSinceMs >= this.#options.messageTimeoutMs) {
      throw timeout(
        'rtmp-message-stalled',
        'progress on a message that was begun',
        this.#options.messageTimeoutMs,
      );
    }
  }
}

function timeout(
  code: 'rtmp-handshake-timeout' | 'rtmp-connect-timeout' | 'rtmp-peer-silent' | 'rtmp-message-stalled',
  what: string,
  limitMs: number,
): RtmpError {
  return new RtmpError(code, `expected ${what} within ${limitMs} ms, got none`);
}
