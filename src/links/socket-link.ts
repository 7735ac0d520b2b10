// A Link over one socket: raw RTMP. It pulls when woken and when the socket has drained, and stops pulling while the
// socket is full, so that what waits for a slow peer waits in front of the Link, where it can be dropped.

import type { Socket } from 'node:net';
import type { EndReason, Guard, Guarded } from '../errors.ts';
import type { Deadline, Link, LinkEndpoint, LinkFacts, Wheel } from './link.ts';

/** What one pull asks for at most: enough for a late joiner's first pictures, little enough to be fair. */
const PULL_BYTES = 256 * 1024;

/** Time that is left to a closing socket to take what was said last, ms. */
const LINGER_MS = 2000;

/** Settings of socket Links. */
export type SocketLinkDeps = {
  readonly guard: Guard;
  readonly wheel: Wheel;
  /** Time a full socket may stay full before the peer is given up, ms. */
  readonly writeTimeoutMs: number;
};

/** RTMP on a socket. */
export class SocketLink implements Link, Guarded {
  readonly facts: LinkFacts;
  readonly #socket: Socket;
  readonly #deps: SocketLinkDeps;
  #endpoint: LinkEndpoint | null = null;
  #isFull = false;
  #fullDeadline: Deadline | null = null;
  #lingerDeadline: Deadline | null = null;
  #endReason: EndReason | null = null;

  constructor(socket: Socket, facts: LinkFacts, deps: SocketLinkDeps) {
    this.#socket = socket;
    this.facts = facts;
    this.#deps = deps;
  }

  attach(endpoint: LinkEndpoint): void {
    this.#endpoint = endpoint;
    const socket = this.#socket;
    const { guard } = this.#deps;
    socket.on('data', (bytes) => guard(this, () => endpoint.receive(bytes)));
    socket.on('drain', () => this.#drained());
    socket.on('error', (error) => this.#failedBy(error));
    socket.on('close', () => this.#closed(endpoint));
  }

  wake(): void {
    if (!this.#isFull) this.#deps.guard(this, () => this.#pull());
  }

  close(reason: EndReason): void {
    if (this.#endReason !== null) return;
    this.wake();
    this.#endReason = reason;
    this.#socket.end();
    this.#lingerDeadline = this.#deps.wheel.at(this.#deps.wheel.nowMs() + LINGER_MS, () => this.#socket.destroy());
  }

  fail(reason: EndReason): void {
    if (this.#endReason !== null) {
      this.#socket.destroy();
      return;
    }
    this.#endpoint?.failed(reason);
    this.close(reason);
  }

  #pull(): void {
    const socket = this.#socket;
    while (!this.#isFull && !socket.destroyed && this.#endReason === null) {
      const chunks = this.#endpoint?.take(PULL_BYTES) ?? [];
      if (chunks.length === 0) return;
      let hasRoom = true;
      if (chunks.length > 1) socket.cork();
      for (const chunk of chunks) hasRoom = socket.write(chunk);
      if (chunks.length > 1) socket.uncork();
      if (!hasRoom) this.#becameFull();
    }
  }

  #becameFull(): void {
    this.#isFull = true;
    const { wheel, writeTimeoutMs } = this.#deps;
    this.#fullDeadline ??= wheel.at(wheel.nowMs() + writeTimeoutMs, () => {
      const message = `expected the peer to read within ${writeTimeoutMs} ms, but its socket stayed full`;
      this.#endReason ??= { code: 'rtmp-peer-not-reading', message };
      this.#socket.destroy();
    });
  }

  #drained(): void {
    this.#isFull = false;
    this.#fullDeadline?.cancel();
    this.#fullDeadline = null;
    this.wake();
  }

  #failedBy(error: Error): void {
    this.#endReason ??= { code: 'peer-reset', message: error.message };
  }

  #closed(endpoint: LinkEndpoint): void {
    this.#fullDeadline?.cancel();
    this.#lingerDeadline?.cancel();
    const reason = this.#endReason ?? { code: 'peer-closed', message: 'The peer closed the connection.' };
    this.#endReason = reason;
    this.#deps.guard(this, () => endpoint.closed(reason));
  }
}
