// How spliced clients end, at every moment, and what is left of them: nothing.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { filled, join } from '../support/chunk-wire.ts';
import { ClientMessages } from '../support/client-messages.ts';
import { FfmpegPlayer, FfmpegPublisher } from '../support/clients/ffmpeg-client.ts';
import { LibrtmpPlayer, LibrtmpPublisher } from '../support/clients/librtmp-client.ts';
import { assertSameMedia, MEDIA_START, numberedMedia } from '../support/clients/numbered-media.ts';
import { sleep } from '../support/programs.ts';
import { RawClient, RawTunnel } from '../support/raw-client.ts';
import { type RawUpstreamOptions, startRawUpstream } from '../support/raw-upstream.ts';
import { type LogEntry, startTestGateway } from '../support/test-gateway.ts';

const ANSWER = new ClientMessages().call('_result', 1);
const CONNECT = new ClientMessages().connect('live');
const ANSWERING: RawUpstreamOptions = { onConnect: ({ socket }) => socket.write(ANSWER) };
const CROWD = 2000;
const AT_ONCE = 50;

describe('a spliced client that goes', { concurrency: true }, () => {
  const moments: readonly (RawUpstreamOptions & { readonly title: string })[] = [
    { title: 'while the upstream says no handshake', handshake: null },
    { title: 'while the upstream does not answer its connect' },
    { title: 'while it is passed on', ...ANSWERING },
  ];
  for (const { title, ...behaviour } of moments) {
    it(`takes the connection to the upstream along ${title}`, async (t) => {
      const upstream = await startRawUpstream(t, behaviour);
      const { port, log } = await startTestGateway(t, {
        upstream: [upstream.url],
        upstreamHealth: { connectTimeoutMs: 1000, failoverTimeoutMs: 2000 },
      });
      const tunnel = await RawTunnel.open(t, port);
      await tunnel.send(CONNECT);
      const first = await upstream.connection(0);
      await tunnel.close();
      await first.waitForEnd();
      const client = await RawClient.open(t, port);
      client.send(CONNECT);
      const second = await upstream.connection(1);
      client.socket.resetAndDestroy();
      await second.waitForEnd();
      const ends = await endsOf(log, 2);
      assert.equal(ends.length, 2);
      assert.equal(upstream.openCount(), 0);
    });
  }
});

describe('a gateway that stops', () => {
  it('tells spliced clients, by RTMP and by RTMPT, and ends the connections to upstreams', async (t) => {
    const upstream = await startRawUpstream(t, ANSWERING);
    const { port, gateway, log } = await startTestGateway(t, { upstream: [upstream.url] });
    const client = await RawClient.open(t, port);
    client.send(CONNECT);
    await client.waitForBytes(ANSWER.length);
    const tunnel = await RawTunnel.open(t, port);
    await tunnel.send(CONNECT);
    await tunnel.pollFor(ANSWER.length);
    const polling = tunnel.pollToEnd();
    await gateway.stop();
    assert.match((await client.waitForEnd()).toString('latin1'), /NetConnection\.Connect\.AppShutdown/);
    assert.match((await polling).toString('latin1'), /NetConnection\.Connect\.AppShutdown/);
    for (const connection of upstream.connections) await connection.waitForEnd();
    assert.deepEqual(
      (await endsOf(log, 2)).map(({ reason }) => reason),
      ['drain', 'drain'],
    );
  });
});

describe('a slow side of a splice', () => {
  it('has the other wait, and loses nothing', async (t) => {
    const upstream = await startRawUpstream(t, ANSWERING);
    const { port } = await startTestGateway(t, {
      upstream: [upstream.url],
      splice: { maxWaitingBytes: 65_536 },
    });
    const messages = new ClientMessages(65_536);
    const start = messages.setChunkSize(65_536);
    const picture = messages.message(9, filled(50_000), { chunkStreamId: 6, messageStreamId: 1 });
    const whole = join([start, ...Array.from({ length: 400 }, () => picture)]);
    const tunnel = await RawTunnel.open(t, port);
    await tunnel.send(CONNECT);
    await tunnel.pollFor(ANSWER.length);
    const down = await upstream.connection(0);
    const sending = down.send(whole);
    await sleep(300);
    assert.ok(
      down.socket.writableLength > 5_000_000,
      `${down.socket.writableLength} bytes wait with the upstream`,
    );
    assert.ok((await tunnel.pollFor(ANSWER.length + whole.length)).subarray(ANSWER.length).equals(whole));
    await sending;
    const client = await RawClient.open(t, port);
    client.send(CONNECT);
    const up = await upstream.connection(1);
    await client.waitForBytes(ANSWER.length);
    up.socket.pause();
    client.send(whole);
    await sleep(300);
    assert.ok(
      client.socket.writableLength > 5_000_000,
      `${client.socket.writableLength} bytes wait with the client`,
    );
    up.socket.resume();
    assert.ok((await up.waitForBytes(CONNECT.length + whole.length)).subarray(CONNECT.length).equals(whole));
  });
});

describe('many spliced clients that come and go', () => {
  it('leave no connection, no place in the pool and no session', async (t) => {
    const upstream = await startRawUpstream(t, ANSWERING);
    const { port, log, gateway } = await startTestGateway(t, {
      upstreams: { one: { url: upstream.url, maxConnections: 2 * AT_ONCE } },
      routes: [{ action: 'splice', upstreams: ['one'] }],
    });
    for (let round = 0; round < CROWD / AT_ONCE; round++) {
      const clients = await Promise.all(Array.from({ length: AT_ONCE }, () => RawClient.open(t, port)));
      for (const client of clients) client.send(CONNECT);
      await Promise.all(clients.map((client) => client.waitForBytes(ANSWER.length)));
      for (const [index, { socket }] of clients.entries()) {
        if (index % 2 === 0) socket.end();
        else socket.resetAndDestroy();
      }
      for (const connection of upstream.connections.slice(-AT_ONCE)) await connection.waitForEnd();
    }
    assert.equal((await endsOf(log, CROWD)).length, CROWD);
    assert.equal(upstream.openCount(), 0);
    assert.equal(upstream.connections.length, CROWD);
    const ends = [...gateway.counters].filter(([name]) => name.startsWith('session-ended-'));
    assert.equal(
      ends.reduce((sum, [, count]) => sum + count, 0),
      CROWD,
    );
  });
});

describe('emulated clients through a splice', () => {
  const pairs = [
    { title: "FFmpeg's", Player: FfmpegPlayer, Publisher: FfmpegPublisher },
    { title: "librtmp's", Player: LibrtmpPlayer, Publisher: LibrtmpPublisher },
  ];
  for (const { title, Player, Publisher } of pairs) {
    it(`${title} publish and play by RTMPT, to the byte`, async (t) => {
      const origin = await startTestGateway(t);
      const { port } = await startTestGateway(t, { upstream: [`rtmp://127.0.0.1:${origin.port}`] });
      const address = { host: '127.0.0.1', port };
      const publisher = new Publisher(t, address);
      await publisher.publish('live', 's');
      const player = new Player(t, address);
      await player.play('live', 's');
      const media = [...MEDIA_START, ...numberedMedia(60)];
      for (const message of media) await publisher.sendMedia(message);
      // What comes behind has an emulated client flush the rest.
      for (const message of numberedMedia(20, 60)) await publisher.sendMedia(message);
      const untilMs = performance.now() + 8000;
      while (player.received.media.length < media.length && performance.now() < untilMs) await sleep(20);
      assertSameMedia(player.received.media.slice(0, media.length), media);
      await player.close();
      await publisher.close();
    });
  }
});

/** The lines of ended sessions, once there are so many. */
async function endsOf(log: readonly LogEntry[], count: number): Promise<Record<string, unknown>[]> {
  const untilMs = performance.now() + 5000;
  for (;;) {
    const ends = log
      .filter(({ message }) => message === 'session ended')
      .map(({ fields }) => ({ ...fields }));
    if (ends.length >= count || performance.now() > untilMs) return ends;
    await sleep(10);
  }
}
