import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createGuard } from '../../src/errors.ts';
import { SocketLink } from '../../src/links/socket-link.ts';
import { RtmpError } from '../../src/protocol/rtmp/rtmp-error.ts';
import { filled } from '../support/chunk-wire.ts';
import { MEMORY_FACTS } from '../support/memory-link.ts';
import { until } from '../support/until.ts';
import { FakeWheel } from './rtmpt/tunnel-harness.ts';
import { Collector, type SocketPair, settled, socketPair, TestEndpoint } from './socket-rig.ts';

const WRITE_TIMEOUT_MS = 30_000;
const LINGER_MS = 30_000;
const SHORT_LINGER_MS = 2000;
const LITTLE_BYTES = 64 * 1024;
const PULL_BYTES = 256 * 1024;
const PIECE_BYTES = 64 * 1024;

type Rig = SocketPair & {
  readonly link: SocketLink;
  readonly endpoint: TestEndpoint;
  readonly wheel: FakeWheel;
  readonly caught: unknown[];
};

async function rigOf(t: TestContext, allowHalfOpen = true): Promise<Rig> {
  const pair = await socketPair(t, allowHalfOpen);
  const wheel = new FakeWheel();
  const caught: unknown[] = [];
  const guard = createGuard((error) => caught.push(error));
  const link = new SocketLink(pair.server, MEMORY_FACTS, { guard, wheel, writeTimeoutMs: WRITE_TIMEOUT_MS });
  const endpoint = new TestEndpoint();
  link.attach(endpoint);
  return { ...pair, link, endpoint, wheel, caught };
}

/** More than the system takes for a peer that does not read. */
function flood(endpoint: TestEndpoint, totalBytes = 24 * 1024 * 1024): Uint8Array {
  const message = filled(60_000);
  const count = Math.ceil(totalBytes / message.length);
  endpoint.messages = Array.from({ length: count }, () => message);
  return Buffer.concat(endpoint.messages);
}

describe('SocketLink, carrying', () => {
  it('delivers bytes in, and carries out what there is when it is woken', async (t) => {
    const { link, endpoint, client } = await rigOf(t);
    const got = new Collector(client);
    client.write('hello');
    await until(() => endpoint.received.length === 5);
    endpoint.messages = [Buffer.from('one'), Buffer.from('two')];
    link.wake();
    await until(() => got.lengthBytes === 6);
    link.wake();
    endpoint.messages = [Buffer.from('three')];
    link.wake();
    await until(() => got.lengthBytes === 11);
    assert.equal(got.all().toString(), 'onetwothree');
    assert.equal(endpoint.received.toString(), 'hello');
  });

  it('reads nothing while it is paused, so that TCP holds the peer back, and all of it afterwards', async (t) => {
    const { link, endpoint, client } = await rigOf(t);
    client.write('hello');
    await until(() => endpoint.received.length === 5);
    link.pause();
    link.pause();
    const bytes = filled(24 * 1024 * 1024);
    client.write(bytes);
    const waitingBytes = await settled(() => client.writableLength);
    assert.ok(waitingBytes > 1024 * 1024, `${waitingBytes} bytes are with the peer`);
    assert.ok(endpoint.received.length <= 5 + 64 * 1024);
    link.resume();
    await until(() => endpoint.received.length === 5 + bytes.length);
    assert.ok(endpoint.received.subarray(5).equals(bytes));
  });

  it('sees the end of a peer that it had paused once it is closed', async (t) => {
    const { link, endpoint, client } = await rigOf(t);
    link.pause();
    client.end('last words');
    await settled(() => endpoint.heard.length);
    assert.deepEqual(endpoint.heard, []);
    link.close({ code: 'done', message: 'enough' });
    await until(() => endpoint.heard.length > 0);
    assert.deepEqual(endpoint.heard, ['closed done']);
    assert.equal(endpoint.received.length, 0);
  });

  it('stops pulling from a peer that does not read, with no more than one pull in hand, and goes on when it drains [item 77]', async (t) => {
    const { link, endpoint, server, client } = await rigOf(t);
    client.pause();
    const all = flood(endpoint);
    link.wake();
    await settled(() => endpoint.takenBytes);
    assert.ok(endpoint.messages.length > 0, 'the rest waits in front of the Link');
    assert.ok(endpoint.takenBytes - server.bytesWritten <= PULL_BYTES);
    assert.ok(server.writableLength <= 2 * PIECE_BYTES, `${server.writableLength}`);
    assert.ok(endpoint.largestTakeBytes <= PULL_BYTES);
    const takenBytes = endpoint.takenBytes;
    for (let n = 0; n < 100; n++) link.wake();
    assert.equal(endpoint.takenBytes, takenBytes, 'waking does not help it');
    const got = new Collector(client);
    client.resume();
    await until(() => got.lengthBytes === all.length);
    assert.ok(got.all().equals(all));
  });

  it('gives up a peer that reads nothing for the time to write [item 77]', async (t) => {
    const { link, endpoint, client, wheel } = await rigOf(t);
    client.pause();
    flood(endpoint);
    link.wake();
    await settled(() => endpoint.takenBytes);
    wheel.advance(WRITE_TIMEOUT_MS - 1);
    assert.equal(endpoint.heard.length, 0);
    wheel.advance(1);
    await until(() => endpoint.heard.length > 0);
    assert.deepEqual(endpoint.heard, ['closed rtmp-peer-not-reading']);
    assert.equal(wheel.pendingCount, 0);
  });

  it('writes a long message piece by piece, so that a peer on a slow line is seen to read', async (t) => {
    const { link, endpoint, server, client, wheel } = await rigOf(t);
    const sizes: number[] = [];
    const write = server.write.bind(server);
    server.write = (chunk: Uint8Array | string): boolean => {
      sizes.push(chunk.length);
      return write(chunk);
    };
    const got = new Collector(client);
    const message = filled(1_000_003);
    endpoint.messages = [message, Uint8Array.of(1, 2, 3)];
    link.wake();
    await until(() => got.lengthBytes === message.length + 3);
    assert.ok(got.all().equals(Buffer.concat([message, Uint8Array.of(1, 2, 3)])));
    assert.equal(Math.max(...sizes), PIECE_BYTES);
    assert.equal(sizes.length, Math.ceil(message.length / PIECE_BYTES) + 1);
    await until(() => wheel.pendingCount === 0);
  });
});

describe('SocketLink, ending', () => {
  it('carries out what was said last before it closes [item 60]', async (t) => {
    const { link, endpoint, client, wheel } = await rigOf(t);
    const got = new Collector(client);
    endpoint.messages = [Buffer.from('one'), Buffer.from('two')];
    link.close({ code: 'done', message: '' });
    link.close({ code: 'drain', message: 'the second reason does not count' });
    await until(() => got.hasEnded);
    assert.equal(got.all().toString(), 'onetwo');
    client.end();
    await until(() => endpoint.heard.length > 0);
    assert.deepEqual(endpoint.heard, ['closed done']);
    assert.equal(wheel.pendingCount, 0);
  });

  it('carries out what was said last behind all that waits for a full socket', async (t) => {
    const { link, endpoint, client } = await rigOf(t);
    client.pause();
    const all = flood(endpoint);
    link.wake();
    await settled(() => endpoint.takenBytes);
    endpoint.messages.push(Buffer.from('goodbye'));
    link.close({ code: 'done', message: '' });
    const got = new Collector(client);
    client.resume();
    await until(() => got.hasEnded);
    assert.equal(got.lengthBytes, all.length + 'goodbye'.length);
    assert.equal(got.all().subarray(-7).toString(), 'goodbye');
  });

  it('ends a peer that does not read what was said last as one that does not read at all', async (t) => {
    const { link, endpoint, client, wheel } = await rigOf(t);
    client.pause();
    flood(endpoint);
    link.wake();
    await settled(() => endpoint.takenBytes);
    link.close({ code: 'done', message: '' });
    wheel.advance(WRITE_TIMEOUT_MS - 1);
    assert.equal(endpoint.heard.length, 0);
    wheel.advance(1);
    await until(() => endpoint.heard.length > 0);
    assert.deepEqual(endpoint.heard, ['closed done']);
    assert.equal(wheel.pendingCount, 0);
  });

  it('leaves a peer that reads slowly thirty seconds in all', async (t) => {
    const { link, endpoint, client, wheel } = await rigOf(t);
    client.pause();
    // A step of the peer's may take megabytes.
    endpoint.messages = new Array<Uint8Array>(4000).fill(filled(60_000));
    link.wake();
    await settled(() => endpoint.takenBytes);
    link.close({ code: 'done', message: '' });
    let waitedMs = 0;
    while (endpoint.heard.length === 0 && waitedMs < 60_000) {
      const takenBytes = endpoint.takenBytes;
      while (endpoint.heard.length === 0 && endpoint.takenBytes === takenBytes) {
        client.read();
        await new Promise((resolve) => setImmediate(resolve));
      }
      wheel.advance(3000);
      waitedMs += 3000;
      await settled(() => endpoint.heard.length);
    }
    assert.equal(waitedMs, LINGER_MS);
    assert.deepEqual(endpoint.heard, ['closed done']);
  });

  for (const [saidBytes, lingerMs] of [
    [LITTLE_BYTES - 1, SHORT_LINGER_MS],
    [LITTLE_BYTES, LINGER_MS],
  ] as const) {
    it(`leaves a peer that was told ${saidBytes} bytes and does not close ${lingerMs / 1000} s`, async (t) => {
      const { link, endpoint, client, wheel } = await rigOf(t);
      const got = new Collector(client);
      endpoint.messages = [filled(saidBytes)];
      link.close({ code: 'done', message: '' });
      await until(() => got.hasEnded);
      assert.equal(got.lengthBytes, saidBytes);
      wheel.advance(lingerMs - 1);
      await settled(() => endpoint.heard.length);
      assert.equal(endpoint.heard.length, 0);
      wheel.advance(1);
      await until(() => endpoint.heard.length > 0);
      assert.deepEqual(endpoint.heard, ['closed done']);
    });
  }

  it('leaves a peer that has broken a rule two seconds, however much it was told', async (t) => {
    const { link, endpoint, client, wheel } = await rigOf(t);
    const got = new Collector(client);
    endpoint.messages = [filled(LITTLE_BYTES)];
    link.fail({ code: 'rtmp-message-too-large', message: '' });
    await until(() => got.hasEnded);
    wheel.advance(SHORT_LINGER_MS);
    await until(() => endpoint.heard.includes('closed rtmp-message-too-large'));
  });

  for (const allowHalfOpen of [true, false]) {
    it(`ends with the peer's end, ${allowHalfOpen ? 'also' : 'not only'} on a half-open socket`, async (t) => {
      const { link, endpoint, client, caught } = await rigOf(t, allowHalfOpen);
      client.resume();
      client.end('last');
      await until(() => endpoint.heard.length > 0);
      assert.deepEqual(endpoint.heard, ['closed peer-closed']);
      assert.equal(endpoint.received.toString(), 'last');
      endpoint.messages = [Buffer.from('too late')];
      link.wake();
      assert.deepEqual(caught, []);
      assert.equal(endpoint.messages.length, 1, 'nothing is pulled any more');
    });
  }

  it('does not take a write behind the end of the peer for a reset', async (t) => {
    const { link, endpoint, server, client, wheel } = await rigOf(t);
    client.pause();
    flood(endpoint);
    link.wake();
    await settled(() => endpoint.takenBytes);
    client.end();
    await until(() => server.writableEnded);
    link.wake();
    wheel.advance(LINGER_MS);
    await until(() => endpoint.heard.length > 0);
    assert.deepEqual(endpoint.heard, ['closed peer-closed']);
  });

  it('tells of a reset once', async (t) => {
    const { endpoint, client, wheel } = await rigOf(t);
    client.resetAndDestroy();
    await until(() => endpoint.heard.length > 0);
    assert.deepEqual(endpoint.heard, ['closed peer-reset']);
    assert.equal(wheel.pendingCount, 0);
  });

  it('lets the endpoint say goodbye when the peer broke the protocol, and takes nothing in after that', async (t) => {
    const { endpoint, client, caught } = await rigOf(t);
    const got = new Collector(client);
    endpoint.lastWords = Buffer.from('goodbye');
    endpoint.onReceive = () => {
      throw new RtmpError('rtmp-command-malformed', 'broken');
    };
    client.write('x');
    await until(() => got.hasEnded);
    client.write('y');
    client.end();
    await until(() => endpoint.heard.length > 1);
    assert.equal(got.all().toString(), 'goodbye');
    assert.equal(endpoint.received.toString(), 'x');
    assert.deepEqual(endpoint.heard, ['failed rtmp-command-malformed', 'closed rtmp-command-malformed']);
    assert.deepEqual(caught, []);
  });

  it('ends where the endpoint fails at giving, and destroys the socket where it fails again', async (t) => {
    const { link, endpoint, caught } = await rigOf(t);
    endpoint.onTake = () => {
      throw new Error('a bug');
    };
    link.wake();
    await until(() => endpoint.heard.length > 1);
    assert.deepEqual(endpoint.heard, ['failed internal-error', 'closed internal-error']);
    assert.equal(caught.length, 2);
  });

  it('ends at once where it is closed before anybody took it in, whatever befalls the socket', async (t) => {
    const { server, client } = await socketPair(t);
    const wheel = new FakeWheel();
    const guard = createGuard((error) => assert.fail(String(error)));
    const link = new SocketLink(server, MEMORY_FACTS, { guard, wheel, writeTimeoutMs: WRITE_TIMEOUT_MS });
    const got = new Collector(client);
    link.close({ code: 'drain', message: 'The server is shutting down.' });
    assert.ok(server.destroyed);
    client.write('hello');
    await until(() => client.destroyed || got.hasEnded);
    assert.equal(got.lengthBytes, 0);
  });
});
