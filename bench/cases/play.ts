// The case `play`: one publisher, many viewers. Each transport and each number of viewers is measured by itself, for its
// cost is its own; peers and the bare write get the same RTMP viewers in the same run, turn by turn. The bare write writes
// as often as the gateway did: what has gathered leaves with the first message behind `streams.mergeTime`, so the gateway
// writes less often than that time says.

import { parseArgs } from 'node:util';
import { wholeNumber } from '../load/load-options.ts';
import type { Aim } from '../support/aim.ts';
import type { BenchCase } from '../support/bench-case.ts';
import type { ServerKind } from '../support/bench-server.ts';
import { CULVERT, culvertWith } from '../support/culvert-server.ts';
import { usualPeriodMs } from '../support/equal-rate.ts';
import { bareWrite, bytesIn } from '../support/floor-server.ts';
import { gatewaySettings } from '../support/gateway-settings.ts';
import type { Measurement, Stretch } from '../support/measure.ts';
import { arrivalsPerClientSecond } from '../support/measurement-table.ts';
import { PROFILE_FLAG, PROFILE_USAGE, profileFolderOf } from '../support/profiled-stretch.ts';
import { roundsCase } from '../support/rounds.ts';
import type { StretchOptions } from '../support/stretch-flags.ts';
import {
  numberList,
  PEER_USAGE,
  readStretchFlags,
  STRETCH_FLAGS,
  STRETCH_USAGE,
} from '../support/stretch-flags.ts';
import type { Summary } from '../support/summary.ts';
import { costAims, latencyAims, ownCostAims } from '../support/summary-aims.ts';

/** LIMIT: viewers of one transport; both together and the publisher stay below 20,000 descriptors. */
const MAX_VIEWERS = 9500;
const DEFAULT_KBPS = 1130;
const MAX_TICK_MS = 1000;
/** As many RTMP viewers as the aims are about. */
const AIMED_VIEWERS = 1000;
/** With so few the gateway is to write each message at once. */
const FEW_VIEWERS = 20;
const AIMED_MERGE_MS = 350;

type PlayOptions = StretchOptions & {
  readonly rtmp: readonly number[];
  readonly rtmpt: readonly number[];
  readonly isMixed: boolean;
  readonly hasFloor: boolean;
  /** Merging times that RTMP viewers are measured with besides the gateway's own, ms. */
  readonly mergeMs: readonly number[];
  /** The gateway's own merging time, ms. */
  readonly ownMergeMs: number;
  readonly profileFolder: string | null;
};

/** One publisher, many viewers. */
export const PLAY_CASE: BenchCase = roundsCase(
  `play [options]
  --rtmp LIST           viewers over RTMP, a measurement for each number: 1,50,200 (200)
  --rtmpt LIST          viewers over RTMPT (200)
${STRETCH_USAGE}
${PEER_USAGE}
  --floor               the bare write beside the RTMP viewers, which writes to each as often as the gateway did
  --merge-ms LIST       RTMP viewers with streams.mergeTime at so many ms too, beside a bare write as often
  --mixed               RTMP and RTMPT viewers at the same time instead of one after the other
  --kbps N              bit rate of the stream (${DEFAULT_KBPS})
  --start-ms N          the publisher's timestamps jump up by N behind its first group of pictures (0: they do not)
  --poll-ms N           pause of a tunnel's viewer between polls; 0 polls back to back, the server holds (0)
${PROFILE_USAGE}
  --smoke               four viewers each, mixed, one second, no peer: shows that it works, measures nothing`,
  (argv) => {
    const options = readPlayOptions(argv);
    const { runs, profileFolder } = options;
    return {
      name: 'play',
      stretches: stretchesOf(options),
      runs,
      profileFolder,
      client: 'viewer',
      aims: aimsOf,
    };
  },
);

function readPlayOptions(argv: readonly string[]): PlayOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...STRETCH_FLAGS,
      ...PROFILE_FLAG,
      rtmp: { type: 'string' },
      rtmpt: { type: 'string' },
      mixed: { type: 'boolean', default: false },
      floor: { type: 'boolean', default: false },
      'merge-ms': { type: 'string' },
      'start-ms': { type: 'string', default: '0' },
      'poll-ms': { type: 'string', default: '0' },
    },
  });
  const { smoke } = values;
  const shared = readStretchFlags(values, DEFAULT_KBPS);
  const rtmp = numberList('--rtmp', values.rtmp ?? (smoke ? '4' : '200'), MAX_VIEWERS);
  const rtmpt = numberList('--rtmpt', values.rtmpt ?? (smoke ? '4' : '200'), MAX_VIEWERS);
  const startMs = wholeNumber('--start-ms', values['start-ms'], 0xffffffff);
  const pollMs = wholeNumber('--poll-ms', values['poll-ms'], 10_000);
  const more = ['--start-ms', startMs, '--poll-ms', pollMs].map(String);
  return {
    ...shared,
    loadArgs: [...shared.loadArgs, ...more],
    rtmp: rtmp.filter((count) => count > 0),
    rtmpt: rtmpt.filter((count) => count > 0),
    isMixed: values.mixed || smoke,
    hasFloor: values.floor && !smoke,
    mergeMs:
      values['merge-ms'] === undefined || smoke
        ? []
        : numberList('--merge-ms', values['merge-ms'], MAX_TICK_MS),
    ownMergeMs: gatewaySettings().mergeMs,
    profileFolder: profileFolderOf(values.profile),
  };
}

/** The stretches of one run, in the order of an odd run. */
function stretchesOf(options: PlayOptions): Stretch[] {
  const { rtmp, rtmpt, loadArgs } = options;
  if (options.isMixed) {
    return rtmp.map((plain, index) => {
      const tunnelled = rtmpt[index] ?? 0;
      const counts = ['--rtmp', String(plain), '--rtmpt', String(tunnelled)];
      const group = `${plain} rtmp + ${tunnelled} rtmpt`;
      return { server: CULVERT, group, clientCount: plain + tunnelled, loadArgs: [...counts, ...loadArgs] };
    });
  }
  const tunnels = rtmpt.map((count) => {
    const args = ['--rtmpt', String(count), ...loadArgs];
    return { server: CULVERT, group: `${count} rtmpt`, clientCount: count, loadArgs: args };
  });
  return [...rtmp.flatMap((count) => rtmpStretches(count, options)), ...tunnels];
}

function rtmpStretches(count: number, options: PlayOptions): Stretch[] {
  const { peers, loadArgs, hasFloor, mergeMs, ownMergeMs, kbps } = options;
  const counts = ['--rtmp', String(count)];
  const play = (server: ServerKind, group: string): Stretch => {
    return { server, group, clientCount: count, loadArgs: [...counts, ...loadArgs] };
  };
  const floor = (tickMs: number, group: string): Stretch => {
    const args = ['--mode', 'bare-read', ...counts, ...loadArgs];
    const serverAfter = (earlier: readonly Measurement[]): ServerKind =>
      bareWriteAs(group, earlier, tickMs, kbps);
    return { server: serverAfter([]), group, clientCount: count, loadArgs: args, serverAfter };
  };
  const group = `${count} rtmp`;
  const plain = [CULVERT, ...peers].map((server) => play(server, group));
  if (hasFloor && ownMergeMs > 0) plain.push(floor(ownMergeMs, group));
  const merged = mergeMs.flatMap((tickMs) => {
    const name = mergedGroup(count, tickMs);
    const server = culvertWith({ CULVERT_STREAMS_MERGE_TIME: `${tickMs}ms` });
    return tickMs === 0 ? [play(server, name)] : [play(server, name), floor(tickMs, name)];
  });
  return [...plain, ...merged];
}

/** A bare write to each viewer as often as the gateway's in a group, or at a tick where it did nothing yet. */
export function bareWriteAs(
  group: string,
  earlier: readonly Measurement[],
  tickMs: number,
  kbps: number,
): ServerKind {
  const usualMs = usualPeriodMs(earlier, { group, server: CULVERT.name, rateOf: arrivalsPerClientSecond });
  const asOftenMs = Math.max(1, Math.round(usualMs ?? tickMs));
  return bareWrite(asOftenMs, bytesIn(kbps, asOftenMs));
}

function mergedGroup(count: number, tickMs: number): string {
  return `${count} rtmp, merged ${tickMs} ms`;
}

function aimsOf(summaries: readonly Summary[]): Aim[] {
  const group = `${AIMED_VIEWERS} rtmp`;
  const merged = mergedGroup(AIMED_VIEWERS, AIMED_MERGE_MS);
  const few = summaries
    .filter(({ server, group: name }) => server === CULVERT.name && /^\d+ rtmp$/.test(name))
    .filter(({ group: name }) => Number.parseInt(name, 10) <= FEW_VIEWERS);
  return [
    ...costAims(summaries, { group, server: 'nginx' }, { bound: 'most', limit: 0.6 }),
    ...costAims(summaries, { group, server: 'bare write', rate: 'arrivals' }, { bound: 'most', limit: 1.3 }),
    ...latencyAims(summaries, group, { bound: 'under', limit: 30 }),
    ...ownCostAims(summaries, merged, { bound: 'most', limit: 0.1 }),
    ...few.flatMap(({ group: name }) => latencyAims(summaries, name, { bound: 'under', limit: 2 })),
  ];
}
