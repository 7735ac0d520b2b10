// FFmpeg's own tunnel, emulated, against a gateway. What breaks it is in ffmpeg-strictness.test.ts.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FfmpegPlayer, FfmpegPublisher } from '../../support/clients/ffmpeg-client.ts';
import { assertSameMedia, numberedMedia } from '../../support/clients/numbered-media.ts';
import { RawConnection, readReply, requestBytes } from '../../support/clients/raw-http.ts';
import {
  APP,
  breaks,
  carriesBetween,
  isFree,
  mediaOfEvents,
  newStreamName,
  playsEverything,
  publishesEverything,
  startScene,
  watch,
} from './scene.ts';

const FLUSHED_PACKETS = 10;

describe('FFmpeg through the tunnel', { concurrency: true }, () => {
  it('plays every message to the byte and hears of the end [RTMPT-NOTE 9] [tunnel point 9]', async (t) => {
    const { address } = await startScene(t);
    const player = new FfmpegPlayer(t, address);
    await playsEverything(t, player, address.port);
    assert.equal(player.tunnel.connectionCount, 1);
    assert.equal(player.tunnel.closeFailure, null);
  });

  it('publishes every message to the byte, and its /close ends the publish [RTMPT-NOTE 12] [tunnel point 12]', async (t) => {
    const { address } = await startScene(t);
    const publisher = new FfmpegPublisher(t, address);
    await publishesEverything(t, publisher, address.port);
    assert.equal(publisher.tunnel.connectionCount, 1);
    assert.equal(publisher.tunnel.closeFailure, null);
  });

  it('plays what another FFmpeg publishes [RTMPT-NOTE 3] [tunnel point 13]', async (t) => {
    const { address } = await startScene(t);
    await carriesBetween(new FfmpegPublisher(t, address), new FfmpegPlayer(t, address));
  });

  it('never polls while it publishes, and each flush is a POST: no reply keeps the next one back [RTMPT-NOTE 11] [tunnel point 9] [tunnel point 11]', async (t) => {
    const { address } = await startScene(t);
    const streamName = newStreamName();
    const publisher = new FfmpegPublisher(t, address);
    await publisher.publish(APP, streamName);
    const { requestPaths, sessionId } = publisher.tunnel;
    const setupCount = requestPaths.length;
    const watcher = await watch(t, address.port, streamName);
    const sent = numberedMedia(20 * FLUSHED_PACKETS);
    for (const message of sent) await publisher.sendMedia(message);
    await watcher.waitUntil(() => watcher.media.length === sent.length);
    await publisher.close();

    const paths = requestPaths.slice(setupCount);
    const numbers = paths.map((_, index) => setupCount - 1 + index);
    const expected = numbers.map((number) => `/send/${sessionId}/${number}`).slice(0, -1);
    assert.deepEqual(paths, [...expected, `/close/${sessionId}/${numbers.at(-1)}`]);
    assert.ok(setupCount <= 6, `it set up with ${setupCount} requests: ${requestPaths.join(' ')}`);
    assert.equal(expected.length, sent.length / FLUSHED_PACKETS);
    assert.ok(!requestPaths.some((path) => path.startsWith('/idle')));
  });

  it('drops what it did not flush at its close: the viewers have the rest, and the end [RTMPT-NOTE 12] [tunnel point 12]', async (t) => {
    const { address } = await startScene(t);
    const streamName = newStreamName();
    const publisher = new FfmpegPublisher(t, address);
    await publisher.publish(APP, streamName);
    const watcher = await watch(t, address.port, streamName);
    const sent = numberedMedia(2 * FLUSHED_PACKETS + 7);
    for (const message of sent) await publisher.sendMedia(message);
    await publisher.close();
    await watcher.waitFor(({ type }) => type === 'play-stopped');
    assertSameMedia(mediaOfEvents(watcher.events), sent.slice(0, 2 * FLUSHED_PACKETS));
    await isFree(t, address.port, streamName);
  });

  it('sends the zero of its idle into a session that is over, which is not there for it [RTMPT-NOTE 10]', async (t) => {
    const { address, log } = await startScene(t);
    const streamName = newStreamName();
    const publisher = new FfmpegPublisher(t, address);
    await publisher.publish(APP, streamName);
    const player = new FfmpegPlayer(t, address);
    await player.play(APP, streamName);
    const other = new FfmpegPlayer(t, address);
    await other.play(APP, streamName);

    const seen = numberedMedia(FLUSHED_PACKETS);
    for (const message of seen) await publisher.sendMedia(message);
    await Promise.all([player, other].map(({ received }) => received.waitForMedia(seen.length)));

    const { sessionId } = player.tunnel;
    const killer = await RawConnection.open(t, address);
    killer.write(requestBytes(`POST /close/${sessionId} HTTP/1.1`, ['Host: x', 'Content-Length: 0']));
    assert.equal((await readReply(killer)).statusCode, 200);
    assert.match((await player.received.waitForFailure()).message, /came status 404 for \/send\//);
    const verbs = player.tunnel.requestPaths.slice(-7).map((path) => path.split('/')[1]);
    assert.deepEqual(verbs, ['idle', 'send', 'send', 'send', 'send', 'send', 'close']);
    assert.equal(player.tunnel.connectionCount, 7);

    const sent = numberedMedia(FLUSHED_PACKETS, FLUSHED_PACKETS);
    for (const message of sent) await publisher.sendMedia(message);
    await other.received.waitForMedia(seen.length + sent.length);
    assertSameMedia(other.received.media, [...seen, ...sent]);
    assert.deepEqual(
      log.filter(({ level }) => level === 'error' || level === 'warn'),
      [],
    );
    await Promise.all([publisher.close(), other.close()]);
  });

  it('ends at a refused publish, of which the gateway tells it in the reply', async (t) => {
    const { address } = await startScene(t);
    const streamName = newStreamName();
    const first = new FfmpegPublisher(t, address);
    await first.publish(APP, streamName);
    await breaks(new FfmpegPublisher(t, address).publish(APP, streamName), /BadName of level error/);
    await first.close();
  });
});
