// Connections that send whatever they are told to, over TCP or inside of TLS, and keep what comes back.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';

/** LIMIT: who was not closed by then is closed by this end, and says so. */
const LIMIT_MS = 15_000;

/** Where to, and from where. */
export type Where = {
  readonly port: number;
  /** Address of the loopback to come from; 127.0.0.1 where nothing is said. */
  readonly localAddress?: string;
};

/** What became of a connection. */
export type Outcome = {
  readonly received: Buffer;
  /** True where the gateway closed it, in order or by a reset. */
  readonly wasClosed: boolean;
};

/** Connects over TCP. */
export async function openPlain({ port, localAddress = '127.0.0.1' }: Where): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Connects, and shakes hands over TLS. @throws where the handshake fails */
export async function openTls(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  socket.on('error', () => socket.destroy());
  return socket;
}

/** Sends bytes, and gives what came back until the gateway closed the connection. */
export async function untilClosed(socket: Socket, bytes?: Uint8Array | string): Promise<Outcome> {
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  if (bytes !== undefined) socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  let wasClosed = true;
  const limit = setTimeout(() => {
    wasClosed = false;
    socket.destroy();
  }, LIMIT_MS);
  // WHY: not by `once`, which fails where a reset comes ahead of the close.
  if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
  clearTimeout(limit);
  return { received: Buffer.concat(parts), wasClosed };
}

/** Opens a connection over TCP, sends bytes, and waits until the gateway closes it. */
export async function exchange(where: Where, bytes: Uint8Array): Promise<Outcome> {
  return untilClosed(await openPlain(where), bytes);
}
