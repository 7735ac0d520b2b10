// The tunnel's routes as an encapsulated Fastify plugin: requests in, a Link for each session out. [RTMPT-NOTE 1..14]
// No security headers, no logging: these routes are called thousands of times a second, and their clients break on what
// they do not expect. What a request means to a session is tunnel-registry.ts.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RtmptPluginOptions } from './rtmpt-options.ts';
import { TunnelRegistry } from './tunnel-registry.ts';
import { writePreflightReply } from './tunnel-response.ts';

const TUNNEL_ROUTES = ['/open', '/open/*', '/send', '/send/*', '/idle', '/idle/*', '/close', '/close/*'];
const IDENT_ROUTES = ['/fcs', '/fcs/*'];
const NEVER_REACHED = (): void => undefined;

/** Registers the tunnel's routes on `app`, which must be a context of their own: `app.register(rtmptPlugin, options)`. */
export async function rtmptPlugin(app: FastifyInstance, options: RtmptPluginOptions): Promise<void> {
  const tunnels = new TunnelRegistry(options);
  const answer = (request: FastifyRequest, reply: FastifyReply): void => {
    reply.hijack();
    tunnels.answer(request, reply.raw);
  };
  const answerPreflight = (_request: FastifyRequest, reply: FastifyReply): void => {
    reply.hijack();
    writePreflightReply(reply.raw);
  };
  // WHY: the first hook answers, and calls nothing on: what Fastify does between it and a handler, to a body and its
  // type above all, is of no use here, refuses what clients send, and was a tenth of what a poll costs.
  const common = { logLevel: 'silent', exposeHeadRoute: false, handler: NEVER_REACHED } as const;
  for (const url of TUNNEL_ROUTES) app.route({ ...common, method: 'POST', url, onRequest: answer });
  for (const url of IDENT_ROUTES) app.route({ ...common, method: ['GET', 'POST'], url, onRequest: answer });
  for (const url of [...TUNNEL_ROUTES, ...IDENT_ROUTES]) {
    app.route({ ...common, method: 'OPTIONS', url, onRequest: answerPreflight });
  }
  app.addHook('preClose', async () => tunnels.endAll());
}
