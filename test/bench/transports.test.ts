// The load program's sockets and WebSockets against servers that are not ours.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { createServer } from 'node:net';
import type { TestContext } from 'node:test';
import { describe, it } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { Address, TlsRecord } from '../../bench/load/open-socket.ts';
import { SocketTransport } from '../../bench/load/socket-transport.ts';
import type { Transport, TransportListener } from '../../bench/load/transport.ts';
import { WebSocketTransport } from '../../bench/load/websocket-transport.ts';
import { testCertificate } from '../support/certificates.ts';

const LIMIT_MS = 10_000;

/** What a client has received, and why it failed. */
class Heard implements TransportListener {
  readonly #parts: Buffer[] = [];
  readonly #changed: (() => void)[] = [];
  failure: string | null = null;

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  received(bytes: Buffer, from: number, to: number): void {
    this.#parts.push(Buffer.from(bytes.subarray(from, to)));
    this.#tell();
  }

  replied(): void {
    assert.fail('no tunnel is here');
  }

  failed(text: string): void {
    this.failure ??= text;
    this.#tell();
  }

  /** Resolves once it is so. */
  async until(isSo: () => boolean): Promise<void> {
    const limit = AbortSignal.timeout(LIMIT_MS);
    while (!isSo()) {
      limit.throwIfAborted();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#changed.push(resolve);
      await promise;
    }
  }

  #tell(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }
}

/** Listens on the loopback until the test is over; gives the address. */
async function listening(test: TestContext, server: Server, tls?: TlsRecord): Promise<Address> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { host: '127.0.0.1', port, ...(tls === undefined ? {} : { tls }) };
}

/** A server of the library ws that takes RTMP, and its clients as they come. */
async function webSocketServer(test: TestContext, onClient: (client: WebSocket) => void, tls?: TlsRecord) {
  const server = tls === undefined ? createHttpServer() : createHttpsServer(await testCertificate());
  const webSockets = new WebSocketServer({ server, path: '/rtmp', handleProtocols: () => 'rtmp' });
  webSockets.on('connection', onClient);
  test.after(() => webSockets.close());
  return listening(test, server, tls);
}

function open(test: TestContext, transport: Transport): Transport {
  test.after(() => transport.close());
  transport.open();
  return transport;
}

/** Messages of lengths at which heads of frames change, and one that fills many TLS records. */
const MESSAGES = [1, 125, 126, 65_535, 65_536, 300_000].map((lengthBytes) => {
  return Buffer.from(Array.from({ length: lengthBytes }, (_, index) => (index * 31) & 0xff));
});
const SENT = Buffer.concat(MESSAGES);

for (const isSecure of [false, true]) {
  const what = isSecure ? 'in TLS' : 'in plain';
  const record = (): TlsRecord | undefined => (isSecure ? { ciphers: new Set<string>() } : undefined);

  describe(`SocketTransport ${what}`, () => {
    it('carries bytes both ways', async (test) => {
      const tls = record();
      const echo = isSecure ? createTlsServer(await testCertificate()) : createServer();
      echo.on(isSecure ? 'secureConnection' : 'connection', (socket) => socket.pipe(socket));
      const address = await listening(test, echo, tls);
      const heard = new Heard();
      const transport = open(test, new SocketTransport(address, heard));
      for (const message of MESSAGES) transport.send(message);
      await heard.until(() => heard.bytes.length >= SENT.length);
      assert.ok(heard.bytes.equals(SENT));
      assert.deepEqual([...(tls?.ciphers ?? [])], isSecure ? ['TLSv1.3 TLS_AES_256_GCM_SHA384'] : []);
    });

    it('tells of a server that closes', async (test) => {
      const server = isSecure ? createTlsServer(await testCertificate()) : createServer();
      server.on(isSecure ? 'secureConnection' : 'connection', (socket) => socket.end());
      const heard = new Heard();
      open(test, new SocketTransport(await listening(test, server, record()), heard));
      await heard.until(() => heard.failure !== null);
      assert.equal(heard.failure, 'the server closed the connection');
    });
  });

  describe(`WebSocketTransport ${what}`, () => {
    it('carries bytes both ways, those too that were sent before the server has answered', async (test) => {
      const address = await webSocketServer(
        test,
        (client) => client.on('message', (data: Buffer, isBinary) => client.send(data, { binary: isBinary })),
        record(),
      );
      const heard = new Heard();
      const transport = open(test, new WebSocketTransport(address, heard));
      for (const message of MESSAGES.slice(0, 3)) transport.send(message);
      await heard.until(() => heard.bytes.length >= 252);
      for (const message of MESSAGES.slice(3)) transport.send(message);
      await heard.until(() => heard.bytes.length >= SENT.length);
      assert.ok(heard.bytes.equals(SENT));
      assert.equal(transport.queuedBytes, 0);
    });
  });
}

describe('WebSocketTransport', () => {
  it('answers pings with what they hold', async (test) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const address = await webSocketServer(test, (client) => {
      client.on('pong', (payload) => resolve(payload.toString('latin1')));
      client.ping('still there?');
    });
    open(test, new WebSocketTransport(address, new Heard()));
    assert.equal(await promise, 'still there?');
  });

  it('tells with which code a server closes', async (test) => {
    const address = await webSocketServer(test, (client) => client.close(1001, 'drain'));
    const heard = new Heard();
    open(test, new WebSocketTransport(address, heard));
    await heard.until(() => heard.failure !== null);
    assert.equal(heard.failure, 'the server closed the WebSocket with code 1001');
  });

  it('says that it closes, and that nothing was wrong', async (test) => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const address = await webSocketServer(test, (client) => {
      client.on('close', resolve);
      client.send(Buffer.of(1));
    });
    const heard = new Heard();
    const transport = open(test, new WebSocketTransport(address, heard));
    await heard.until(() => heard.bytes.length > 0);
    transport.close();
    assert.equal(await promise, 1000);
  });

  it('keeps what is to be sent until the server has answered, and counts it as waiting', () => {
    const transport = new WebSocketTransport({ host: '127.0.0.1', port: 1 }, new Heard());
    transport.send(Buffer.alloc(7));
    assert.equal(transport.queuedBytes, 7);
  });

  it('fails where a server speaks no WebSocket', async (test) => {
    const address = await listening(
      test,
      createHttpServer((_request, response) => response.end('hello')),
    );
    const heard = new Heard();
    open(test, new WebSocketTransport(address, heard));
    await heard.until(() => heard.failure !== null);
    assert.match(heard.failure ?? '', /^an answer that begins HTTP\/1\.1 200 OK/);
  });
});
