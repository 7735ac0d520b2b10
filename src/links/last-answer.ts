// The last answer of an HTTP connection, and the connection's end. A socket that is closed on bytes it has not read takes
// its answer along: so what still comes is read and dropped, for a bounded time.

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Wheel } from './link.ts';

/** LIMIT: time that is left to a client to take the answer and stop sending, ms. */
const LINGER_MS = 1000;

/** An answer that is written past Node's HTTP. */
export type LastAnswer = {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Body: plain ASCII, empty where none is given. */
  readonly text?: string;
};

/** Answers, and ends the connection as {@link endLingering} does. */
export function answerLast(
  socket: Socket,
  wheel: Wheel,
  { statusCode, headers = {}, text = '' }: LastAnswer,
): void {
  const head = Object.entries({ Connection: 'close', ...headers, 'Content-Length': text.length })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  endLingering(socket, wheel, `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n${head}\r\n${text}`);
}

/** Ends a connection behind some last text: who listened to its bytes hears nothing more. */
export function endLingering(socket: Socket, wheel: Wheel, text: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const deadline = wheel.at(wheel.nowMs() + LINGER_MS, () => socket.destroy());
  // WHY: an error that nobody listens to ends the process; the close follows it.
  socket.on('error', ignore).once('close', () => deadline.cancel());
  socket.end(text);
  socket.removeAllListeners('data').on('data', ignore);
  socket.once('end', () => socket.destroySoon());
}

const ignore = (): void => undefined;
