// TLS on connections that others accepted and looked at. One tls.Server that never listens does all handshakes: it knows
// the certificates, ALPN and the errors. Behind TLS there is HTTP/1.1 or RTMP; clients without ALPN or SNI are served.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { createServer } from 'node:tls';
import type { DoorErrorCode } from '../../errors.ts';
import type { Deadline, Wheel } from '../link.ts';
import type { CertificateStore } from './certificate-store.ts';

/** Whose handshake it is. */
export interface TlsGuest {
  /** The handshake is done; the guest has the connection from now on. */
  secured(socket: TLSSocket): void;
  /** It failed; the guest ends the connection. */
  refuse(code: DoorErrorCode, detail: string): void;
}

/** What it is made with. */
export type TlsDoorDeps = {
  readonly wheel: Wheel;
  /** Time for a handshake, ms. */
  readonly handshakeTimeoutMs: number;
  readonly certificates: CertificateStore;
};

type Handshake = { readonly guest: TlsGuest; readonly end: () => void };

/** Does TLS handshakes. */
export class TlsDoor {
  readonly #deps: TlsDoorDeps;
  readonly #server: Server;
  // WHY: the server's events bring a socket of its own and not the one that was put in; what runs on behalf of a
  // connection runs in the context that it was put in with.
  readonly #handshakes = new AsyncLocalStorage<Handshake>();

  constructor(deps: TlsDoorDeps) {
    this.#deps = deps;
    const { certificates } = deps;
    this.#server = createServer({
      ...certificates.defaultOptions,
      ALPNProtocols: ['http/1.1'],
      SNICallback: (serverName, done) => done(null, certificates.contextFor(serverName) ?? undefined),
      // WHY: Node's own counts from the last byte, and cannot be switched off; the deadline below counts from the first.
      handshakeTimeout: 2 * deps.handshakeTimeoutMs,
    });
    certificates.onDefaultChanged((options) => this.#server.setSecureContext(options));
    this.#server.on('secureConnection', (socket) => {
      const handshake = this.#handshakes.getStore();
      handshake?.end();
      // WHY: of a client that renegotiates without end Node only tells, by an error, and leaves the connection open.
      socket.on('error', () => socket.destroy());
      if (handshake === undefined) socket.destroy();
      else handshake.guest.secured(socket);
    });
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
      this.#handshakes.getStore()?.guest.refuse('connection-tls-failed', describe(error));
    });
  }

  /** Begins the handshake of a connection whose first bytes were put back. */
  handshake(socket: Socket, guest: TlsGuest): void {
    const { wheel, handshakeTimeoutMs } = this.#deps;
    const deadline: Deadline = wheel.at(wheel.nowMs() + handshakeTimeoutMs, () => {
      end();
      guest.refuse('connection-tls-timeout', `expected a TLS handshake within ${handshakeTimeoutMs} ms`);
    });
    const onClose = (): void => {
      end();
      guest.refuse('connection-tls-failed', 'expected a TLS handshake, but the peer closed the connection');
    };
    const end = (): void => {
      deadline.cancel();
      socket.off('close', onClose);
    };
    socket.once('close', onClose);
    // WHY: a half-open socket would wait for the rest of a handshake whose client has gone.
    socket.allowHalfOpen = false;
    this.#handshakes.run({ guest, end }, () => void this.#server.emit('connection', socket));
  }
}

/** OpenSSL's own word where there is one: it says which client or setting is wrong. */
function describe(error: NodeJS.ErrnoException): string {
  return `expected a TLS handshake, found ${error.code ?? error.message}`;
}
