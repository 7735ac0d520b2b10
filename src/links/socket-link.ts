// A Link over one socket: raw RTMP. It pulls when woken and when the socket has drained, and stops pulling while the
// socket is full, so that what waits for a slow peer waits in front of the Link, where it can be dropped.

import type { Socket } from 'node:net';
import type { EndReason, Guard, Guarded } from '../errors.ts';
import type { Deadline, Link, LinkEndpoint, LinkFacts, Outlet, Wheel } from './link.ts';

/** What one pull asks for at most: enough for a late joiner's first pictures, little enough to be fair. */
const PULL_BYTES = 256 * 1024;

/** What is written as one: how much of a pull must go out for a slow peer to count as reading. */
const PIECE_BYTES = 64 * 1024;

/** Time that is left to a closing socket to take what was said last, ms. */
const LINGER_MS = 2000;

const NOTHING: readonly Uint8Array[] = [];

/** Settings of socket Links. */
export type SocketLinkDeps = {
  readonly guard: Guard;
  readonly wheel: Wheel;
  /** Time a full socket may take nothing before the peer is given up, ms. */
  readonly writeTimeoutMs: number;
};

/** RTMP on a socket. */
export class SocketLink implements Link, Outlet, Guarded {
  readonly facts: LinkFacts;
  readonly gatherMs = 0;
  readonly outlet: Outlet = this;
  readonly #socket: Socket;
  readonly #deps: SocketLinkDeps;
  #endpoint: LinkEndpoint | null = null;
  /** What was pulled, and how much of it is written: chunks before the index, bytes of the chunk at it. */
  #pulled: readonly Uint8Array[] = NOTHING;
  #writtenChunks = 0;
  #writtenBytes = 0;
  #isFull = false;
  #fullDeadline: Deadline | null = null;
  #lingerDeadline: Deadline | null = null;
  #endReason: EndReason | null = null;
  /** WHY: one function for all links, and no closure each: thousands of them are woken at one tick. */
  static readonly #pullAll = (link: SocketLink): void => link.#pull();
  static readonly #writePulled = (link: SocketLink): void => link.#write();

  constructor(socket: Socket, facts: LinkFacts, deps: SocketLinkDeps) {
    this.#socket = socket;
    this.facts = facts;
    this.#deps = deps;
  }

  attach(endpoint: LinkEndpoint): void {
    this.#endpoint = endpoint;
    const socket = this.#socket;
    const { guard } = this.#deps;
    socket.on('data', (bytes) => {
      if (this.#endReason === null) guard(this, () => endpoint.receive(bytes));
    });
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#endedByPeer());
    socket.on('error', (error) => this.#failedBy(error));
    socket.on('close', () => this.#closed(endpoint));
  }

  offer(chunks: readonly Uint8Array[]): boolean {
    // Where nothing that was pulled is left, nothing waits in front of it either: each wake pulls all there is.
    if (this.#isFull || this.#pulled.length > 0 || this.#endReason !== null) return false;
    this.#pulled = chunks;
    this.#deps.guard(this, SocketLink.#writePulled);
    return true;
  }

  wake(): void {
    if (!this.#isFull) this.#deps.guard(this, SocketLink.#pullAll);
  }

  close(reason: EndReason): void {
    if (this.#endReason !== null) return;
    this.#endReason = reason;
    if (this.#endpoint === null) {
      // Nobody took it in: there is nothing to carry out, and nobody who listens for what befalls the socket.
      this.#socket.destroy();
      return;
    }
    this.#linger();
    this.wake();
  }

  fail(reason: EndReason): void {
    if (this.#endReason !== null) {
      this.#socket.destroy();
      return;
    }
    this.#endpoint?.failed(reason);
    this.close(reason);
  }

  /** Writes what there is until the socket is full; of a closing Link, its end behind that. */
  #pull(): void {
    while (!this.#isFull && this.#socket.writable) {
      if (this.#pulled.length === 0) {
        this.#pulled = this.#endpoint?.take(PULL_BYTES) ?? NOTHING;
      }
      if (this.#pulled.length > 0) {
        this.#write();
        if (this.#isAllTaken) return;
      } else if (this.#endReason === null) return;
      else this.#socket.end();
    }
  }

  /** True where a further pull would bring nothing. */
  get #isAllTaken(): boolean {
    return this.#pulled.length === 0 && this.#endReason === null && this.#endpoint?.hasMore === false;
  }

  /** Writes of what was pulled as much as the socket has room for, as one. */
  #write(): void {
    const socket = this.#socket;
    const isOne = this.#pulled.length === 1;
    let hasRoom = true;
    if (!isOne) socket.cork();
    while (hasRoom && this.#writtenChunks < this.#pulled.length) hasRoom = socket.write(this.#nextPiece());
    if (!isOne) socket.uncork();
    if (this.#writtenChunks === this.#pulled.length) this.#forgetPulled();
    if (!hasRoom) this.#becameFull();
  }

  /** WHY: what was pulled are views of a log's memory, and the next bytes may not come for long. */
  #forgetPulled(): void {
    this.#pulled = NOTHING;
    this.#writtenChunks = 0;
  }

  #nextPiece(): Uint8Array {
    const chunk = this.#pulled[this.#writtenChunks];
    if (chunk === undefined) throw new Error('nothing that was pulled is left to write');
    const from = this.#writtenBytes;
    const to = Math.min(from + PIECE_BYTES, chunk.length);
    const isLast = to === chunk.length;
    this.#writtenBytes = isLast ? 0 : to;
    if (isLast) this.#writtenChunks++;
    return from === 0 && isLast ? chunk : chunk.subarray(from, to);
  }

  #becameFull(): void {
    this.#isFull = true;
    const { wheel, writeTimeoutMs } = this.#deps;
    this.#fullDeadline = wheel.at(wheel.nowMs() + writeTimeoutMs, () => {
      const message = `expected the peer to read within ${writeTimeoutMs} ms, but its socket stayed full`;
      this.#endReason ??= { code: 'rtmp-peer-not-reading', message };
      this.#socket.destroy();
    });
  }

  #drained(): void {
    this.#isFull = false;
    this.#fullDeadline?.cancel();
    this.wake();
  }

  // WHY: the HTTP server leaves its sockets half open when the peer has ended; an RTMP peer that has ended is gone.
  #endedByPeer(): void {
    this.#endReason ??= { code: 'peer-closed', message: 'The peer closed the connection.' };
    this.#socket.end();
    this.#linger();
  }

  #linger(): void {
    const { wheel } = this.#deps;
    this.#lingerDeadline ??= wheel.at(wheel.nowMs() + LINGER_MS, () => this.#socket.destroy());
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
