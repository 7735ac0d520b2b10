// librtmp, emulated, against a gateway. What breaks it is in librtmp-strictness.test.ts.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FfmpegPlayer, FfmpegPublisher } from '../../support/clients/ffmpeg-client.ts';
import { LibrtmpPlayer, LibrtmpPublisher } from '../../support/clients/librtmp-client.ts';
import { statusCodeIn } from '../../support/clients/message-reader.ts';
import { assertSameMedia, numberedMedia, numberedPicture } from '../../support/clients/numbered-media.ts';
import { TestClient } from '../../support/test-client.ts';
import {
  APP,
  breaks,
  carriesBetween,
  isFree,
  mediaOfEvents,
  newStreamName,
  playsEverything,
  publishesEverything,
  SENT,
  sendAll,
  sessionEnd,
  startScene,
  watch,
} from './scene.ts';

/** One idle for each time that media gathers, and one each for what else there is to say. */
const GATHER_MS = 30;
const IDLES_OF_SETUP = 20;
const PICTURES = 48;
const PICTURE_BYTES = 24_000;
const MANY_MESSAGES = 1500;
const STEP_MESSAGES = 50;

describe('librtmp through the tunnel', { concurrency: true }, () => {
  it('plays every message to the byte, and its /close ends the play [RTMPT-NOTE 2] [tunnel point 2]', async (t) => {
    const { address, log } = await startScene(t);
    await playsEverything(t, new LibrtmpPlayer(t, address), address.port);
    assert.equal(await sessionEnd(log, 'player'), 'peer-closed');
  });

  it('publishes every message to the byte, and its /close ends the publish [RTMPT-NOTE 12] [tunnel point 12]', async (t) => {
    const { address, log } = await startScene(t);
    await publishesEverything(t, new LibrtmpPublisher(t, address), address.port);
    assert.equal(await sessionEnd(log, 'publisher'), 'peer-closed');
  });

  it('plays what another librtmp publishes, and FFmpeg, and the other way round [RTMPT-NOTE 4]', async (t) => {
    const { address } = await startScene(t);
    await carriesBetween(new LibrtmpPublisher(t, address), new LibrtmpPlayer(t, address));
    await carriesBetween(new LibrtmpPublisher(t, address), new FfmpegPlayer(t, address));
    await carriesBetween(new FfmpegPublisher(t, address), new LibrtmpPlayer(t, address));
  });

  it('has many requests without a reply at a time, which are answered in order [RTMPT-NOTE 4] [tunnel point 4]', async (t) => {
    const { address } = await startScene(t);
    const streamName = newStreamName();
    const publisher = new LibrtmpPublisher(t, address);
    await publisher.publish(APP, streamName);
    const player = new LibrtmpPlayer(t, address);
    await player.play(APP, streamName);
    // releaseStream, FCPublish, createStream; and the window, a buffer's length, createStream, FCSubscribe.
    assert.ok(publisher.socket.mostUnanswered >= 3, `${publisher.socket.mostUnanswered} of the publisher`);
    assert.ok(player.socket.mostUnanswered >= 4, `${player.socket.mostUnanswered} of the player`);
    const numbers = player.socket.requestPaths.slice(1).map((path) => Number(path.split('/').at(-1)));
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index),
    );
    await player.close();
    await publisher.close();
  });

  it('asks without a pause, and is paced by the hold [RTMPT-NOTE 6] [tunnel point 6]', async (t) => {
    const { address } = await startScene(t);
    const player = new LibrtmpPlayer(t, address);
    const startMs = performance.now();
    await playsEverything(t, player, address.port);
    const mostIdles = IDLES_OF_SETUP + (performance.now() - startMs) / GATHER_MS;
    const idles = player.socket.requestPaths.filter((path) => path.startsWith('/idle/')).length;
    assert.ok(idles > 0 && idles <= mostIdles, `${idles} idles, at most ${Math.round(mostIdles)}`);
  });

  it('joins a stream of more than a megabyte, and finds no reply behind a long one [RTMPT-NOTE 9] [tunnel point 9]', async (t) => {
    const { address } = await startScene(t);
    const streamName = newStreamName();
    const publisher = await TestClient.overTcp(t, address.port, APP);
    await publisher.publish(streamName);
    const watcher = await watch(t, address.port, streamName);
    const sent = Array.from({ length: PICTURES }, (_, number) =>
      numberedPicture(number, PICTURE_BYTES + number * 97, number === 0),
    );
    sendAll(publisher, sent);
    await watcher.waitUntil(() => watcher.media.length === sent.length);
    const joining = async (): Promise<void> => {
      const player = new LibrtmpPlayer(t, address);
      await player.play(APP, streamName);
      await player.received.waitForMedia(sent.length);
      assertSameMedia(player.received.media, sent);
      await player.close();
      assert.equal(player.received.failure, null);
    };
    await Promise.all(Array.from({ length: 6 }, joining));
  });

  it('publishes 1,500 messages, a POST each, and reads no reply to them [RTMPT-NOTE 2] [tunnel point 11]', async (t) => {
    // On a busy machine a viewer may be seconds of media behind, and must not be moved on.
    const { address } = await startScene(t, {
      streams: { viewerLagMs: 60_000, viewerLagBytes: 256 * 1024 * 1024 },
    });
    const streamName = newStreamName();
    const publisher = new LibrtmpPublisher(t, address);
    await publisher.publish(APP, streamName);
    const setupCount = publisher.socket.requestPaths.length;
    const watcher = await watch(t, address.port, streamName);
    const sent = numberedMedia(MANY_MESSAGES);
    for (const [index, message] of sent.entries()) {
      await publisher.sendMedia(message);
      // A viewer who falls behind by seconds of media skips some.
      if (index % STEP_MESSAGES === 0) await watcher.waitUntil(() => watcher.media.length === index + 1);
    }
    await watcher.waitUntil(() => watcher.media.length === sent.length);
    assertSameMedia(mediaOfEvents(watcher.events), sent);
    assert.equal(publisher.socket.requestPaths.length - setupCount, sent.length);
    assert.ok(publisher.socket.mostUnanswered >= sent.length);
    await publisher.close();
    await watcher.waitFor(({ type }) => type === 'play-stopped');
  });

  it('closes with a reset, by which its last requests may be lost: the publish is over all the same [RTMPT-NOTE 11] [tunnel point 11]', async (t) => {
    const { address } = await startScene(t, { tunnel: { detachedTimeoutMs: 300 } });
    const streamName = newStreamName();
    const publisher = new LibrtmpPublisher(t, address);
    await publisher.publish(APP, streamName);
    const watcher = await watch(t, address.port, streamName);
    for (const message of SENT) await publisher.sendMedia(message);
    await publisher.close();
    await watcher.waitFor(({ type }) => type === 'play-stopped');
    const received = mediaOfEvents(watcher.events);
    assertSameMedia(received, SENT.slice(0, received.length));
    await isFree(t, address.port, streamName);
  });

  it('asks on behind a refused publish, is told that the session is over, and closes [RTMPT-NOTE 12]', async (t) => {
    const { address } = await startScene(t);
    const streamName = newStreamName();
    const first = new FfmpegPublisher(t, address);
    await first.publish(APP, streamName);
    const second = new LibrtmpPublisher(t, address);
    await breaks(second.publish(APP, streamName), /came "HTTP\/1\.1 404 /);
    const codes = second.received.commands.map(statusCodeIn);
    assert.ok(codes.includes('NetStream.Publish.BadName'), codes.join());
    await first.close();
  });
});
