// The open ports and every socket that came through them. The HTTP server listens itself on the first address, for its
// timeouts and its closing work only then; the others are plain servers that feed the same handler.

import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { createServer, Server } from 'node:net';
import type { Listener, ListenerKind } from '../../config/listener.ts';

/** Ports that stand in for others where only the default asked for those. */
const FALLBACK_PORTS: ReadonlyMap<number, number> = new Map([
  [80, 8080],
  [443, 8443],
]);

/** Errors after which the stand-in is tried. */
const UNAVAILABLE = new Set(['EACCES', 'EADDRINUSE']);

/** What keeps a port from opening, and what to do. */
const CAUSES = new Map([
  ['EADDRINUSE', 'the port is in use; stop what uses it, or choose another with --listen'],
  ['EACCES', 'the port is not permitted; choose one over 1023 with --listen, or give the right to bind it'],
  ['EADDRNOTAVAIL', 'this machine does not have that address'],
  ['ENOTFOUND', 'there is no such host name'],
]);

/** Connections that wait to be accepted, per port. */
const BACKLOG = 1024;

/** A listener that is open, and the address it got: `host:port`, an IPv6 address in brackets. */
export type OpenListener = { readonly kind: ListenerKind; readonly address: string };

/** What listeners are made with. */
export type ListenersDeps = {
  /** Listens on the first address. */
  readonly httpServer: HttpServer;
  /** Takes each connection. */
  readonly onSocket: (socket: Socket, kind: ListenerKind) => void;
  /** The system could not hand a connection over, for want of memory or the like. */
  readonly onFailedAccept: () => void;
  /** Writes a listener as the configuration has it. */
  readonly textOf: (listener: Listener) => string;
};

/** Listeners and their sockets. */
export class Listeners {
  readonly #deps: ListenersDeps;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #fallbackPorts: ReadonlyMap<number, number>;

  /** `fallbackPorts` is for tests, which cannot have port 80. */
  constructor(deps: ListenersDeps, fallbackPorts: ReadonlyMap<number, number> = FALLBACK_PORTS) {
    this.#deps = deps;
    this.#fallbackPorts = fallbackPorts;
  }

  /** Opens all; gives them with the addresses they got. Closes again what was opened where one fails. */
  async open(
    listeners: readonly Listener[],
    mayFallBack: boolean,
    onFallBack: (wanted: string, used: string) => void,
  ): Promise<OpenListener[]> {
    try {
      const opened: OpenListener[] = [];
      for (const listener of listeners) {
        opened.push(await this.#openOne(listener, mayFallBack, onFallBack));
      }
      return opened;
    } catch (error) {
      // WHY: who came in meanwhile may stay for long, and nothing would tell that the start has failed.
      this.destroySockets();
      await this.close();
      throw error;
    }
  }

  /** Stops listening; done when the last connection is gone. */
  async close(): Promise<void> {
    // WHY: not the HTTP server's own close, which would cut off the tunnels that are between two polls.
    const closed = this.#servers.map(
      (server) => new Promise<void>((resolve) => Server.prototype.close.call(server, () => resolve())),
    );
    await Promise.all(closed);
  }

  /** Ends every connection at once. */
  destroySockets(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket, kind: ListenerKind): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#deps.onSocket(socket, kind);
  }

  async #openOne(
    listener: Listener,
    mayFallBack: boolean,
    onFallBack: (wanted: string, used: string) => void,
  ): Promise<OpenListener> {
    const portNumber = mayFallBack ? this.#fallbackPorts.get(listener.portNumber) : undefined;
    try {
      return await this.#listen(listener);
    } catch (error) {
      if (portNumber === undefined || !UNAVAILABLE.has(codeOf(error)))
        throw listenError(this.#deps.textOf(listener), error);
    }
    const fallback = { ...listener, portNumber };
    onFallBack(this.#deps.textOf(listener), this.#deps.textOf(fallback));
    try {
      return await this.#listen(fallback);
    } catch (error) {
      throw listenError(this.#deps.textOf(fallback), error);
    }
  }

  #listen({ kind, host, portNumber }: Listener): Promise<OpenListener> {
    const isFirst = this.#servers.length === 0;
    const server = isFirst ? this.#deps.httpServer : createServer({ noDelay: true });
    return new Promise((resolve, reject) => {
      const onListening = () => {
        server.off('error', onError);
        server.on('connection', (socket) => this.#accept(socket, kind));
        // WHY: a failed accept is told as an error of the server, and nobody to hear it would end the process.
        server.on('error', () => this.#deps.onFailedAccept());
        this.#servers.push(server);
        resolve({ kind, address: this.#addressOf(server) });
      };
      const onError = (error: Error) => {
        server.off('listening', onListening);
        reject(error);
      };
      server.once('error', onError);
      server.once('listening', onListening);
      server.listen({ port: portNumber, backlog: BACKLOG, ...(host === null ? {} : { host }) });
    });
  }

  #addressOf(server: Server): string {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a listener has no address');
    return this.#deps.textOf({ kind: 'plain', host: address.address, portNumber: address.port });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function listenError(text: string, cause: unknown): Error {
  const known = CAUSES.get(codeOf(cause));
  const why = known ?? (cause instanceof Error ? cause.message : String(cause));
  return new Error(`cannot listen on ${text}: ${why}`, { cause });
}
