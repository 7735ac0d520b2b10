// The client session against Debian's nginx with its RTMP module: it publishes there, plays from there, and stays
// connected through silence. Every frame is compared by the hash of its bytes.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertDecodesClean, assertReceived } from '../support/frames.ts';
import { mediaFile } from '../support/media.ts';
import { type Nginx, startNginx } from '../support/nginx.ts';
import { playWithFfmpeg } from '../support/players.ts';
import { Scope, sleep } from '../support/programs.ts';
import { publishWithFfmpeg } from '../support/publishers.ts';
import { SessionClient } from '../support/session-client.ts';
import { assertEndedWell, endByItself, withOutputOf } from './pairing.ts';

const DURATION_S = 10;
/** The late player comes so long after the first frame. */
const LATE_MS = 2500;
/** What it gets at least: a keyframe comes once a second, and it has a second to connect. */
const MIN_LATE_MS = DURATION_S * 1000 - LATE_MS - 2000;
/** Players end by themselves within this time of the end of their stream. */
const END_LIMIT_MS = 6000;
/** What a program takes at most to start and to ask for its stream, on a machine that is busy. */
const START_LIMIT_MS = 5000;
const SETTLE_MS = 500;
const SIGNED = { isHandshakeSigned: true, requireSigned: true };

describe('nginx with its RTMP module', { concurrency: true }, () => {
  const scope = new Scope();
  let nginx: Nginx;
  let sourcePath = '';

  before(async () => {
    // publish_notify tells players that their publisher has left: ffmpeg ends by that.
    nginx = await startNginx(scope, { live: 'publish_notify on;' });
    sourcePath = await mediaFile(scope, 'h264-aac', DURATION_S);
  });
  after(() => scope.close());

  it('gives ffmpeg and the client session every frame that the client session publishes', async (t) => {
    const ffmpeg = playWithFfmpeg(t, nginx.rtmpUrl('live/published'));
    const player = await SessionClient.open(t, nginx.port, 'live');
    await player.play('published');
    await ffmpeg.waitForOutput(/Sending play command/, START_LIMIT_MS);
    await sleep(SETTLE_MS);

    const publisher = await SessionClient.open(t, nginx.port, 'live');
    await publisher.publishFile('published', sourcePath);
    await player.waitFor('play-stopped');
    await endByItself(ffmpeg, END_LIMIT_MS);

    const { baseMs } = assertReceived(sourcePath, player.writeReceived(), { fromStart: true });
    assert.equal(baseMs, 0, 'the times are those of the publisher');
    withOutputOf(ffmpeg, () => assertReceived(sourcePath, ffmpeg.outputPath, { fromStart: true }));
    await assertDecodesClean(t, ffmpeg.outputPath);
    assert.equal(publisher.session.droppedMessages, 0);
    assert.equal(player.session.droppedMessages, 0);
  });

  it('gives the client session every frame that ffmpeg publishes, by a signed handshake', async (t) => {
    // With sound and pictures on one chunk stream, and neither of them before a keyframe.
    const woven = await startNginx(t, { live: 'publish_notify on; interleave on;' });
    const early = await SessionClient.open(t, woven.port, 'live', SIGNED);
    await early.play('played');
    const publisher = publishWithFfmpeg(t, sourcePath, woven.rtmpUrl('live/played'));
    await early.waitFor('media');
    await sleep(LATE_MS);
    const late = await SessionClient.open(t, woven.port, 'live', SIGNED);
    await late.play('played');
    assertEndedWell(publisher, await publisher.ended);
    await Promise.all([early.waitFor('play-stopped'), late.waitFor('play-stopped')]);

    const whole = assertReceived(sourcePath, early.writeReceived(), { fromStart: true });
    assert.equal(whole.baseMs, 0, 'the times are those of the publisher');
    // nginx keeps nothing for those who come late: they begin with the next keyframe.
    const latePath = late.writeReceived();
    const rest = assertReceived(sourcePath, latePath, { minDurationMs: MIN_LATE_MS });
    assert.equal(rest.baseMs, 0, 'the times are those of the publisher');
    assert.ok(rest.firstSourceMs > 0, 'it came late');
    await assertDecodesClean(t, latePath);
  });
});
