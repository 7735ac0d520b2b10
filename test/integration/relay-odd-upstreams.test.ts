// Relays and servers that shake hands or keep silent in ways of their own.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { patternPacket } from '../protocol/rtmp/handshake/handshake-vectors.ts';
import { join } from '../support/chunk-wire.ts';
import { serverCommand, serverHandshake, serverMessage, serverStatus } from '../support/client-wire.ts';
import { type Cleaner, sleep } from '../support/programs.ts';
import { type RawConnection, startRawUpstream } from '../support/raw-upstream.ts';
import { TestClient } from '../support/test-client.ts';
import { startTestGateway, TEST_MEDIA } from '../support/test-gateway.ts';
import { until } from '../support/until.ts';
import { RelayRig } from '../upstreams/relay-rig.ts';
import { assertRising, framesOf, LivePublisher } from './relay-paced.ts';

const CONNECT_RESULT = serverCommand(0, '_result', 1, null, { code: 'NetConnection.Connect.Success' });
/** Where the version of C1 stands behind C0. */
const VERSION_OFFSET_BYTES = 5;
/** Longer than a server that answers pings may be silent. */
const PAUSE_MS = 6500;

function pullFrom(port: number) {
  return {
    upstreams: { u0: { url: `rtmp://127.0.0.1:${port}/live` } },
    relays: [{ direction: 'pull', app: 'live', stream: 's', upstreams: ['u0'] }],
  } as const;
}

/** Carries connections to a port, but for those of clients that do not sign: they are hung up on. */
async function strictLine(cleaner: Cleaner, port: number): Promise<number> {
  const server = createServer((client) => {
    const upstream = connect({ port, host: '127.0.0.1' });
    cleaner.after(() => {
      client.destroy();
      upstream.destroy();
    });
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
    client.once('data', (bytes: Buffer) => {
      if (bytes.readUInt32BE(VERSION_OFFSET_BYTES) === 0) client.destroy();
      else upstream.write(bytes);
      client.pipe(upstream).pipe(client);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleaner.after(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Answers what leads to a play. */
async function answerPlay(connection: RawConnection): Promise<void> {
  await connection.send(CONNECT_RESULT);
  await until(() => connection.said.includes('createStream'), 'createStream');
  await connection.send(serverCommand(0, '_result', 2, null, 1));
  await until(() => connection.said.includes('play'), 'the play');
  await connection.send(serverStatus(1, 'NetStream.Play.Start'));
}

function sound(number: number): Uint8Array {
  return serverMessage(8, TEST_MEDIA.audio(number), { messageStreamId: 1, timestampMs: 40 * number });
}

describe('A relay', { concurrency: true }, () => {
  it('signs its handshake, for servers that take no other', async (t) => {
    const origin = await startTestGateway(t);
    await LivePublisher.start(t, origin.port, 's');
    const rig = await RelayRig.start(t, pullFrom(await strictLine(t, origin.port)));
    await until(() => rig.told('relay flowing').length === 1, 'the stream', 3000);
    assert.deepEqual(rig.dials, ['u0']);
  });

  it('comes again without a signature where the upstream claims one and has none', async (t) => {
    const unsigned = join([Uint8Array.of(3), patternPacket('0000000004050001', 13, 5), new Uint8Array(1536)]);
    const odd = await startRawUpstream(t, {
      handshake: (c0c1) => (c0c1.readUInt32BE(VERSION_OFFSET_BYTES) === 0 ? serverHandshake() : unsigned),
      onConnect: ({ socket }) => socket.write(CONNECT_RESULT),
    });
    const rig = await RelayRig.start(t, pullFrom(odd.port));
    await until(() => odd.connections.length === 2, 'the second connection');
    await odd.connections[0]?.waitForEnd();
    await until(() => odd.connections[1]?.said.includes('createStream') ?? false, 'the play');
    assert.deepEqual(
      rig.lines.map(({ message }) => message),
      ['relay started'],
    );
    assert.equal(rig.pool.status()[0]?.openCount, 1);
    assert.equal(rig.pool.status()[0]?.failureCount, 0);
  });

  it('stays with a server that answers no ping while its publisher is not there, and while it pauses', async (t) => {
    const server = await startRawUpstream(t);
    const rig = await RelayRig.start(t, pullFrom(server.port));
    const connection = await server.connection();
    await connection.waitForBytes(1);
    await answerPlay(connection);
    await sleep(PAUSE_MS);
    await connection.send(sound(1));
    await until(() => rig.told('relay flowing').length === 1, 'the stream');
    await sleep(PAUSE_MS);
    await connection.send(sound(2));
    assert.deepEqual(rig.told('relay broke'), []);
    assert.deepEqual(rig.dials, ['u0']);
  });

  it('takes headers alone for no stream: what viewers see ends in time, and goes on by frames', async (t) => {
    const origin = await startTestGateway(t);
    await LivePublisher.start(t, origin.port, 's');
    const server = await startRawUpstream(t);
    const rig = await RelayRig.start(t, {
      upstreams: {
        u0: { url: `rtmp://127.0.0.1:${origin.port}/live` },
        u1: { url: `rtmp://127.0.0.1:${server.port}/live` },
      },
      routes: [{ action: 'relay', app: 'live', upstreams: ['u0', 'u1'] }],
      relay: { startTimeoutMs: 600 },
    });
    const client = await TestClient.overTcp(t, rig.port, 'live');
    assert.equal((await client.play('s')).type, 'play-started');
    await client.waitUntil(() => framesOf(client, 'video').length > 5);
    rig.pool.setDraining('u0', true);
    for (const socket of rig.dialled) socket.resetAndDestroy();
    const connection = await server.connection();
    await connection.waitForBytes(1);
    await answerPlay(connection);
    await connection.send(serverMessage(9, TEST_MEDIA.videoHeader, { messageStreamId: 1 }));
    await client.waitFor(({ type }) => type === 'play-stopped');
    const had = framesOf(client, 'video').length;
    await connection.send(serverMessage(9, TEST_MEDIA.video(true, 1), { messageStreamId: 1 }));
    await client.waitUntil(() => framesOf(client, 'video').length > had);
    assertRising(client);
    assert.deepEqual(rig.dials, ['u0', 'u1']);
  });
});
