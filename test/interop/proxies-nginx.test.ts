// A real nginx in front of the gateway, configured as docs/proxies.md says: what programs publish and play through it
// arrives whole, its connections live as long as the programs need, and the log tells the clients by their own addresses.
// What a client says of itself is not believed.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../../bench/support/ports.ts';
import { makeCertificate } from '../support/certificates.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { startHttpNginx } from '../support/nginx.ts';
import { playWithFfmpeg, playWithRtmpdump } from '../support/players.ts';
import { type Cleaner, newFilePath, Scope } from '../support/programs.ts';
import { FFMPEG_RTMPT_TAIL_FRAMES } from '../support/publishers.ts';
import { TestClient } from '../support/test-client.ts';
import { TEST_MEDIA } from '../support/test-gateway.ts';
import {
  assertQuiet,
  assertScenePlays,
  CLIENT_ADDRESS,
  connectedLines,
  PAGE_PROXY_ADDRESS,
  PROXY_ADDRESS,
  pageBlock,
  startPageGateway,
} from './proxied-scene.ts';

const LISTEN = ':80';
const FORGED_ADDRESS = '203.0.113.7';
/** More than nginx answers on a connection where nothing is said: 1,000. */
const MANY_REQUESTS = 1100;
/** Connections that the gateway lets in from one address at a time. */
const MAX_PER_SOURCE = 3;
const MESSAGES = 100;
const MESSAGE_BYTES = 20_000;

/** nginx with its gateway, and its ports. */
type Front = { readonly gateway: GatewayProcess; readonly plainPort: number; readonly tlsPort: number };

async function startFront(cleaner: Cleaner, change?: (text: string) => string): Promise<Front> {
  const gateway = await startPageGateway(cleaner, 'nginx', LISTEN, change);
  const [plainPort, tlsPort] = [await freePort(), await freePort()];
  const { cert, key } = await makeCertificate('localhost');
  const [certPath, keyPath] = [newFilePath('nginx.pem'), newFilePath('nginx.key')];
  writeFileSync(certPath, cert);
  writeFileSync(keyPath, key);
  const http = pageBlock('nginx', 'nginx', {
    '10.0.0.2:80': `127.0.0.1:${gateway.ports[0]}`,
    [PAGE_PROXY_ADDRESS]: PROXY_ADDRESS,
    'listen 80;': `listen 127.0.0.1:${plainPort};`,
    'listen 443 ssl;': `listen 127.0.0.1:${tlsPort} ssl;`,
    '/etc/nginx/culvert.pem': certPath,
    '/etc/nginx/culvert.key': keyPath,
  });
  await startHttpNginx(cleaner, plainPort, http);
  return { gateway, plainPort, tlsPort };
}

describe('The gateway behind nginx', { concurrency: false }, () => {
  const scope = new Scope();
  let front: Front | undefined;
  before(async () => {
    front = await startFront(scope, (text) => {
      return `${text}listeners:\n  maxConnectionsPerSource: ${MAX_PER_SOURCE}\n`;
    });
  });
  after(() => scope.close());

  const partsOf = (): Front => {
    assert.ok(front !== undefined, 'nginx was not started');
    return front;
  };
  /** The lines of the sessions that `connect` brings about. */
  const linesOf = async (count: number, connect: () => Promise<unknown>) => {
    const { gateway } = partsOf();
    const before = gateway.lines.filter(({ msg }) => msg === 'session connected').length;
    await connect();
    return (await connectedLines(gateway, before + count)).slice(before);
  };

  it('takes and gives every frame by RTMPTS, and knows its clients', async (t) => {
    const { gateway, tlsPort } = partsOf();
    const url = `rtmpts://127.0.0.1:${tlsPort}/live/stream`;
    const lines = await linesOf(3, () =>
      assertScenePlays(t, {
        publishUrl: url,
        received: { tailFrames: FFMPEG_RTMPT_TAIL_FRAMES },
        players: [() => playWithFfmpeg(t, url), () => playWithRtmpdump(t, url, { live: true })],
      }),
    );
    for (const line of lines) assertProxied(line, 'rtmpt');
    assertQuiet(gateway);
  });

  it('takes and gives every frame by RTMPT', async (t) => {
    const { gateway, plainPort } = partsOf();
    const url = `rtmpt://127.0.0.1:${plainPort}/live/plain`;
    const lines = await linesOf(3, () =>
      assertScenePlays(t, {
        publishUrl: url,
        received: { tailFrames: FFMPEG_RTMPT_TAIL_FRAMES },
        players: [() => playWithFfmpeg(t, url), () => playWithRtmpdump(t, url, { live: true })],
      }),
    );
    for (const line of lines) assertProxied(line, 'rtmpt');
    assertQuiet(gateway);
  });

  it('carries RTMP over WebSocket, every message of it, both ways', async (t) => {
    const { tlsPort } = partsOf();
    const lines = await linesOf(2, async () => {
      const viewer = await TestClient.overWebSocket(t, tlsPort, 'live', { tls: true });
      await viewer.play('socket');
      const publisher = await TestClient.overWebSocket(t, tlsPort, 'live', { tls: true });
      await publisher.publish('socket');
      const sent = Array.from({ length: MESSAGES }, (_, number) => {
        return TEST_MEDIA.video(number === 0, number, MESSAGE_BYTES);
      });
      for (const [number, payload] of sent.entries()) {
        publisher.session.sendVideo(number, payload);
        publisher.wake();
      }
      await viewer.waitUntil(() => viewer.media.length >= MESSAGES);
      assert.deepEqual(
        viewer.media.map(({ payload }) => Buffer.from(payload)),
        sent.map((payload) => Buffer.from(payload)),
      );
    });
    for (const line of lines) assertProxied(line, 'ws');
  });

  it('counts none of its connections as those of one address', async (t) => {
    const { gateway, plainPort } = partsOf();
    const lines = await linesOf(MAX_PER_SOURCE * 2, async () => {
      for (let number = 0; number < MAX_PER_SOURCE * 2; number += 1) {
        const client = await TestClient.overWebSocket(t, plainPort, 'live');
        await client.play('nothing');
      }
    });
    for (const line of lines) assertProxied(line, 'ws');
    assertQuiet(gateway);
  });

  it('does not believe the address that a client writes in front of its own', async (t) => {
    const { plainPort } = partsOf();
    const forger = await startForger(t, plainPort);
    const [line] = await linesOf(1, () => TestClient.overTunnel(t, forger, 'live'));
    assertProxied(line, 'rtmpt');
  });

  it('does not believe a header that did not come through nginx', async (t) => {
    const { gateway } = partsOf();
    const forger = await startForger(t, gateway.ports[0] ?? 0);
    const [line] = await linesOf(1, () => TestClient.overTunnel(t, forger, 'live'));
    assert.equal(line?.['remoteAddress'], CLIENT_ADDRESS);
    assert.equal(line?.['proxyAddress'], undefined);
  });

  it('keeps one connection for more requests than nginx does by itself', async () => {
    const { plainPort } = partsOf();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<Socket>();
    for (let index = 0; index < MANY_REQUESTS; index += 1) {
      const { statusCode, connection, socket } = await ask(agent, plainPort);
      assert.equal(statusCode, 404);
      assert.equal(connection, 'keep-alive');
      sockets.add(socket);
    }
    agent.destroy();
    assert.equal(sockets.size, 1);
  });
});

describe('The gateway that was not told of nginx', () => {
  it('takes all clients for nginx', async (t) => {
    const untold = (text: string): string => text.replace(/^trustedProxies:\n.*\n/m, '');
    const { gateway, plainPort } = await startFront(t, untold);
    await TestClient.overTunnel(t, plainPort, 'live');
    const [line] = await connectedLines(gateway, 1);
    assert.equal(line?.['remoteAddress'], PROXY_ADDRESS);
    assert.equal(line?.['proxyAddress'], undefined);
  });
});

/** The client's address was told by nginx, its port was not. */
function assertProxied(line: Readonly<Record<string, unknown>> | undefined, transport: string): void {
  assert.ok(line !== undefined, 'no session was connected');
  const { remoteAddress, remotePort, proxyAddress, tls } = line;
  assert.equal(line['transport'], transport);
  assert.deepEqual([remoteAddress, remotePort, proxyAddress], [CLIENT_ADDRESS, 0, PROXY_ADDRESS]);
  assert.equal(tls, undefined, 'TLS ends at nginx');
}

/** A client's own way to say that it is somebody else: passes HTTP on to `port`, with a header that tells so. */
async function startForger(cleaner: Cleaner, port: number): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    const headers = { ...incoming.headers, 'x-forwarded-for': FORGED_ADDRESS };
    const { method, url: path } = incoming;
    const passing = request({ agent, host: '127.0.0.1', port, method, path, headers }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 500, reply.headers);
      reply.pipe(outgoing);
    });
    passing.on('error', () => outgoing.destroy());
    incoming.pipe(passing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleaner.after(() => {
    server.close();
    server.closeAllConnections();
    agent.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** What one request for `/fcs/ident2` is answered, and on which connection. */
function ask(agent: Agent, port: number) {
  return new Promise<{ statusCode: number; connection: string; socket: Socket }>((resolve, reject) => {
    const asking = request(
      { agent, host: '127.0.0.1', port, method: 'POST', path: '/fcs/ident2' },
      (reply) => {
        const { statusCode = 0, headers, socket } = reply;
        reply.resume().on('end', () => resolve({ statusCode, connection: headers.connection ?? '', socket }));
      },
    );
    asking.on('error', reject);
    asking.end();
  });
}
