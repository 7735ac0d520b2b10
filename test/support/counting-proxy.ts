// A TCP forwarder on the loopback for tests: counts the POST requests that a client sends, and passes every byte on
// untouched. It looks for request heads by their text; media bytes that happen to read "POST /" would count too.

import { connect as connectTcp, createServer, type Socket } from 'node:net';
import type { Cleaner } from './programs.ts';

/** A running forwarder. */
export type CountingProxy = {
  readonly port: number;
  /** Requests that clients sent so far. */
  posts(): number;
  /** Connections that clients opened so far. */
  connections(): number;
};

const NEEDLE = Buffer.from('POST /');

/** Counts a text in a byte stream, across the borders of its pieces. */
function createCounter(): (piece: Uint8Array) => number {
  let matched = 0;
  return (piece) => {
    let found = 0;
    for (const byte of piece) {
      if (byte === NEEDLE[matched]) matched += 1;
      else matched = byte === NEEDLE[0] ? 1 : 0;
      if (matched === NEEDLE.length) {
        found += 1;
        matched = 0;
      }
    }
    return found;
  };
}

/** Starts a forwarder to a port of the loopback; `cleaner` stops it. */
export async function startCountingProxy(cleaner: Cleaner, targetPort: number): Promise<CountingProxy> {
  let posts = 0;
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    connections += 1;
    const target = connectTcp({ host: '127.0.0.1', port: targetPort });
    const count = createCounter();
    client.on('data', (piece: Buffer) => {
      posts += count(piece);
    });
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
      // WHY: a client that is killed resets its connection; the close that follows is all there is to do.
      socket.on('error', () => socket.destroy());
    }
    client.pipe(target).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleaner.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The forwarder has no port.');
  return { port: address.port, posts: () => posts, connections: () => connections };
}
