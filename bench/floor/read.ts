// The floor of publishing: a listener that is given every byte, and drops it.

import { createServer } from 'node:net';
import { listen } from './listen.ts';

let bytes = 0;

listen(
  createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (piece: Buffer) => {
      bytes += piece.length;
    });
  }),
);

process.once('SIGTERM', () => {
  console.error(`${bytes} bytes`);
  process.exit(0);
});
