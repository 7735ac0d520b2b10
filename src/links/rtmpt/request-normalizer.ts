// What must happen to a tunnel's request before Fastify sees it. Fastify answers a malformed Content-Type with 415
// ahead of every parser and hook, and to the tunnel any content type is a byte body. [RTMPT-NOTE 3]

import type { IncomingMessage } from 'node:http';
import { parseTunnelRequest } from '../../protocol/rtmpt/request-path.ts';

/**
 * Makes a tunnel's request acceptable to Fastify; leaves every other request alone. The handler given to Fastify's
 * `serverFactory` is called behind it: `createServer((req, res) => { normalizeTunnelRequest(req); handler(req, res); })`.
 */
export function normalizeTunnelRequest(request: IncomingMessage): void {
  if (request.headers['content-type'] === undefined) return;
  if (parseTunnelRequest(request.method ?? '', request.url ?? '') === null) return;
  request.headers['content-type'] = 'application/octet-stream';
}
