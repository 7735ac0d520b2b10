// The case `fanin`: many publishers, each of a stream of its own, over RTMP beside peers and the bare reader, and over
// RTMPT. Viewers of some streams check that what is published arrives; they cost a little too.

import { parseArgs } from 'node:util';
import { wholeNumber } from '../load/load-options.ts';
import type { Aim } from '../support/aim.ts';
import type { BenchCase } from '../support/bench-case.ts';
import type { ServerKind } from '../support/bench-server.ts';
import { CULVERT } from '../support/culvert-server.ts';
import { BARE_READER } from '../support/floor-server.ts';
import type { Stretch } from '../support/measure.ts';
import { PROFILE_FLAG, PROFILE_USAGE, profileFolderOf } from '../support/profiled-stretch.ts';
import { roundsCase } from '../support/rounds.ts';
import type { StretchOptions } from '../support/stretch-flags.ts';
import {
  PEER_USAGE,
  peersOver,
  readStretchFlags,
  STRETCH_FLAGS,
  STRETCH_USAGE,
} from '../support/stretch-flags.ts';
import type { Summary } from '../support/summary.ts';
import { costAims } from '../support/summary-aims.ts';

const MAX_PUBLISHERS = 9500;
const DEFAULT_KBPS = 628;
/** As many publishers over RTMP as the aims are about. */
const AIMED_PUBLISHERS = 500;

type FanInOptions = StretchOptions & {
  readonly rtmp: number;
  readonly rtmpt: number;
  readonly checked: number;
  readonly hasFloor: boolean;
  readonly profileFolder: string | null;
};

/** Many publishers. */
export const FANIN_CASE: BenchCase = roundsCase(
  `fanin [options]
  --rtmp N, --rtmpt N   publishers over RTMP and over RTMPT, one after the other (500 and 200)
  --checked N           streams that have a viewer, who compares every byte (10)
  --no-floor            without the bare reader
${STRETCH_USAGE}
${PEER_USAGE}
  --kbps N              bit rate of each publisher (${DEFAULT_KBPS})
${PROFILE_USAGE}
  --smoke               six and four publishers, one second, no peer: shows that it works, measures nothing`,
  (argv) => {
    const options = readFanInOptions(argv);
    const { runs, profileFolder } = options;
    const stretches = stretchesOf(options);
    return { name: 'fanin', stretches, runs, profileFolder, client: 'publisher', aims: aimsOf };
  },
);

function readFanInOptions(argv: readonly string[]): FanInOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...STRETCH_FLAGS,
      ...PROFILE_FLAG,
      rtmp: { type: 'string' },
      rtmpt: { type: 'string' },
      checked: { type: 'string' },
      'no-floor': { type: 'boolean', default: false },
    },
  });
  const { smoke } = values;
  return {
    ...readStretchFlags(values, DEFAULT_KBPS),
    rtmp: wholeNumber('--rtmp', values.rtmp ?? (smoke ? '6' : '500'), MAX_PUBLISHERS),
    rtmpt: wholeNumber('--rtmpt', values.rtmpt ?? (smoke ? '4' : '200'), MAX_PUBLISHERS),
    checked: wholeNumber('--checked', values.checked ?? (smoke ? '4' : '10'), MAX_PUBLISHERS),
    hasFloor: !values['no-floor'],
    profileFolder: profileFolderOf(values.profile),
  };
}

function stretchesOf(options: FanInOptions): Stretch[] {
  const { rtmp, rtmpt, checked, hasFloor, loadArgs } = options;
  const stretch = (server: ServerKind, mode: string, scheme: string, count: number): Stretch => {
    const args = ['--mode', mode, `--${scheme}`, String(count), '--checked', String(checked), ...loadArgs];
    return { server, group: groupOf(count, scheme), clientCount: count, loadArgs: args };
  };
  const stretches: Stretch[] = [];
  if (rtmp > 0) {
    for (const server of [CULVERT, ...peersOver(options, 'rtmp')])
      stretches.push(stretch(server, 'fanin', 'rtmp', rtmp));
    if (hasFloor) stretches.push(stretch(BARE_READER, 'bare-send', 'rtmp', rtmp));
  }
  if (rtmpt > 0) stretches.push(stretch(CULVERT, 'fanin', 'rtmpt', rtmpt));
  return stretches;
}

function groupOf(count: number, scheme: string): string {
  return `${count} ${scheme} publishers`;
}

function aimsOf(summaries: readonly Summary[]): Aim[] {
  const group = groupOf(AIMED_PUBLISHERS, 'rtmp');
  return [
    ...costAims(summaries, { group, server: BARE_READER.name }, { bound: 'most', limit: 1.4 }),
    ...costAims(summaries, { group, server: 'node-media-server' }, { bound: 'under', limit: 1 }),
  ];
}
