// The floor of a splice: bytes go from one socket to another by `pipe`, both ways. The command line may name the port of
// the loopback that each connection is to be connected with; otherwise its first line does.

import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { listen, numberArgument } from './listen.ts';

const fixedPort = process.argv.length > 2 ? numberArgument(0, 'the port to connect with') : null;

function join(socket: Socket, port: number): void {
  const target = connect({ host: '127.0.0.1', port, noDelay: true });
  target.on('error', () => socket.destroy());
  socket.on('close', () => target.destroy());
  socket.pipe(target);
  target.pipe(socket);
}

listen(
  createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    if (fixedPort !== null) join(socket, fixedPort);
    else socket.once('data', (line: Buffer) => join(socket, Number(line.toString('latin1'))));
  }),
);
