// What a request to the WebSocket's path is answered that asks for none, or not as one may: a proxy on the way has taken
// the upgrade out of it or speaks HTTP/1.0, or a person has opened it in a browser. Upgrades themselves never come to a
// route: see websocket-door.ts.

import type { FastifyInstance } from 'fastify';

const EXPLANATION =
  'Expected a WebSocket (Upgrade: websocket, HTTP/1.1, no body), found none: a proxy on the way may have changed it.\n';

/** Registers the route on `app`. */
export async function webSocketPlugin(app: FastifyInstance): Promise<void> {
  app.get('/rtmp', (_request, reply) =>
    reply.code(426).header('Upgrade', 'websocket').type('text/plain; charset=utf-8').send(EXPLANATION),
  );
}
