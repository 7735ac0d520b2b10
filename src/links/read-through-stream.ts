// How a connection that speaks HTTP is read: Node's parser takes the bytes below the socket's stream, where neither `pause`
// holds nor hundreds of requests in one record of TLS are borne (HPE_PAUSED), unless somebody listens for them.

import type { Socket } from 'node:net';

const NO_BYTES = new Uint8Array(0);

/** Has the parser read the stream from now on; does nothing the second time. */
export function readThroughStream(socket: Socket): void {
  if (socket.listeners('data').includes(ignore)) return;
  socket.on('data', ignore);
  // WHY: the stream takes itself to be reading still where the parser had stopped; an empty piece ends that.
  socket.push(NO_BYTES);
}

const ignore = (): void => undefined;
