// FFmpeg at both ends of the gateway: one encodes and publishes, the other plays over RTMPT. The publisher writes each
// encoded frame into a pipe right before it publishes it, the player copies each frame into a pipe when it has it. Both
// pipes are read here, by one clock, and frames are known again by their bytes. So what is measured is from encoded to
// demuxed; what both programs do on the way is in it, the pauses between polls above all.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { CULVERT } from './culvert-server.ts';
import { installDebianPackages } from './debian-packages.ts';
import { FlvTagReader, VIDEO_TAG } from './flv-tag-reader.ts';
import { Histogram } from './histogram.ts';
import type { PinnedProcess } from './pinned-process.ts';
import { LOAD_CORE, startPinned } from './pinned-process.ts';

/** How the publisher publishes. */
export type FfmpegPublisher = {
  readonly publishOver: 'rtmp' | 'rtmpt';
  /** Messages that it gathers for one request over RTMPT; FFmpeg's own default is 10. */
  readonly flushInterval: number;
};

/** What came of it. */
export type FfmpegPairResult = FfmpegPublisher & {
  /** Frames that were published when the player was there, and came. */
  readonly frames: number;
  /** Frames that were published then, and never came. */
  readonly lostFrames: number;
  /** From the publisher's pipe to the player's, ms; null where nothing came. */
  readonly latencyP50Ms: number | null;
  readonly latencyP99Ms: number | null;
};

const FFMPEG = 'ffmpeg';
const QUIET = ['-nostdin', '-hide_banner', '-v', 'error'];
const SOURCE = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30'];
const ENCODER =
  '-c:v libx264 -preset ultrafast -tune zerolatency -g 60 -pix_fmt yuv420p -b:v 1M -flags +global_header';
/** The player tells what it plays by the stream's headers, and waits for nothing else. */
const PLAYER = '-fflags nobuffer -flags low_delay -analyzeduration 0 -probesize 4096';
const COPIED = '-map 0:v -c copy -flush_packets 1 -f flv pipe:1';
/** Time for the publisher to be there. */
const PUBLISH_MS = 2000;
/** Time for the player to have caught up with the frames that it began with. */
const SETTLE_MS = 3000;
/** A frame that takes longer is lost: both programs are stopped then. */
const DRAIN_MS = 2000;
const FIRST_FRAME_LIMIT_MS = 15_000;
const STEP_MS = 50;

/** About how long it takes beside the measured time, ms. */
export const FFMPEG_PAIR_EXTRA_MS: number = PUBLISH_MS + SETTLE_MS + DRAIN_MS + 2000;

/** FFmpeg's version; installs it where it is missing. @throws Error with the command to run where it may not */
export function ffmpegVersion(): string {
  const asked = spawnSync(FFMPEG, ['-version'], { encoding: 'utf8' });
  if (asked.error !== undefined) {
    installDebianPackages(['ffmpeg']);
    return ffmpegVersion();
  }
  return /^ffmpeg version (\S+)/.exec(asked.stdout)?.[1] ?? 'unknown';
}

/** Runs both against a fresh gateway for so long. @throws Error where nothing comes to the player */
export async function measureFfmpegPair(
  publisher: FfmpegPublisher,
  measuredMs: number,
): Promise<FfmpegPairResult> {
  const server = await CULVERT.start();
  const programs: PinnedProcess[] = [];
  const start = (words: string): PinnedProcess => {
    const program = startPinned(LOAD_CORE, FFMPEG, [...QUIET, ...words.split(' ')]);
    programs.push(program);
    return program;
  };
  try {
    const { publishOver, flushInterval } = publisher;
    const place = `127.0.0.1:${server.port}/live/pair`;
    const piped = '[f=flv:flush_packets=1:flvflags=no_duration_filesize]pipe:1';
    const outputs = `${piped}|[f=flv:rtmp_flush_interval=${flushInterval}]${publishOver}://${place}`;
    const published = framesOf(start(`${SOURCE.join(' ')} ${ENCODER} -map 0:v -f tee ${outputs}`));
    await sleep(PUBLISH_MS);
    const player = start(`${PLAYER} -i rtmpt://${place} ${COPIED}`);
    const played = framesOf(player);
    const limitMs = performance.now() + FIRST_FRAME_LIMIT_MS;
    while (played.size === 0 && performance.now() < limitMs) await sleep(STEP_MS);
    if (played.size === 0) {
      throw new Error(`no frame came: ${programs.map((program) => program.errorOutput()).join('\n')}`);
    }
    await sleep(SETTLE_MS);
    const fromMs = performance.now();
    await sleep(measuredMs);
    const toMs = performance.now();
    await sleep(DRAIN_MS);
    const latencies = new Histogram();
    let lostFrames = 0;
    for (const [digest, publishedMs] of published) {
      if (publishedMs < fromMs || publishedMs > toMs) continue;
      const playedMs = played.get(digest);
      if (playedMs === undefined) lostFrames++;
      else latencies.add(playedMs - publishedMs);
    }
    return {
      ...publisher,
      frames: latencies.count,
      lostFrames,
      latencyP50Ms: latencies.percentileMs(0.5),
      latencyP99Ms: latencies.percentileMs(0.99),
    };
  } finally {
    for (const program of programs.toReversed()) await program.stop();
    await server.stop();
  }
}

/** When each video frame came out of a program's pipe, by its digest; filled as they come. */
function framesOf({ child }: PinnedProcess): ReadonlyMap<string, number> {
  const frames = new Map<string, number>();
  const reader = new FlvTagReader();
  child.stdout?.on('data', (bytes: Buffer) => {
    const nowMs = performance.now();
    for (const { typeId, frame } of reader.receive(bytes)) {
      if (typeId !== VIDEO_TAG || frame.length === 0) continue;
      const digest = createHash('sha1').update(frame).digest('base64');
      if (!frames.has(digest)) frames.set(digest, nowMs);
    }
  });
  return frames;
}
