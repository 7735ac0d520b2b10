// How a whole gateway parts from clients by WebSocket, or bears them: when it stops, when they flood it, when they read
// too slowly.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SERVER_HANDSHAKE_BYTES, ServerReplyReader } from '../support/server-reply-reader.ts';
import { TEST_MEDIA } from '../support/test-gateway.ts';
import { until } from '../support/until.ts';
import { assertNoErrors, CLIENTS, PlainClient, startPair, transportsOf } from './websocket-pair.ts';

const FRAME_MS = 33;
const KEYFRAME_EVERY = 10;
const FRAME_BYTES = 64 * 1024;
/** More than the buffers of two sockets on the loopback take. */
const SLOW_FRAMES = 500;

function frame(number: number): Uint8Array {
  return TEST_MEDIA.video(number % KEYFRAME_EVERY === 0, number, FRAME_BYTES);
}

describe('the gateway, with clients by WebSocket', () => {
  it('says goodbye in RTMP and closes with 1001 when it drains', async (t) => {
    const server = await startPair(t);
    const client = await PlainClient.connected(t, server.port);
    const closed = client.closed();
    await server.gateway.stop();
    assert.deepEqual(await closed, [1001, 'drain']);
    assert.ok(client.heard.includes('NetConnection.Connect.AppShutdown'));
    assert.deepEqual(transportsOf(server, 'session ended'), ['ws']);
  });

  it('closes one that pings without end with 1008, says why, and goes on with the others', async (t) => {
    const server = await startPair(t);
    const publisher = await CLIENTS.ws(t, server.ports);
    await publisher.publish('s');
    const player = await CLIENTS.wss(t, server.ports);
    await player.play('s');
    const hostile = await PlainClient.connected(t, server.port);
    const closed = hostile.closed();
    for (let sent = 0; sent < 1000; sent++) hostile.webSocket.ping();
    assert.deepEqual(await closed, [1008, 'websocket-flood']);
    assert.ok(hostile.heard.includes('NetConnection.Connect.Closed'));
    const counted = () => server.gateway.counters.get('session-ended-websocket-flood');
    await until(() => counted() === 1);
    for (let number = 0; number < 10; number++) publisher.session.sendVideo(number * FRAME_MS, frame(number));
    publisher.wake();
    await player.waitUntil(() => player.media.length === 10);
    assertNoErrors(server);
  });

  it('has one that reads too slowly go on at keyframes, and disturbs nobody else [item 77]', async (t) => {
    const server = await startPair(t, { streams: { viewerLagMs: 1000, viewerLagBytes: 1024 * 1024 } });
    const publisher = await CLIENTS.ws(t, server.ports);
    await publisher.publish('s');
    const witness = await CLIENTS.ws(t, server.ports);
    await witness.play('s');
    const slow = await PlainClient.connected(t, server.port);
    slow.webSocket.send(Buffer.concat([slow.say.call('createStream', 2), slow.say.onStream(1, 'play', 's')]));
    await until(() => slow.heard.includes('NetStream.Play.Start'));
    publisher.session.sendVideo(0, TEST_MEDIA.videoHeader);
    slow.webSocket.pause();
    for (let number = 0; number < SLOW_FRAMES; number++) {
      publisher.session.sendVideo(number * FRAME_MS, frame(number));
      publisher.wake();
      await witness.waitUntil(() => witness.media.length === 1 + number + 1);
    }
    slow.webSocket.resume();
    const last = Buffer.from(frame(SLOW_FRAMES - 1).subarray(0, 100));
    await until(() => slow.heard.includes(last));
    slow.webSocket.close();
    await slow.closed();

    const messages = new ServerReplyReader().read(slow.heard.subarray(SERVER_HANDSHAKE_BYTES));
    const payloads = messages.filter(({ typeId }) => typeId === 9).map(({ payload }) => payload);
    const numbers = payloads.map((payload) => {
      return payload[1] === 1 ? new DataView(payload.buffer, payload.byteOffset).getUint32(5) : null;
    });
    let next = 0;
    let jumps = 0;
    for (const [index, number] of numbers.entries()) {
      if (number === null) continue;
      assert.deepEqual(payloads[index], frame(number));
      if (number !== next) {
        jumps++;
        assert.ok(number > next && number % KEYFRAME_EVERY === 0, `${next} is followed by ${number}`);
        assert.equal(numbers[index - 1], null, 'the header comes again in front of the keyframe');
      }
      next = number + 1;
    }
    assert.ok(jumps >= 1, `${numbers.length} frames and no jump: it was not slow enough`);
    assert.equal(next, SLOW_FRAMES);
    assert.equal(publisher.isOver, false);
    assertNoErrors(server);
  });
});
