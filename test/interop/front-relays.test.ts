// Debian's nginx with its RTMP module as the other end of relays: what is published here goes there, what is published
// there is fetched once for all who play it here, and either one's every frame is compared by the hash of its bytes.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertDecodesClean, assertReceived } from '../support/frames.ts';
import { mediaFile } from '../support/media.ts';
import { startNginx } from '../support/nginx.ts';
import { playWithFfmpeg, playWithRtmpdump } from '../support/players.ts';
import { sleep } from '../support/programs.ts';
import { publishWithFfmpeg } from '../support/publishers.ts';
import { clientsAt, frontBlock, HEADINGS, startFront, waitForClients } from './front-scene.ts';
import { assertEndedWell, endByItself, withOutputOf } from './pairing.ts';

const DURATION_S = 10;
const END_LIMIT_MS = 10_000;
/** What a player that comes late may miss: it begins with a keyframe, one of which comes each second. */
const MIN_LATE_MS = DURATION_S * 1000 - 4000;
const LATE_MS = 2000;
const LIVE = { live: 'publish_notify on;', hasStatistics: true };

describe('nginx behind a gateway that relays', { concurrency: true }, () => {
  it('gets every frame that is published at the gateway, by one connection', async (t) => {
    const nginx = await startNginx(t, LIVE);
    const gateway = await startFront(
      t,
      frontBlock(HEADINGS.relay, 'yaml', { '10.0.0.5': `127.0.0.1:${nginx.port}` }),
    );
    const sourcePath = await mediaFile(t, 'h264-aac', DURATION_S);
    const player = playWithFfmpeg(t, nginx.rtmpUrl('live/sent'));
    await waitForClients(nginx, 'sent', 1);
    const publisher = publishWithFfmpeg(t, sourcePath, gateway.rtmpUrl('live/sent'));
    assertEndedWell(publisher, await publisher.ended);
    await endByItself(player, END_LIMIT_MS);
    withOutputOf(player, () => assertReceived(sourcePath, player.outputPath, { fromStart: true }));
    await assertDecodesClean(t, player.outputPath);
    assert.deepEqual(gateway.alarms(), []);
  });

  it('gives players at the gateway every frame that is published there, by one connection for all', async (t) => {
    const nginx = await startNginx(t, LIVE);
    const gateway = await startFront(
      t,
      frontBlock(HEADINGS.relay, 'yaml', { '10.0.0.5': `127.0.0.1:${nginx.port}` }),
    );
    const sourcePath = await mediaFile(t, 'h264-aac', DURATION_S);
    const publisher = publishWithFfmpeg(t, sourcePath, nginx.rtmpUrl('live/fetched'));
    await waitForClients(nginx, 'fetched', 1);
    await sleep(LATE_MS);
    const players = [
      playWithFfmpeg(t, gateway.rtmpUrl('live/fetched')),
      playWithFfmpeg(t, gateway.rtmptUrl('live/fetched')),
      playWithRtmpdump(t, gateway.rtmptUrl('live/fetched'), { live: true }),
    ];
    await waitForClients(nginx, 'fetched', 2);
    assertEndedWell(publisher, await publisher.ended);
    await Promise.all(players.map((player) => endByItself(player, END_LIMIT_MS)));
    for (const player of players) {
      withOutputOf(player, () =>
        assertReceived(sourcePath, player.outputPath, { minDurationMs: MIN_LATE_MS }),
      );
    }
    assert.ok((await clientsAt(nginx, 'fetched')).length <= 1, 'one pull for all');
    assert.deepEqual(gateway.alarms(), []);
  });
});
