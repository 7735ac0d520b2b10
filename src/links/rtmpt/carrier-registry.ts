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
  readonly #linksBySocket = new WeakMap<Socket, Set<TunnelLink>>();

  constructor(wheel: Wheel) {
    this.#wheel = wheel;
  }

  /** A whole request of `link` came on `socket`. A connection that is gone by now counts for nothing. */
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
