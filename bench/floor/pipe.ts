// The floor of a splice: bytes go from one socket to another by `pipe`, both ways. The first line of a connection is the
// port of the loopback that it is to be connected with.

import { connect, createServer } from 'node:net';
import { listen } from './listen.ts';

listen(
  createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (line: Buffer) => {
      const target = connect({ host: '127.0.0.1', port: Number(line.toString('latin1')), noDelay: true });
      target.on('error', () => socket.destroy());
      socket.on('close', () => target.destroy());
      socket.pipe(target);
      target.pipe(socket);
    });
  }),
);
