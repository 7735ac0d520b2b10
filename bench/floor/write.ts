// The floor of playing: one shared buffer, written to every socket at each tick. `node write.ts TICK_MS BYTES`. What a
// server does beyond this write is its own.

import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { listen, numberArgument } from './listen.ts';

const tickMs = numberArgument(0, 'TICK_MS');
const shared = Buffer.alloc(numberArgument(1, 'BYTES'), 0x5a);
const sockets = new Set<Socket>();

listen(
  createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  }),
);

setInterval(() => {
  for (const socket of sockets) socket.write(shared);
}, tickMs);
