// The sockets of the load program: all of them read into one buffer, for what is read is handled before the next read.

import type { Socket } from 'node:net';
import { connect } from 'node:net';

/** Where clients connect to. */
export type Address = { readonly host: string; readonly port: number };

/** Who hears of a socket. */
export interface SocketListener {
  /** Bytes have come: a view of the shared buffer, valid until the call returns. What it throws is a failure. */
  bytes(bytes: Buffer, lengthBytes: number): void;
  /** The connection is of no use any more; may be said more than once, and after a close. */
  failed(text: string): void;
}

const READ_BUFFER_BYTES = 64 * 1024;
const READ_BUFFER = Buffer.alloc(READ_BUFFER_BYTES);

/** Connects. */
export function openSocket({ host, port }: Address, listener: SocketListener): Socket {
  const callback = (lengthBytes: number): boolean => {
    try {
      listener.bytes(READ_BUFFER, lengthBytes);
    } catch (error) {
      listener.failed(error instanceof Error ? error.message : String(error));
    }
    return true;
  };
  const socket = connect({ host, port, noDelay: true, onread: { buffer: READ_BUFFER, callback } });
  socket.on('error', (error) => listener.failed(error.message));
  socket.on('close', () => listener.failed('the server closed the connection'));
  return socket;
}
