// The times of life of one tunnel: a session must shake hands soon, must not fall silent, and must not stay away once
// its last connection is gone. [RTMPT-NOTE 11] It only judges; the session acts on it.

import { HANDSHAKE_LENGTH_BYTES, type TunnelSettings } from './limits.ts';
import { TunnelError } from './tunnel-error.ts';

/** Watches the times of life of one tunnel. All times are monotonic ms. */
export class TunnelLife {
  readonly #settings: TunnelSettings;
  readonly #openedMs: number;
  #receivedBytes = 0;
  #lastRequestMs: number;
  #carrierCount = 0;
  #detachedMs: number;

  /** The session was opened at `openedMs`, which counts as its first request. */
  constructor(settings: TunnelSettings, openedMs: number) {
    this.#settings = settings;
    this.#openedMs = openedMs;
    this.#lastRequestMs = openedMs;
    this.#detachedMs = openedMs;
  }

  /** True once a handshake's bytes have come. */
  get isShaken(): boolean {
    return this.#receivedBytes >= HANDSHAKE_LENGTH_BYTES;
  }

  /** A request came, whole, with `lengthBytes` of RTMP in it. */
  requested(lengthBytes: number, nowMs: number): void {
    this.#receivedBytes += lengthBytes;
    this.#lastRequestMs = nowMs;
    if (this.#carrierCount === 0) this.#detachedMs = nowMs;
  }

  /** The number of open connections that have carried a request of the session has changed. */
  carriersChanged(carrierCount: number, nowMs: number): void {
    this.#carrierCount = carrierCount;
    if (carrierCount === 0) this.#detachedMs = nowMs;
  }

  /** When {@link overdue} may next find something, in ms. */
  nextDeadlineMs(): number {
    return Math.min(this.#handshakeDeadlineMs(), this.#silenceDeadlineMs(), this.#detachedDeadlineMs());
  }

  /** What time of life has run out by `nowMs`, or null. */
  overdue(nowMs: number): TunnelError | null {
    const { handshakeTimeoutMs, silenceTimeoutMs, detachedTimeoutMs } = this.#settings;
    if (nowMs >= this.#handshakeDeadlineMs()) {
      return new TunnelError(
        'tunnel-handshake-timeout',
        `expected the ${HANDSHAKE_LENGTH_BYTES} bytes of a handshake within ${handshakeTimeoutMs} ms, got ${this.#receivedBytes}`,
      );
    }
    if (nowMs >= this.#silenceDeadlineMs()) {
      return new TunnelError('tunnel-silent', `expected a request within ${silenceTimeoutMs} ms, got none`);
    }
    if (nowMs >= this.#detachedDeadlineMs()) {
      return new TunnelError(
        'tunnel-detached',
        `expected a request within ${detachedTimeoutMs} ms of the last connection's end, got none`,
      );
    }
    return null;
  }

  #handshakeDeadlineMs(): number {
    return this.isShaken ? Number.POSITIVE_INFINITY : this.#openedMs + this.#settings.handshakeTimeoutMs;
  }

  #silenceDeadlineMs(): number {
    return this.#lastRequestMs + this.#settings.silenceTimeoutMs;
  }

  #detachedDeadlineMs(): number {
    const isAttached = this.#carrierCount > 0;
    return isAttached ? Number.POSITIVE_INFINITY : this.#detachedMs + this.#settings.detachedTimeoutMs;
  }
}
