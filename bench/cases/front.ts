// The case `front`: viewers of a stream that is published to nginx-rtmp. They come by way of the gateway, which splices each
// of them or relays the one stream, or by way of the bare pipe, or directly: what that costs, process by process, and how
// much later they get it.

import { parseArgs } from 'node:util';
import { wholeNumber } from '../load/load-options.ts';
import type { Aim } from '../support/aim.ts';
import type { BenchCase } from '../support/bench-case.ts';
import type { ServerKind } from '../support/bench-server.ts';
import { BARE_PIPE } from '../support/floor-server.ts';
import { addedLatencyAims, frontTable, mergedCostAims } from '../support/front-figures.ts';
import { DIRECT, PIPE_FRONT, RELAY_FRONT, spliceFront } from '../support/front-servers.ts';
import type { Stretch } from '../support/measure.ts';
import { PROFILE_FLAG, PROFILE_USAGE, profileFolderOf } from '../support/profiled-stretch.ts';
import { roundsCase } from '../support/rounds.ts';
import type { StretchOptions } from '../support/stretch-flags.ts';
import { positiveNumber, readStretchFlags, STRETCH_FLAGS, STRETCH_USAGE } from '../support/stretch-flags.ts';
import type { Summary } from '../support/summary.ts';
import { costAims } from '../support/summary-aims.ts';

/** LIMIT: a spliced viewer takes two descriptors of the gateway, of 20,000. */
const MAX_VIEWERS = 9000;
const DEFAULT_KBPS = 1130;
const MAX_MERGE_MS = 1000;
/** As many over RTMP as the aims are about: with many more the pipe, and what is to be 1.3 times it, fill their core. */
const AIMED_VIEWERS = 300;
const AIMED_MERGE_MS = 20;
const TUNNEL_VIEWERS = 500;
const RELAYED_VIEWERS = 1000;
const SMOKE_VIEWERS = 4;
const MAX_PIPE_TIMES = 1.3;

type FrontOptions = StretchOptions & {
  readonly rtmp: number;
  readonly rtmpt: number;
  /** Viewers over each of the two of a stream that is relayed. */
  readonly relayed: number;
  readonly mergeMs: number;
  readonly profileFolder: string | null;
};

/** A gateway in front of a server. */
export const FRONT_CASE: BenchCase = roundsCase(
  `front [options]
  --rtmp N              viewers over RTMP who are spliced, with and without merging, piped, and at nginx itself (${AIMED_VIEWERS})
  --rtmpt N             viewers over RTMPT who are spliced, and as many over RTMP at nginx itself (${TUNNEL_VIEWERS})
  --relayed N           viewers of a relayed stream, over RTMP and over RTMPT, one after the other (${RELAYED_VIEWERS})
  --merge-ms N          splice.mergeTime of the RTMP viewers that are measured with it (${AIMED_MERGE_MS})
${STRETCH_USAGE}
  --kbps N              bit rate of the stream (${DEFAULT_KBPS})
${PROFILE_USAGE}
  --smoke               four viewers each, one second: shows that it works, measures nothing`,
  (argv) => {
    const options = readFrontOptions(argv);
    const { runs, profileFolder } = options;
    return {
      name: 'front of nginx',
      stretches: stretchesOf(options),
      runs,
      profileFolder,
      client: 'viewer',
      aims: frontAims,
      remarks: (summaries) => ['', frontTable(summaries), '', ...leftOut(options)],
    };
  },
);

function readFrontOptions(argv: readonly string[]): FrontOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...STRETCH_FLAGS,
      ...PROFILE_FLAG,
      rtmp: { type: 'string' },
      rtmpt: { type: 'string' },
      relayed: { type: 'string' },
      'merge-ms': { type: 'string', default: String(AIMED_MERGE_MS) },
    },
  });
  const count = (name: string, text: string | undefined, usual: number): number =>
    wholeNumber(name, text ?? String(values.smoke ? Math.min(usual, SMOKE_VIEWERS) : usual), MAX_VIEWERS);
  return {
    ...readStretchFlags(values, DEFAULT_KBPS),
    rtmp: count('--rtmp', values.rtmp, AIMED_VIEWERS),
    rtmpt: count('--rtmpt', values.rtmpt, TUNNEL_VIEWERS),
    relayed: count('--relayed', values.relayed, RELAYED_VIEWERS),
    mergeMs: positiveNumber('--merge-ms', values['merge-ms'], MAX_MERGE_MS),
    profileFolder: profileFolderOf(values.profile),
  };
}

function stretchesOf({ rtmp, rtmpt, relayed, mergeMs, loadArgs }: FrontOptions): Stretch[] {
  const stretch = (server: ServerKind, scheme: 'rtmp' | 'rtmpt', clientCount: number, group: string) => {
    return { server, group, clientCount, loadArgs: [`--${scheme}`, String(clientCount), ...loadArgs] };
  };
  const spliced = groupOf(rtmp, 'rtmp');
  const tunnels = groupOf(rtmpt, 'rtmpt');
  const stretches = [
    stretch(spliceFront(null), 'rtmp', rtmp, spliced),
    stretch(PIPE_FRONT, 'rtmp', rtmp, spliced),
    stretch(DIRECT, 'rtmp', rtmp, spliced),
    stretch(spliceFront(mergeMs), 'rtmp', rtmp, mergedGroup(rtmp, mergeMs)),
    stretch(spliceFront(null), 'rtmpt', rtmpt, tunnels),
    stretch(DIRECT, 'rtmp', rtmpt, tunnels),
    stretch(RELAY_FRONT, 'rtmp', relayed, `${groupOf(relayed, 'rtmp')}, relayed`),
    stretch(RELAY_FRONT, 'rtmpt', relayed, `${groupOf(relayed, 'rtmpt')}, relayed`),
  ];
  return stretches.filter(({ clientCount }) => clientCount > 0);
}

function leftOut({ relayed }: FrontOptions): string[] {
  return relayed === 0 ? ['Relayed viewers were left out (--relayed 0).'] : [];
}

function groupOf(count: number, scheme: string): string {
  return `${count} ${scheme}`;
}

function mergedGroup(count: number, mergeMs: number): string {
  return `${groupOf(count, 'rtmp')}, merged ${mergeMs} ms`;
}

/** What is aimed at, of medians. */
export function frontAims(summaries: readonly Summary[]): Aim[] {
  const group = groupOf(AIMED_VIEWERS, 'rtmp');
  const merged = { group: mergedGroup(AIMED_VIEWERS, AIMED_MERGE_MS), pipeGroup: group };
  return [
    ...costAims(summaries, { group, server: BARE_PIPE.name }, { bound: 'most', limit: MAX_PIPE_TIMES }),
    ...addedLatencyAims(summaries, group, { bound: 'under', limit: 2 }),
    // Half of what a splice may cost that does not gather.
    ...mergedCostAims(summaries, merged, { bound: 'most', limit: MAX_PIPE_TIMES / 2 }),
  ];
}
