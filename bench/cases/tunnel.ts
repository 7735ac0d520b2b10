// The case `tunnel`: RTMPT viewers who poll at an interval, and back to back while the server holds the poll, each beside
// a bare Fastify route that sends as many bytes. Where polls are held, the bare route replies as often as the gateway did.

import { parseArgs } from 'node:util';
import type { Aim } from '../support/aim.ts';
import type { BenchCase } from '../support/bench-case.ts';
import type { ServerKind } from '../support/bench-server.ts';
import { CULVERT } from '../support/culvert-server.ts';
import { usualPeriodMs } from '../support/equal-rate.ts';
import { bareFastify, bytesIn } from '../support/floor-server.ts';
import { gatewaySettings } from '../support/gateway-settings.ts';
import type { Measurement, Stretch } from '../support/measure.ts';
import { repliesPerClientSecond } from '../support/measurement-table.ts';
import { PROFILE_FLAG, PROFILE_USAGE, profileFolderOf } from '../support/profiled-stretch.ts';
import { roundsCase } from '../support/rounds.ts';
import type { StretchOptions } from '../support/stretch-flags.ts';
import {
  numberList,
  positiveNumber,
  readStretchFlags,
  STRETCH_FLAGS,
  STRETCH_USAGE,
} from '../support/stretch-flags.ts';
import type { Summary } from '../support/summary.ts';
import { costAims, latencyAims } from '../support/summary-aims.ts';

const MAX_VIEWERS = 9500;
const DEFAULT_KBPS = 1130;
const MAX_MS = 10_000;
/** As many viewers as the aims are about. */
const AIMED_VIEWERS = 1000;
const BARE_ROUTE = 'bare Fastify';

type TunnelOptions = StretchOptions & {
  readonly viewers: readonly number[];
  readonly pollMs: number;
  /** Tick of the bare route that holds its replies; null for the one that makes it reply as often as the gateway. */
  readonly tickMs: number | null;
  /** How long the gateway gathers for many who watch through tunnels: the longer of its two times, ms. */
  readonly gatherMs: number;
  readonly hasFloor: boolean;
  readonly profileFolder: string | null;
};

/** Viewers through the tunnel. */
export const TUNNEL_CASE: BenchCase = roundsCase(
  `tunnel [options]
  --rtmpt LIST          viewers over RTMPT, a measurement for each number (200)
  --poll-ms N           pause between polls; the other measurement polls back to back (100)
  --tick-ms N           tick of the bare route that holds its replies (such that it replies as often as the gateway)
  --no-floor            without the bare Fastify routes
${STRETCH_USAGE}
  --kbps N              bit rate of the stream (${DEFAULT_KBPS})
${PROFILE_USAGE}
  --smoke               four viewers, one second: shows that it works, measures nothing`,
  (argv) => {
    const options = readTunnelOptions(argv);
    const { runs, pollMs, profileFolder } = options;
    const stretches = stretchesOf(options);
    const aims = (summaries: readonly Summary[]): Aim[] => aimsOf(summaries, options);
    return { name: `tunnel, polls of ${pollMs} ms`, stretches, runs, profileFolder, client: 'viewer', aims };
  },
);

function readTunnelOptions(argv: readonly string[]): TunnelOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...STRETCH_FLAGS,
      ...PROFILE_FLAG,
      rtmpt: { type: 'string' },
      'poll-ms': { type: 'string', default: '100' },
      'tick-ms': { type: 'string' },
      'no-floor': { type: 'boolean', default: false },
    },
  });
  const { gatherMs, mergeMs } = gatewaySettings();
  const viewers = numberList('--rtmpt', values.rtmpt ?? (values.smoke ? '4' : '200'), MAX_VIEWERS);
  return {
    ...readStretchFlags(values, DEFAULT_KBPS),
    viewers: viewers.filter((count) => count > 0),
    pollMs: positiveNumber('--poll-ms', values['poll-ms'], MAX_MS),
    tickMs: values['tick-ms'] === undefined ? null : positiveNumber('--tick-ms', values['tick-ms'], MAX_MS),
    gatherMs: Math.max(gatherMs, mergeMs),
    hasFloor: !values['no-floor'],
    profileFolder: profileFolderOf(values.profile),
  };
}

function stretchesOf(options: TunnelOptions): Stretch[] {
  const { viewers, pollMs, kbps, hasFloor, loadArgs } = options;
  const stretchOf = (server: ServerKind, count: number, group: string, pauseMs: number): Stretch => {
    const clients = server === CULVERT ? ['--rtmpt'] : ['--mode', 'bare-poll', '--rtmp'];
    const args = [...clients, String(count), '--poll-ms', String(pauseMs), ...loadArgs];
    return { server, group, clientCount: count, loadArgs: args };
  };
  const stretches = viewers.flatMap((count): Stretch[] => {
    const [polled, held] = [polledGroup(count, pollMs), heldGroup(count)];
    const serverAfter = (earlier: readonly Measurement[]): ServerKind => heldRoute(held, earlier, options);
    return [
      stretchOf(CULVERT, count, polled, pollMs),
      stretchOf(bareFastify(0, bytesIn(kbps, pollMs)), count, polled, pollMs),
      stretchOf(CULVERT, count, held, 0),
      { ...stretchOf(heldRoute(held, [], options), count, held, 0), serverAfter },
    ];
  });
  return hasFloor ? stretches : stretches.filter(({ server }) => server === CULVERT);
}

/** A bare route that replies as often as the gateway did in a group, or gathers as long where it did nothing yet. */
export function heldRoute(
  group: string,
  earlier: readonly Measurement[],
  { tickMs, gatherMs, kbps }: Pick<TunnelOptions, 'tickMs' | 'gatherMs' | 'kbps'>,
): ServerKind {
  const usualMs = usualPeriodMs(earlier, { group, server: CULVERT.name, rateOf: repliesPerClientSecond });
  const heldMs = tickMs ?? Math.max(1, Math.round(usualMs ?? gatherMs));
  return bareFastify(heldMs, bytesIn(kbps, heldMs));
}

function polledGroup(count: number, pollMs: number): string {
  return `${count} rtmpt, polls of ${pollMs} ms`;
}

function heldGroup(count: number): string {
  return `${count} rtmpt, back to back`;
}

function aimsOf(summaries: readonly Summary[], { pollMs, gatherMs }: TunnelOptions): Aim[] {
  const [polled, held] = [polledGroup(AIMED_VIEWERS, pollMs), heldGroup(AIMED_VIEWERS)];
  const cost = { bound: 'most', limit: 1.2 } as const;
  return [
    ...costAims(summaries, { group: polled, server: BARE_ROUTE }, cost),
    ...latencyAims(summaries, polled, { bound: 'most', limit: pollMs / 2 + 5 }),
    ...costAims(summaries, { group: held, server: BARE_ROUTE, per: 'reply', rate: 'replies' }, cost),
    ...latencyAims(summaries, held, { bound: 'most', limit: gatherMs + 10 }),
  ];
}
