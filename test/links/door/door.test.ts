import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, createServer as createNetServer, Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { until } from '../../support/until.ts';
import { Collector, settled } from '../socket-rig.ts';
import { doorRig, FIRST_BYTE_TIMEOUT_MS } from './door-rig.ts';

const CLIENT_HELLO_START = Uint8Array.of(0x16, 3, 1, 1, 0);

async function clientOf(t: TestContext, port: number, host = '127.0.0.1'): Promise<Socket> {
  const client = connect({ port, host, noDelay: true });
  t.after(() => client.destroy());
  client.on('error', () => client.destroy());
  await once(client, 'connect');
  return client;
}

/** A v2 header as HAProxy writes it: PROXY, TCP over IPv4. */
function proxyV2(sourceAddress: string, sourcePort: number): Buffer {
  const header = Buffer.alloc(28);
  header.set([0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x11, 0, 12]);
  header.set(sourceAddress.split('.').map(Number), 16);
  header.set([127, 0, 0, 1], 20);
  header.writeUInt16BE(sourcePort, 24);
  header.writeUInt16BE(443, 26);
  return header;
}

describe('a plain door', () => {
  for (const [first, expected] of [
    [3, 'rtmp'],
    [6, 'rtmp'],
    [0x41, 'http'],
    [0x47, 'http'],
    [0x20, 'connection-unknown-protocol'],
    [0xff, 'connection-unknown-protocol'],
    [0x16, 'connection-tls-on-plain'],
  ] as const) {
    it(`takes a first byte of ${first} for ${expected}`, async (t) => {
      const { port, outcome, read, wheel, accepted } = await doorRig(t);
      const client = await clientOf(t, port);
      client.write(Buffer.from([first, 1, 2, 3]));
      await until(() => outcome.length > 0);
      assert.deepEqual(outcome, [expected]);
      assert.equal(wheel.pendingCount, 0, 'the deadline is gone');
      if (expected.startsWith('connection')) await until(() => accepted[0]?.destroyed === true);
      else await until(() => read() === Buffer.from([first, 1, 2, 3]).toString('latin1'));
    });
  }

  it('tells by a first byte alone, and hands on what comes behind it', async (t) => {
    const { port, outcome, read, peers } = await doorRig(t);
    const client = await clientOf(t, port);
    client.write(Buffer.of(3));
    await until(() => read().length === 1);
    assert.deepEqual(outcome, ['rtmp']);
    client.write('more');
    await until(() => read() === '\x03more');
    assert.deepEqual(peers, [
      {
        remoteAddress: '127.0.0.1',
        remotePort: client.localPort,
        proxyAddress: null,
        localPort: port,
        tlsVersion: null,
      },
    ]);
  });

  it('hands a request over whole to an HTTP server, whose bytes came one by one', async (t) => {
    const http = createServer((request, response) => response.end(`${request.method} ${request.url}`));
    const { port, taken } = await doorRig(t, { onHttp: (socket) => void http.emit('connection', socket) });
    const client = await clientOf(t, port);
    const got = new Collector(client);
    const text = 'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
    for (const letter of text) {
      client.write(letter);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => got.hasEnded);
    assert.match(got.all().toString(), /^HTTP\/1\.1 200 OK\r\n[\s\S]*POST \/a$/);
    assert.deepEqual(taken, []);
  });

  it('closes a connection that says nothing in time', async (t) => {
    const { port, wheel, outcome, accepted } = await doorRig(t);
    await clientOf(t, port);
    await until(() => accepted.length === 1);
    wheel.advance(FIRST_BYTE_TIMEOUT_MS - 1);
    assert.deepEqual(outcome, []);
    wheel.advance(1);
    assert.deepEqual(outcome, ['connection-silent']);
    await until(() => accepted[0]?.destroyed === true);
  });

  it('closes one that says too little, however it drips', async (t) => {
    const { port, wheel, outcome, accepted } = await doorRig(t);
    const client = await clientOf(t, port);
    for (const letter of 'PROXY') {
      client.write(letter);
      await settled(() => accepted[0]?.bytesRead ?? 0);
      wheel.advance(FIRST_BYTE_TIMEOUT_MS / 5);
    }
    assert.deepEqual(outcome, ['connection-silent']);
    await until(() => accepted[0]?.destroyed === true);
  });

  it('closes a connection that the peer ends or resets before it has said anything, and counts nothing', async (t) => {
    const { port, wheel, outcome, accepted } = await doorRig(t);
    const ended = await clientOf(t, port);
    ended.end();
    const reset = await clientOf(t, port);
    reset.resetAndDestroy();
    await until(() => accepted.length === 2 && accepted.every(({ destroyed }) => destroyed));
    assert.deepEqual(outcome, [], 'a health check is nothing to count');
    assert.equal(wheel.pendingCount, 0);
  });

  it('takes in none that was reset before it was accepted, and counts nothing', async (t) => {
    const { door, outcome, wheel } = await doorRig(t);
    const gone = new Socket();
    door.accept(gone, 'plain');
    assert.equal(gone.destroyed, true);
    assert.deepEqual(outcome, []);
    assert.equal(wheel.pendingCount, 0);
  });

  it('leaves nothing of itself on a connection that it handed on', async (t) => {
    const { port, taken, outcome, read } = await doorRig(t);
    const client = await clientOf(t, port);
    client.write(Buffer.of(3));
    await until(() => read().length === 1);
    assert.deepEqual(outcome, ['rtmp']);
    assert.equal(taken[0]?.listenerCount('readable'), 0);
    assert.equal(taken[0]?.listenerCount('error'), 1, 'that of whoever took it over');
  });
});

describe('the limits of a door', () => {
  it('close what comes beyond them at once, and let in again when others have left', async (t) => {
    const { port, outcome, accepted } = await doorRig(t, { maxConnections: 2 });
    const first = await clientOf(t, port);
    await clientOf(t, port);
    const third = await clientOf(t, port);
    await once(third, 'close');
    assert.deepEqual(outcome, ['connection-limit']);
    first.destroy();
    await until(() => accepted[0]?.destroyed === true);
    const fourth = await clientOf(t, port);
    fourth.write(Buffer.of(3));
    await until(() => outcome.length === 2);
    assert.equal(outcome[1], 'rtmp');
  });

  it('hold for a source alone, which a trusted proxy is none of', async (t) => {
    const strict = await doorRig(t, { maxPerSource: 1 });
    await clientOf(t, strict.port);
    await once(await clientOf(t, strict.port), 'close');
    assert.deepEqual(strict.outcome, ['connection-source-limit']);

    const behindProxy = await doorRig(t, { maxPerSource: 1, trusted: ['127.0.0.0/8'] });
    const say = async (address: string): Promise<void> => {
      const client = await clientOf(t, behindProxy.port);
      const before = behindProxy.outcome.length;
      client.write(Buffer.concat([proxyV2(address, 5000), Buffer.of(3)]));
      await until(() => behindProxy.outcome.length > before);
    };
    await say('192.0.2.1');
    await say('192.0.2.2');
    await say('192.0.2.1');
    assert.deepEqual(behindProxy.outcome, ['rtmp', 'rtmp', 'connection-source-limit']);
  });
});

describe('a door of a listener for IPv4 and IPv6', () => {
  it('sees a client that comes by IPv4 under its plain address', async (t) => {
    const { port, outcome, peers } = await doorRig(t, { host: '::' });
    for (const host of ['127.0.0.1', '::1']) {
      const client = await clientOf(t, port, host);
      client.write(Buffer.of(3));
      const before = outcome.length;
      await until(() => outcome.length > before);
    }
    assert.deepEqual(
      peers.map(({ remoteAddress }) => remoteAddress),
      ['127.0.0.1', '::1'],
    );
  });

  it('counts it with those of its address that come by a listener for IPv4 alone', async (t) => {
    const { door, port, outcome, peers, accepted } = await doorRig(t, { host: '::', maxPerSource: 1 });
    const plain = createNetServer((socket) => door.accept(socket, 'plain')).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    t.after(() => plain.close());
    const address = plain.address();
    assert.ok(address !== null && typeof address === 'object');
    await clientOf(t, port);
    await until(() => accepted.length === 1);
    await once(await clientOf(t, address.port), 'close');
    assert.deepEqual(outcome, ['connection-source-limit']);
    assert.equal(peers[0]?.remoteAddress, '127.0.0.1');
    const other = await clientOf(t, port, '::1');
    other.write(Buffer.of(3));
    await until(() => outcome.length === 2);
    assert.equal(outcome[1], 'rtmp');
  });

  it('knows a proxy by its plain address', async (t) => {
    const { port, outcome, peers } = await doorRig(t, { host: '::', trusted: ['127.0.0.1'] });
    const client = await clientOf(t, port);
    client.write(Buffer.concat([proxyV2('192.0.2.7', 5000), Buffer.of(3)]));
    await until(() => outcome.length > 0);
    assert.deepEqual(outcome, ['rtmp']);
    assert.deepEqual([peers[0]?.remoteAddress, peers[0]?.proxyAddress], ['192.0.2.7', '127.0.0.1']);
  });
});

describe('a door behind a proxy that speaks the PROXY protocol', () => {
  const HEADERS = [
    ['version 1', Buffer.from('PROXY TCP4 192.0.2.7 127.0.0.1 5000 443\r\n')],
    ['version 2', proxyV2('192.0.2.7', 5000)],
  ] as const;

  for (const [version, header] of HEADERS) {
    for (const [what, first] of [
      ['rtmp', Buffer.of(3)],
      ['http', Buffer.from('POST')],
    ] as const) {
      it(`sees the address that ${version} tells in front of ${what}, however it is cut`, async (t) => {
        const bytes = Buffer.concat([header, first]);
        const { port, outcome, peers, read } = await doorRig(t, { trusted: ['127.0.0.1'] });
        for (const cut of [0, 1, 5, 12, 13, header.length - 1, header.length]) {
          const client = await clientOf(t, port);
          const before = outcome.length;
          client.write(bytes.subarray(0, cut));
          await new Promise((resolve) => setTimeout(resolve, 5));
          client.write(bytes.subarray(cut));
          await until(() => outcome.length > before && read() === first.toString());
          assert.equal(outcome.at(-1), what);
          const { remoteAddress, remotePort, proxyAddress } = peers.at(-1) ?? assert.fail();
          assert.deepEqual([remoteAddress, remotePort, proxyAddress], ['192.0.2.7', 5000, '127.0.0.1']);
        }
      });
    }

    it(`refuses ${version} from anybody else`, async (t) => {
      const { port, outcome, peers } = await doorRig(t, { trusted: ['192.0.2.0/24'] });
      const client = await clientOf(t, port);
      client.write(Buffer.concat([header, Buffer.of(3)]));
      await once(client, 'close');
      assert.deepEqual(outcome, ['connection-proxy-untrusted']);
      assert.equal(peers[0]?.remoteAddress, '127.0.0.1');
    });
  }

  it('serves what comes without a header under its own address, a health check of the proxy too', async (t) => {
    const { port, outcome, peers } = await doorRig(t, { trusted: ['127.0.0.1'] });
    const plain = await clientOf(t, port);
    plain.write(Buffer.of(3));
    await until(() => outcome.length === 1);
    const local = await clientOf(t, port);
    const header = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');
    local.write(Buffer.concat([header, Buffer.of(3)]));
    await until(() => outcome.length === 2);
    assert.deepEqual(outcome, ['rtmp', 'rtmp']);
    for (const peer of peers) {
      assert.equal(peer.remoteAddress, '127.0.0.1');
      assert.equal(peer.proxyAddress, null);
    }
  });

  for (const [what, bytes] of [
    ['a malformed header', Buffer.from('PROXY TCP4 192.0.2.7 127.0.0.1 5000 99999\r\n')],
    ['one without an end', Buffer.from(`PROXY TCP4 ${'1'.repeat(200)}`)],
    ['an oversized one', Buffer.from('0d0a0d0a000d0a515549540a2111ffff', 'hex')],
    ['a second one', Buffer.concat([proxyV2('192.0.2.7', 5000), proxyV2('192.0.2.8', 5000)])],
  ] as const) {
    it(`refuses ${what}`, async (t) => {
      const { port, outcome } = await doorRig(t, { trusted: ['127.0.0.1'] });
      const client = await clientOf(t, port);
      client.write(bytes);
      await once(client, 'close');
      assert.deepEqual(outcome, ['connection-proxy-invalid']);
    });
  }

  it('gives a header that is cut short no longer than any first byte', async (t) => {
    const { port, outcome, wheel, accepted } = await doorRig(t, { trusted: ['127.0.0.1'] });
    const client = await clientOf(t, port);
    client.write(proxyV2('192.0.2.7', 5000).subarray(0, 20));
    await until(() => accepted[0]?.bytesRead === 20);
    await settled(() => accepted[0]?.listenerCount('readable') ?? 0);
    wheel.advance(FIRST_BYTE_TIMEOUT_MS);
    assert.deepEqual(outcome, ['connection-silent']);
  });
});

describe('a door of a TLS listener without TLS in what comes', () => {
  it('answers plain HTTP with 400, and closes plain RTMP', async (t) => {
    const { port, outcome } = await doorRig(t, { kind: 'tls' });
    const asked = await clientOf(t, port);
    const got = new Collector(asked);
    asked.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    await once(asked, 'close');
    assert.match(got.all().toString(), /^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n/);
    const rtmp = await clientOf(t, port);
    rtmp.write(Buffer.of(3));
    await once(rtmp, 'close');
    assert.deepEqual(outcome, ['connection-plain-on-tls', 'connection-plain-on-tls']);
  });

  it('refuses TLS where it has none to speak', async (t) => {
    const { port, outcome } = await doorRig(t, { kind: 'any' });
    const client = await clientOf(t, port);
    client.write(CLIENT_HELLO_START);
    await once(client, 'close');
    assert.deepEqual(outcome, ['connection-tls-on-plain']);
  });
});
