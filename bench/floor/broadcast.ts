// The floor of playing over WebSocket: one shared buffer, sent to every client as a message by the library ws at each
// tick. `node broadcast.ts TICK_MS BYTES [CERTIFICATE KEY]`, with those in TLS.

import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { WebSocketServer } from 'ws';
import { certificateArguments, listen, numberArgument } from './listen.ts';

const tickMs = numberArgument(0, 'TICK_MS');
const shared = Buffer.alloc(numberArgument(1, 'BYTES'), 0x5a);
const certificate = certificateArguments(2);

const server = certificate === null ? createServer() : createSecureServer(certificate);
const webSockets = new WebSocketServer({ server, perMessageDeflate: false });
webSockets.on('connection', (client) => client.on('error', () => client.terminate()));
listen(server);

setInterval(() => {
  for (const client of webSockets.clients) client.send(shared);
}, tickMs);
