// The handshake as a part of a client session: its bytes go in front of all others, and it has its time.

import { ClientHandshake } from '../handshake/client-handshake.ts';
import { RtmpError } from '../rtmp-error.ts';
import type { CompleteClientOptions } from './client-options.ts';
import type { ClientOutput } from './client-output.ts';
import { Countdown } from './countdown.ts';

/** One session's handshake. */
export class ClientGreeting {
  readonly #handshake: ClientHandshake;
  readonly #output: ClientOutput;
  readonly #timeoutMs: number;
  readonly #countdown = new Countdown();

  /** Puts C0 and C1. */
  constructor(options: CompleteClientOptions, output: ClientOutput) {
    const { randomBytes, isHandshakeSigned, requireSigned, hopCount, handshakeTimeoutMs } = options;
    this.#handshake = new ClientHandshake({
      randomBytes,
      isSigned: isHandshakeSigned,
      requireSigned,
      hopCount,
    });
    this.#output = output;
    this.#timeoutMs = handshakeTimeoutMs;
    this.#countdown.start(handshakeTimeoutMs);
    this.#putOutput();
  }

  /** True once all of S2 was received. */
  get isDone(): boolean {
    return this.#handshake.isDone;
  }

  /** When to tick next; null once it is done. */
  get nextDeadlineMs(): number | null {
    return this.#countdown.nextDeadlineMs;
  }

  /**
   * Takes in bytes, puts C2 when it is due, and returns how many bytes belong to the handshake.
   * @throws RtmpError 'rtmp-version-unsupported', 'rtmp-handshake-unsigned'
   */
  receive(bytes: Uint8Array): number {
    const consumedBytes = this.#handshake.receive(bytes);
    this.#putOutput();
    if (this.#handshake.isDone) this.#countdown.stop();
    return consumedBytes;
  }

  /**
   * Passes time.
   * @throws RtmpError 'rtmp-handshake-timeout'
   */
  tick(nowMs: number): void {
    if (!this.#countdown.tick(nowMs)) return;
    const text = `expected a whole handshake within ${this.#timeoutMs} ms, got a part of it`;
    throw new RtmpError('rtmp-handshake-timeout', text);
  }

  #putOutput(): void {
    for (let part = this.#handshake.takeOutput(); part !== null; part = this.#handshake.takeOutput()) {
      this.#output.putHandshake(part);
    }
  }
}
