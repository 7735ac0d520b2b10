// A local RTMP port whose connections travel in WebSockets: what lets real programs speak RTMP over WebSocket.

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';
import type { Cleaner } from './programs.ts';

/** Opens the port; each of its connections is carried to `url`, of whatever certificate. Gives the port. */
export async function startWebSocketBridge(cleaner: Cleaner, url: string): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const webSocket = new WebSocket(url, 'rtmp', { rejectUnauthorized: false });
    // Either end may go at any time; the other one goes with it.
    pipeline(socket, createWebSocketStream(webSocket), socket, () => {
      sockets.delete(socket);
      socket.destroy();
      webSocket.terminate();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleaner.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
