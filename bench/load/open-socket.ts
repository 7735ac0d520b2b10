// The sockets of the load program, in TLS or not: all of them read into one buffer, for what is read is handled before the
// next read.

import type { OnReadOpts, Socket } from 'node:net';
import { connect as connectPlain } from 'node:net';
import type { ConnectionOptions, SecureContext, TLSSocket } from 'node:tls';
import { connect as connectSecure, createSecureContext } from 'node:tls';

/** What the connections over TLS of one run came to. */
export type TlsRecord = {
  /** Version and cipher, each pair once: "TLSv1.3 TLS_AES_256_GCM_SHA384". */
  readonly ciphers: Set<string>;
};

/** Where clients connect to. */
export type Address = {
  readonly host: string;
  readonly port: number;
  /** Where they come from, an address of this machine; without TLS. */
  readonly localAddress?: string;
  /** There where TLS is to be spoken. */
  readonly tls?: TlsRecord;
};

/** Who hears of a socket. */
export interface SocketListener {
  /** The connection is there, with TLS where that is spoken. */
  opened?(): void;
  /** Bytes have come: a view of the shared buffer, valid until the call returns. What it throws is a failure. */
  bytes(bytes: Buffer, lengthBytes: number): void;
  /** The connection is of no use any more; may be said more than once, and after a close. */
  failed(text: string): void;
}

const READ_BUFFER_BYTES = 64 * 1024;
const READ_BUFFER = Buffer.alloc(READ_BUFFER_BYTES);

let sharedContext: SecureContext | null = null;

/** Connects. Bytes may be written at once. */
export function openSocket(address: Address, listener: SocketListener): Socket {
  const callback = (lengthBytes: number): boolean => {
    try {
      listener.bytes(READ_BUFFER, lengthBytes);
    } catch (error) {
      listener.failed(error instanceof Error ? error.message : String(error));
    }
    return true;
  };
  const socket = connect(address, { buffer: READ_BUFFER, callback }, () => listener.opened?.());
  socket.on('error', (error) => listener.failed(error.message));
  socket.on('close', () => listener.failed('the server closed the connection'));
  return socket;
}

function connect(
  { host, port, localAddress, tls }: Address,
  onread: OnReadOpts,
  onOpened: () => void,
): Socket {
  if (tls === undefined) {
    const from = localAddress === undefined ? {} : { localAddress };
    return connectPlain({ host, port, ...from, noDelay: true, onread }, onOpened);
  }
  // WHY: one context for all, which costs more to make than a connection.
  sharedContext ??= createSecureContext();
  const options: ConnectionOptions & { readonly onread: OnReadOpts } = {
    host,
    port,
    onread,
    secureContext: sharedContext,
    // WHY: the server's certificate vouches for itself, and nobody else is there.
    rejectUnauthorized: false,
  };
  const socket: TLSSocket = connectSecure(options, () => {
    tls.ciphers.add(`${socket.getProtocol()} ${socket.getCipher().standardName}`);
    onOpened();
  });
  socket.setNoDelay(true);
  return socket;
}
