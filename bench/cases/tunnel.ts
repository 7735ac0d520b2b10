// The case `tunnel`: RTMPT viewers who poll at an interval, and back to back while the server holds the poll, each beside
// a bare Fastify route that sends as many bytes.

import { parseArgs } from 'node:util';
import type { Aim } from '../support/aim.ts';
import type { BenchCase } from '../support/bench-case.ts';
import { readAsUsage } from '../support/bench-case.ts';
import { CULVERT } from '../support/culvert-server.ts';
import { bareFastify, bytesIn } from '../support/floor-server.ts';
import type { Stretch } from '../support/measure.ts';
import { runRounds } from '../support/rounds.ts';
import type { StretchOptions } from '../support/stretch-flags.ts';
import {
  numberList,
  positiveNumber,
  readStretchFlags,
  STRETCH_FLAGS,
  STRETCH_USAGE,
} from '../support/stretch-flags.ts';
import type { Summary } from '../support/summary.ts';
import { findSummary } from '../support/summary.ts';

const MAX_VIEWERS = 9500;
const DEFAULT_KBPS = 1130;
const MAX_MS = 10_000;
/** As many viewers as the aims are about. */
const AIMED_VIEWERS = 1000;

type TunnelOptions = StretchOptions & {
  readonly viewers: readonly number[];
  readonly pollMs: number;
  readonly tickMs: number;
  readonly hasFloor: boolean;
};

/** Viewers through the tunnel. */
export const TUNNEL_CASE: BenchCase = {
  usage: `tunnel [options]
  --rtmpt LIST          viewers over RTMPT, a measurement for each number (200)
  --poll-ms N           pause between polls; the other measurement polls back to back (100)
  --tick-ms N           tick of the bare route that holds its replies: about how long a reply gathers (30)
  --no-floor            without the bare Fastify routes
${STRETCH_USAGE}
  --kbps N              bit rate of the stream (${DEFAULT_KBPS})
  --smoke               four viewers, one second: shows that it works, measures nothing`,
  run: (argv, print) => {
    const options = readAsUsage(() => readTunnelOptions(argv));
    const { runs, pollMs } = options;
    const stretches = stretchesOf(options);
    const aims = (summaries: readonly Summary[]): Aim[] => aimsOf(summaries, AIMED_VIEWERS, options);
    return runRounds(
      { name: `tunnel, polls of ${pollMs} ms`, stretches, runs, client: 'viewer', aims },
      print,
    );
  },
};

function readTunnelOptions(argv: readonly string[]): TunnelOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...STRETCH_FLAGS,
      rtmpt: { type: 'string' },
      'poll-ms': { type: 'string', default: '100' },
      'tick-ms': { type: 'string', default: '30' },
      'no-floor': { type: 'boolean', default: false },
    },
  });
  const viewers = numberList('--rtmpt', values.rtmpt ?? (values.smoke ? '4' : '200'), MAX_VIEWERS);
  return {
    ...readStretchFlags(values, DEFAULT_KBPS),
    viewers: viewers.filter((count) => count > 0),
    pollMs: positiveNumber('--poll-ms', values['poll-ms'], MAX_MS),
    tickMs: positiveNumber('--tick-ms', values['tick-ms'], MAX_MS),
    hasFloor: !values['no-floor'],
  };
}

function stretchesOf(options: TunnelOptions): Stretch[] {
  return options.viewers.flatMap((count) => {
    const { pollMs, tickMs, kbps } = options;
    const polled = bareFastify(0, bytesIn(kbps, pollMs));
    const held = bareFastify(tickMs, bytesIn(kbps, tickMs));
    return [
      ...pair(count, polledGroup(count, pollMs), pollMs, polled, options),
      ...pair(count, heldGroup(count), 0, held, options),
    ];
  });
}

function pair(
  count: number,
  group: string,
  pollMs: number,
  floor: Stretch['server'],
  { loadArgs, hasFloor }: TunnelOptions,
): Stretch[] {
  const polls = ['--poll-ms', String(pollMs), ...loadArgs];
  const own = {
    server: CULVERT,
    group,
    clientCount: count,
    loadArgs: ['--rtmpt', String(count), ...polls],
  };
  const bareArgs = ['--mode', 'bare-poll', '--rtmp', String(count), ...polls];
  const bare = { server: floor, group, clientCount: count, loadArgs: bareArgs };
  return hasFloor ? [own, bare] : [own];
}

function polledGroup(count: number, pollMs: number): string {
  return `${count} rtmpt, polls of ${pollMs} ms`;
}

function heldGroup(count: number): string {
  return `${count} rtmpt, back to back`;
}

function aimsOf(summaries: readonly Summary[], count: number, { pollMs, tickMs }: TunnelOptions): Aim[] {
  const [polled, held] = [polledGroup(count, pollMs), heldGroup(count)];
  const own = (group: string): Summary | null => findSummary(summaries, group, CULVERT.name);
  const bare = (group: string): Summary | null => findSummary(summaries, group, 'bare Fastify');
  return [
    { text: `${polled}, cost in the bare route's`, value: bare(polled)?.culvertTimes ?? null, limit: 1.2 },
    { text: `${polled}, p50 ms`, value: own(polled)?.latencyP50Ms ?? null, limit: pollMs / 2 + 5 },
    {
      text: `${held}, cost of a reply in the bare route's`,
      value: bare(held)?.culvertTimesPerReply ?? null,
      limit: 1.2,
    },
    { text: `${held}, p50 ms`, value: own(held)?.latencyP50Ms ?? null, limit: tickMs + 10 },
  ];
}
