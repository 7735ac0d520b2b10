// Red5's Java client, emulated, against a gateway. What breaks it is in red5-strictness.test.ts.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FfmpegPlayer } from '../../support/clients/ffmpeg-client.ts';
import { LibrtmpPublisher } from '../../support/clients/librtmp-client.ts';
import { assertSameMedia, numberedMedia } from '../../support/clients/numbered-media.ts';
import { Red5Client } from '../../support/clients/red5-client.ts';
import { RED5_TIMEOUT_MS } from '../../support/clients/red5-tunnel.ts';
import {
  APP,
  breaks,
  carriesBetween,
  newStreamName,
  playsEverything,
  publishesEverything,
  sessionEnd,
  startScene,
} from './scene.ts';

/** The longest that an operator may have idles held, ms. */
const LONGEST_HOLD_MS = 4000;

describe("Red5's client through the tunnel", { concurrency: true }, () => {
  it('shakes hands in one reply and plays every message to the byte [RTMPT-NOTE 8] [tunnel point 8]', async (t) => {
    const { address, log } = await startScene(t);
    await playsEverything(t, new Red5Client(t, address), address.port);
    assert.equal(await sessionEnd(log, 'player'), 'peer-closed');
  });

  it('publishes every message to the byte, and its /close ends the publish [RTMPT-NOTE 12] [tunnel point 12]', async (t) => {
    const { address, log } = await startScene(t);
    await publishesEverything(t, new Red5Client(t, address), address.port);
    assert.equal(await sessionEnd(log, 'publisher'), 'peer-closed');
  });

  it('plays what another one publishes, and librtmp, and publishes to FFmpeg [RTMPT-NOTE 14] [tunnel point 14]', async (t) => {
    const { address } = await startScene(t);
    await carriesBetween(new Red5Client(t, address), new Red5Client(t, address));
    await carriesBetween(new LibrtmpPublisher(t, address), new Red5Client(t, address));
    await carriesBetween(new Red5Client(t, address), new FfmpegPlayer(t, address));
  });

  it('numbers its requests from 1, sends, idles and the close alike [RTMPT-NOTE 5] [tunnel point 5]', async (t) => {
    const { address } = await startScene(t);
    const client = new Red5Client(t, address);
    await playsEverything(t, client, address.port);
    const [open, ...others] = client.tunnel.requestPaths;
    assert.equal(open, '/open/1');
    const verbs = others.map((path) => path.split('/')[1]);
    assert.deepEqual(new Set(verbs), new Set(['send', 'idle', 'close']));
    assert.equal(verbs.at(-1), 'close');
    assert.deepEqual(
      others.map((path) => Number(path.split('/')[3])),
      others.map((_, index) => index + 1),
    );
  });

  it('lives through the longest hold there is, and gets the next message [RTMPT-NOTE 6] [tunnel point 6]', async (t) => {
    const { address } = await startScene(t, { tunnel: { idleHoldMs: LONGEST_HOLD_MS } });
    const streamName = newStreamName();
    const publisher = new LibrtmpPublisher(t, address);
    await publisher.publish(APP, streamName);
    const player = new Red5Client(t, address);
    await player.play(APP, streamName);
    const wasHeld = (): boolean => player.tunnel.longestReplyMs > LONGEST_HOLD_MS * 0.9;
    await player.received.waitUntil(wasHeld, 'an idle that is held to the end', 2 * LONGEST_HOLD_MS);
    assert.ok(player.tunnel.longestReplyMs < RED5_TIMEOUT_MS);
    const sent = numberedMedia(4);
    for (const message of sent) await publisher.sendMedia(message);
    await player.received.waitForMedia(sent.length);
    assertSameMedia(player.received.media, sent);
    await publisher.close();
    await player.received.waitForStatus('NetStream.Play.UnpublishNotify');
  });

  it('hears of a refused publish', async (t) => {
    const { address } = await startScene(t);
    const streamName = newStreamName();
    const first = new Red5Client(t, address);
    await first.publish(APP, streamName);
    await breaks(new Red5Client(t, address).publish(APP, streamName), /BadName/);
    await first.close();
  });
});
