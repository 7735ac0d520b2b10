// Watches the times of a peer that is connected: when a silent one is pinged and given up, and how long a message that
// was begun may stand still. For server and client alike; how the ping is sent, and the way to connect, are theirs.

import { RtmpError } from './rtmp-error.ts';

/** Times in ms. */
export type PeerWatchOptions = {
  /** Silence after which a ping is sent. */
  readonly pingIntervalMs: number;
  /** Further silence after which the peer is given up. */
  readonly pingTimeoutMs: number;
  /** Time without a byte of progress on a message that was begun. */
  readonly messageTimeoutMs: number;
};

/** How finely silence is measured: this part of the shortest time that is watched. */
const STEPS = 4;

/** Watches over one peer. */
export class PeerWatch {
  readonly #options: PeerWatchOptions;
  readonly #stepMs: number;
  #nowMs: number;
  #hasHeard = false;
  #lastHeardMs: number;
  #isPinged = false;

  /** Begins at `nowMs`, on the clock of `tick`. */
  constructor(options: PeerWatchOptions, nowMs: number) {
    const { pingIntervalMs, pingTimeoutMs, messageTimeoutMs } = options;
    this.#options = options;
    this.#stepMs = Math.min(pingIntervalMs, pingTimeoutMs, messageTimeoutMs) / STEPS;
    this.#nowMs = nowMs;
    this.#lastHeardMs = nowMs;
  }

  /** When the next tick is due. */
  get nextDeadlineMs(): number {
    return this.#nowMs + this.#stepMs;
  }

  /** The peer sent something since time passed last. */
  heard(): void {
    this.#hasHeard = true;
  }

  /** Passes time without judging. */
  pass(nowMs: number): void {
    this.#nowMs = nowMs;
    if (!this.#hasHeard) return;
    this.#hasHeard = false;
    this.#isPinged = false;
    this.#lastHeardMs = nowMs;
  }

  /**
   * Passes time; true when a ping is due. `stillSinceMs` is since when a message that was begun has made no progress.
   * @throws RtmpError 'rtmp-message-stalled', 'rtmp-peer-silent'
   */
  tick(nowMs: number, stillSinceMs: number | null): boolean {
    this.pass(nowMs);
    const { pingIntervalMs, pingTimeoutMs, messageTimeoutMs } = this.#options;
    if (stillSinceMs !== null && nowMs - stillSinceMs >= messageTimeoutMs) {
      const text = `expected progress on a message that was begun within ${messageTimeoutMs} ms, got none`;
      throw new RtmpError('rtmp-message-stalled', text);
    }
    const silentMs = nowMs - this.#lastHeardMs;
    if (silentMs >= pingIntervalMs + pingTimeoutMs) {
      const limitMs = pingIntervalMs + pingTimeoutMs;
      throw new RtmpError('rtmp-peer-silent', `expected any byte within ${limitMs} ms, got none`);
    }
    if (silentMs < pingIntervalMs || this.#isPinged) return false;
    this.#isPinged = true;
    return true;
  }
}
