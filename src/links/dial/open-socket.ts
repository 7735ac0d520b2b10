// The first step of a dial: a TCP connection, as RTMP wants it.

import { connect, type Socket } from 'node:net';
import type { SocketReader } from '../socket-reader.ts';
import type { DialAttempt } from './dial-attempt.ts';

/** Silence after which TCP asks whether the other end is still there, ms. LIMIT: under the hour or less that NATs forget after. */
const KEEP_ALIVE_DELAY_MS = 60_000;

/** Where a connection goes. */
export type Place = {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly portNumber: number;
};

/**
 * Connects. Nothing of what the other end says is lost: the socket keeps what comes until somebody reads it, and reads no
 * more than fits into its buffer. Where a reader is given, that keeps what comes.
 * @throws DialError where the connection does not come about
 */
export async function openSocket(
  { host, portNumber }: Place,
  attempt: DialAttempt,
  reader: SocketReader | null = null,
): Promise<Socket> {
  const socket = attempt.own(
    connect({
      host,
      port: portNumber,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
      ...(reader === null ? {} : { onread: reader.onread }),
    }),
  );
  await attempt.untilEvent(socket, 'connect');
  return socket;
}

/** Writes to a socket, and waits until the system has it. @throws DialError where the connection breaks before */
export async function writeTo(socket: Socket, bytes: Uint8Array, attempt: DialAttempt): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.write(bytes, (error) => (error instanceof Error ? reject(attempt.faultFrom(error)) : resolve()));
  await attempt.until(promise);
}
