// A client whose upstreams fail in every way: the next one takes it, and it notices nothing.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { patternPacket } from '../protocol/rtmp/handshake/handshake-vectors.ts';
import { join } from '../support/chunk-wire.ts';
import { ClientMessages, clientHandshake } from '../support/client-messages.ts';
import { serverHandshake } from '../support/client-wire.ts';
import { type Cleaner, sleep } from '../support/programs.ts';
import { RawClient } from '../support/raw-client.ts';
import { type RawUpstreamOptions, startRawUpstream } from '../support/raw-upstream.ts';
import { type LogEntry, startTestGateway } from '../support/test-gateway.ts';

const ANSWER = new ClientMessages().call('_result', 1);
const CONNECT = new ClientMessages().connect('live?token=SECRET');
const GARBAGE = Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(200));

/** S0 S1 S2 that claim to be signed, and are not. */
function unsignedHandshake(): Uint8Array {
  return join([Uint8Array.of(3), patternPacket('0000000004050001', 13, 5), new Uint8Array(1536)]);
}

const FAULTS: readonly (RawUpstreamOptions & { readonly title: string })[] = [
  { title: 'takes the connection and says nothing', handshake: null },
  { title: 'closes the connection', handshake: null, onConnection: ({ socket }) => socket.end() },
  { title: 'resets the connection', onConnection: ({ socket }) => socket.resetAndDestroy() },
  { title: 'speaks HTTP', handshake: () => GARBAGE },
  { title: 'says half a handshake', handshake: () => serverHandshake().subarray(0, 2000) },
  { title: 'resets behind the connect', onConnect: ({ socket }) => socket.resetAndDestroy() },
  { title: 'closes behind the connect', onConnect: ({ socket }) => socket.end() },
  { title: 'shakes hands and says nothing' },
  {
    title: 'answers with what is no chunk stream',
    onConnect: ({ socket }) => socket.write(Uint8Array.of(0xc9, 1)),
  },
  {
    title: 'answers with half a header and resets',
    onConnect: ({ socket }) => socket.write(Uint8Array.of(3, 0, 0), () => socket.resetAndDestroy()),
  },
];

describe('failover of a splice', { concurrency: true }, () => {
  for (const { title, ...fault } of FAULTS) {
    it(`takes the second upstream where the first ${title}`, async (t) => {
      const first = await startRawUpstream(t, fault);
      const second = await startRawUpstream(t, { onConnect: ({ socket }) => socket.write(ANSWER) });
      const { port, log } = await gatewayBefore(t, [first.url, second.url]);
      const client = await RawClient.open(t, port);
      client.send(CONNECT);
      assert.deepEqual(await client.waitForBytes(ANSWER.length), Buffer.from(ANSWER));
      assert.deepEqual(await (await second.connection()).waitForBytes(CONNECT.length), Buffer.from(CONNECT));
      await (await first.connection()).waitForEnd();
      client.socket.end();
      await (await second.connection()).waitForEnd();
      const ends = await endsOf(log);
      assert.equal(ends.length, 1);
      assert.deepEqual([ends[0]?.['upstream'], ends[0]?.['reason']], [second.url, 'peer-closed']);
    });
  }

  it('takes the second upstream where nobody listens at the first', async (t) => {
    const second = await startRawUpstream(t, { onConnect: ({ socket }) => socket.write(ANSWER) });
    const { port } = await gatewayBefore(t, [await deadUrl(), second.url]);
    const client = await RawClient.open(t, port);
    client.send(CONNECT);
    await client.waitForBytes(ANSWER.length);
  });

  it('tries an upstream again without a signature where that claims one and has none', async (t) => {
    const odd = await startRawUpstream(t, {
      handshake: (c0c1) => (c0c1.readUInt32BE(5) === 0 ? serverHandshake() : unsignedHandshake()),
      onConnect: ({ socket }) => socket.write(ANSWER),
    });
    const { port, log } = await gatewayBefore(t, [odd.url]);
    const client = await RawClient.open(t, port);
    client.send(CONNECT);
    await client.waitForBytes(ANSWER.length);
    assert.equal(odd.connections.length, 2);
    await odd.connections[0]?.waitForEnd();
    assert.equal(odd.openCount(), 1);
    client.socket.destroy();
    await odd.connections[1]?.waitForEnd();
    assert.equal((await endsOf(log)).length, 1);
  });

  it('refuses the client in bounded time where all fail, and says why in one line without secrets', async (t) => {
    const silent = await startRawUpstream(t, { handshake: null });
    const mute = await startRawUpstream(t);
    const urls = [`${await deadUrl()}/app?key=SECRET`, `${silent.url}/app?key=SECRET`, mute.url];
    const { port, log } = await gatewayBefore(t, urls);
    const startedMs = performance.now();
    const client = await RawClient.open(t, port);
    client.send(CONNECT);
    const heard = (await client.waitForEnd()).toString('latin1');
    assert.match(heard, /NetConnection\.Connect\.Rejected/);
    assert.doesNotMatch(heard, /127\.0\.0\.1|ECONN/);
    assert.ok(performance.now() - startedMs < 6000);
    const ends = await endsOf(log);
    assert.equal(ends.length, 1);
    const detail = String(ends[0]?.['detail']);
    assert.equal(ends[0]?.['reason'], 'upstream-unavailable');
    assert.match(detail, /ECONNREFUSED/);
    for (const { port: tried } of [silent, mute])
      assert.match(detail, new RegExp(`127\\.0\\.0\\.1:${tried}`));
    assert.doesNotMatch(JSON.stringify(log), /SECRET/);
    await (await silent.connection()).waitForEnd();
    await (await mute.connection()).waitForEnd();
  });

  it('gives an upstream no more connections than it may have, and the place of one that goes to the next', async (t) => {
    const upstream = await startRawUpstream(t, { onConnect: ({ socket }) => socket.write(ANSWER) });
    const { port } = await startTestGateway(t, {
      upstreams: { one: { url: upstream.url, maxConnections: 2 } },
      routes: [{ action: 'splice', upstreams: ['one'] }],
    });
    const clients: RawClient[] = [];
    for (let index = 0; index < 2; index++) {
      const client = await RawClient.open(t, port);
      client.send(CONNECT);
      await client.waitForBytes(ANSWER.length);
      clients.push(client);
    }
    const third = await RawClient.open(t, port);
    third.send(CONNECT);
    assert.match((await third.waitForEnd()).toString('latin1'), /NetConnection\.Connect\.Rejected/);
    clients[0]?.socket.end();
    await upstream.connections[0]?.waitForEnd();
    const fourth = await RawClient.open(t, port);
    fourth.send(CONNECT);
    await fourth.waitForBytes(ANSWER.length);
    assert.equal(upstream.connections.length, 3);
  });

  it('leaves an upstream to all others that hangs up on one client, by its address', async (t) => {
    const isBanned = (bytes: Buffer) => bytes.includes('192.0.2.66');
    const upstream = await startRawUpstream(t, {
      handshake: (bytes) => (isBanned(bytes) ? Buffer.alloc(0) : serverHandshake()),
      onConnection: ({ socket }) => {
        socket.once('data', (bytes) => {
          if (isBanned(bytes)) socket.resetAndDestroy();
        });
      },
      onConnect: ({ socket }) => socket.write(ANSWER),
    });
    const { port, log } = await startTestGateway(t, {
      trustedProxies: { proxyProtocol: ['127.0.0.1'] },
      upstreams: { one: { url: upstream.url, proxyProtocol: 'v1' } },
      routes: [{ action: 'splice', upstreams: ['one'] }],
    });
    const clientOf = async (address: string): Promise<RawClient> => {
      const header = Buffer.from(`PROXY TCP4 ${address} 127.0.0.1 50000 1935\r\n`);
      const client = await RawClient.open(t, port, join([header, clientHandshake()]));
      client.send(CONNECT);
      return client;
    };
    for (let times = 0; times < 5; times++) {
      const banned = await clientOf('192.0.2.66');
      assert.match((await banned.waitForEnd()).toString('latin1'), /NetConnection\.Connect\.Rejected/);
    }
    const good = await clientOf('192.0.2.7');
    await good.waitForBytes(ANSWER.length);
    assert.equal(upstream.connections.length, 6);
    assert.ok(!log.some(({ message }) => message === 'upstream down'));
  });

  it('does not take an upstream for down that had less than its time, for another took it', async (t) => {
    const silent = await startRawUpstream(t, { handshake: null });
    const slow = await startRawUpstream(t, {
      handshake: null,
      onConnection: ({ socket }) => {
        setTimeout(() => socket.write(serverHandshake()), 700);
      },
      onConnect: ({ socket }) => socket.write(ANSWER),
    });
    const { port, log } = await startTestGateway(t, {
      upstream: [silent.url, slow.url],
      upstreamHealth: { connectTimeoutMs: 1000, failoverTimeoutMs: 1200, downTimeMs: 60_000 },
    });
    for (let times = 0; times < 3; times++) {
      const client = await RawClient.open(t, port);
      client.send(CONNECT);
      await client.waitForEnd();
    }
    const downs = log.filter(({ message }) => message === 'upstream down');
    assert.deepEqual(
      downs.map(({ fields }) => Reflect.get(fields, 'upstream')),
      [silent.url],
    );
    const client = await RawClient.open(t, port);
    client.send(CONNECT);
    await client.waitForBytes(ANSWER.length);
  });

  it('spreads clients where it is to go by load', async (t) => {
    const two = [1, 2].map(() => startRawUpstream(t, { onConnect: ({ socket }) => socket.write(ANSWER) }));
    const [first, second] = await Promise.all(two);
    assert.ok(first !== undefined && second !== undefined);
    const { port } = await startTestGateway(t, {
      upstreams: { one: { url: first.url }, two: { url: second.url } },
      routes: [{ action: 'splice', upstreams: ['one', 'two'], balance: 'leastLoaded' }],
    });
    for (let index = 0; index < 6; index++) {
      const client = await RawClient.open(t, port);
      client.send(CONNECT);
      await client.waitForBytes(ANSWER.length);
    }
    assert.deepEqual([first.connections.length, second.connections.length], [3, 3]);
  });
});

function gatewayBefore(cleaner: Cleaner, urls: readonly string[]) {
  return startTestGateway(cleaner, {
    upstream: [...urls],
    upstreamHealth: { connectTimeoutMs: 300, failoverTimeoutMs: 2000 },
  });
}

/** The lines of ended sessions, once there is one. */
async function endsOf(log: readonly LogEntry[]): Promise<Record<string, unknown>[]> {
  const untilMs = performance.now() + 5000;
  for (;;) {
    const ends = log
      .filter(({ message }) => message === 'session ended')
      .map(({ fields }) => ({ ...fields }));
    if (ends.length > 0 || performance.now() > untilMs) return ends;
    await sleep(10);
  }
}

async function deadUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return `rtmp://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}
