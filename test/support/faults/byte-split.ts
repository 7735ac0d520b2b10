// Writes bytes one at a time, each in a segment of its own.

import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/** Bytes of a message that travel alone; LIMIT: a head and the beginning of a body, for each costs a turn. */
export const MAX_SPLIT_BYTES = 300;

/** Writes to a socket without Nagle's algorithm; resolves when everything is handed to the system, or the socket is gone. */
export async function writeTo(socket: Socket, bytes: Buffer, isSplit: boolean): Promise<void> {
  let at = 0;
  if (isSplit) {
    for (; at < Math.min(bytes.length, MAX_SPLIT_BYTES) && !socket.destroyed; at++) {
      socket.write(bytes.subarray(at, at + 1));
      await setImmediate();
    }
  }
  if (socket.destroyed || at === bytes.length) return;
  await new Promise<void>((resolve) => {
    socket.write(bytes.subarray(at), () => resolve());
  });
}
