// The case `tunnel-latency`: how long a message takes from a publisher's /send to the reply of a viewer's poll that was
// held for it. A publisher over RTMPT, each message a POST of its own, and viewers over RTMPT who poll back to back; and
// beside them, for comparison alone, FFmpeg at both ends.

import { parseArgs } from 'node:util';
import { UNMERGED_VIEWERS } from '../../src/streams/limits.ts';
import type { Aim } from '../support/aim.ts';
import type { BenchCase, CaseOutcome } from '../support/bench-case.ts';
import { readAsUsage } from '../support/bench-case.ts';
import { CULVERT } from '../support/culvert-server.ts';
import type { FfmpegPairResult, FfmpegPublisher } from '../support/ffmpeg-pair.ts';
import { FFMPEG_PAIR_EXTRA_MS, ffmpegVersion, measureFfmpegPair } from '../support/ffmpeg-pair.ts';
import { gatewaySettings } from '../support/gateway-settings.ts';
import type { Stretch } from '../support/measure.ts';
import { figureText } from '../support/measurement-table.ts';
import { roundsCase } from '../support/rounds.ts';
import type { StretchOptions } from '../support/stretch-flags.ts';
import { numberList, readStretchFlags, STRETCH_FLAGS, STRETCH_USAGE } from '../support/stretch-flags.ts';
import type { Summary } from '../support/summary.ts';
import { latencyAims } from '../support/summary-aims.ts';

const MAX_VIEWERS = 5000;
const VIEWERS = '1,20,200';
const DEFAULT_KBPS = 1130;
/** What may be added to the time for which the gateway gathers, ms. */
const MORE_MS = 5;
/**
 * WHY: over RTMPT FFmpeg by default keeps ten messages for one request, which is most of what it is late then. With one a
 * request it no longer keeps up with thirty a second, for it pauses for 50 ms behind each reply that has nothing for it.
 */
const FFMPEG_PUBLISHERS: readonly FfmpegPublisher[] = [
  { publishOver: 'rtmp', flushInterval: 10 },
  { publishOver: 'rtmpt', flushInterval: 2 },
  { publishOver: 'rtmpt', flushInterval: 10 },
];

type LatencyOptions = StretchOptions & {
  readonly viewers: readonly number[];
  readonly hasFfmpeg: boolean;
  /** Time for which FFmpeg is measured, ms. */
  readonly ffmpegMs: number;
};

const ROUNDS: BenchCase = roundsCase(
  `tunnel-latency [options]
  --rtmpt LIST          viewers over RTMPT, a measurement for each number (${VIEWERS})
  --no-ffmpeg           without FFmpeg at both ends
${STRETCH_USAGE}
  --kbps N              bit rate of the stream (${DEFAULT_KBPS})
  --smoke               two viewers, one second, and FFmpeg for as long: shows that it works, measures nothing`,
  (argv) => {
    const options = readLatencyOptions(argv);
    const stretches = options.viewers.map((count) => stretchOf(count, options));
    const aims = (summaries: readonly Summary[]): Aim[] =>
      options.viewers.flatMap((count) =>
        latencyAims(summaries, groupOf(count), { bound: 'most', limit: tickMs(count) + MORE_MS }),
      );
    const plan = { name: 'tunnel-latency', client: 'viewer', profileFolder: null, runs: options.runs };
    return { ...plan, stretches, aims };
  },
);

/** From a /send to a held reply. */
export const TUNNEL_LATENCY_CASE: BenchCase = {
  usage: ROUNDS.usage,
  estimateMs: (argv) => {
    const { hasFfmpeg, ffmpegMs } = readAsUsage(() => readLatencyOptions(argv));
    return (
      ROUNDS.estimateMs(argv) + (hasFfmpeg ? FFMPEG_PUBLISHERS.length * (ffmpegMs + FFMPEG_PAIR_EXTRA_MS) : 0)
    );
  },
  run: runTunnelLatency,
};

async function runTunnelLatency(
  argv: readonly string[],
  print: (text: string) => void,
): Promise<CaseOutcome> {
  const { hasFfmpeg, ffmpegMs } = readAsUsage(() => readLatencyOptions(argv));
  const outcome = await ROUNDS.run(argv, print);
  if (!hasFfmpeg) return outcome;
  const version = `ffmpeg ${ffmpegVersion()}`;
  print(version);
  const pairs: FfmpegPairResult[] = [];
  for (const publisher of FFMPEG_PUBLISHERS) pairs.push(await measureFfmpegPair(publisher, ffmpegMs));
  const lines = pairs.map(pairLine).join('\n');
  print(`${lines}\n`);
  return {
    ...outcome,
    versions: [...outcome.versions, version],
    figures: [...outcome.figures, ...pairs.map((pair) => ({ group: 'ffmpeg to ffmpeg', ...pair }))],
    report: `${outcome.report}\n${lines}`,
  };
}

function readLatencyOptions(argv: readonly string[]): LatencyOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...STRETCH_FLAGS,
      rtmpt: { type: 'string' },
      'no-ffmpeg': { type: 'boolean', default: false },
    },
  });
  const shared = readStretchFlags(values, DEFAULT_KBPS);
  const viewers = numberList('--rtmpt', values.rtmpt ?? (values.smoke ? '2' : VIEWERS), MAX_VIEWERS);
  return {
    ...shared,
    viewers: viewers.filter((count) => count > 0),
    hasFfmpeg: !values['no-ffmpeg'],
    ffmpegMs: Number(values.seconds ?? (values.smoke ? '1' : '20')) * 1000,
  };
}

function stretchOf(count: number, { loadArgs }: LatencyOptions): Stretch {
  const args = ['--publish-over', 'rtmpt', '--rtmpt', String(count), '--poll-ms', '0', ...loadArgs];
  return { server: CULVERT, group: groupOf(count), clientCount: count, loadArgs: args };
}

function groupOf(count: number): string {
  return `rtmpt to ${count} rtmpt, back to back`;
}

/** For how long the gateway gathers for so many viewers, ms. */
function tickMs(count: number): number {
  const { gatherMs, mergeMs } = gatewaySettings();
  return count > UNMERGED_VIEWERS ? Math.max(gatherMs, mergeMs) : gatherMs;
}

function pairLine(pair: FfmpegPairResult): string {
  const { publishOver, flushInterval, frames, lostFrames, latencyP50Ms, latencyP99Ms } = pair;
  const [p50, p99] = [latencyP50Ms, latencyP99Ms].map((ms) => figureText(ms, 1));
  const how = publishOver === 'rtmp' ? 'rtmp' : `rtmpt, ${flushInterval} messages a request,`;
  return `ffmpeg over ${how} to ffmpeg over rtmpt, encoded to demuxed: p50 ${p50} ms, p99 ${p99} ms, ${frames} frames, ${lostFrames} lost`;
}
