// What the tests of the front share: a gateway and servers behind it, as docs/front.md configures them, moved to the
// loopback; and clients that come from an address of their own, which a server behind can only have been told.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { type Nginx, type NginxOptions, startNginx } from '../support/nginx.ts';
import { readBlock } from '../support/page-blocks.ts';
import { type Cleaner, newFilePath, sleep } from '../support/programs.ts';

/** What the page calls them. */
export const HEADINGS = {
  oneFlag: 'One flag',
  relay: 'Splice or relay',
  pool: 'Several servers',
  nginx: 'nginx with its RTMP module',
  chain: 'Another Culvert',
  parameter: 'SRS',
} as const;

const LOOK_EVERY_MS = 50;
const LOOK_LIMIT_MS = 10_000;

/** A block of the page of the front. */
export function frontBlock(
  heading: string,
  language: string,
  replacements: Readonly<Record<string, string>> = {},
  index = 0,
): string {
  return readBlock({ page: 'front.md', heading, language, index }, replacements);
}

/** Starts the gateway on one free port for all that it speaks, with `yaml` as its file. */
export function startFront(cleaner: Cleaner, yaml: string): Promise<GatewayProcess> {
  const path = newFilePath('culvert.yaml');
  writeFileSync(path, yaml);
  return startGateway(cleaner, { listen: ['any:127.0.0.1:0'], args: ['--config', path] });
}

/** Starts the gateway with the page's one flag, the upstream being at `url`. */
export function startFrontByFlag(cleaner: Cleaner, url: string): Promise<GatewayProcess> {
  const [, words = ''] = frontBlock(HEADINGS.oneFlag, 'sh', { 'rtmp://10.0.0.5': url }).split(' -- ');
  return startGateway(cleaner, { listen: ['any:127.0.0.1:0'], args: words.trim().split(' ') });
}

/** The page's nginx, with a port for everybody and one for a gateway that sends PROXY headers. */
export async function startPageNginx(
  cleaner: Cleaner,
  ports: { readonly open: number; readonly proxied: number },
  options: Pick<NginxOptions, 'limitMs'> = {},
): Promise<Nginx> {
  const rtmp = frontBlock(HEADINGS.nginx, 'nginx', {
    '10.0.0.5:1935': `127.0.0.1:${ports.open}`,
    '10.0.0.5:1936': `127.0.0.1:${ports.proxied}`,
  });
  return startNginx(cleaner, { ...options, port: ports.open, rtmp, hasStatistics: true });
}

/** A client as nginx's page of statistics shows it. */
export type NginxClient = { readonly address: string; readonly isPublishing: boolean };

/** The clients of a live stream that nginx knows, in no order. */
export async function clientsAt(nginx: Nginx, streamName: string): Promise<NginxClient[]> {
  const page = await nginx.statistics();
  const streams = [...page.matchAll(/<stream>([\s\S]*?)<\/stream>/g)].map(([, inner = '']) => inner);
  const stream = streams.find((inner) => inner.includes(`<name>${streamName}</name>`)) ?? '';
  return [...stream.matchAll(/<client>([\s\S]*?)<\/client>/g)].map(([, inner = '']) => {
    const [, address = ''] = /<address>(.*?)<\/address>/.exec(inner) ?? [];
    return { address, isPublishing: inner.includes('<publishing/>') };
  });
}

/** Resolves with the clients of a live stream once nginx knows `count` of them. @throws Error after ten seconds */
export async function waitForClients(
  nginx: Nginx,
  streamName: string,
  count: number,
): Promise<NginxClient[]> {
  for (let waitedMs = 0; waitedMs < LOOK_LIMIT_MS; waitedMs += LOOK_EVERY_MS) {
    const clients = await clientsAt(nginx, streamName);
    if (clients.length === count) return clients;
    await sleep(LOOK_EVERY_MS);
  }
  throw new Error(`nginx did not have ${count} clients of ${streamName}:\n${await nginx.statistics()}`);
}

/** A forwarder to a port of the loopback, whose connections come from `address`; gives its own port. */
export async function startAt(cleaner: Cleaner, address: string, targetPort: number): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect({ host: '127.0.0.1', port: targetPort, localAddress: address });
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      // WHY: a client that is killed resets its connection; the close that follows is all there is to do.
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    client.pipe(target).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleaner.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('The forwarder has no port.');
  return bound.port;
}
