// Relays to and from Debian's nginx with its RTMP module: what ffmpeg publishes on one side, rtmpdump gets on the other.
// Every frame is compared by the hash of its bytes.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertEndedWell, withOutputOf } from '../interop/pairing.ts';
import { assertDecodesClean, assertReceived } from '../support/frames.ts';
import { mediaFile } from '../support/media.ts';
import { type Nginx, startNginx } from '../support/nginx.ts';
import { playWithRtmpdump } from '../support/players.ts';
import { type RunningProgram, Scope, sleep } from '../support/programs.ts';
import { publishWithFfmpeg } from '../support/publishers.ts';
import { until } from '../support/until.ts';
import { RelayRig } from '../upstreams/relay-rig.ts';

const DURATION_S = 6;
/** From a keyframe in the first two seconds to the last frame; a keyframe comes once a second. */
const MIN_DURATION_MS = DURATION_S * 1000 - 2000 - 100;
/** What a program takes at most to start and to ask for its stream, on a machine that is busy. */
const START_LIMIT_MS = 8000;
const SETTLE_MS = 500;
const DRAIN_MS = 1500;

describe('Relays with nginx', () => {
  const scope = new Scope();
  let nginx: Nginx;
  let sourcePath = '';

  before(async () => {
    nginx = await startNginx(scope, { live: 'publish_notify on;' });
    sourcePath = await mediaFile(scope, 'h264-aac', DURATION_S);
  });
  after(() => scope.close());

  function routes(stream: string) {
    return {
      upstreams: { nginx: { url: nginx.rtmpUrl('live') } },
      routes: [{ action: 'relay', app: 'studio', upstreams: ['nginx'], upstreamStream: stream }],
    } as const;
  }

  /** rtmpdump does not always take the end of a live stream for its own. */
  async function endOf(player: RunningProgram): Promise<void> {
    await sleep(DRAIN_MS);
    await player.kill();
  }

  it('send it every frame from the first on, in the publisher’s time, with metadata', async (t) => {
    const rig = await RelayRig.start(t, routes('sent'));
    const player = playWithRtmpdump(t, nginx.rtmpUrl('live/sent'), { live: true });
    await player.waitForOutput(/Connecting|Connected/, START_LIMIT_MS);
    await sleep(SETTLE_MS);
    const publisher = publishWithFfmpeg(t, sourcePath, rig.rtmpUrl('studio/program'));
    assertEndedWell(publisher, await publisher.ended);
    await until(() => rig.told('relay ended').length === 1, 'the end of the push');
    await endOf(player);
    withOutputOf(player, () => {
      const { baseMs } = assertReceived(sourcePath, player.outputPath, { fromStart: true });
      assert.equal(baseMs, 0, 'the times are those of the publisher');
    });
    await assertDecodesClean(t, player.outputPath);
    assert.match(player.output(), /duration|width/, 'metadata came');
    assert.deepEqual(rig.internalErrors, []);
  });

  it('fetch from it every frame from the first keyframe on, to the end', async (t) => {
    const rig = await RelayRig.start(t, routes('fetched'));
    const publisher = publishWithFfmpeg(t, sourcePath, nginx.rtmpUrl('live/fetched'));
    await sleep(SETTLE_MS);
    const players = [1, 2].map(() => playWithRtmpdump(t, rig.rtmpUrl('studio/program'), { live: true }));
    assertEndedWell(publisher, await publisher.ended);
    await Promise.all(players.map(endOf));
    for (const player of players) {
      withOutputOf(player, () => {
        assertReceived(sourcePath, player.outputPath, { minDurationMs: MIN_DURATION_MS });
      });
      await assertDecodesClean(t, player.outputPath);
    }
    assert.deepEqual(rig.dials, ['nginx'], 'one connection for both');
    assert.deepEqual(rig.internalErrors, []);
  });
});
