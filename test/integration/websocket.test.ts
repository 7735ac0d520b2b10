// Live streams through a whole gateway by WebSocket, in plain and in TLS, beside the other transports on the same ports.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MediaEvent } from '../../src/protocol/rtmp/client/client-events.ts';
import type { TestClient } from '../support/test-client.ts';
import { TEST_MEDIA } from '../support/test-gateway.ts';
import { until } from '../support/until.ts';
import { assertNoErrors, CLIENTS, startPair, transportsOf } from './websocket-pair.ts';

const FRAME_MS = 33;
const KEYFRAME_EVERY = 10;

function sendHeaders(publisher: TestClient): void {
  publisher.session.sendVideo(0, TEST_MEDIA.videoHeader);
  publisher.session.sendAudio(0, TEST_MEDIA.audioHeader);
  publisher.wake();
}

/** Sends sound and pictures with the numbers `from` to before `to`. */
function sendFrames(publisher: TestClient, from: number, to: number): void {
  for (let number = from; number < to; number++) {
    publisher.session.sendVideo(number * FRAME_MS, frame(number));
    publisher.session.sendAudio(number * FRAME_MS, TEST_MEDIA.audio(number));
  }
  publisher.wake();
}

function frame(number: number): Uint8Array {
  return TEST_MEDIA.video(number % KEYFRAME_EVERY === 0, number);
}

type Media = Pick<MediaEvent, 'kind' | 'timestampMs' | 'payload'>;

/** What a player of all frames up to `to` gets, from number `from` on. */
function sentMedia(from: number, to: number): Media[] {
  const sent: Media[] = [
    { kind: 'video', timestampMs: from * FRAME_MS, payload: TEST_MEDIA.videoHeader },
    { kind: 'audio', timestampMs: from * FRAME_MS, payload: TEST_MEDIA.audioHeader },
  ];
  for (let number = from; number < to; number++) {
    const timestampMs = number * FRAME_MS;
    sent.push({ kind: 'video', timestampMs, payload: frame(number) });
    sent.push({ kind: 'audio', timestampMs, payload: TEST_MEDIA.audio(number) });
  }
  return sent;
}

function receivedMedia(media: readonly MediaEvent[]): Media[] {
  return media.map(({ kind, timestampMs, payload }) => ({ kind, timestampMs, payload }));
}

describe('a live stream over WebSocket', () => {
  for (const inward of ['ws', 'wss', 'rtmp', 'rtmpt'] as const) {
    it(`goes from ${inward} to ws, wss, rtmp and rtmpt: every message once, in order, unchanged [item 78]`, async (t) => {
      const server = await startPair(t);
      const publisher = await CLIENTS[inward](t, server.ports);
      assert.equal((await publisher.publish('s')).type, 'publish-started');
      sendHeaders(publisher);
      const players: TestClient[] = [];
      for (const open of Object.values(CLIENTS)) players.push(await open(t, server.ports));
      for (const player of players) assert.equal((await player.play('s')).type, 'play-started');
      for (let number = 0; number < 100; number += 10) {
        sendFrames(publisher, number, number + 10);
        for (const player of players) {
          await player.waitUntil(() => player.media.length === 2 + 2 * (number + 10));
        }
      }
      for (const player of players) assert.deepEqual(receivedMedia(player.media), sentMedia(0, 100));
      assertNoErrors(server);
    });
  }

  for (const outward of ['ws', 'wss'] as const) {
    it(`starts a late joiner by ${outward} at the last keyframe, with the headers in front [item 74]`, async (t) => {
      const { ports } = await startPair(t);
      const publisher = await CLIENTS.ws(t, ports);
      await publisher.publish('s');
      sendHeaders(publisher);
      sendFrames(publisher, 0, 25);
      const witness = await CLIENTS.rtmp(t, ports);
      await witness.play('s');
      await witness.waitUntil(() => witness.media.length === 2 + 2 * 5);
      const player = await CLIENTS[outward](t, ports);
      await player.play('s');
      await player.waitUntil(() => player.media.length === 2 + 2 * 5);
      assert.deepEqual(receivedMedia(player.media), sentMedia(20, 25));
    });
  }

  it('tells players of the end once when a publisher is killed, and frees the name [item 71]', async (t) => {
    const { ports } = await startPair(t);
    const publisher = await CLIENTS.wss(t, ports);
    await publisher.publish('s');
    sendHeaders(publisher);
    sendFrames(publisher, 0, 1);
    const player = await CLIENTS.ws(t, ports);
    await player.play('s');
    await player.waitUntil(() => player.media.length === 2 + 2);
    publisher.kill();
    await player.waitFor(({ type }) => type === 'play-stopped');
    const again = await CLIENTS.ws(t, ports);
    assert.equal((await again.publish('s')).type, 'publish-started');
    sendHeaders(again);
    sendFrames(again, 0, 1);
    await player.waitUntil(() => player.media.length === 2 * (2 + 2));
    assert.equal(player.events.filter(({ type }) => type === 'play-stopped').length, 1);
  });

  it('has its sessions logged as ws and wss, with the version of TLS where there is one', async (t) => {
    const server = await startPair(t);
    const clients = [await CLIENTS.ws(t, server.ports), await CLIENTS.wss(t, server.ports)];
    assert.deepEqual(transportsOf(server, 'session connected'), ['ws', 'wss']);
    for (const client of clients) {
      client.kill();
      await client.waitUntil(() => client.isOver);
    }
    await until(() => transportsOf(server, 'session ended').length === 2);
    assert.deepEqual(transportsOf(server, 'session ended').toSorted(), ['ws', 'wss']);
    const [plain, secure] = server.log.filter(({ message }) => message === 'session connected');
    assert.ok(plain !== undefined && !('tls' in plain.fields));
    assert.ok(secure !== undefined && 'tls' in secure.fields && secure.fields.tls === 'TLSv1.3');
    assert.equal(server.gateway.counters.get('websocket-opened'), 2);
    assertNoErrors(server);
  });
});
