// Opening: what is asked, whose certificate is taken, what goes through a proxy, and what a refusal says.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { freePort } from '../../../bench/support/ports.ts';
import { dialTunnel, TunnelDialError } from '../../../src/links/tunnel-client/dial-tunnel.ts';
import { Lane } from '../../../src/links/tunnel-client/lane.ts';
import type { PostOutcome } from '../../../src/links/tunnel-client/post-exchange.ts';
import type { TunnelClientOptions } from '../../../src/links/tunnel-client/tunnel-client-options.ts';
import { testCertificate } from '../../support/certificates.ts';
import { until } from '../../support/until.ts';
import { LinkEnd, linkDeps, openLink, reply, ScriptedServer, say } from './tunnel-rig.ts';

const SECRETS = /S3cret|pass|word|us%65r/;

/** What dialling is refused with. */
async function refusalOf(
  t: TestContext,
  port: number,
  options: Partial<TunnelClientOptions> & { readonly isSecure?: boolean; readonly host?: string } = {},
): Promise<Error> {
  const { wheel, guard } = linkDeps(t);
  const { isSecure = false, host = '127.0.0.1', ...rest } = options;
  try {
    await dialTunnel({ host, port, isSecure }, { wheel, guard, ...rest });
  } catch (error) {
    assert.ok(error instanceof Error);
    assert.doesNotMatch(error.message, SECRETS);
    assert.equal(error.cause, undefined);
    return error;
  }
  throw new Error('it was opened');
}

/** A server whose first answer is this one. */
async function answering(t: TestContext, body: string, statusCode: number): Promise<number> {
  const server = createServer((_request, response) => {
    response.writeHead(statusCode);
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** A proxy for CONNECT and for absolute targets, that wants this authorization where it is not null. */
async function startProxy(t: TestContext, wanted: string | null): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const isAllowed = (given: string | undefined): boolean => wanted === null || given === wanted;
  const proxy = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (!isAllowed(request.headers['proxy-authorization'])) {
      response.writeHead(407);
      response.end();
      return;
    }
    const { hostname, port, pathname } = new URL(request.url ?? '');
    const onward = connect({ host: hostname, port: Number(port) });
    sockets.add(onward);
    onward.on('error', () => onward.destroy());
    const { 'content-length': length } = request.headers;
    onward.write(
      `POST ${pathname} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`,
    );
    request.pipe(onward, { end: false });
    const parts: Buffer[] = [];
    onward.on('data', (part: Buffer) => parts.push(part));
    onward.on('end', () => {
      const text = Buffer.concat(parts);
      const headEnd = text.indexOf('\r\n\r\n') + 4;
      response.writeHead(Number(text.toString('latin1').slice(9, 12)));
      response.end(text.subarray(headEnd));
    });
  });
  proxy.on('connect', (request, client: Socket) => {
    seen.push(`${request.method} ${request.url}`);
    sockets.add(client);
    client.on('error', () => client.destroy());
    if (!isAllowed(request.headers['proxy-authorization'])) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const [host = '', port] = (request.url ?? '').split(':');
    const onward = connect({ host, port: Number(port) }, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(onward).pipe(client);
    });
    sockets.add(onward);
    onward.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
    proxy.closeAllConnections();
  });
  return { url: `127.0.0.1:${(proxy.address() as AddressInfo).port}`, seen };
}

async function fingerprint(): Promise<string> {
  return new X509Certificate((await testCertificate()).cert).fingerprint256;
}

describe('opening a tunnel', () => {
  it('posts `00` to /open/1 as Flash does, without an ident, and goes on as somebody else where told', async (t) => {
    const server = await ScriptedServer.start(t);
    const open = await openLink(t, server);
    const named = await openLink(t, server, { userAgent: 'culvert' });
    say(open, 'hello');
    say(named, 'hello');
    await until(() => server.of('send').length === 2);
    assert.deepEqual(
      server.requests
        .slice(0, 2)
        .map(({ url, body, headers }) => [
          url,
          body,
          headers['user-agent'],
          headers['content-type'],
          headers['content-length'],
          headers['cache-control'],
          headers.host,
        ]),
      ['Shockwave Flash', 'culvert'].map((agent) => [
        '/open/1',
        '\0',
        agent,
        'application/x-fcs',
        '1',
        'no-cache',
        `127.0.0.1:${server.port}`,
      ]),
    );
    assert.deepEqual(
      server.of('send').map(({ url }) => url),
      ['/send/S3cretSession/0', '/send/S3cretSession/0'],
    );
    assert.deepEqual(open.link.facts, {
      transport: 'rtmpt',
      remoteAddress: '127.0.0.1',
      remotePort: server.port,
      proxyAddress: null,
      localPort: open.link.facts.localPort,
      tlsVersion: null,
      userAgent: null,
    });
    assert.ok(open.link.facts.localPort > 0);
  });

  it('says which status it found, and takes a page of HTML for no session id', async (t) => {
    const missing = await refusalOf(t, await answering(t, '', 404));
    assert.ok(missing instanceof TunnelDialError);
    assert.match(missing.message, /^expected http:\/\/127\.0\.0\.1:\d+ to open a tunnel, found status 404$/);
    const page = await refusalOf(t, await answering(t, '<html>password</html>', 200));
    assert.match(page.message, /found 200 with 21 bytes that are no session id$/);
    const long = await refusalOf(t, await answering(t, 'x'.repeat(129), 200));
    assert.match(long.message, /found 200 with 129 bytes that are no session id$/);
  });

  it('takes an id with a line feed, with CRLF and with none', async (t) => {
    for (const text of ['id-1_~', 'id-1_~\n', 'id-1_~\r\n']) {
      const port = await answering(t, text, 200);
      const { wheel, guard } = linkDeps(t);
      const link = await dialTunnel({ host: '127.0.0.1', port, isSecure: false }, { wheel, guard });
      for (let time = 0; time < 2; time++) link.fail({ code: 'done', message: 'enough' });
    }
  });

  it('says that nobody listens, and that a server is silent', async (t) => {
    assert.match((await refusalOf(t, await freePort())).message, /ECONNREFUSED/);
    const sockets: Socket[] = [];
    const silent = createTcpServer((socket) => void sockets.push(socket.on('error', () => socket.destroy())));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    const error = await refusalOf(t, port, { replyTimeoutMs: 200 });
    assert.match(error.message, /no reply within 200 ms$/);
    const tlsError = await refusalOf(t, port, { replyTimeoutMs: 200, isSecure: true });
    assert.match(tlsError.message, /no reply within 200 ms$/);
  });

  it('is given up at once, before and while nothing is answered, and leaves no connection and no deadline', async (t) => {
    const sockets = new Set<Socket>();
    const silent = createTcpServer((socket) => {
      sockets.add(socket.resume().on('error', () => socket.destroy()));
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    t.after(() => silent.close());
    const { port } = silent.address() as AddressInfo;
    const reason = new Error('nobody wants it');
    for (const isSecure of [false, true]) {
      const { wheel, guard } = linkDeps(t);
      const dial = (signal: AbortSignal) =>
        dialTunnel({ host: '127.0.0.1', port, isSecure }, { wheel, guard }, signal);
      await assert.rejects(dial(AbortSignal.abort(reason)), reason);
      assert.equal(sockets.size, 0);
      const dialling = new AbortController();
      const refused = assert.rejects(dial(dialling.signal), reason);
      assert.equal(wheel.deadlineCount, 1);
      await until(() => sockets.size === 1);
      dialling.abort(reason);
      const givenUpMs = performance.now();
      await refused;
      assert.ok(performance.now() - givenUpMs < 1000, 'it waits for no reply');
      assert.equal(wheel.deadlineCount, 0);
      await until(() => sockets.size === 0);
    }
  });

  it('is not given up by a signal that comes behind it', async (t) => {
    const server = await ScriptedServer.start(t);
    server.answer = (request) => reply(request, '\x01!');
    const { wheel, guard } = linkDeps(t);
    const dialling = new AbortController();
    const address = { host: '127.0.0.1', port: server.port, isSecure: false };
    const link = await dialTunnel(address, { wheel, guard }, dialling.signal);
    dialling.abort();
    const end = new LinkEnd();
    link.attach(end);
    end.queue('hello');
    link.wake();
    await until(() => end.text.startsWith('!!'));
    for (let time = 0; time < 2; time++) link.fail({ code: 'done', message: 'enough' });
  });

  it('refuses a certificate that nobody it knows has signed, or that is for another name', async (t) => {
    const certificate = await testCertificate();
    const { port } = await ScriptedServer.start(t, certificate);
    assert.match((await refusalOf(t, port, { isSecure: true })).message, /SELF_SIGNED/);
    const tls = { ca: certificate.cert, servername: 'other.example' };
    assert.match((await refusalOf(t, port, { isSecure: true, tls })).message, /ERR_TLS_CERT_ALTNAME_INVALID/);
    const wrong = { fingerprint256: 'ab'.repeat(32) };
    assert.match(
      (await refusalOf(t, port, { isSecure: true, tls: wrong })).message,
      /expected a certificate with the fingerprint AB(?::AB){31}, found one with [0-9A-F]{2}(?::[0-9A-F]{2}){31}/,
    );
    const both = { ca: certificate.cert, ...wrong };
    assert.match((await refusalOf(t, port, { isSecure: true, tls: both })).message, /fingerprint/);
  });

  it('refuses it the second time too, when a session could be taken up again', async (t) => {
    const certificate = await testCertificate();
    // WHY 1.2: there the session is known as soon as the handshake is over.
    const { port } = await ScriptedServer.start(t, { ...certificate, maxVersion: 'TLSv1.2' });
    const tls = { ca: certificate.cert, servername: 'other.example' };
    const lane = new Lane({
      route: {
        origin: `https://127.0.0.1:${port}`,
        tls,
        proxyUrl: null,
        onConnected: () => assert.fail('it was taken'),
      },
      userAgent: 'x',
      maxReplyBytes: 1000,
    });
    t.after(() => lane.cut());
    for (let time = 0; time < 3; time++) {
      const outcome = await new Promise<PostOutcome>((resolve) => {
        lane.post('/open/1', Uint8Array.of(0), resolve);
      });
      assert.ok(outcome.type === 'failed');
      assert.match(outcome.text, /ERR_TLS_CERT_ALTNAME_INVALID/);
    }
  });

  it('takes a certificate of a given authority, of a given fingerprint, and any where that is asked for', async (t) => {
    const certificate = await testCertificate();
    const server = await ScriptedServer.start(t, certificate);
    server.answer = (request) => reply(request, '\x01!');
    for (const tls of [
      { ca: certificate.cert },
      { ca: certificate.cert, servername: 'localhost' },
      { fingerprint256: await fingerprint() },
      { fingerprint256: (await fingerprint()).replaceAll(':', '').toLowerCase() },
      { isUnverified: true },
    ]) {
      const open = await openLink(t, server, { tls });
      say(open, 'hello');
      await until(() => open.end.text.startsWith('!!!!!'));
      assert.equal(open.link.facts.transport, 'rtmpts');
      assert.equal(open.link.facts.tlsVersion, 'TLSv1.3');
    }
  });

  it('goes through a proxy with its name and password: by CONNECT in TLS, forwarded in plain', async (t) => {
    const certificate = await testCertificate();
    const secure = await ScriptedServer.start(t, certificate);
    const plain = await ScriptedServer.start(t);
    const proxy = await startProxy(t, `Basic ${Buffer.from('user:pass word').toString('base64')}`);
    const proxyUrl = `http://us%65r:pass%20word@${proxy.url}`;
    for (const [server, tls] of [
      [secure, { fingerprint256: await fingerprint() }],
      [plain, undefined],
    ] as const) {
      server.answer = (request) => reply(request, '\x01!');
      const open = await openLink(t, server, { proxyUrl, ...(tls === undefined ? {} : { tls }) });
      say(open, 'hello');
      await until(() => open.end.text.length > 10);
      assert.equal(open.link.facts.remotePort, server.port);
      assert.equal(open.link.facts.proxyAddress, '127.0.0.1');
      assert.ok(server.requests.every(({ headers }) => headers['proxy-authorization'] === undefined));
    }
    const connects = proxy.seen.filter((line) => line.startsWith('CONNECT'));
    assert.deepEqual(connects, Array(2).fill(`CONNECT 127.0.0.1:${secure.port}`));
    assert.ok(proxy.seen.includes(`POST http://127.0.0.1:${plain.port}/open/1`));
  });

  it('says that a proxy wants another password, is not there, or leads to another certificate', async (t) => {
    const { port: securePort } = await ScriptedServer.start(t, await testCertificate());
    const { port } = await ScriptedServer.start(t);
    const { url } = await startProxy(t, 'Basic other');
    const proxyUrl = `http://us%65r:pass%20word@${url}`;
    assert.match((await refusalOf(t, securePort, { isSecure: true, proxyUrl })).message, /407/);
    assert.match((await refusalOf(t, port, { proxyUrl })).message, /407/);
    const nobody = `http://us%65r:pass%20word@127.0.0.1:${await freePort()}`;
    assert.match(
      (await refusalOf(t, securePort, { isSecure: true, proxyUrl: nobody })).message,
      /ECONNREFUSED/,
    );
    assert.match((await refusalOf(t, port, { proxyUrl: nobody })).message, /ECONNREFUSED/);
    const through = { isSecure: true, proxyUrl: `http://${(await startProxy(t, null)).url}` };
    assert.match((await refusalOf(t, securePort, through)).message, /SELF_SIGNED/);
    const tls = { fingerprint256: 'ab'.repeat(32) };
    assert.match((await refusalOf(t, securePort, { ...through, tls })).message, /fingerprint/);
  });

  it('finds a wrong setting before anything is dialled, and does not say it where it may be a secret', async (t) => {
    const port = await freePort();
    const wrongs = [
      [{ proxyUrl: 'S3cret' }, /^expected a proxy as http:\/\/host:port .*, found no URL$/],
      [{ proxyUrl: 'socks5://user:password@127.0.0.1:1' }, /found socks5:$/],
      [{ proxyUrl: 'http://user:100%@127.0.0.1:1' }, /^expected a % in the name or p/],
      [
        { tls: { fingerprint256: 'aa:bb' } },
        /^expected a SHA-256 fingerprint of 64 hex digits, found 4 characters$/,
      ],
      [{ host: 'S3cret@host' }, /^expected a host name or an address to tunnel to/],
      [{ host: 'host/S3cret' }, /^expected a host name or an address to tunnel to/],
    ] as const;
    for (const [options, text] of wrongs) {
      const { wheel, guard } = linkDeps(t);
      const { host = '127.0.0.1', ...rest } = { host: undefined, ...options };
      await assert.rejects(
        dialTunnel({ host, port, isSecure: true }, { wheel, guard, ...rest }),
        (error: Error) => text.test(error.message) && !/S3cret/.test(error.message),
      );
    }
  });
});
