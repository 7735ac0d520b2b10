// Pings a peer now and then, which keeps proxies on the way from closing a quiet connection, and tells of one that has
// sent nothing at all since. One deadline on the wheel, and nothing per message: the socket counts what it reads.

import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Deadline, Wheel } from '../link.ts';

/** When a peer is pinged and given up. */
export type KeepAliveConfig = {
  /** How often it is pinged, ms. */
  readonly pingIntervalMs: number;
  /** Time for it to send anything at all after a ping, ms. */
  readonly pingTimeoutMs: number;
};

/** Watches one WebSocket. */
export class KeepAlive {
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #config: KeepAliveConfig;
  readonly #wheel: Wheel;
  #onSilent: () => void = () => undefined;
  #deadline: Deadline | null = null;
  #nextPingMs = 0;
  /** What the socket had read when it was looked at last. */
  #readBytes = 0;
  /** True while a ping waits for a full socket. */
  #isPinging = false;
  /** When the first ping left behind which nothing was seen to come; null where there is none. */
  #pingedMs: number | null = null;

  constructor(webSocket: WebSocket, socket: Socket, config: KeepAliveConfig, wheel: Wheel) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#config = config;
    this.#wheel = wheel;
  }

  /** Begins. `onSilent` is called at most once, and nothing is pinged after that. */
  start(onSilent: () => void): void {
    this.#onSilent = onSilent;
    this.#nextPingMs = this.#wheel.nowMs() + this.#config.pingIntervalMs;
    this.#arm(this.#nextPingMs);
  }

  /** Ends it. */
  stop(): void {
    this.#deadline?.cancel();
    this.#deadline = null;
  }

  #arm(deadlineMs: number): void {
    this.#deadline = this.#wheel.at(deadlineMs, this.#look);
  }

  readonly #look = (): void => {
    const nowMs = this.#wheel.nowMs();
    const { pingIntervalMs, pingTimeoutMs } = this.#config;
    const { bytesRead } = this.#socket;
    // A peer that nobody listens to is not silent.
    if (bytesRead !== this.#readBytes || this.#webSocket.isPaused) this.#pingedMs = null;
    this.#readBytes = bytesRead;
    if (this.#pingedMs !== null && nowMs - this.#pingedMs >= pingTimeoutMs) {
      this.#onSilent();
      return;
    }
    if (nowMs >= this.#nextPingMs) {
      this.#nextPingMs = nowMs + pingIntervalMs;
      this.#ping();
    }
    this.#arm(Math.min(this.#nextPingMs, (this.#pingedMs ?? nowMs) + pingTimeoutMs));
  };

  // WHY: a ping that is still in a full socket is no question that the peer could answer; whether it reads at all is the
  // Link's to watch. And where one waits, no further one does.
  #ping(): void {
    if (this.#isPinging) return;
    this.#isPinging = true;
    this.#webSocket.ping(undefined, false, (error?: Error | null) => {
      this.#isPinging = false;
      if (error instanceof Error) return;
      this.#pingedMs ??= this.#wheel.nowMs();
    });
  }
}
