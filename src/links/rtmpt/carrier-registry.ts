// Which connections have carried requests of which tunnels. A tunnel is not a socket: one connection may carry many
// sessions behind a proxy, and one session may use a new connection for each request. [RTMPT-NOTE 4] One listener a
// connection, however many requests it carries.

import type { Socket } from 'node:net';
import type { TunnelLink } from './tunnel-link.ts';

/** Tells links of the connections that carry them. */
export class CarrierRegistry {
  readonly #linksBySocket = new WeakMap<Socket, Set<TunnelLink>>();

  /** A whole request of `link` came on `socket`. A connection that is gone by now counts for nothing. */
  carried(socket: Socket, link: TunnelLink): void {
    if (socket.destroyed || link.carriers.has(socket)) return;
    this.#linksOf(socket).add(link);
    link.carrierOpened(socket);
  }

  /** Forgets an ended link. */
  release(link: TunnelLink): void {
    for (const socket of link.carriers) this.#linksBySocket.get(socket)?.delete(link);
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
