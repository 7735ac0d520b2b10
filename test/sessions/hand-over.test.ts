import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { filled, join } from '../support/chunk-wire.ts';
import { ClientMessages } from '../support/client-messages.ts';
import { serverHandshake } from '../support/client-wire.ts';
import { sleep } from '../support/programs.ts';
import { RawClient } from '../support/raw-client.ts';
import { startRawUpstream } from '../support/raw-upstream.ts';
import { startTestGateway } from '../support/test-gateway.ts';

describe('HandOver', () => {
  it('leaves no upstream behind where what follows a connect that is rewritten is no chunk stream', async (t) => {
    const answer = new ClientMessages().call('_result', 1);
    const upstream = await startRawUpstream(t, { onConnect: ({ socket }) => socket.write(answer) });
    const { port, log } = await startTestGateway(t, {
      upstreams: { one: { url: upstream.url, addressProperty: 'ip', maxConnections: 1 } },
      routes: [{ action: 'splice', upstreams: ['one'] }],
    });
    const connect = new ClientMessages().connect('live');
    const broken = await RawClient.open(t, port);
    broken.send(join([connect, Uint8Array.of(0xc9, 1, 2, 3, 4)]));
    await broken.waitForEnd();
    await (await upstream.connection(0)).waitForEnd();
    // Its place is free again.
    const client = await RawClient.open(t, port);
    client.send(connect);
    await client.waitForBytes(answer.length);
    await sleep(50);
    const ends = log.filter(({ message }) => message === 'session ended');
    assert.equal(ends.length, 1);
    assert.match(JSON.stringify(ends[0]?.fields), /"reason":"rtmp-chunk-header-without-start"/);
    assert.deepEqual(
      log.filter(({ level }) => level === 'error'),
      [],
    );
  });

  it('gives up the dial for a client that leaves meanwhile, at once, by FIN and by RST', async (t) => {
    const upstream = await startRawUpstream(t, { handshake: null });
    const { port, log } = await startTestGateway(t, { upstream: [upstream.url] });
    const connect = new ClientMessages().connect('live');
    const leaving = [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()];
    for (const [index, leave] of leaving.entries()) {
      const client = await RawClient.open(t, port);
      client.send(connect);
      const dialled = await upstream.connection(index);
      client.send(new ClientMessages().call('createStream', 2));
      await sleep(50);
      const leftMs = performance.now();
      leave(client.socket);
      await dialled.waitForEnd();
      assert.ok(performance.now() - leftMs < 1000, `${performance.now() - leftMs} ms`);
    }
    await sleep(50);
    const ends = log.filter(({ message }) => message === 'session ended');
    assert.deepEqual(
      ends.map(({ fields }) => Reflect.get(fields, 'reason')),
      ['peer-closed', 'peer-reset'],
    );
  });

  it('keeps what a client sends ahead, in order, and has one that sends much wait with it', async (t) => {
    const messages = new ClientMessages(65_536);
    const ahead = join([messages.setChunkSize(65_536), messages.message(9, filled(60_000))]);
    const much = join(Array.from({ length: 300 }, () => messages.message(9, filled(60_000))));
    const answer = new ClientMessages().call('_result', 1);
    const upstream = await startRawUpstream(t, { handshake: null });
    const { port, log } = await startTestGateway(t, { upstream: [upstream.url] });
    const connect = new ClientMessages().connect('live');
    const client = await RawClient.open(t, port);
    client.send(connect);
    const dialled = await upstream.connection(0);
    for (const piece of [ahead.subarray(0, 10), ahead.subarray(10, 5000), ahead.subarray(5000), much]) {
      client.send(piece);
      await sleep(20);
    }
    await sleep(100);
    assert.ok(client.socket.writableLength > 5_000_000, `${client.socket.writableLength} bytes wait`);
    dialled.socket.write(serverHandshake());
    await dialled.waitForBytes(connect.length);
    dialled.socket.write(answer);
    const whole = join([connect, ahead, much]);
    assert.ok((await dialled.waitForBytes(whole.length)).equals(whole));
    assert.deepEqual(
      log.filter(({ message }) => message === 'session ended'),
      [],
    );
  });
});
