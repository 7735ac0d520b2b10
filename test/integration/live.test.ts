// Live streams through a whole gateway, over both transports, with sockets on the loopback.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MediaEvent } from '../../src/protocol/rtmp/client/client-events.ts';
import { TestClient } from '../support/test-client.ts';
import { startTestGateway, TEST_MEDIA } from '../support/test-gateway.ts';

const FRAME_MS = 33;

/** Publishes headers once and then numbered frames, a keyframe every ten. */
class Encoder {
  readonly client: TestClient;
  #next = 0;
  readonly startMs: number;

  constructor(client: TestClient, startMs = 0) {
    this.client = client;
    this.startMs = startMs;
  }

  headers(): void {
    this.client.session.sendVideo(this.startMs, TEST_MEDIA.videoHeader);
    this.client.session.sendAudio(this.startMs, TEST_MEDIA.audioHeader);
    this.client.wake();
  }

  frames(count: number): void {
    for (let index = 0; index < count; index++) {
      const number = this.#next++;
      const timestampMs = this.startMs + number * FRAME_MS;
      this.client.session.sendVideo(timestampMs, TEST_MEDIA.video(number % 10 === 0, number));
      this.client.session.sendAudio(timestampMs, TEST_MEDIA.audio(number));
    }
    this.client.wake();
  }
}

/** Numbers of the video frames, headers left out. */
function videoNumbers(media: readonly MediaEvent[]): number[] {
  return media
    .filter(({ kind, payload }) => kind === 'video' && payload[1] === 1)
    .map(({ payload }) => new DataView(payload.buffer, payload.byteOffset).getUint32(5));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

const transports = { rtmp: TestClient.overTcp, rtmpt: TestClient.overTunnel };

describe('a live stream', () => {
  for (const [inward, openPublisher] of Object.entries(transports)) {
    for (const [outward, openPlayer] of Object.entries(transports)) {
      it(`goes from ${inward} to ${outward}: every message once, in order, unchanged [item 78]`, async (t) => {
        const { port, log } = await startTestGateway(t);
        const publisher = await openPublisher(t, port, 'live');
        assert.equal((await publisher.publish('s')).type, 'publish-started');
        const encoder = new Encoder(publisher);
        encoder.headers();
        const player = await openPlayer(t, port, 'live');
        assert.equal((await player.play('s')).type, 'play-started');
        for (let round = 0; round < 10; round++) {
          encoder.frames(10);
          await player.waitUntil(() => videoNumbers(player.media).length === (round + 1) * 10);
        }
        assert.deepEqual(videoNumbers(player.media), range(0, 100));
        const [first, second] = player.media;
        assert.deepEqual(first?.payload, TEST_MEDIA.videoHeader);
        assert.deepEqual(second?.payload, TEST_MEDIA.audioHeader);
        const frames = player.media.filter(({ payload }) => payload[1] === 1);
        for (const [index, { kind, timestampMs, payload }] of frames.entries()) {
          const number = index >> 1;
          assert.equal(timestampMs, number * FRAME_MS);
          const sent =
            kind === 'video' ? TEST_MEDIA.video(number % 10 === 0, number) : TEST_MEDIA.audio(number);
          assert.deepEqual(payload, sent);
        }
        assert.deepEqual(
          log.filter(({ level }) => level === 'error'),
          [],
        );
      });
    }
  }

  it('starts a late joiner at the last keyframe, with the headers in front, at once [item 74]', async (t) => {
    const { port } = await startTestGateway(t);
    const publisher = await TestClient.overTcp(t, port, 'live');
    await publisher.publish('s');
    const encoder = new Encoder(publisher);
    encoder.headers();
    encoder.frames(25);
    const player = await TestClient.overTcp(t, port, 'live');
    await player.play('s');
    await player.waitUntil(() => videoNumbers(player.media).length === 5);
    assert.deepEqual(videoNumbers(player.media), range(20, 25));
    const [video, audio] = player.media;
    assert.deepEqual(video?.payload, TEST_MEDIA.videoHeader);
    assert.deepEqual(audio?.payload, TEST_MEDIA.audioHeader);
    assert.equal(video?.timestampMs, 20 * FRAME_MS);
  });

  it('lets a player wait for a publisher who has not come yet', async (t) => {
    const { port } = await startTestGateway(t);
    const player = await TestClient.overTunnel(t, port, 'live');
    assert.equal((await player.play('s')).type, 'play-started');
    const publisher = await TestClient.overTcp(t, port, 'live');
    await publisher.publish('s');
    const encoder = new Encoder(publisher);
    encoder.headers();
    encoder.frames(3);
    await player.waitUntil(() => videoNumbers(player.media).length === 3);
  });

  it('refuses a second publisher with BadName and no Start, and does not disturb the first [item 64]', async (t) => {
    const { port } = await startTestGateway(t);
    const first = await TestClient.overTcp(t, port, 'live');
    await first.publish('s');
    const second = await TestClient.overTunnel(t, port, 'live');
    const answer = await second.publish('s');
    assert.equal(answer.type, 'publish-rejected');
    assert.equal(answer.type === 'publish-rejected' && answer.status.code, 'NetStream.Publish.BadName');
    assert.ok(!second.events.some(({ type }) => type === 'publish-started'));
    await second.waitUntil(() => second.isOver);
    const player = await TestClient.overTcp(t, port, 'live');
    await player.play('s');
    const encoder = new Encoder(first);
    encoder.headers();
    encoder.frames(2);
    await player.waitUntil(() => videoNumbers(player.media).length === 2);
  });

  it('tells players of the end exactly once when a publisher is killed, and frees the name at once [item 71]', async (t) => {
    const { port } = await startTestGateway(t);
    const publisher = await TestClient.overTcp(t, port, 'live');
    await publisher.publish('s');
    const encoder = new Encoder(publisher);
    encoder.headers();
    encoder.frames(5);
    const player = await TestClient.overTcp(t, port, 'live');
    await player.play('s');
    await player.waitUntil(() => videoNumbers(player.media).length === 5);
    publisher.kill();
    await player.waitFor(({ type }) => type === 'play-stopped');
    const again = await TestClient.overTcp(t, port, 'live');
    assert.equal((await again.publish('s')).type, 'publish-started');
    const encoderAgain = new Encoder(again);
    encoderAgain.headers();
    encoderAgain.frames(5);
    await player.waitUntil(() => videoNumbers(player.media).length === 10);
    assert.equal(player.events.filter(({ type }) => type === 'play-stopped').length, 1);
    assert.equal(player.events.filter(({ type }) => type === 'stream-eof').length, 1);
    const times = player.media.map(({ timestampMs }) => timestampMs);
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
      'time goes on over a republish',
    );
  });

  it('frees the name of a tunnel’s publisher some time after its last socket closed', async (t) => {
    const { port } = await startTestGateway(t, { tunnel: { detachedTimeoutMs: 2000 } });
    const publisher = await TestClient.overTunnel(t, port, 'live');
    await publisher.publish('s');
    const player = await TestClient.overTcp(t, port, 'live');
    await player.play('s');
    publisher.kill();
    const refused = await TestClient.overTcp(t, port, 'live');
    assert.equal((await refused.publish('s')).type, 'publish-rejected');
    await player.waitFor(({ type }) => type === 'play-stopped');
    const again = await TestClient.overTcp(t, port, 'live');
    assert.equal((await again.publish('s')).type, 'publish-started');
  });

  it('goes on above 0xFFFFFF ms, and late joiners start there', async (t) => {
    const { port } = await startTestGateway(t);
    const publisher = await TestClient.overTcp(t, port, 'live');
    await publisher.publish('s');
    const before = new Encoder(publisher);
    before.headers();
    before.frames(10);
    const after = new Encoder(publisher, 0x1000000);
    after.frames(10);
    for (const open of Object.values(transports)) {
      const player = await open(t, port, 'live');
      await player.play('s');
      await player.waitUntil(() => videoNumbers(player.media).length === 10);
      assert.equal(
        player.media[0]?.timestampMs,
        0x1000000,
        'the headers are stamped with the keyframe’s time',
      );
      assert.equal(player.media.at(-1)?.timestampMs, 0x1000000 + 9 * FRAME_MS);
    }
  });

  it('keeps applications and instances apart, and takes queries and slashes off names', async (t) => {
    const { port } = await startTestGateway(t);
    const publisher = await TestClient.overTcp(t, port, 'live/room1/?key=1');
    await publisher.publish('/s?token=2');
    const other = await TestClient.overTcp(t, port, 'live');
    assert.equal((await other.publish('s')).type, 'publish-started');
    const player = await TestClient.overTcp(t, port, 'live/room1');
    await player.play('s');
    new Encoder(publisher).headers();
    const encoder = new Encoder(publisher);
    encoder.frames(1);
    await player.waitUntil(() => videoNumbers(player.media).length === 1);
  });

  it('tells publishers and players of a stop, and ends', async (t) => {
    const { gateway, port, log } = await startTestGateway(t);
    const publisher = await TestClient.overTcp(t, port, 'live');
    await publisher.publish('s');
    const players = [await TestClient.overTcp(t, port, 'live'), await TestClient.overTunnel(t, port, 'live')];
    for (const player of players) await player.play('s');
    await gateway.stop();
    await publisher.waitFor(({ type }) => type === 'publish-stopped');
    for (const player of players) {
      await player.waitFor(({ type }) => type === 'play-stopped');
      await player.waitUntil(() => player.isOver);
    }
    const ends = log.filter(({ message }) => message === 'session ended');
    assert.deepEqual(
      ends.map(({ fields }) => 'reason' in fields && fields.reason),
      ['drain', 'drain', 'drain'],
    );
  });

  it('writes one line a session at connect and at its end, without queries', async (t) => {
    const { port, log } = await startTestGateway(t);
    const publisher = await TestClient.overTcp(t, port, 'live?password=hush');
    await publisher.publish('s?token=hush');
    publisher.kill();
    const player = await TestClient.overTunnel(t, port, 'live');
    await player.play('s');
    await player.waitUntil(() => log.some(({ message }) => message === 'session ended'));
    const lines = log.filter(({ level }) => level === 'info');
    assert.deepEqual(
      lines.map(({ message }) => message),
      ['session connected', 'session ended', 'session connected'],
    );
    const [, end] = lines;
    assert.ok(end !== undefined);
    const { transport, app, stream, bytesIn, bytesOut, durationMs, reason } = Object(end.fields);
    assert.deepEqual(
      { transport, app, stream, reason },
      { transport: 'rtmp', app: 'live', stream: 's', reason: 'peer-reset' },
    );
    assert.ok(bytesIn > 3073 && bytesOut > 3073 && durationMs >= 0);
    assert.doesNotMatch(JSON.stringify(log), /hush/);
  });
});
