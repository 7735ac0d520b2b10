import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { SharedPort } from '../../src/links/shared-port.ts';
import { FakeWheel } from './rtmpt/tunnel-harness.ts';
import { Collector, type SocketPair, settled, socketPair, until } from './socket-rig.ts';

const FIRST_BYTE_TIMEOUT_MS = 10_000;

type Rig = SocketPair & {
  readonly wheel: FakeWheel;
  /** What became of the connection. */
  readonly outcome: string[];
  /** What whoever took it over read. */
  readonly read: () => string;
};

async function rigOf(t: TestContext, onHttp: ((socket: Socket) => void) | null = null): Promise<Rig> {
  const pair = await socketPair(t);
  const wheel = new FakeWheel();
  const outcome: string[] = [];
  let collector: Collector | null = null;
  const take = (socket: Socket): void => {
    collector = new Collector(socket);
    socket.on('error', () => socket.destroy());
  };
  const port = new SharedPort({
    wheel,
    firstByteTimeoutMs: FIRST_BYTE_TIMEOUT_MS,
    onRtmp: (socket) => {
      outcome.push('rtmp');
      take(socket);
    },
    onHttp: (socket) => {
      outcome.push('http');
      if (onHttp === null) take(socket);
      else onHttp(socket);
    },
    onRefused: (cause) => outcome.push(cause),
  });
  port.accept(pair.server);
  return { ...pair, wheel, outcome, read: () => collector?.all().toString('latin1') ?? '' };
}

describe('SharedPort', () => {
  for (const [first, expected] of [
    [0, 'rtmp'],
    [3, 'rtmp'],
    [6, 'rtmp'],
    [31, 'rtmp'],
    [0x20, 'unknown-protocol'],
    [0x40, 'unknown-protocol'],
    [0x41, 'http'],
    [0x50, 'http'],
    [0x5a, 'http'],
    [0x5b, 'unknown-protocol'],
    [0x67, 'unknown-protocol'],
    [0xff, 'unknown-protocol'],
  ] as const) {
    it(`takes a first byte of ${first} for ${expected}`, async (t) => {
      const { client, outcome, read, wheel, server } = await rigOf(t);
      client.write(Buffer.from([first, 1, 2, 3]));
      await until(() => outcome.length > 0);
      assert.deepEqual(outcome, [expected]);
      assert.equal(wheel.pendingCount, 0, 'the deadline is gone');
      if (expected === 'unknown-protocol') await until(() => server.destroyed);
      else await until(() => read() === Buffer.from([first, 1, 2, 3]).toString('latin1'));
    });
  }

  it('tells by a first byte alone, and hands on what comes behind it', async (t) => {
    const { client, outcome, read } = await rigOf(t);
    client.setNoDelay();
    client.write(Buffer.of(3));
    await until(() => read().length === 1);
    assert.deepEqual(outcome, ['rtmp']);
    client.write('more');
    await until(() => read() === '\x03more');
  });

  it('hands a request over whole to an HTTP server, whose first byte came alone', async (t) => {
    const http = createServer((request, response) => response.end(`${request.method} ${request.url}`));
    const { client } = await rigOf(t, (socket) => void http.emit('connection', socket));
    const got = new Collector(client);
    client.setNoDelay();
    client.write('P');
    await settled(() => got.lengthBytes);
    client.write('OST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    await until(() => got.hasEnded);
    assert.match(got.all().toString(), /^HTTP\/1\.1 200 OK\r\n[\s\S]*POST \/a$/);
  });

  it('closes a connection that says nothing in time, and counts it', async (t) => {
    const { wheel, outcome, server } = await rigOf(t);
    wheel.advance(FIRST_BYTE_TIMEOUT_MS - 1);
    assert.deepEqual(outcome, []);
    wheel.advance(1);
    assert.deepEqual(outcome, ['silent']);
    await until(() => server.destroyed);
  });

  it('closes a connection that the peer ends before it has said anything', async (t) => {
    const { client, wheel, outcome, server } = await rigOf(t);
    client.end();
    await until(() => server.destroyed);
    assert.deepEqual(outcome, [], 'a health check is nothing to count');
    assert.equal(wheel.pendingCount, 0);
  });

  it('bears a reset before the first byte', async (t) => {
    const { client, wheel, outcome, server } = await rigOf(t);
    client.resetAndDestroy();
    await until(() => server.destroyed);
    assert.deepEqual(outcome, []);
    assert.equal(wheel.pendingCount, 0);
  });

  it('leaves nothing of itself on a connection that it handed on', async (t) => {
    const { client, server, outcome, read } = await rigOf(t);
    client.write(Buffer.of(3));
    await until(() => read().length === 1);
    assert.deepEqual(outcome, ['rtmp']);
    assert.equal(server.listenerCount('readable'), 0);
    assert.equal(server.listenerCount('error'), 1, 'that of whoever took it over');
  });
});
