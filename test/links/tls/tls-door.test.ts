// TLS on connections that were looked at: what comes in through a door that speaks it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { configWith } from '../../../src/config/load-config.ts';
import type { Config } from '../../../src/config/schema.ts';
import { CertificateStore } from '../../../src/links/tls/certificate-store.ts';
import { TlsDoor } from '../../../src/links/tls/tls-door.ts';
import { testCertificate } from '../../support/certificates.ts';
import { until } from '../../support/until.ts';
import { type DoorRig, type DoorRigOptions, doorRig, FIRST_BYTE_TIMEOUT_MS } from '../door/door-rig.ts';
import { FakeWheel } from '../rtmpt/tunnel-harness.ts';
import { settled } from '../socket-rig.ts';

const HANDSHAKE_TIMEOUT_MS = 7000;
const SILENT_LOG = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: assert.fail,
};

/** A door with TLS behind it. The store's own wheel stands still, so that no file is looked at. */
async function tlsRig(
  t: TestContext,
  options: DoorRigOptions = {},
  tls: Partial<Config['tls']> = {},
): Promise<DoorRig> {
  const folder = await mkdtemp(join(tmpdir(), 'culvert-tls-door-'));
  t.after(() => rm(folder, { recursive: true }));
  const { cert, key } = await testCertificate();
  const certificate = join(folder, 'pair.pem');
  await writeFile(certificate, `${cert}\n${key}`);
  const config = configWith({ tls: { certificate, ...tls } });
  const certificates = await CertificateStore.load(config, {
    wheel: new FakeWheel(),
    log: SILENT_LOG,
    epochMs: Date.now,
  });
  t.after(() => certificates.stop());
  const makeTls = (wheel: FakeWheel): TlsDoor =>
    new TlsDoor({ wheel, handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS, certificates });
  return doorRig(t, { kind: 'tls', tls: makeTls, ...options });
}

async function plainClient(t: TestContext, port: number): Promise<Socket> {
  const client = connect({ port, host: '127.0.0.1', noDelay: true });
  t.after(() => client.destroy());
  client.on('error', () => client.destroy()).resume();
  await once(client, 'connect');
  return client;
}

async function tlsClient(t: TestContext, options: ConnectionOptions): Promise<TLSSocket> {
  const { cert } = await testCertificate();
  const client = connectTls({ host: '127.0.0.1', ca: cert, ...options });
  t.after(() => client.destroy());
  client.on('error', () => client.destroy());
  await new Promise<void>((resolve) => {
    client.once('secureConnect', resolve).once('close', () => resolve());
  });
  return client;
}

/** A real ClientHello. */
async function clientHello(): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const client = connectTls({ host: '127.0.0.1', port: address.port });
  client.on('error', () => client.destroy());
  const [socket]: Socket[] = await once(server, 'connection');
  const [hello]: Buffer[] = await once(socket ?? assert.fail(), 'data');
  client.destroy();
  server.close();
  return hello ?? assert.fail();
}

describe('a door with TLS', () => {
  for (const kind of ['tls', 'any'] as const) {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      for (const [what, first] of [
        ['rtmp', '\x03abc'],
        ['http', 'POST /open/1'],
      ] as const) {
        it(`hands on ${what} inside of ${version} on a listener of kind ${kind}`, async (t) => {
          const { port, outcome, peers, read, wheel, taken } = await tlsRig(t, { kind });
          const client = await tlsClient(t, { port, minVersion: version, maxVersion: version });
          client.write(Buffer.from(first, 'latin1'));
          await until(() => read() === first);
          assert.deepEqual(outcome, [what]);
          assert.deepEqual(peers, [
            {
              remoteAddress: '127.0.0.1',
              remotePort: client.localPort,
              proxyAddress: null,
              localPort: port,
              tlsVersion: version,
            },
          ]);
          assert.equal(wheel.pendingCount, 0, 'no deadline is left');
          taken[0]?.write('answer');
          const [answer] = await once(client, 'data');
          assert.equal(String(answer), 'answer');
        });
      }
    }
  }

  it('takes plain RTMP and HTTP beside TLS where both are spoken', async (t) => {
    const { port, outcome, peers } = await tlsRig(t, { kind: 'any' });
    for (const first of ['\x03', 'GET / HTTP/1.1']) {
      const client = await plainClient(t, port);
      client.write(first);
      const before = outcome.length;
      await until(() => outcome.length > before);
    }
    assert.deepEqual(outcome, ['rtmp', 'http']);
    assert.deepEqual(
      peers.map(({ tlsVersion }) => tlsVersion),
      [null, null],
    );
  });

  it('chooses http/1.1 where a client asks, and serves one that asks nothing and names no host', async (t) => {
    const { port } = await tlsRig(t);
    const asking = await tlsClient(t, { port, ALPNProtocols: ['h2', 'http/1.1'], servername: 'localhost' });
    assert.equal(asking.alpnProtocol, 'http/1.1');
    const silent = await tlsClient(t, { port });
    assert.equal(silent.alpnProtocol, false);
    assert.ok(!silent.destroyed);
  });

  it('sees the address that a PROXY header in front of TLS tells', async (t) => {
    const { port, peers, outcome } = await tlsRig(t, { trusted: ['127.0.0.1'] });
    const outer = await plainClient(t, port);
    outer.write('PROXY TCP4 192.0.2.7 127.0.0.1 5000 443\r\n');
    const client = await tlsClient(t, { socket: outer, servername: 'localhost' });
    client.write('\x03');
    await until(() => outcome.length === 1);
    assert.equal(peers[0]?.remoteAddress, '192.0.2.7');
    assert.equal(peers[0]?.proxyAddress, '127.0.0.1');
    assert.equal(peers[0]?.tlsVersion, 'TLSv1.3');
  });

  for (const [what, settings, client] of [
    ['a client that only knows HTTP/2', {}, { ALPNProtocols: ['h2'] }],
    ['a client of TLS 1.2 where 1.3 is the least', { minVersion: 'TLSv1.3' }, { maxVersion: 'TLSv1.2' }],
    ['a client of TLS 1.3 where 1.2 is the most', { maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' }],
  ] as const) {
    it(`refuses ${what}, with the word of OpenSSL`, async (t) => {
      const { port, outcome, details } = await tlsRig(t, {}, settings);
      const refused = await tlsClient(t, {
        port,
        ...client,
        ALPNProtocols: [...(client.ALPNProtocols ?? [])],
      });
      await until(() => refused.destroyed && outcome.length > 0);
      assert.deepEqual(outcome, ['connection-tls-failed']);
      assert.match(details[0] ?? '', /found ERR_SSL_/);
    });
  }

  it('refuses what only looks like TLS, and a client that leaves amid the handshake', async (t) => {
    const { port, outcome } = await tlsRig(t);
    const garbage = await plainClient(t, port);
    garbage.write(Buffer.from('16030100050102030405', 'hex'));
    await once(garbage, 'close');
    const leaver = await plainClient(t, port);
    leaver.write((await clientHello()).subarray(0, 50));
    await settled(() => outcome.length);
    leaver.destroy();
    await until(() => outcome.length === 2);
    assert.deepEqual(outcome, ['connection-tls-failed', 'connection-tls-failed']);
  });

  it('refuses a client that ends its half amid the handshake, at once and not when its time is over', async (t) => {
    const { port, outcome, details, wheel, accepted } = await tlsRig(t);
    const leaver = await plainClient(t, port);
    leaver.write((await clientHello()).subarray(0, 50));
    await settled(() => accepted[0]?.bytesRead ?? 0);
    leaver.end();
    await until(() => outcome.length > 0);
    assert.deepEqual(outcome, ['connection-tls-failed']);
    // WHY: the door's own time stands still here, but Node has one for handshakes too, and its end is told the same way.
    assert.match(details[0] ?? '', /ECONNRESET|the peer closed the connection/);
    assert.equal(wheel.pendingCount, 0);
    await until(() => accepted[0]?.destroyed === true);
  });

  it('gives a handshake its time and no more, however it drips', async (t) => {
    const { port, outcome, wheel, accepted } = await tlsRig(t);
    const hello = await clientHello();
    const client = await plainClient(t, port);
    for (let n = 0; n < 7; n++) {
      client.write(hello.subarray(n, n + 1));
      await settled(() => accepted[0]?.bytesRead ?? 0);
      assert.deepEqual(outcome, []);
      wheel.advance(HANDSHAKE_TIMEOUT_MS / 7);
    }
    assert.deepEqual(outcome, ['connection-tls-timeout']);
    await until(() => accepted[0]?.destroyed === true);
    assert.equal(wheel.pendingCount, 0);
  });

  it('closes a client that says nothing behind its handshake', async (t) => {
    const { port, outcome, wheel, accepted } = await tlsRig(t);
    const client = await tlsClient(t, { port });
    await settled(() => wheel.pendingCount);
    wheel.advance(FIRST_BYTE_TIMEOUT_MS);
    assert.deepEqual(outcome, ['connection-silent']);
    await until(() => accepted[0]?.destroyed === true && client.destroyed);
  });

  for (const [what, bytes] of [
    ['TLS', Buffer.of(0x16, 3, 1)],
    ['garbage', Buffer.of(0xff)],
  ] as const) {
    it(`refuses ${what} inside of TLS`, async (t) => {
      const { port, outcome, accepted } = await tlsRig(t);
      const client = await tlsClient(t, { port });
      client.write(bytes);
      await until(() => accepted[0]?.destroyed === true);
      assert.deepEqual(outcome, ['connection-unknown-protocol']);
    });
  }

  it('refuses a PROXY header inside of TLS', async (t) => {
    const { port, outcome } = await tlsRig(t, { trusted: ['127.0.0.1'] });
    const client = await tlsClient(t, { port });
    client.write('PROXY TCP4 192.0.2.7 127.0.0.1 5000 443\r\n');
    await until(() => outcome.length > 0);
    assert.deepEqual(outcome, ['connection-proxy-invalid']);
  });

  it('keeps two handshakes apart that go on at the same time', async (t) => {
    const { port, outcome, peers } = await tlsRig(t, { trusted: ['127.0.0.1'] });
    const addresses = Array.from({ length: 20 }, (_, n) => `192.0.2.${n + 1}`);
    const clients = await Promise.all(
      addresses.map(async (address) => {
        const outer = await plainClient(t, port);
        outer.write(`PROXY TCP4 ${address} 127.0.0.1 5000 443\r\n`);
        return tlsClient(t, { socket: outer, servername: 'localhost' });
      }),
    );
    for (const client of clients) client.write('\x03');
    await until(() => outcome.length === addresses.length);
    assert.deepEqual(peers.map(({ remoteAddress }) => remoteAddress).sort(), [...addresses].sort());
  });
});
