// The floor of a tunnel: a bare Fastify route that answers each POST with one shared buffer, at once or at the next
// tick. `node poll.ts TICK_MS BYTES [CERTIFICATE KEY]`, with those in TLS; TICK_MS 0 is at once. Bodies are read and
// dropped.

import type { FastifyReply } from 'fastify';
import { fastify } from 'fastify';
import { certificateArguments, listen, numberArgument } from './listen.ts';

const CONTENT_TYPE = 'application/x-fcs';
const MAX_HOLD_MS = 1000;

const tickMs = numberArgument(0, 'TICK_MS');
const shared = Buffer.alloc(numberArgument(1, 'BYTES'), 0x5a);
let held: FastifyReply[] = [];

const app = fastify({
  logger: false,
  keepAliveTimeout: 75 * MAX_HOLD_MS,
  https: certificateArguments(2),
});
app.addContentTypeParser(CONTENT_TYPE, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post('/idle/:session/:number', (_request, reply) => {
  reply.header('content-type', CONTENT_TYPE);
  if (tickMs === 0) reply.send(shared);
  else held.push(reply);
});
await app.ready();
listen(app.server);

if (tickMs > 0) {
  setInterval(() => {
    const released = held;
    held = [];
    for (const reply of released) reply.send(shared);
  }, tickMs);
}
