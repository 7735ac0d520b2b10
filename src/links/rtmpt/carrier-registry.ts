// Which connections have carried requests of which tunnels. A tunnel is not a socket: one connection may carry many
// sessions behind a proxy, and one session may use a new connection for each request. [RTMPT-NOTE 4] One listener a
// connection, however many requests it carries.

import type { Socket } from 'node:net';
import type { Wheel } from '../link.ts';
import type { TunnelLink } from './tunnel-link.ts';

/** Time in ms after a session's end in which a connection that still holds replies of it has to take some. */
const STUCK_CARRIER_MS = 10_000;

/** Tells links of the connections that carry them. */
export class CarrierRegistry {
  readonly #wheel: Wheel;
  readonly #writeTimeoutMs: number;
  readonly #linksBySocket = new WeakMap<Socket, Set<TunnelLink>>();
  /** Those that had something left to send when they were looked at last. */
  readonly #watched = new WeakSet<Socket>();

  /** `writeTimeoutMs`: time that a connection which is full of replies may take none of them. */
  constructor(wheel: Wheel, writeTimeoutMs: number) {
    this.#wheel = wheel;
    this.#writeTimeoutMs = writeTimeoutMs;
  }

  /**
   * A reply was written on `socket`. LIMIT: replies that nobody reads pile up in the system's buffers, a few megabytes, and
   * then here, up to 64 KiB more, with which a connection is full: it is read no further, and given up where it takes
   * nothing for too long. A publisher that never reads its replies comes to that in the end. [RTMPT-NOTE 2]
   */
  replied(socket: Socket): void {
    if (socket.writableLength === 0 || this.#watched.has(socket)) return;
    this.#watched.add(socket);
    this.#watch(socket, takenBytesOf(socket));
  }

  /** A request of `link` came on `socket`, perhaps not whole. A connection that is gone by now counts for nothing. */
  carried(socket: Socket, link: TunnelLink): void {
    if (link.isCarriedBy(socket) || socket.destroyed) return;
    this.#linksOf(socket).add(link);
    link.carrierOpened(socket);
  }

  /** Forgets an ended link, and ends those of its connections that nobody reads: no timeout of the HTTP server sees
   * a reply that is written and never taken. */
  release(link: TunnelLink): void {
    for (const socket of link.carriers) {
      this.#linksBySocket.get(socket)?.delete(link);
      if (socket.writableLength > 0) this.#endIfStuck(socket);
    }
  }

  #watch(socket: Socket, takenBytes: number): void {
    this.#wheel.at(this.#wheel.nowMs() + this.#writeTimeoutMs, () => {
      const takenNowBytes = takenBytesOf(socket);
      if (socket.destroyed || socket.writableLength === 0) this.#watched.delete(socket);
      else if (takenNowBytes !== takenBytes) this.#watch(socket, takenNowBytes);
      else this.#giveUp(socket);
    });
  }

  /** Ends a connection, and those of its sessions that have no other one. */
  #giveUp(socket: Socket): void {
    const message = `expected the client to read its replies within ${this.#writeTimeoutMs} ms, but it took none`;
    for (const link of this.#linksBySocket.get(socket) ?? []) {
      if (link.carriers.size === 1) link.end({ code: 'rtmp-peer-not-reading', message });
    }
    socket.destroy();
  }

  #endIfStuck(socket: Socket): void {
    const takenBytes = takenBytesOf(socket);
    this.#wheel.at(this.#wheel.nowMs() + STUCK_CARRIER_MS, () => {
      if (socket.writableLength > 0 && takenBytesOf(socket) === takenBytes) socket.destroy();
    });
  }

  #linksOf(socket: Socket): Set<TunnelLink> {
    const known = this.#linksBySocket.get(socket);
    if (known !== undefined) return known;
    const links = new Set<TunnelLink>();
    this.#linksBySocket.set(socket, links);
    socket.once('close', () => {
      for (const link of links) link.carrierClosed(socket);
    });
    return links;
  }
}

/** Bytes that the system has taken off a socket's hands; `bytesWritten` counts those that still wait, too. */
function takenBytesOf(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength;
}
