// Dials through an HTTP proxy: Debian's Squid, and proxies whose every answer the test writes.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { getCACertificates, setDefaultCACertificates, type TlsOptions } from 'node:tls';
import { freePort } from '../../../bench/support/ports.ts';
import type { Upstream } from '../../../src/config/routing.ts';
import { dialUpstream } from '../../../src/links/dial/dial-upstream.ts';
import { testCertificate } from '../../support/certificates.ts';
import { MEMORY_FACTS } from '../../support/memory-link.ts';
import { newFilePath } from '../../support/programs.ts';
import { startSquid } from '../../support/squid.ts';
import { until } from '../../support/until.ts';
import { DialEndpoint, dialDeps, faultOf, LoopbackServer, untilSockets, upstreamWith } from './dial-rig.ts';

const DONE = { code: 'done', message: 'enough' } as const;
const USER = 'u5er:S3cret:Passw0rd%25';
const AUTHORIZATION = Buffer.from('u5er:S3cret:Passw0rd%').toString('base64');
const OPENED = 'HTTP/1.1 200 Connection established\r\n\r\n';

/** A proxy that answers each CONNECT with these bytes, and then joins the connection to the port that was asked for. */
async function startProxy(
  t: TestContext,
  answer: string,
  tls: TlsOptions | null = null,
): Promise<{ port: number; heads: string[]; server: LoopbackServer }> {
  const heads: string[] = [];
  const serve = (client: Socket): void => {
    client.removeAllListeners('data');
    client.on('error', () => client.destroy());
    client.once('data', (part: Buffer) => {
      const head = part.toString('latin1');
      heads.push(head);
      client.write(answer, 'latin1');
      const port = Number(/^CONNECT \S+:(\d+) /.exec(head)?.[1]);
      if (!answer.startsWith(OPENED)) return;
      const onward = connect({ host: '127.0.0.1', port });
      onward.on('error', () => client.destroy());
      client.on('close', () => onward.destroy());
      client.pipe(onward).pipe(client);
    });
  };
  const server = await LoopbackServer.start(t, serve, tls);
  return { port: server.port, heads, server };
}

/** Dials, sends a word, and waits for what the upstream says; gives the facts of the Link. */
async function assertCarries(t: TestContext, upstream: Upstream, text: string) {
  const deps = dialDeps(t);
  const link = await dialUpstream(upstream, MEMORY_FACTS, deps);
  const endpoint = new DialEndpoint();
  link.attach(endpoint);
  endpoint.messages = [Buffer.from('RTMP')];
  link.wake();
  await until(() => endpoint.text === text);
  link.close(DONE);
  await until(() => endpoint.heard.length === 1);
  await untilSockets(0);
  assert.deepEqual(deps.caught, []);
  return link.facts;
}

describe('dialling through an HTTP proxy', () => {
  it('goes through Squid, in plain and in TLS, with the PROXY header inside', async (t) => {
    const port = await freePort();
    const squid = await startSquid(t, port, `http_port 127.0.0.1:${port}\n`);
    const httpProxy = `http://127.0.0.1:${port}`;
    const greet = (socket: Socket): void => void socket.once('data', () => socket.write('hello'));
    const plain = await LoopbackServer.start(t, greet);
    const url = `rtmp://127.0.0.1:${plain.port}/live`;
    const facts = await assertCarries(t, upstreamWith({ url, httpProxy, proxyProtocol: 'v1' }), 'hello');
    assert.equal(plain.received.toString('latin1'), 'PROXY TCP4 192.0.2.7 127.0.0.1 50000 1935\r\nRTMP');
    assert.equal(facts.remoteAddress, '127.0.0.1');
    assert.equal(facts.remotePort, plain.port);
    assert.equal(facts.proxyAddress, '127.0.0.1');

    const certificate = await testCertificate();
    const ca = newFilePath('proxied-ca.pem');
    writeFileSync(ca, certificate.cert);
    const secured = await LoopbackServer.start(t, greet, { ...certificate });
    const tlsUrl = `rtmps://127.0.0.1:${secured.port}`;
    const tlsFacts = await assertCarries(t, upstreamWith({ url: tlsUrl, httpProxy, tls: { ca } }), 'hello');
    assert.equal(tlsFacts.tlsVersion, 'TLSv1.3');
    await until(() => squid.requests().length === 2);
    const asked = squid.requests().map(({ method, url: target }) => `${method} ${target}`);
    assert.deepEqual(asked, [`CONNECT 127.0.0.1:${plain.port}`, `CONNECT 127.0.0.1:${secured.port}`]);
  });

  it('says what Squid says where it cannot reach the upstream', async (t) => {
    const port = await freePort();
    const closed = await freePort();
    await startSquid(t, port, `http_port 127.0.0.1:${port}\n`);
    const httpProxy = `http://127.0.0.1:${port}`;
    const upstream = upstreamWith({ url: `rtmp://127.0.0.1:${closed}`, httpProxy });
    const fault = await faultOf(dialUpstream(upstream, null, dialDeps(t)));
    assert.equal(fault.code, 'proxy');
    assert.equal(
      fault.message,
      `expected the HTTP proxy 127.0.0.1:${port} to open a way to rtmp://127.0.0.1:${closed}, found the status 503 (see in the log of the proxy why)`,
    );
    await untilSockets(0);
  });

  it('tells the proxy user and password, and nobody else', async (t) => {
    const server = await LoopbackServer.start(t, (socket) => socket.write('hello'));
    const { port, heads } = await startProxy(t, OPENED);
    const httpProxy = `http://${USER}@127.0.0.1:${port}`;
    await assertCarries(t, upstreamWith({ url: `rtmp://127.0.0.1:${server.port}`, httpProxy }), 'hello');
    const [head = ''] = heads;
    assert.ok(head.startsWith(`CONNECT 127.0.0.1:${server.port} HTTP/1.1\r\n`), head);
    assert.ok(head.includes(`\r\nHost: 127.0.0.1:${server.port}\r\n`), head);
    assert.ok(head.includes(`\r\nProxy-Authorization: Basic ${AUTHORIZATION}\r\n`), head);
    assert.equal(server.received.toString(), 'RTMP');
  });

  it('writes an IPv6 address in brackets', async (t) => {
    const { port, heads } = await startProxy(t, 'HTTP/1.1 502 Bad Gateway\r\n\r\n');
    const httpProxy = `http://127.0.0.1:${port}`;
    await faultOf(dialUpstream(upstreamWith({ url: 'rtmp://[2001:db8::1]', httpProxy }), null, dialDeps(t)));
    assert.match(heads[0] ?? '', /^CONNECT \[2001:db8::1\]:1935 HTTP\/1\.1\r\n/);
  });

  it('loses nothing that comes right behind the head of the answer', async (t) => {
    const server = await LoopbackServer.start(t);
    const { port } = await startProxy(t, `${OPENED}welcome`);
    const httpProxy = `http://127.0.0.1:${port}`;
    await assertCarries(t, upstreamWith({ url: `rtmp://127.0.0.1:${server.port}`, httpProxy }), 'welcome');
  });

  const refusals: readonly (readonly [string, string, RegExp])[] = [
    [
      '407 Proxy Authentication Required',
      USER,
      /status 407 \(correct the user or the password in httpProxy\)$/,
    ],
    ['407 Proxy Authentication Required', '', /status 407 \(give httpProxy the user and password that .*\)$/],
    ['403 Forbidden', USER, /status 403 \(have the proxy allow CONNECT to port 1935\)$/],
    ['204 No Content', USER, /status 204 \(see in the log of the proxy why\)$/],
    ['302 Found\r\nLocation: http://S3cret/', USER, /status 302 \(see in the log of the proxy why\)$/],
  ];
  for (const [line, user, pattern] of refusals) {
    it(`tells a refusal of a proxy that answers ${line.slice(0, 3)}, ${user === '' ? 'without' : 'with'} a password`, async (t) => {
      const { port } = await startProxy(t, `HTTP/1.1 ${line}\r\nContent-Length: 6\r\n\r\nS3cret`);
      const httpProxy = `http://${user === '' ? '' : `${user}@`}127.0.0.1:${port}`;
      const upstream = upstreamWith({ url: 'rtmp://u5er:S3cret@10.0.0.1/live?S3cret', httpProxy });
      const fault = await faultOf(dialUpstream(upstream, null, dialDeps(t)));
      assert.equal(fault.code, 'proxy');
      const start = `expected the HTTP proxy 127.0.0.1:${port} to open a way to rtmp://10.0.0.1:1935/live, found the `;
      assert.ok(fault.message.startsWith(start), fault.message);
      assert.match(fault.message, pattern);
      await untilSockets(0);
    });
  }

  it('tells a proxy that speaks no HTTP, one that hangs up, and one that is not there', async (t) => {
    const { port } = await startProxy(t, 'S3cret of a server of something else\r\n\r\n');
    const dial = (proxyPort: number) => {
      const settings = { url: 'rtmp://10.0.0.1', httpProxy: `http://${USER}@127.0.0.1:${proxyPort}` };
      return faultOf(dialUpstream(upstreamWith(settings), null, dialDeps(t)));
    };
    const wrong = await dial(port);
    assert.equal(wrong.code, 'proxy');
    assert.match(
      wrong.message,
      /to open a way to rtmp:\/\/10\.0\.0\.1:1935, found Parse Error: Expected HTTP\//,
    );
    const hangingUp = await LoopbackServer.start(t, (socket) => socket.end());
    const hungUp = await dial(hangingUp.port);
    assert.equal(hungUp.code, 'proxy');
    assert.match(hungUp.message, /to open a way to rtmp:\/\/10\.0\.0\.1:1935, found socket hang up$/);
    const nobody = await freePort();
    const refused = await dial(nobody);
    assert.equal(refused.code, 'refused');
    const place = `127.0.0.1:${nobody}`;
    assert.equal(
      refused.message,
      `expected the HTTP proxy ${place} to take a connection for rtmp://10.0.0.1:1935, found connect ECONNREFUSED ${place}`,
    );
    await untilSockets(0);
  });

  it('gives up at connectTimeout where the proxy never answers', async (t) => {
    const silent = await LoopbackServer.start(t);
    const httpProxy = `http://127.0.0.1:${silent.port}`;
    const upstream = upstreamWith({ url: 'rtmp://10.0.0.1', httpProxy, connectTimeoutMs: 300 });
    const fault = await faultOf(dialUpstream(upstream, null, dialDeps(t)));
    assert.equal(fault.code, 'timeout');
    assert.match(
      fault.message,
      /to open a way to rtmp:\/\/10\.0\.0\.1:1935 within 300 ms, found no end of it$/,
    );
    await untilSockets(0);
  });

  it('speaks TLS to a proxy that wants it, and TLS to the upstream inside of that', async (t) => {
    const certificate = await testCertificate();
    const authorities = getCACertificates();
    t.after(() => setDefaultCACertificates(authorities));
    const { port, server } = await startProxy(t, OPENED, { ...certificate });
    const ca = newFilePath('proxied-ca.pem');
    writeFileSync(ca, certificate.cert);
    const serve = (socket: Socket): void => void socket.once('data', () => socket.write('hello'));
    const secured = await LoopbackServer.start(t, serve, { ...certificate });
    const base = upstreamWith({ url: `rtmps://127.0.0.1:${secured.port}`, tls: { ca } });
    const proxy = { host: 'localhost', portNumber: port, credentials: null, isSecure: true };
    const upstream = { ...base, httpProxy: proxy };
    const fault = await faultOf(dialUpstream(upstream, null, dialDeps(t)));
    assert.equal(fault.code, 'tls');
    assert.match(
      fault.message,
      /^expected the HTTP proxy localhost:\d+ to finish TLS for rtmps:.* nobody who is trusted/,
    );
    await until(() => server.openCount === 0);
    setDefaultCACertificates([...authorities, certificate.cert]);
    const facts = await assertCarries(t, upstream, 'hello');
    assert.equal(facts.tlsVersion, 'TLSv1.3');
    assert.equal(facts.proxyAddress, '127.0.0.1');
    const plain = await LoopbackServer.start(t, serve);
    const inner = upstreamWith({ url: `rtmp://127.0.0.1:${plain.port}`, proxyProtocol: 'v1' });
    await assertCarries(t, { ...inner, httpProxy: proxy }, 'hello');
    assert.equal(plain.received.toString('latin1'), 'PROXY TCP4 192.0.2.7 127.0.0.1 50000 1935\r\nRTMP');
  });
});
