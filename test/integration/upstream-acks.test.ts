// Upstreams that never acknowledge, though they are told of a window: nothing waits for them.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { chunk, filled, join, setChunkSize } from '../support/chunk-wire.ts';
import { ClientMessages } from '../support/client-messages.ts';
import { serverCommand, serverStatus } from '../support/client-wire.ts';
import { RawClient, RawTunnel } from '../support/raw-client.ts';
import { startRawUpstream } from '../support/raw-upstream.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { until } from '../support/until.ts';
import { LivePublisher } from './relay-paced.ts';

const ANSWER = new ClientMessages().call('_result', 1);
const CONNECT = new ClientMessages().connect('live');
/** Far less than what is sent. */
const WINDOW_BYTES = 10_000;
const WINDOW = chunk({ format: 0, chunkStreamId: 2, typeId: 5, payload: Uint8Array.of(0, 0, 0x27, 0x10) });
const STREAM = join([
  WINDOW,
  setChunkSize(0xffffff),
  ...Array.from({ length: 100 }, (_, index) =>
    chunk({ format: 0, chunkStreamId: 6, typeId: 9, payload: filled(20_000, index) }),
  ),
]);

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('an upstream that never acknowledges', { concurrency: true }, () => {
  it('gets all that a spliced client says, by RTMP and by RTMPT', async (t) => {
    const upstream = await startRawUpstream(t, { onConnect: ({ socket }) => socket.write(ANSWER) });
    const { port } = await startTestGateway(t, { upstream: [upstream.url] });
    const client = await RawClient.open(t, port);
    client.send(CONNECT);
    await client.waitForBytes(ANSWER.length);
    client.send(STREAM);
    const tunnel = await RawTunnel.open(t, port);
    await tunnel.send(CONNECT);
    await tunnel.pollFor(ANSWER.length);
    await tunnel.send(STREAM);
    for (const index of [0, 1]) {
      const connection = await upstream.connection(index);
      const said = await connection.waitForBytes(CONNECT.length + STREAM.length);
      assert.equal(sha256(said), sha256(join([CONNECT, STREAM])));
    }
  });

  it('gets all of a stream that is relayed to it', async (t) => {
    const upstream = await startRawUpstream(t);
    const { port } = await startTestGateway(t, {
      upstreams: { u0: { url: `${upstream.url}/live` } },
      routes: [{ action: 'relay', app: 'live', upstreams: ['u0'] }],
    });
    await LivePublisher.start(t, port, 's', { frameBytes: 4 * WINDOW_BYTES });
    const connection = await upstream.connection();
    await until(() => connection.said.includes('connect'));
    await connection.send(
      join([WINDOW, serverCommand(0, '_result', 1, null, { code: 'NetConnection.Connect.Success' })]),
    );
    await until(() => connection.said.includes('createStream'));
    // releaseStream, FCPublish, createStream.
    for (const id of [2, 3, 4]) await connection.send(serverCommand(0, '_result', id, null, 1));
    await until(() => connection.said.includes('publish'));
    await connection.send(serverStatus(1, 'NetStream.Publish.Start'));
    await connection.waitForBytes(100 * WINDOW_BYTES);
  });
});
