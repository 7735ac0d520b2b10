// The pages for people, as an encapsulated Fastify plugin: security headers (helmet) hold here and nowhere else. So far
// there is one page, at `/`: what this is, and where to publish to and play from.

import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import { startPage, startPageStyleHash } from './start-page.ts';

/** Registers the pages on `app`, which must be a context of their own: `app.register(pagesPlugin)`. */
export async function pagesPlugin(app: FastifyInstance): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'style-src': [`'sha256-${startPageStyleHash()}'`],
        'base-uri': ["'none'"],
        'form-action': ["'none'"],
        'frame-ancestors': ["'none'"],
      },
    },
    // WHY: the same name may be served without TLS for other clients, and a browser that was told so once would refuse
    // a development certificate for good.
    strictTransportSecurity: false,
  });
  app.get('/', (request, reply) => {
    const isTls = 'encrypted' in request.raw.socket;
    return reply
      .type('text/html; charset=utf-8')
      .header('Cache-Control', 'no-cache')
      .send(startPage(request.headers.host ?? '', isTls));
  });
}
