// A stream that runs since more than 4 h 39 min, beyond what 24 bits of time hold, to real programs: from there on each
// header and each continuation carries the extended timestamp [RTMP 5.3.1.3].

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { readFlvFile } from '../support/flv-file.ts';
import { assertDecodesClean, assertReceived } from '../support/frames.ts';
import { mediaFile } from '../support/media.ts';
import { playWithFfmpeg, playWithRtmp2src, playWithRtmpdump } from '../support/players.ts';
import { type RunningProgram, sleep } from '../support/programs.ts';
import { TestClient } from '../support/test-client.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { assertEndedWell, endByItself, RTMP2SRC_TAIL_FRAMES, withOutputOf } from './pairing.ts';

const MAX_24_BITS = 0xffffff;
const SOURCE_S = 6;
/** The stream passes 0xFFFFFF ms so long after it is taken up again. */
const BEFORE_MS = 3000;
const JOIN_DELAY_MS = 500;
const END_LIMIT_MS = 8000;

type Tag = { readonly typeId: number; readonly timestampMs: number; readonly body: Uint8Array };

/** Sound and pictures of an FLV file, as they stand. */
function tagsOf(path: string): Tag[] {
  const bytes = readFileSync(path);
  return readFlvFile(path)
    .tags.filter(({ type }) => type !== 'script')
    .map(({ type, timestampMs, offsetBytes }) => {
      const start = offsetBytes + 11;
      const body = Uint8Array.from(bytes.subarray(start, start + bytes.readUIntBE(offsetBytes + 1, 3)));
      return { typeId: type === 'audio' ? 8 : 9, timestampMs, body };
    });
}

function send({ session }: TestClient, { typeId, timestampMs, body }: Tag, offsetMs: number): void {
  if (typeId === 8) session.sendAudio(timestampMs + offsetMs, body);
  else session.sendVideo(timestampMs + offsetMs, body);
}

/** Publishes a first frame at 0, and then the file at its own speed, so that it passes 0xFFFFFF on its way. */
async function publishLate(t: TestContext, port: number, tags: readonly Tag[]): Promise<void> {
  const publisher = await TestClient.overTcp(t, port, 'live');
  assert.equal((await publisher.publish('late')).type, 'publish-started');
  for (const tag of tags.filter(({ timestampMs }) => timestampMs === 0)) send(publisher, tag, 0);
  publisher.wake();
  const startMs = performance.now();
  for (const tag of tags) {
    const aheadMs = tag.timestampMs - (performance.now() - startMs);
    if (aheadMs > 5) await sleep(aheadMs);
    send(publisher, tag, MAX_24_BITS - BEFORE_MS);
    publisher.wake();
  }
  await sleep(300);
  publisher.kill();
}

describe('A stream beyond 0xFFFFFF ms', () => {
  for (const chunkSizeBytes of [128, 60_000]) {
    it(`reaches ffmpeg, rtmpdump and GStreamer whole, in chunks of ${chunkSizeBytes} [item 35]`, async (t) => {
      const { port, log } = await startTestGateway(t, { rtmp: { chunkSizeBytes } });
      const sourcePath = await mediaFile(t, 'h264-aac', SOURCE_S);
      const published = publishLate(t, port, tagsOf(sourcePath));
      await sleep(JOIN_DELAY_MS);
      const rtmp = `rtmp://127.0.0.1:${port}/live/late`;
      const rtmpdump = playWithRtmpdump(t, rtmp, { live: true });
      const players: RunningProgram[] = [
        playWithFfmpeg(t, rtmp),
        playWithFfmpeg(t, rtmp.replace('rtmp:', 'rtmpt:')),
        rtmpdump,
        playWithRtmp2src(t, rtmp),
      ];
      const reader = await TestClient.overTcp(t, port, 'live');
      await reader.play('late');
      await await published;
      await Promise.all(players.map((player) => endByItself(player, END_LIMIT_MS)));

      const times = reader.media.map(({ timestampMs }) => timestampMs);
      assert.ok(times.some((timeMs) => timeMs < MAX_24_BITS) && times.some((timeMs) => timeMs > MAX_24_BITS));
      for (const player of players) {
        assertEndedWell(player, await player.ended);
        withOutputOf(player, () => {
          const tailFrames = player.title.startsWith('rtmp2src') ? RTMP2SRC_TAIL_FRAMES : 0;
          assertReceived(sourcePath, player.outputPath, { minDurationMs: 4000, tailFrames });
        });
        await assertDecodesClean(t, player.outputPath);
      }
      const dumped = readFlvFile(rtmpdump.outputPath).tags.map(({ timestampMs }) => timestampMs);
      assert.ok(
        dumped.some((timeMs) => timeMs > MAX_24_BITS),
        `${dumped.at(-1)} ms at most`,
      );
      assert.deepEqual(
        log.filter(({ level }) => level === 'error'),
        [],
      );
    });
  }
});
