// Dials with TLS: whose certificate is taken, by what name it is asked for, and what is said of one that is not.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { dialUpstream } from '../../../src/links/dial/dial-upstream.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { MEMORY_FACTS } from '../../support/memory-link.ts';
import { until } from '../../support/until.ts';
import { makePems } from '../tls/certificate-rig.ts';
import {
  caFileOf,
  DialEndpoint,
  dialDeps,
  faultOf,
  LoopbackServer,
  type Settings,
  startTls,
  untilSockets,
  upstreamWith,
} from './dial-rig.ts';

const DONE = { code: 'done', message: 'enough' } as const;
const DAY_MS = 24 * 60 * 60 * 1000;

function fingerprintOf({ cert }: { readonly cert: string }): string {
  return new X509Certificate(cert).fingerprint256;
}

/** Dials, hears the server out, and closes; gives what the server was asked by. */
async function assertDials(t: TestContext, settings: Settings, text = 'hello'): Promise<void> {
  const deps = dialDeps(t);
  const link = await dialUpstream(upstreamWith(settings), null, deps);
  assert.equal(link.facts.transport, 'rtmps');
  assert.equal(link.facts.tlsVersion, 'TLSv1.3');
  const endpoint = new DialEndpoint();
  link.attach(endpoint);
  await until(() => endpoint.text === text);
  link.close(DONE);
  await until(() => endpoint.heard.length === 1);
  await untilSockets(0);
  assert.deepEqual(deps.caught, []);
}

describe('dialling an upstream over TLS', () => {
  it('takes a certificate of the CA that is set, and asks for the name of the URL', async (t) => {
    const certificate = await makeCertificate('localhost');
    const { server, names } = await startTls(t, certificate);
    const ca = caFileOf(certificate.cert);
    await assertDials(t, { url: `rtmps://localhost:${server.port}`, tls: { ca } });
    assert.deepEqual(names, ['localhost']);
  });

  it('asks for no name at an address, and has the certificate be for the address', async (t) => {
    const certificate = await makeCertificate('elsewhere.example');
    const { server, names } = await startTls(t, certificate);
    const ca = caFileOf(certificate.cert);
    await assertDials(t, { url: `rtmps://127.0.0.1:${server.port}`, tls: { ca } });
    assert.deepEqual(names, [false]);
  });

  it('asks for the name that is set, and has the certificate be for that', async (t) => {
    const certificate = await makeCertificate('live.example');
    const { server, names } = await startTls(t, certificate);
    const tls = { ca: caFileOf(certificate.cert), serverName: 'live.example' };
    await assertDials(t, { url: `rtmps://127.0.0.1:${server.port}`, tls });
    assert.deepEqual(names, ['live.example']);
  });

  it('takes the certificate of the fingerprint that is set, whoever signed it and whatever it is for', async (t) => {
    const pems = await makePems(['elsewhere.example'], { notAfterMs: Date.now() - DAY_MS / 2 });
    const { server } = await startTls(t, pems);
    const url = `rtmps://127.0.0.1:${server.port}`;
    await assertDials(t, { url, tls: { fingerprint: fingerprintOf(pems) } });
    await assertDials(t, { url, tls: { fingerprint: fingerprintOf(pems).toLowerCase() } });
  });

  it('refuses another certificate than that of the fingerprint, though its CA is set and nothing is verified', async (t) => {
    const certificate = await makeCertificate('localhost');
    const fingerprint = fingerprintOf(await makeCertificate('localhost'));
    const { server } = await startTls(t, certificate);
    const tls = { fingerprint, ca: caFileOf(certificate.cert), verify: false };
    const url = `rtmps://u5er:S3cret@localhost:${server.port}/live?key=S3cret`;
    const fault = await faultOf(dialUpstream(upstreamWith({ url, tls }), null, dialDeps(t)));
    assert.equal(fault.code, 'tls');
    assert.equal(
      fault.message,
      `expected rtmps://localhost:${server.port}/live to finish TLS with a certificate with the fingerprint ${fingerprint}, found one with ${fingerprintOf(certificate)} (set tls.fingerprint to that where the certificate was renewed, else find out who answers there)`,
    );
    await untilSockets(0);
    assert.equal(server.received.length, 0, 'nothing was said to it');
  });

  it('takes any certificate where nothing is verified', async (t) => {
    const { server } = await startTls(t, await makePems(['elsewhere.example']));
    await assertDials(t, { url: `rtmps://localhost:${server.port}`, tls: { verify: false } });
  });

  it('refuses by itself what nobody who is trusted signed, and tells the fingerprint', async (t) => {
    const certificate = await makeCertificate('localhost');
    const { server } = await startTls(t, certificate);
    const upstream = upstreamWith({ url: `rtmps://localhost:${server.port}` });
    const fault = await faultOf(dialUpstream(upstream, null, dialDeps(t)));
    assert.equal(fault.code, 'tls');
    assert.equal(
      fault.message,
      `expected rtmps://localhost:${server.port} to finish TLS with a certificate that is valid for localhost, found one that nobody who is trusted signed, with the fingerprint ${fingerprintOf(certificate)} (DEPTH_ZERO_SELF_SIGNED_CERT) (name the file of who signed it in tls.ca, or, where it is the right one, its fingerprint in tls.fingerprint)`,
    );
    await untilSockets(0);
  });

  it('refuses one of another CA than the one that is set', async (t) => {
    const { server } = await startTls(t, await makeCertificate('localhost'));
    const tls = { ca: caFileOf((await makeCertificate('localhost')).cert) };
    const upstream = upstreamWith({ url: `rtmps://localhost:${server.port}`, tls });
    const fault = await faultOf(dialUpstream(upstream, null, dialDeps(t)));
    assert.equal(fault.code, 'tls');
    assert.match(fault.message, /found one that nobody who is trusted signed/);
    await untilSockets(0);
  });

  it('refuses one for another name, and says which names it is for', async (t) => {
    const certificate = await makeCertificate('live.example');
    const { server } = await startTls(t, certificate);
    const tls = { ca: caFileOf(certificate.cert) };
    const upstream = upstreamWith({ url: `rtmps://localhost:${server.port}`, tls });
    const fault = await faultOf(dialUpstream(upstream, null, dialDeps(t)));
    assert.equal(fault.code, 'tls');
    assert.match(
      fault.message,
      /valid for localhost, found one for DNS:live\.example, IP Address:127\.0\.0\.1, .* \(ERR_TLS_CERT_ALTNAME_INVALID\) \(correct the host of the URL, or set tls\.serverName to a name that it is for\)$/,
    );
    await untilSockets(0);
  });

  it('refuses one that has expired, and says when', async (t) => {
    const notAfterMs = Date.now() - DAY_MS / 2;
    const pems = await makePems(['localhost'], { notAfterMs, isAuthority: true });
    const { server } = await startTls(t, pems);
    const tls = { ca: caFileOf(pems.cert) };
    const upstream = upstreamWith({ url: `rtmps://localhost:${server.port}`, tls });
    const fault = await faultOf(dialUpstream(upstream, null, dialDeps(t)));
    assert.match(
      fault.message,
      /found one that was valid until .* \(CERT_HAS_EXPIRED\) \(have it renewed there\)$/,
    );
    assert.ok(fault.message.includes(new X509Certificate(pems.cert).validTo));
    await untilSockets(0);
  });

  it('says so where no TLS is spoken', async (t) => {
    const server = await LoopbackServer.start(t, (socket) =>
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    const upstream = upstreamWith({ url: `rtmps://localhost:${server.port}` });
    const fault = await faultOf(dialUpstream(upstream, null, dialDeps(t)));
    assert.equal(fault.code, 'tls');
    assert.equal(
      fault.message,
      `expected rtmps://localhost:${server.port} to finish TLS, found ERR_SSL_WRONG_VERSION_NUMBER (what answers there speaks no TLS: give the port that does, or a URL without TLS)`,
    );
    await untilSockets(0);
  });

  it('says so where the connection is closed instead of TLS', async (t) => {
    const server = await LoopbackServer.start(t, (socket) => socket.end());
    const upstream = upstreamWith({ url: `rtmps://localhost:${server.port}` });
    const fault = await faultOf(dialUpstream(upstream, null, dialDeps(t)));
    assert.equal(fault.code, 'reset');
    assert.match(fault.message, /to finish TLS, found /);
    await untilSockets(0);
  });

  it('says so where it is closed once the upstream knows whose connection it is', async (t) => {
    const serve = (socket: Socket) => socket.once('data', () => socket.resetAndDestroy());
    const server = await LoopbackServer.start(t, serve);
    const url = `rtmps://localhost:${server.port}`;
    const upstream = upstreamWith({ url, proxyProtocol: 'v2' });
    const deps = dialDeps(t);
    assert.equal((await faultOf(dialUpstream(upstream, MEMORY_FACTS, deps))).code, 'turned-away');
    assert.equal((await faultOf(dialUpstream(upstream, null, deps))).code, 'reset');
    assert.equal((await faultOf(dialUpstream(upstreamWith({ url }), MEMORY_FACTS, deps))).code, 'reset');
    await untilSockets(0);
  });

  it('gives up at connectTimeout where TLS is never answered', async (t) => {
    const server = await LoopbackServer.start(t);
    const upstream = upstreamWith({ url: `rtmps://localhost:${server.port}`, connectTimeoutMs: 300 });
    const fault = await faultOf(dialUpstream(upstream, null, dialDeps(t)));
    assert.equal(fault.code, 'timeout');
    assert.equal(
      fault.message,
      `expected rtmps://localhost:${server.port} to finish TLS within 300 ms, found no end of it`,
    );
    assert.ok(server.received.length > 0, 'TLS was begun');
    await untilSockets(0);
  });

  it('puts the PROXY header in front of TLS', async (t) => {
    const server = await LoopbackServer.start(t);
    const url = `rtmps://localhost:${server.port}`;
    const upstream = upstreamWith({ url, proxyProtocol: 'v1', connectTimeoutMs: 300 });
    await faultOf(dialUpstream(upstream, MEMORY_FACTS, dialDeps(t)));
    const header = 'PROXY TCP4 192.0.2.7 127.0.0.1 50000 1935\r\n';
    const text = server.received.toString('latin1');
    assert.ok(text.startsWith(`${header}\x16\x03\x01`), text.slice(0, 60));
  });

  it('dials two hundred times in a row, and nothing stays', async (t) => {
    const certificate = await makeCertificate('localhost');
    const { server } = await startTls(t, certificate);
    const deps = dialDeps(t);
    const tls = { ca: caFileOf(certificate.cert) };
    const upstream = upstreamWith({ url: `rtmps://localhost:${server.port}`, tls });
    for (let count = 0; count < 200; count++) {
      const link = await dialUpstream(upstream, null, deps);
      link.close(DONE);
    }
    assert.equal(server.count, 200);
    await untilSockets(0);
    assert.deepEqual(deps.caught, []);
  });
});
