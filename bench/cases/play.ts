// The case `play`: one publisher, many viewers. Each transport and each number of viewers is measured by itself, for its
// cost is its own; peers that have the transport and its bare write get the same viewers in the same run, turn by turn. The
// bare write writes as often as the gateway did: what has gathered leaves with the first message behind
// `streams.mergeTime`, so the gateway writes less often than that time says.

import { parseArgs } from 'node:util';
import { wholeNumber } from '../load/load-options.ts';
import type { PerScheme, Scheme } from '../load/scheme.ts';
import { perScheme, SCHEMES, STREAMING_SCHEMES } from '../load/scheme.ts';
import type { Aim } from '../support/aim.ts';
import type { BenchCase } from '../support/bench-case.ts';
import type { ServerKind } from '../support/bench-server.ts';
import { CULVERT, culvertFor, culvertWith } from '../support/culvert-server.ts';
import { usualPeriodMs } from '../support/equal-rate.ts';
import { bareWrite, bareWriteName, bytesIn } from '../support/floor-server.ts';
import { gatewaySettings } from '../support/gateway-settings.ts';
import type { Measurement, Stretch } from '../support/measure.ts';
import { arrivalsPerClientSecond } from '../support/measurement-table.ts';
import { PROFILE_FLAG, PROFILE_USAGE, profileFolderOf } from '../support/profiled-stretch.ts';
import { roundsCase } from '../support/rounds.ts';
import type { StretchOptions } from '../support/stretch-flags.ts';
import {
  numberList,
  PEER_USAGE,
  peersOver,
  readStretchFlags,
  STRETCH_FLAGS,
  STRETCH_USAGE,
} from '../support/stretch-flags.ts';
import type { Summary } from '../support/summary.ts';
import { costAims, latencyAims, ownCostAims } from '../support/summary-aims.ts';

/** LIMIT: viewers of one transport; two of them together and the publisher stay below 20,000 descriptors. */
const MAX_VIEWERS = 9500;
const DEFAULT_KBPS = 1130;
const MAX_TICK_MS = 1000;
/** As many viewers over one transport as the aims are about. */
const AIMED_VIEWERS = 1000;
/** How many are measured of each transport where nothing is said. */
const USUAL_VIEWERS: PerScheme<number> = { rtmp: 200, rtmpt: 200, rtmps: 0, rtmpts: 0, ws: 0, wss: 0 };
const SMOKE_VIEWERS = 4;
/** As many over RTMPS as peers are measured with. */
const PEER_RTMPS_VIEWERS = 500;
/** With so few the gateway is to write each message at once. */
const FEW_VIEWERS = 20;
const AIMED_MERGE_MS = 350;
const PEER_NAMES = ['nginx', 'node-media-server'];

type PlayOptions = StretchOptions & {
  /** Numbers of viewers, a measurement for each. */
  readonly viewers: PerScheme<readonly number[]>;
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
  --rtmp LIST           viewers over RTMP, a measurement for each number: 1,50,200 (${USUAL_VIEWERS.rtmp})
  --rtmpt LIST          viewers over RTMPT (${USUAL_VIEWERS.rtmpt})
  --rtmps LIST, --rtmpts LIST, --ws LIST, --wss LIST
                        viewers over these; ws and wss are RTMP over WebSocket (0)
${STRETCH_USAGE}
${PEER_USAGE}
  --floor               beside viewers without a tunnel the bare write of the same kind, as it is, in TLS or as WebSocket
                        messages of the library ws, which writes to each as often as the gateway did
  --merge-ms LIST       RTMP viewers with streams.mergeTime at so many ms too, beside a bare write as often
  --mixed               viewers over all transports at the same time instead of one after the other
  --kbps N              bit rate of the stream (${DEFAULT_KBPS})
  --start-ms N          the publisher's timestamps jump up by N behind its first group of pictures (0: they do not)
  --poll-ms N           pause of a tunnel's viewer between polls; 0 polls back to back, the server holds (0)
${PROFILE_USAGE}
  --smoke               four viewers over each transport, mixed, one second, no peer: shows that it works, measures
                        nothing`,
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
      ...perScheme(() => ({ type: 'string' }) as const),
      mixed: { type: 'boolean', default: false },
      floor: { type: 'boolean', default: false },
      'merge-ms': { type: 'string' },
      'start-ms': { type: 'string', default: '0' },
      'poll-ms': { type: 'string', default: '0' },
    },
  });
  const { smoke } = values;
  const shared = readStretchFlags(values, DEFAULT_KBPS);
  const viewers = perScheme((scheme) => {
    const usual = String(smoke ? SMOKE_VIEWERS : USUAL_VIEWERS[scheme]);
    const counts = numberList(`--${scheme}`, values[scheme] ?? usual, MAX_VIEWERS);
    return counts.filter((count) => count > 0);
  });
  const startMs = wholeNumber('--start-ms', values['start-ms'], 0xffffffff);
  const pollMs = wholeNumber('--poll-ms', values['poll-ms'], 10_000);
  const more = ['--start-ms', startMs, '--poll-ms', pollMs].map(String);
  return {
    ...shared,
    loadArgs: [...shared.loadArgs, ...more],
    viewers,
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
  const { viewers } = options;
  if (options.isMixed) return mixedStretches(options);
  return SCHEMES.flatMap((scheme) =>
    viewers[scheme].flatMap((count) => stretchesOver(scheme, count, options)),
  );
}

/** The first numbers of all transports together, then the second ones, and so on. */
function mixedStretches({ viewers, loadArgs }: PlayOptions): Stretch[] {
  const length = Math.max(...SCHEMES.map((scheme) => viewers[scheme].length));
  return Array.from({ length }, (_, index) => {
    const parts = SCHEMES.map((scheme) => ({ scheme, count: viewers[scheme][index] ?? 0 })).filter(
      ({ count }) => count > 0,
    );
    return {
      server: culvertFor(...parts.map(({ scheme }) => scheme)),
      group: parts.map(({ scheme, count }) => `${count} ${scheme}`).join(' + '),
      clientCount: parts.reduce((sum, { count }) => sum + count, 0),
      loadArgs: [...parts.flatMap(({ scheme, count }) => [`--${scheme}`, String(count)]), ...loadArgs],
    };
  });
}

function stretchesOver(scheme: Scheme, count: number, options: PlayOptions): Stretch[] {
  const { loadArgs, hasFloor, mergeMs, ownMergeMs, kbps } = options;
  const counts = [`--${scheme}`, String(count)];
  const play = (server: ServerKind, group: string): Stretch => {
    return { server, group, clientCount: count, loadArgs: [...counts, ...loadArgs] };
  };
  const floor = (tickMs: number, group: string): Stretch => {
    const args = ['--mode', 'bare-read', ...counts, ...loadArgs];
    const serverAfter = (earlier: readonly Measurement[]): ServerKind =>
      bareWriteAs(group, earlier, { tickMs, kbps, scheme });
    return { server: serverAfter([]), group, clientCount: count, loadArgs: args, serverAfter };
  };
  const group = `${count} ${scheme}`;
  const usual = [culvertFor(scheme), ...peersOver(options, scheme)].map((server) => play(server, group));
  if (hasFloor && ownMergeMs > 0 && STREAMING_SCHEMES.includes(scheme)) usual.push(floor(ownMergeMs, group));
  if (scheme !== 'rtmp') return usual;
  const merged = mergeMs.flatMap((tickMs) => {
    const name = mergedGroup(count, tickMs);
    const server = culvertWith({ env: { CULVERT_STREAMS_MERGE_TIME: `${tickMs}ms` } });
    return tickMs === 0 ? [play(server, name)] : [play(server, name), floor(tickMs, name)];
  });
  return [...usual, ...merged];
}

/** A bare write to each viewer as often as the gateway's in a group, or at a tick where it did nothing yet. */
export function bareWriteAs(
  group: string,
  earlier: readonly Measurement[],
  {
    tickMs,
    kbps,
    scheme = 'rtmp',
  }: { readonly tickMs: number; readonly kbps: number; readonly scheme?: Scheme },
): ServerKind {
  const usualMs = usualPeriodMs(earlier, { group, server: CULVERT.name, rateOf: arrivalsPerClientSecond });
  const asOftenMs = Math.max(1, Math.round(usualMs ?? tickMs));
  return bareWrite(asOftenMs, bytesIn(kbps, asOftenMs), scheme);
}

function mergedGroup(count: number, tickMs: number): string {
  return `${count} rtmp, merged ${tickMs} ms`;
}

function aimsOf(summaries: readonly Summary[]): Aim[] {
  const group = `${AIMED_VIEWERS} rtmp`;
  const secure = `${PEER_RTMPS_VIEWERS} rtmps`;
  const merged = mergedGroup(AIMED_VIEWERS, AIMED_MERGE_MS);
  const few = summaries
    .filter(({ server, group: name }) => server === CULVERT.name && /^\d+ rtmp$/.test(name))
    .filter(({ group: name }) => Number.parseInt(name, 10) <= FEW_VIEWERS);
  return [
    ...costAims(summaries, { group, server: 'nginx' }, { bound: 'most', limit: 0.6 }),
    ...STREAMING_SCHEMES.flatMap((scheme) => carrierAims(summaries, scheme)),
    ...PEER_NAMES.flatMap((server) =>
      costAims(summaries, { group: secure, server }, { bound: 'under', limit: 1 }),
    ),
    ...ownCostAims(summaries, merged, { bound: 'most', limit: 0.1 }),
    ...few.flatMap(({ group: name }) => latencyAims(summaries, name, { bound: 'under', limit: 2 })),
  ];
}

/** WHY: those of RTMP for TLS and WebSocket too: what they add is in the bare write of their kind. */
function carrierAims(summaries: readonly Summary[], scheme: Scheme): Aim[] {
  const group = `${AIMED_VIEWERS} ${scheme}`;
  const floor = { group, server: bareWriteName(scheme), rate: 'arrivals' } as const;
  return [
    ...costAims(summaries, floor, { bound: 'most', limit: 1.3 }),
    ...latencyAims(summaries, group, { bound: 'under', limit: 30 }),
  ];
}
