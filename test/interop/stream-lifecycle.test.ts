// What comes and goes: players before the publisher and long after it, a publisher that dies, one too many, and
// several listeners. With real programs, over RTMP and RTMPT.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertDecodesClean, assertReceived } from '../support/frames.ts';
import { startGateway, startTestServer, type TestServer } from '../support/gateway-process.ts';
import { mediaFile } from '../support/media.ts';
import { playWithFfmpeg, playWithRtmp2src, playWithRtmpdump, playWithRtmpsrc } from '../support/players.ts';
import { type RunningProgram, Scope, sleep } from '../support/programs.ts';
import { publishWithFfmpeg, publishWithGstreamer } from '../support/publishers.ts';
import {
  assertEndedWell,
  endByItself,
  endWhenDrained,
  RTMP2SRC_TAIL_FRAMES,
  withOutputOf,
} from './pairing.ts';

/** Players end by themselves within this time of the end of their stream. */
const END_LIMIT_MS = 6000;
/** What a program takes at most to start and to ask for its stream, on a machine that is busy. */
const START_LIMIT_MS = 5000;
const SETTLE_MS = 1000;

describe('The life of a stream', () => {
  const scope = new Scope();
  let server: TestServer;
  let shortSource = '';
  let longSource = '';

  before(async () => {
    server = await startTestServer(scope);
    shortSource = await mediaFile(scope, 'h264-aac', 3);
    longSource = await mediaFile(scope, 'h264-aac', 6);
  });
  after(() => scope.close());

  it('lets players wait for their publisher and gives them the stream from its first frame', async (t) => {
    const path = 'live/awaited';
    const ffmpegs = [playWithFfmpeg(t, server.rtmpUrl(path)), playWithFfmpeg(t, server.rtmptUrl(path))];
    const raws = [
      playWithRtmpdump(t, server.rtmpUrl(path), { live: true }),
      playWithRtmpdump(t, server.rtmptUrl(path), { live: true }),
      playWithRtmpsrc(t, server.rtmpUrl(path)),
      playWithRtmp2src(t, server.rtmpUrl(path)),
    ];
    await Promise.all(ffmpegs.map((player) => player.waitForOutput(/Sending play command/, START_LIMIT_MS)));
    await sleep(SETTLE_MS);

    const publisher = publishWithFfmpeg(t, shortSource, server.rtmpUrl(path));
    assertEndedWell(publisher, await publisher.ended);
    const players = [...ffmpegs, ...raws];
    await Promise.all(
      players.map((player) =>
        player.title.startsWith('rtmpsrc') ? endWhenDrained(player) : endByItself(player, END_LIMIT_MS),
      ),
    );
    for (const player of players) {
      const tailFrames = player.title.startsWith('rtmp2src') ? RTMP2SRC_TAIL_FRAMES : 0;
      withOutputOf(player, () =>
        assertReceived(shortSource, player.outputPath, { fromStart: true, tailFrames }),
      );
    }
  });

  it('starts a player that comes late with a keyframe, and with none from long ago [item 74]', async (t) => {
    const path = 'live/joined-late';
    const publisher = publishWithFfmpeg(t, longSource, server.rtmpUrl(path));
    await sleep(3000);
    // Players that write what they get, so that nothing of theirs hides a stream that begins in the middle.
    const players = [
      playWithRtmpdump(t, server.rtmpUrl(path), { live: true }),
      playWithRtmpdump(t, server.rtmptUrl(path), { live: true }),
    ];
    assertEndedWell(publisher, await publisher.ended);
    await Promise.all(players.map((player) => endByItself(player, END_LIMIT_MS)));
    for (const player of players) {
      withOutputOf(player, () => {
        const summary = assertReceived(longSource, player.outputPath, { minDurationMs: 1500 });
        assert.ok(summary.firstTagIsKeyframe);
        assert.ok(
          summary.firstSourceMs > 1000 && summary.firstSourceMs < 4200,
          `the stream began at ${summary.firstSourceMs} ms for a player that came at about 3000 ms`,
        );
      });
    }
  });

  it('ends the players of a publisher that is killed, and takes a new one on its name at once [item 71]', async (t) => {
    const path = 'live/killed';
    const killed = publishWithFfmpeg(t, longSource, server.rtmpUrl(path));
    await sleep(500);
    const players = [
      playWithFfmpeg(t, server.rtmpUrl(path)),
      playWithFfmpeg(t, server.rtmptUrl(path)),
      playWithRtmpdump(t, server.rtmpUrl(path), { live: true }),
    ];
    await sleep(2000);
    await killed.kill();
    const next = publishWithFfmpeg(t, shortSource, server.rtmpUrl(path));

    await Promise.all(players.map((player) => endByItself(player, END_LIMIT_MS)));
    for (const player of players) {
      withOutputOf(player, () => {
        assertReceived(longSource, player.outputPath, {
          tailFrames: Number.POSITIVE_INFINITY,
          minDurationMs: 500,
        });
      });
      await assertDecodesClean(t, player.outputPath);
    }
    assertEndedWell(next, await next.ended);
  });

  it('refuses a second publisher on a live name and leaves the first one undisturbed [item 64]', async (t) => {
    const path = 'live/taken';
    const player = playWithFfmpeg(t, server.rtmpUrl(path));
    await player.waitForOutput(/Sending play command/, START_LIMIT_MS);
    const first = publishWithFfmpeg(t, longSource, server.rtmpUrl(path));
    await sleep(1500);
    const seconds = [
      publishWithFfmpeg(t, shortSource, server.rtmpUrl(path)),
      publishWithFfmpeg(t, shortSource, server.rtmptUrl(path)),
      publishWithGstreamer(t, shortSource, server.rtmpUrl(path)),
    ];
    await Promise.all(seconds.map((second) => assertIsRefused(second)));

    assertEndedWell(first, await first.ended);
    await endByItself(player, END_LIMIT_MS);
    withOutputOf(player, () => assertReceived(longSource, player.outputPath, { fromStart: true }));
  });

  it('leaves nothing above info in the log', () => {
    assert.deepEqual(server.alarms(), []);
  });
});

/** A publisher that is told no ends with an error, and long before its stream would be over. */
async function assertIsRefused(publisher: RunningProgram): Promise<void> {
  const end = await publisher.ended;
  assert.ok(end.exitCode !== 0 && !end.wasTooLong, `it was not refused: ${publisher.describe()}`);
  assert.ok(end.durationMs < 2500, `it was refused late: ${publisher.describe()}`);
}

describe('A gateway with two listeners', {
  skip: process.env['TEST_SERVER_PORT'] !== undefined,
}, () => {
  it('plays by each listener and transport what came in by another, and ends with code 0 when told to', async (t) => {
    const gateway = await startGateway(t, { listeners: 2 });
    const sourcePath = await mediaFile(t, 'h264-aac', 3);
    const path = 'live/across';
    const players = [
      playWithFfmpeg(t, gateway.rtmpUrl(path, 1)),
      playWithRtmpdump(t, gateway.rtmptUrl(path, 0), { live: true }),
    ];
    await players[0]?.waitForOutput(/Sending play command/, START_LIMIT_MS);
    await sleep(SETTLE_MS);
    const publisher = publishWithFfmpeg(t, sourcePath, gateway.rtmpUrl(path, 0));
    assertEndedWell(publisher, await publisher.ended);
    for (const player of players) {
      await endByItself(player, END_LIMIT_MS);
      withOutputOf(player, () => assertReceived(sourcePath, player.outputPath, { fromStart: true }));
    }
    assert.equal(await gateway.stop(), 0, gateway.output());
    assert.deepEqual(gateway.alarms(), []);
  });
});
