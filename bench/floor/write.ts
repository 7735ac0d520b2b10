// The floor of playing: one shared buffer, written to every socket at each tick. `node write.ts TICK_MS BYTES
// [CERTIFICATE KEY]`, with those in TLS, as which each socket encrypts it anew. What a server does beyond this write is
// its own.

import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { certificateArguments, listen, numberArgument } from './listen.ts';

const tickMs = numberArgument(0, 'TICK_MS');
const shared = Buffer.alloc(numberArgument(1, 'BYTES'), 0x5a);
const certificate = certificateArguments(2);
const sockets = new Set<Socket>();

function take(socket: Socket): void {
  sockets.add(socket);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => sockets.delete(socket));
  socket.resume();
}

listen(
  certificate === null
    ? createServer({ noDelay: true }, take)
    : createSecureServer({ ...certificate, noDelay: true }, take),
);

setInterval(() => {
  for (const socket of sockets) socket.write(shared);
}, tickMs);
