// Dials of upstreams that speak RTMPT: what is set of them reaches the tunnel's client, and what their failures say.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { freePort } from '../../../bench/support/ports.ts';
import { checkUpstream } from '../../../src/links/dial/check-upstream.ts';
import { dialUpstream } from '../../../src/links/dial/dial-upstream.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { startSquid } from '../../support/squid.ts';
import { startTestGateway } from '../../support/test-gateway.ts';
import { until } from '../../support/until.ts';
import { LinkEnd, reply, ScriptedServer } from '../tunnel-client/tunnel-rig.ts';
import {
  caFileOf,
  dialDeps,
  faultOf,
  LoopbackServer,
  type Settings,
  socketCount,
  untilSockets,
  upstreamWith,
} from './dial-rig.ts';

const DONE = { code: 'done', message: 'enough' } as const;

async function faultWith(t: TestContext, settings: Settings) {
  const before = socketCount();
  const fault = await faultOf(dialUpstream(upstreamWith(settings), null, dialDeps(t)));
  await untilSockets(before);
  return fault;
}

describe('dialling an upstream by RTMPT', () => {
  it('gives a Link that carries both ways over as many connections as are set', async (t) => {
    for (const tunnelConnections of [1, 2]) {
      const server = await ScriptedServer.start(t);
      server.answer = (request) => reply(request, request.verb === 'send' ? '\x01hello' : '\x01');
      const deps = dialDeps(t);
      const url = `rtmpt://127.0.0.1:${server.port}/live`;
      const link = await dialUpstream(upstreamWith({ url, tunnelConnections }), null, deps);
      assert.equal(link.facts.transport, 'rtmpt');
      const end = new LinkEnd();
      link.attach(end);
      for (let count = 1; count < 6; count++) {
        end.queue('RTMP');
        link.wake();
        await until(() => end.text === 'hello'.repeat(count));
      }
      await until(() => server.of('idle').length > 2);
      const connections = new Set(server.requests.map(({ connection }) => connection));
      assert.equal(connections.size, tunnelConnections);
      link.close(DONE);
      await until(() => end.ends.length === 1);
      assert.deepEqual(deps.caught, []);
    }
  });

  it('goes through Squid, as it is and in TLS', async (t) => {
    const port = await freePort();
    const squid = await startSquid(t, port, `http_port 127.0.0.1:${port}\n`);
    const gateway = await startTestGateway(t, { listen: ['127.0.0.1:0', 'tls:127.0.0.1:0'] });
    const httpProxy = `http://127.0.0.1:${port}`;
    const [plainPort, tlsPort] = gateway.ports;
    const common = { httpProxy, check: 'rtmp' } as const;
    const plain = upstreamWith({ ...common, url: `rtmpt://127.0.0.1:${plainPort}` });
    await checkUpstream(plain, dialDeps(t));
    const tls = { verify: false };
    await checkUpstream(upstreamWith({ ...common, tls, url: `rtmpts://127.0.0.1:${tlsPort}` }), dialDeps(t));
    const urls = (): string[] => squid.requests().map(({ url }) => url);
    await until(() => urls().includes(`127.0.0.1:${tlsPort}`));
    assert.ok(urls().includes(`http://127.0.0.1:${plainPort}/open/1`), urls().join(' '));
  });

  it('tells the proxy user and password as they were meant', async (t) => {
    const heads: string[] = [];
    const proxy = await LoopbackServer.start(t, (socket: Socket) => {
      socket.once('data', (part: Buffer) => {
        heads.push(part.toString('latin1'));
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      });
    });
    const httpProxy = `http://u5er%40home:S3cret%2525%3A@127.0.0.1:${proxy.port}`;
    const fault = await faultWith(t, { url: 'rtmpts://10.0.0.1/live', httpProxy });
    assert.match(fault.message, /^expected rtmpts:\/\/10\.0\.0\.1:443\/live to open a tunnel, found .*407/);
    const token = Buffer.from('u5er@home:S3cret%25:').toString('base64');
    assert.match(heads[0] ?? '', new RegExp(`proxy-authorization: Basic ${token}\r\n`, 'i'));
  });

  it('says why no tunnel was opened', async (t) => {
    const closed = await freePort();
    const refused = await faultWith(t, { url: `rtmpt://u5er:S3cret@127.0.0.1:${closed}/live?S3cret` });
    assert.equal(refused.code, 'refused');
    const place = `127.0.0.1:${closed}`;
    assert.equal(
      refused.message,
      `expected rtmpt://${place}/live to open a tunnel, found connect ECONNREFUSED ${place} (ECONNREFUSED)`,
    );
    const server = await LoopbackServer.start(t, (socket) => {
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
    });
    const missing = await faultWith(t, { url: `rtmpt://127.0.0.1:${server.port}` });
    assert.equal(missing.code, 'tunnel');
    assert.match(missing.message, /to open a tunnel, found status 404$/);
  });

  it('tells a certificate that is not to be trusted, and what to do', async (t) => {
    const certificate = await makeCertificate('localhost');
    const server = await ScriptedServer.start(t, certificate);
    const url = `rtmpts://localhost:${server.port}`;
    const { fingerprint256: its } = new X509Certificate(certificate.cert);
    const opened = `expected ${url} to open a tunnel with a certificate`;
    const unknown = await faultWith(t, { url });
    assert.equal(unknown.code, 'tls');
    assert.equal(
      unknown.message,
      `${opened} that is valid for localhost, found one that nobody who is trusted signed, with the fingerprint ${its} (DEPTH_ZERO_SELF_SIGNED_CERT) (name the file of who signed it in tls.ca, or, where it is the right one, its fingerprint in tls.fingerprint)`,
    );
    const named = await faultWith(t, {
      url,
      tls: { ca: caFileOf(certificate.cert), serverName: 'b.example' },
    });
    assert.equal(named.code, 'tls');
    assert.match(
      named.message,
      /valid for b\.example, found one for .*localhost.* set tls\.serverName to a name that/,
    );
    const { fingerprint256 } = new X509Certificate((await makeCertificate('localhost')).cert);
    const pinned = await faultWith(t, { url, tls: { fingerprint: fingerprint256 } });
    assert.equal(pinned.code, 'tls');
    assert.equal(
      pinned.message,
      `${opened} with the fingerprint ${fingerprint256}, found one with ${its} (set tls.fingerprint to that where the certificate was renewed, else find out who answers there)`,
    );
    const noFile = await faultWith(t, { url, tls: { ca: '/nowhere/ca.pem' } });
    assert.equal(noFile.code, 'setting');
  });

  it('refuses a PROXY header, which has no place in front of requests', async (t) => {
    const server = await ScriptedServer.start(t);
    const url = `rtmpt://127.0.0.1:${server.port}`;
    const fault = await faultWith(t, { url, proxyProtocol: 'v2' });
    assert.equal(fault.code, 'setting');
    assert.equal(
      fault.message,
      `expected no PROXY header for ${url}, which is reached by HTTP requests, found proxyProtocol v2 (set addressProperty or addressParameter instead)`,
    );
    assert.equal(server.requests.length, 0);
  });

  it('gives up at connectTimeout where the open is not answered', async (t) => {
    const server = await LoopbackServer.start(t);
    const fault = await faultWith(t, { url: `rtmpt://127.0.0.1:${server.port}`, connectTimeoutMs: 200 });
    assert.equal(fault.code, 'timeout');
    assert.match(fault.message, /to open a tunnel within 200 ms, found no end of it$/);
    await until(() => server.openCount === 0);
  });
});
