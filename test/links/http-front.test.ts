// The HTTP server behind the door: who sent a request, and what is answered to what is none.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { AddressList } from '../../src/links/address-list.ts';
import { HttpFront } from '../../src/links/http-front.ts';
import type { Peer } from '../../src/links/link.ts';
import { until } from '../support/until.ts';
import { FakeWheel } from './rtmpt/tunnel-harness.ts';
import { Collector, settled } from './socket-rig.ts';

const PEER: Peer = {
  remoteAddress: '10.0.0.9',
  remotePort: 1234,
  proxyAddress: null,
  localPort: 80,
  tlsVersion: null,
};

type Options = { readonly peer?: Partial<Peer>; readonly header?: 'x-forwarded-for' | 'forwarded' };

/** A front whose connections all come from `peer`; 10.0.0.0/8 forwards. */
async function rigOf(t: TestContext, { peer = {}, header = 'x-forwarded-for' }: Options = {}) {
  const refused: string[] = [];
  const peers: Peer[] = [];
  const upgraded: Socket[] = [];
  const releases: (() => void)[] = [];
  const front = new HttpFront({
    config: {
      maxHeaderSizeBytes: 8192,
      keepAliveTimeoutMs: 5000,
      headersTimeoutMs: 300,
      requestTimeoutMs: 600,
    },
    wheel: new FakeWheel(),
    forwarders: new AddressList([{ family: 'ipv4', address: '10.0.0.0', prefixBits: 8 }]),
    forwardedHeader: header,
    isUpgrade: ({ headers }) => headers.upgrade === 'websocket',
    onUpgrade: (_request, socket) => {
      upgraded.push(socket);
      socket.end('switched');
    },
    onInternalError: (error) => assert.ifError(error),
    onRefused: (code) => refused.push(code),
  });
  front.app.all('/who', async (request) => {
    peers.push(front.peerOf(request.raw));
    return 'seen';
  });
  front.app.get('/held', async () => {
    await new Promise<void>((resolve) => releases.push(resolve));
    return 'held';
  });
  await front.app.ready();
  front.server.on('connection', (socket) => front.take(socket, { ...PEER, ...peer }));
  front.server.listen(0, '127.0.0.1');
  await once(front.server, 'listening');
  t.after(() => {
    front.server.closeAllConnections();
    front.server.close();
  });
  const address = front.server.address();
  assert.ok(address !== null && typeof address === 'object');
  const { port } = address;
  const open = (): { readonly socket: Socket; readonly got: Collector } => {
    const socket: Socket = connect({ host: '127.0.0.1', port });
    t.after(() => socket.destroy());
    socket.on('error', () => socket.destroy());
    return { socket, got: new Collector(socket) };
  };
  const ask = async (text: string): Promise<string> => {
    const { socket, got } = open();
    socket.write(text);
    await until(() => got.all().includes('\r\n\r\n') || socket.destroyed);
    return got.all().toString('latin1');
  };
  const who = async (headers: string): Promise<Peer> => {
    assert.match(await ask(`GET /who HTTP/1.1\r\nHost: h\r\n${headers}\r\n`), /^HTTP\/1\.1 200 /);
    return peers.at(-1) ?? assert.fail();
  };
  return { ask, open, who, refused, peers, upgraded, releases };
}

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';

function get(path: string, headers = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: h\r\n${headers}\r\n`;
}

/** Status of each answer that came, in order. */
function statusesOf(got: Collector): string[] {
  return [
    ...got
      .all()
      .toString('latin1')
      .matchAll(/HTTP\/1\.1 (\d+) /g),
  ].map(([, status = '']) => status);
}

describe('HttpFront', () => {
  it('takes the address that a trusted proxy tells, and says whose connection it was', async (t) => {
    const { who } = await rigOf(t);
    assert.deepEqual(await who('X-Forwarded-For: 192.0.2.7\r\n'), {
      ...PEER,
      remoteAddress: '192.0.2.7',
      remotePort: 0,
      proxyAddress: '10.0.0.9',
    });
  });

  it('takes of several headers and addresses the last one that no trusted proxy has', async (t) => {
    const { who } = await rigOf(t);
    const forged = 'X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-For: 192.0.2.7, 10.0.0.8\r\n';
    assert.equal((await who(forged)).remoteAddress, '192.0.2.7');
  });

  it('heeds the one header that it was told of', async (t) => {
    const forwarded = await rigOf(t, { header: 'forwarded' });
    const both = 'X-Forwarded-For: 203.0.113.1\r\nForwarded: for="[2001:db8::1]:4711";proto=https\r\n';
    const { remoteAddress, remotePort } = await forwarded.who(both);
    assert.deepEqual([remoteAddress, remotePort], ['2001:db8::1', 4711]);
    const other = await rigOf(t);
    assert.equal((await other.who(both)).remoteAddress, '203.0.113.1');
  });

  it('heeds none of anybody else, nor one that names no address', async (t) => {
    const untrusted = await rigOf(t, { peer: { remoteAddress: '198.51.100.1' } });
    const peer = await untrusted.who('X-Forwarded-For: 192.0.2.7\r\n');
    assert.equal(peer.remoteAddress, '198.51.100.1');
    assert.equal(peer.proxyAddress, null);
    const trusted = await rigOf(t);
    assert.deepEqual(await trusted.who('X-Forwarded-For: unknown\r\n'), PEER);
  });

  it('keeps the address of the connection itself where both a PROXY header and a request told another', async (t) => {
    const { who } = await rigOf(t, { peer: { remoteAddress: '10.0.0.5', proxyAddress: '10.9.9.9' } });
    const { remoteAddress, proxyAddress } = await who('X-Forwarded-For: 192.0.2.7\r\n');
    assert.deepEqual([remoteAddress, proxyAddress], ['192.0.2.7', '10.9.9.9']);
  });

  for (const [what, text, statusCode, code] of [
    ['no HTTP', 'HELLO\r\n\r\n', 400, 'http-malformed'],
    ['too large a head', `GET /who HTTP/1.1\r\nX: ${'x'.repeat(9000)}\r\n\r\n`, 431, 'http-head-too-large'],
  ] as const) {
    it(`answers ${what} with ${statusCode}, an empty body and the end of the connection, and counts it`, async (t) => {
      const { ask, refused } = await rigOf(t);
      const reply = await ask(text);
      assert.match(reply, new RegExp(`^HTTP/1\\.1 ${statusCode} [^\\r]+\\r\\nConnection: close\\r\\n`));
      assert.match(reply, /Content-Length: 0\r\n\r\n$/);
      assert.deepEqual(refused, [code]);
    });
  }

  for (const behind of [get('/who'), '\0'.repeat(1000)]) {
    it(`answers an upgrade with 400 while a reply in front of it is due, behind that one, and heeds nothing more (${behind.length} bytes)`, async (t) => {
      const { open, releases, upgraded, refused, peers } = await rigOf(t);
      const { socket, got } = open();
      socket.write(`${get('/held')}${get('/elsewhere', UPGRADE)}`);
      await until(() => releases.length === 1);
      socket.write(behind);
      await settled(() => got.lengthBytes);
      assert.equal(got.lengthBytes, 0);
      releases[0]?.();
      await until(() => got.hasEnded);
      assert.deepEqual(statusesOf(got), ['200', '400']);
      assert.match(got.all().toString(), /heldHTTP.*\r\nConnection: close\r\n.*\r\n\r\n$/s);
      assert.deepEqual(upgraded, []);
      assert.deepEqual(peers, []);
      assert.deepEqual(refused, ['http-malformed']);
    });
  }

  it('answers an upgrade with 400 that comes in one piece with a request', async (t) => {
    const { open, upgraded, peers } = await rigOf(t);
    const { socket, got } = open();
    socket.write(`${get('/who')}${get('/elsewhere', UPGRADE)}${get('/who')}`);
    await until(() => got.hasEnded);
    assert.deepEqual(statusesOf(got), ['200', '400']);
    assert.deepEqual(upgraded, []);
    assert.equal(peers.length, 1);
  });

  it('takes a request whose upgrade a proxy has made void for an ordinary one [RFC9110 7.8]', async (t) => {
    const { open, upgraded, refused } = await rigOf(t);
    const { socket, got } = open();
    socket.write(`${get('/who', 'Upgrade: websocket\r\n')}${get('/who', 'Upgrade: websocket\r\n')}`);
    await until(() => statusesOf(got).length === 2);
    assert.deepEqual(statusesOf(got), ['200', '200']);
    assert.deepEqual([...upgraded, ...refused], []);
  });

  it('hands over an upgrade behind replies that the client has had', async (t) => {
    const { open, upgraded, releases } = await rigOf(t);
    const { socket, got } = open();
    for (let round = 1; round <= 3; round++) {
      socket.write(get('/who'));
      await until(() => statusesOf(got).length === round);
    }
    socket.write(get('/held'));
    await until(() => releases.length === 1);
    releases[0]?.();
    await until(() => got.all().includes('held'));
    socket.write(get('/elsewhere', UPGRADE));
    await until(() => got.hasEnded);
    assert.ok(got.all().toString().endsWith('heldswitched'));
    assert.equal(upgraded.length, 1);
  });

  it('answers an expectation that is none with 417, ends the connection, and heeds nothing behind it [RFC9110 10.1.1]', async (t) => {
    const { open, peers, refused } = await rigOf(t);
    const { socket, got } = open();
    socket.write(`${get('/who', 'Expect: the-best\r\n')}${get('/who')}`);
    await until(() => got.hasEnded);
    assert.deepEqual(statusesOf(got), ['417']);
    assert.match(got.all().toString(), /\r\nConnection: close\r\n/i);
    assert.deepEqual(peers, []);
    assert.deepEqual(refused, []);
  });

  for (const [what, text] of [
    ['no Host', 'GET /who HTTP/1.1\r\nExpect: the-best\r\n\r\n'],
    [
      'another coding than chunked',
      'POST /who HTTP/1.1\r\nHost: h\r\nExpect: the-best\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    ],
  ] as const) {
    it(`looks for ${what} in a request with an expectation as well`, async (t) => {
      const { open, peers, refused } = await rigOf(t);
      const { socket, got } = open();
      socket.write(text + get('/who'));
      await until(() => got.hasEnded);
      assert.deepEqual(statusesOf(got), ['400']);
      assert.deepEqual(refused, ['http-malformed']);
      assert.deepEqual(peers, []);
    });
  }
});
