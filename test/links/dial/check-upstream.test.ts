// Checks of upstreams: Debian's nginx behind a PROXY header, a gateway of our own by every transport, and those that fail.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it, type TestContext } from 'node:test';
import { freePort } from '../../../bench/support/ports.ts';
import { checkUpstream } from '../../../src/links/dial/check-upstream.ts';
import { dialUpstream } from '../../../src/links/dial/dial-upstream.ts';
import { testCertificate } from '../../support/certificates.ts';
import { MEMORY_FACTS } from '../../support/memory-link.ts';
import { type Nginx, startNginx } from '../../support/nginx.ts';
import { newFilePath, Scope } from '../../support/programs.ts';
import { startTestGateway } from '../../support/test-gateway.ts';
import { until } from '../../support/until.ts';
import {
  dialDeps,
  faultOf,
  LoopbackServer,
  pass,
  type Settings,
  socketCount,
  startBlackHole,
  untilSockets,
  upstreamWith,
} from './dial-rig.ts';

/** Checks once, and sees that nothing is left. */
async function assertPasses(t: TestContext, settings: Settings): Promise<void> {
  const deps = dialDeps(t);
  const before = socketCount();
  await checkUpstream(upstreamWith(settings), deps, new AbortController().signal);
  await untilSockets(before);
  assert.deepEqual(deps.caught, []);
}

describe('checking nginx', () => {
  const scope = new Scope();
  let plain: Nginx;
  let proxied: Nginx;
  before(async () => {
    plain = await startNginx(scope);
    const port = await freePort();
    const server = `listen 127.0.0.1:${port} proxy_protocol;`;
    const started = await startNginx(scope, { server });
    proxied = { ...started, port };
  });
  after(() => scope.close());

  it('passes by a connection, and by a handshake', async (t) => {
    const url = `rtmp://127.0.0.1:${plain.port}/live`;
    await assertPasses(t, { url, check: 'tcp' });
    await assertPasses(t, { url, check: 'rtmp' });
  });

  it('passes with the PROXY header that it waits for', async (t) => {
    await assertPasses(t, { url: `rtmp://127.0.0.1:${proxied.port}`, check: 'rtmp', proxyProtocol: 'v1' });
  });

  it('tells it by the header who the client is', async (t) => {
    const upstream = upstreamWith({ url: `rtmp://127.0.0.1:${proxied.port}`, proxyProtocol: 'v1' });
    const link = await dialUpstream(upstream, MEMORY_FACTS, dialDeps(t));
    link.close({ code: 'done', message: 'enough' });
    await proxied.program.waitForOutput(/disconnect, client: 192\.0\.2\.7/, 5_000);
    await untilSockets(0);
  });

  it('fails without the header that it waits for', async (t) => {
    const upstream = upstreamWith({ url: `rtmp://127.0.0.1:${proxied.port}`, check: 'rtmp' });
    const fault = await faultOf(checkUpstream(upstream, dialDeps(t)));
    assert.equal(fault.code, 'reset');
    const text = `expected rtmp://127.0.0.1:${proxied.port} to finish the RTMP handshake, found `;
    const found = ['the end of the connection', 'read ECONNRESET', 'write EPIPE'].map(
      (end) => `${text}${end}`,
    );
    assert.ok(found.includes(fault.message), fault.message);
    await untilSockets(0);
  });

  it('passes two hundred times in a row, and nothing stays', async (t) => {
    const deps = dialDeps(t);
    const upstream = upstreamWith({ url: `rtmp://127.0.0.1:${plain.port}`, check: 'rtmp' });
    for (let count = 0; count < 200; count++) await checkUpstream(upstream, deps);
    await untilSockets(0);
    assert.deepEqual(deps.caught, []);
  });
});

describe('checking a gateway', () => {
  it('passes by every transport, and leaves no session there', async (t) => {
    const { cert, key } = await testCertificate();
    const certificate = newFilePath('checked.pem');
    writeFileSync(certificate, `${cert.trimEnd()}\n${key}`, { mode: 0o600 });
    const gateway = await startTestGateway(t, {
      listen: ['127.0.0.1:0', 'tls:127.0.0.1:0'],
      tls: { certificate },
    });
    const [plainPort, tlsPort] = gateway.ports;
    const { fingerprint256 } = new X509Certificate(cert);
    const ways: Settings['tls'][] = [
      { ca: certificate },
      { fingerprint: fingerprint256 },
      { verify: false },
      { ca: certificate, serverName: 'localhost' },
    ];
    const listening = socketCount();
    for (const check of ['tcp', 'rtmp'] as const) {
      for (const transport of ['rtmp', 'rtmpt']) {
        const url = `${transport}://127.0.0.1:${plainPort}`;
        for (const tunnelConnections of [1, 2]) await assertPasses(t, { url, check, tunnelConnections });
        const tlsUrl = `${transport}s://127.0.0.1:${tlsPort}`;
        for (const tls of ways) await assertPasses(t, { url: tlsUrl, check, tls: tls ?? {} });
      }
    }
    await untilSockets(listening);
  });
});

describe('checking an upstream that fails', () => {
  const check = 'rtmp';

  it('tells one that speaks something else, and leaves it at once', async (t) => {
    const server = await LoopbackServer.start(t, (socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    const upstream = upstreamWith({ url: `rtmp://u5er:S3cret@127.0.0.1:${server.port}/live?S3cret`, check });
    const fault = await faultOf(checkUpstream(upstream, dialDeps(t)));
    assert.equal(fault.code, 'handshake');
    assert.equal(
      fault.message,
      `expected rtmp://127.0.0.1:${server.port}/live to finish the RTMP handshake, found something else: expected S0 to be 3, got 72`,
    );
    await untilSockets(0);
  });

  it('gives up at checkTimeout one that takes connections and says nothing, or half of its handshake', async (t) => {
    for (const answer of ['', '\x03', `\x03${'\0'.repeat(1536)}`]) {
      const server = await LoopbackServer.start(t, (socket) => socket.write(answer));
      const upstream = upstreamWith({ url: `rtmp://127.0.0.1:${server.port}`, check, checkTimeoutMs: 200 });
      const fault = await faultOf(checkUpstream(upstream, dialDeps(t)));
      assert.equal(fault.code, 'timeout');
      assert.equal(
        fault.message,
        `expected rtmp://127.0.0.1:${server.port} to finish the RTMP handshake within 200 ms, found no end of it`,
      );
      await untilSockets(0);
    }
  });

  it('sends C0, C1 and C2 and nothing else, whatever comes behind S2', async (t) => {
    const answer = Buffer.concat([Buffer.of(3), Buffer.alloc(3072), Buffer.alloc(100_000, 7)]);
    const server = await LoopbackServer.start(t, (socket) => socket.write(answer));
    const upstream = upstreamWith({ url: `rtmp://127.0.0.1:${server.port}`, check });
    await checkUpstream(upstream, dialDeps(t));
    await untilSockets(0);
    assert.ok(server.received.length <= 1 + 2 * 1536, `${server.received.length} bytes`);
  });

  it('leaves nothing where it is given up while it dials, or in the middle of a handshake', async (t) => {
    const hole = await startBlackHole(t);
    const before = socketCount();
    const server = await LoopbackServer.start(t);
    for (const port of [hole, server.port]) {
      const controller = new AbortController();
      const upstream = upstreamWith({ url: `rtmp://127.0.0.1:${port}`, check });
      const checking = checkUpstream(upstream, dialDeps(t), controller.signal);
      const rejected = assert.rejects(checking, { name: 'AbortError' });
      if (port === hole) await pass(50);
      else await until(() => server.received.length === 1537);
      assert.ok(socketCount() > before);
      controller.abort();
      await rejected;
      await untilSockets(before);
    }
  });

  it('is good by tcp alone where only the handshake would fail', async (t) => {
    const server = await LoopbackServer.start(t);
    await assertPasses(t, { url: `rtmp://127.0.0.1:${server.port}`, check: 'tcp' });
    assert.equal(server.received.length, 0);
  });
});
