// The tunnel's routes as an encapsulated Fastify plugin: requests in, a Link for each session out. [RTMPT-NOTE 1..14]
// No hooks on requests, no security headers, no logging: these routes are called thousands of times a second, and
// their clients break on what they do not expect. What a request means to a session is tunnel-registry.ts.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RtmptPluginOptions } from './rtmpt-options.ts';
import { TunnelRegistry } from './tunnel-registry.ts';
import { writePreflightReply } from './tunnel-response.ts';

const TUNNEL_ROUTES = ['/open', '/open/*', '/send', '/send/*', '/idle', '/idle/*', '/close', '/close/*'];
const IDENT_ROUTES = ['/fcs', '/fcs/*'];

/** Registers the tunnel's routes on `app`, which must be a context of their own: `app.register(rtmptPlugin, options)`. */
export async function rtmptPlugin(app: FastifyInstance, options: RtmptPluginOptions): Promise<void> {
  const { config } = options;
  const tunnels = new TunnelRegistry(options);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: config.maxBodyBytes },
    (_request, body, done) => {
      done(null, body);
    },
  );
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    reply.hijack();
    tunnels.refuse(error, request, reply.raw);
  });
  const answer = (request: FastifyRequest, reply: FastifyReply): void => {
    reply.hijack();
    tunnels.answer(request, reply.raw);
  };
  const answerPreflight = (_request: FastifyRequest, reply: FastifyReply): void => {
    reply.hijack();
    writePreflightReply(reply.raw);
  };
  const routeOptions = {
    bodyLimit: config.maxBodyBytes,
    logLevel: 'silent',
    exposeHeadRoute: false,
  } as const;
  for (const url of TUNNEL_ROUTES) app.route({ ...routeOptions, method: 'POST', url, handler: answer });
  for (const url of IDENT_ROUTES)
    app.route({ ...routeOptions, method: ['GET', 'POST'], url, handler: answer });
  for (const url of [...TUNNEL_ROUTES, ...IDENT_ROUTES]) {
    app.route({ ...routeOptions, method: 'OPTIONS', url, handler: answerPreflight });
  }
  app.addHook('preClose', async () => tunnels.endAll());
}
