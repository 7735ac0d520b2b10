// Debian's nginx as a publisher: its `push` relay hands on to the gateway what ffmpeg publishes to nginx. Every frame
// that a player of the gateway gets is compared by the hash of its bytes.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertDecodesClean, assertReceived } from '../support/frames.ts';
import { startTestServer, type TestServer } from '../support/gateway-process.ts';
import { mediaFile } from '../support/media.ts';
import { startNginx } from '../support/nginx.ts';
import { playWithFfmpeg, playWithRtmpdump } from '../support/players.ts';
import { Scope, sleep } from '../support/programs.ts';
import { publishWithFfmpeg } from '../support/publishers.ts';
import { assertEndedWell, endByItself, withOutputOf } from './pairing.ts';

const DURATION_S = 10;
/** From a keyframe in the first two seconds to the last frame; a keyframe comes once a second. */
const MIN_DURATION_MS = DURATION_S * 1000 - 2000 - 100;
const END_LIMIT_MS = 6000;
const START_LIMIT_MS = 5000;
const SETTLE_MS = 500;

describe('A stream that nginx pushes to the gateway', () => {
  const scope = new Scope();
  let server: TestServer;

  before(async () => {
    server = await startTestServer(scope);
  });
  after(() => scope.close());

  it('reaches players by RTMP and RTMPT whole from its first keyframe on, in order and in time', async (t) => {
    const sourcePath = await mediaFile(t, 'h264-aac', DURATION_S);
    const nginx = await startNginx(t, { live: `push ${server.rtmpUrl('live')};` });
    const players = [
      playWithFfmpeg(t, server.rtmpUrl('live/pushed')),
      playWithRtmpdump(t, server.rtmptUrl('live/pushed'), { live: true }),
    ];
    await players[0]?.waitForOutput(/Sending play command/, START_LIMIT_MS);
    await sleep(SETTLE_MS);
    const publisher = publishWithFfmpeg(t, sourcePath, nginx.rtmpUrl('live/pushed'));
    assertEndedWell(publisher, await publisher.ended);
    await Promise.all(players.map((player) => endByItself(player, END_LIMIT_MS)));

    for (const player of players) {
      withOutputOf(player, () => {
        // What is forgiven: the relay connects when the publisher has come, and nginx keeps nothing for it meanwhile, so
        // that the first keyframe has gone by and it waits for the next one; sound goes on from where it came in.
        // Nothing is forgiven behind that keyframe, nor at the end.
        assertReceived(sourcePath, player.outputPath, { minDurationMs: MIN_DURATION_MS });
      });
      await assertDecodesClean(t, player.outputPath);
    }
  });

  it('leaves nothing above info in the log', () => {
    assert.deepEqual(server.alarms(), []);
  });
});
