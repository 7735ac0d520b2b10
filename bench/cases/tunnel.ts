// The case `tunnel`: viewers over RTMPT, and over RTMPTS, who poll at an interval, and back to back while the server holds
// the poll, each beside a bare Fastify route that sends as many bytes, in TLS where they do. Where polls are held, the bare
// route replies as often as the gateway did.

import { parseArgs } from 'node:util';
import type { Scheme } from '../load/scheme.ts';
import { CARRIERS, SCHEMES } from '../load/scheme.ts';
import type { Aim } from '../support/aim.ts';
import type { BenchCase } from '../support/bench-case.ts';
import type { ServerKind } from '../support/bench-server.ts';
import { CULVERT, culvertFor } from '../support/culvert-server.ts';
import { usualPeriodMs } from '../support/equal-rate.ts';
import { bareFastify, bareFastifyName, bytesIn } from '../support/floor-server.ts';
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
/** LIMIT: back to back in TLS, with which a reply costs half as much again: 1,000 would fill the gateway's core. */
const AIMED_HELD_TLS_VIEWERS = 500;
const TUNNELS: readonly Scheme[] = SCHEMES.filter((scheme) => CARRIERS[scheme].framing === 'tunnel');

type TunnelOptions = StretchOptions & {
  /** Each number of viewers over each kind of tunnel. */
  readonly viewers: readonly Viewers[];
  readonly pollMs: number;
  /** Tick of the bare route that holds its replies; null for the one that makes it reply as often as the gateway. */
  readonly tickMs: number | null;
  /** How long the gateway gathers for many who watch through tunnels: the longer of its two times, ms. */
  readonly gatherMs: number;
  readonly hasFloor: boolean;
  readonly profileFolder: string | null;
};

type Viewers = { readonly scheme: Scheme; readonly count: number };

/** Viewers through the tunnel. */
export const TUNNEL_CASE: BenchCase = roundsCase(
  `tunnel [options]
  --rtmpt LIST          viewers over RTMPT, a measurement for each number (200)
  --rtmpts LIST         viewers over RTMPTS (0)
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
      rtmpts: { type: 'string', default: '0' },
      'poll-ms': { type: 'string', default: '100' },
      'tick-ms': { type: 'string' },
      'no-floor': { type: 'boolean', default: false },
    },
  });
  const { gatherMs, mergeMs } = gatewaySettings();
  const viewersOver = (scheme: Scheme, text: string): Viewers[] =>
    numberList(`--${scheme}`, text, MAX_VIEWERS).map((count) => ({ scheme, count }));
  const viewers = [
    ...viewersOver('rtmpt', values.rtmpt ?? (values.smoke ? '4' : '200')),
    ...viewersOver('rtmpts', values.rtmpts),
  ];
  return {
    ...readStretchFlags(values, DEFAULT_KBPS),
    viewers: viewers.filter(({ count }) => count > 0),
    pollMs: positiveNumber('--poll-ms', values['poll-ms'], MAX_MS),
    tickMs: values['tick-ms'] === undefined ? null : positiveNumber('--tick-ms', values['tick-ms'], MAX_MS),
    gatherMs: Math.max(gatherMs, mergeMs),
    hasFloor: !values['no-floor'],
    profileFolder: profileFolderOf(values.profile),
  };
}

function stretchesOf({ viewers, ...options }: TunnelOptions): Stretch[] {
  const stretches = viewers.flatMap((each) => stretchesOver(each, options));
  return options.hasFloor ? stretches : stretches.filter(({ server }) => server.name === CULVERT.name);
}

function stretchesOver({ scheme, count }: Viewers, options: Omit<TunnelOptions, 'viewers'>): Stretch[] {
  const { pollMs, kbps, loadArgs } = options;
  const culvert = culvertFor(scheme);
  const stretchOf = (server: ServerKind, group: string, pauseMs: number): Stretch => {
    const mode = server === culvert ? [] : ['--mode', 'bare-poll'];
    const args = [...mode, `--${scheme}`, String(count), '--poll-ms', String(pauseMs), ...loadArgs];
    return { server, group, clientCount: count, loadArgs: args };
  };
  const [polled, held] = [polledGroup(count, scheme, pollMs), heldGroup(count, scheme)];
  const serverAfter = (earlier: readonly Measurement[]): ServerKind =>
    heldRoute(held, earlier, { ...options, scheme });
  return [
    stretchOf(culvert, polled, pollMs),
    stretchOf(bareFastify(0, bytesIn(kbps, pollMs), scheme), polled, pollMs),
    stretchOf(culvert, held, 0),
    { ...stretchOf(serverAfter([]), held, 0), serverAfter },
  ];
}

/** A bare route that replies as often as the gateway did in a group, or gathers as long where it did nothing yet. */
export function heldRoute(
  group: string,
  earlier: readonly Measurement[],
  {
    tickMs,
    gatherMs,
    kbps,
    scheme = 'rtmpt',
  }: Pick<TunnelOptions, 'tickMs' | 'gatherMs' | 'kbps'> & { readonly scheme?: Scheme },
): ServerKind {
  const usualMs = usualPeriodMs(earlier, { group, server: CULVERT.name, rateOf: repliesPerClientSecond });
  const heldMs = tickMs ?? Math.max(1, Math.round(usualMs ?? gatherMs));
  return bareFastify(heldMs, bytesIn(kbps, heldMs), scheme);
}

function polledGroup(count: number, scheme: Scheme, pollMs: number): string {
  return `${count} ${scheme}, polls of ${pollMs} ms`;
}

function heldGroup(count: number, scheme: Scheme): string {
  return `${count} ${scheme}, back to back`;
}

/** WHY: those of RTMPT for RTMPTS too: what TLS adds is in the bare route that speaks it. */
function aimsOf(summaries: readonly Summary[], { pollMs, gatherMs }: TunnelOptions): Aim[] {
  const cost = { bound: 'most', limit: 1.2 } as const;
  return TUNNELS.flatMap((scheme) => {
    const polled = polledGroup(AIMED_VIEWERS, scheme, pollMs);
    const held = heldGroup(CARRIERS[scheme].isSecure ? AIMED_HELD_TLS_VIEWERS : AIMED_VIEWERS, scheme);
    const server = bareFastifyName(scheme);
    return [
      ...costAims(summaries, { group: polled, server }, cost),
      ...latencyAims(summaries, polled, { bound: 'most', limit: pollMs / 2 + 5 }),
      ...costAims(summaries, { group: held, server, per: 'reply', rate: 'replies' }, cost),
      ...latencyAims(summaries, held, { bound: 'most', limit: gatherMs + 10 }),
    ];
  });
}
