// The case `join`: how long it takes from connecting to the first frame, and what that costs. Viewers come one after the
// other, see one frame, and leave.

import { parseArgs } from 'node:util';
import { wholeNumber } from '../load/load-options.ts';
import type { BenchCase, CaseOutcome } from '../support/bench-case.ts';
import { readAsUsage } from '../support/bench-case.ts';
import type { ServerKind } from '../support/bench-server.ts';
import { CULVERT } from '../support/culvert-server.ts';
import type { Measurement, Stretch } from '../support/measure.ts';
import { figureText } from '../support/measurement-table.ts';
import { estimateRoundsMs, measureRounds, rightness } from '../support/rounds.ts';
import type { StretchOptions } from '../support/stretch-flags.ts';
import {
  PEER_USAGE,
  peersOver,
  positiveNumber,
  readStretchFlags,
  STRETCH_FLAGS,
} from '../support/stretch-flags.ts';
import { median, tableText } from '../support/table.ts';

const MAX_JOINS = 9000;
const MAX_AT_ONCE = 1000;
const DEFAULT_KBPS = 1130;

type JoinOptions = StretchOptions & { readonly rtmp: number; readonly rtmpt: number };

/** Medians of one server over one transport. */
type JoinFigures = {
  readonly group: string;
  readonly server: string;
  readonly runs: number;
  readonly setupP50Ms: number;
  readonly setupP99Ms: number;
  readonly cpuMsPerJoin: number;
};

/** From connecting to the first frame. */
export const JOIN_CASE: BenchCase = {
  usage: `join [options]
  --rtmp N, --rtmpt N   joins over RTMP and over RTMPT, one after the other (500 and 500)
  --at-once N           joins at a time (1)
  --runs N              how often everything is measured (1)
  --settle-ms N         time between the publish and the first join (2000)
${PEER_USAGE}
  --kbps N              bit rate of the stream (${DEFAULT_KBPS})
  --smoke               ten joins each, no peer: shows that it works, measures nothing`,
  estimateMs: (argv) => estimateRoundsMs(readJoin(argv)),
  run: runJoin,
};

type JoinPlan = { readonly stretches: readonly Stretch[]; readonly runs: number };

function readJoin(argv: readonly string[]): JoinPlan {
  const { options, atOnce } = readAsUsage(() => readJoinOptions(argv));
  return { stretches: stretchesOf(options, atOnce), runs: options.runs };
}

async function runJoin(argv: readonly string[], print: (text: string) => void): Promise<CaseOutcome> {
  const { versions, measurements } = await measureRounds(
    { name: 'join', profileFolder: null, ...readJoin(argv) },
    print,
  );
  const keyOf = ({ group, server }: Measurement): string => `${group}\n${server}`;
  const figures = [...Map.groupBy(measurements, keyOf).values()].map(figuresOf);
  const head = ['medians', 'runs', 'setup p50', 'p99 ms', 'CPU-ms/join'];
  const rows = figures.map(({ group, server, runs, setupP50Ms, setupP99Ms, cpuMsPerJoin }) => {
    const times = [figureText(setupP50Ms, 1), figureText(setupP99Ms, 1), figureText(cpuMsPerJoin, 2)];
    return [`${group}: ${server}`, String(runs), ...times];
  });
  const report = tableText(head, rows);
  print(`\n${report}\n`);
  return { versions, measurements, figures, aims: [], report, ...rightness(measurements) };
}

function readJoinOptions(argv: readonly string[]): { options: JoinOptions; atOnce: number } {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...STRETCH_FLAGS,
      rtmp: { type: 'string' },
      rtmpt: { type: 'string' },
      'at-once': { type: 'string', default: '1' },
    },
  });
  const joins = values.smoke ? '10' : '500';
  const options = {
    ...readStretchFlags(values, DEFAULT_KBPS),
    rtmp: wholeNumber('--rtmp', values.rtmp ?? joins, MAX_JOINS),
    rtmpt: wholeNumber('--rtmpt', values.rtmpt ?? joins, MAX_JOINS),
  };
  return { options, atOnce: positiveNumber('--at-once', values['at-once'], MAX_AT_ONCE) };
}

function stretchesOf(options: JoinOptions, atOnce: number): Stretch[] {
  const { rtmp, rtmpt, loadArgs } = options;
  const stretch = (server: ServerKind, scheme: string, count: number): Stretch => {
    const args = ['--mode', 'join', `--${scheme}`, String(count), '--at-once', String(atOnce), ...loadArgs];
    return { server, group: `${count} joins over ${scheme}`, clientCount: count, loadArgs: args };
  };
  const plain = [CULVERT, ...peersOver(options, 'rtmp')].map((server) => stretch(server, 'rtmp', rtmp));
  const all = [...plain, stretch(CULVERT, 'rtmpt', rtmpt)];
  return all.filter(({ clientCount }) => clientCount > 0);
}

function figuresOf(measurements: readonly Measurement[]): JoinFigures {
  const counted = measurements.filter(({ load }) => !load.isVoid);
  const setups = counted.map(({ load }) => (load.rtmp.viewers > 0 ? load.rtmp : load.rtmpt));
  return {
    group: measurements[0]?.group ?? '',
    server: measurements[0]?.server ?? '',
    runs: counted.length,
    setupP50Ms: median(setups.map(({ setupP50Ms }) => setupP50Ms ?? Number.NaN)),
    setupP99Ms: median(setups.map(({ setupP99Ms }) => setupP99Ms ?? Number.NaN)),
    cpuMsPerJoin: median(counted.map(({ serverCpuMs, clientCount }) => serverCpuMs / clientCount)),
  };
}
