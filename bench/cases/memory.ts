// The case `memory`: what a viewer holds in the gateway, idle, playing, or playing where nothing comes, over RTMP and over
// RTMPT, behind a forced collection; and whether that stays the same while viewers come and go.

import { parseArgs } from 'node:util';
import { wholeNumber } from '../load/load-options.ts';
import { aimLines } from '../support/aim.ts';
import type { BenchCase, CaseOutcome } from '../support/bench-case.ts';
import { readAsUsage } from '../support/bench-case.ts';
import { CULVERT } from '../support/culvert-server.ts';
import { estimateLoadMs } from '../support/estimate.ts';
import type { MemoryMeasurement, MemoryStretch } from '../support/measure-memory.ts';
import { measureMemory } from '../support/measure-memory.ts';
import { figureText, percentText } from '../support/measurement-table.ts';
import {
  countedMedian,
  countedRuns,
  flatAim,
  memoryAims,
  perViewerKb,
  quietAims,
  repliesPerViewerSecond,
} from '../support/memory-figures.ts';
import { positiveNumber, STRETCH_FLAGS } from '../support/stretch-flags.ts';
import { median, tableText } from '../support/table.ts';

const MAX_VIEWERS = 9000;
const MAX_RUNS = 100;
const MAX_CHURN_SECONDS = 3600;
/** Samples while viewers come and go: one less, for the last would come with the end. */
const CHURN_SAMPLES = 10;
const MIB = 1024 * 1024;
/** WHY: a tunnel that does not play has its polls held but shortly; thousands back to back would fill the server's core. */
const IDLE = ['--idle', '--poll-ms', '500'];
/** What viewers do. Those of a quiet stream play, and nothing comes: a tunnel's polls are held to the end of their time. */
const DOINGS: Readonly<Record<string, readonly string[]>> = {
  idle: IDLE,
  playing: [],
  quiet: ['--quiet'],
};
/** A stream of two small video frames a second: of what a viewer holds, not of what it is sent. */
const LIGHT_STREAM = ['--fps', '2', '--kbps', '32'];

type MemoryOptions = {
  readonly viewers: number;
  readonly runs: number;
  readonly churnSeconds: number;
  readonly stretches: readonly MemoryStretch[];
};

/** What viewers hold. */
export const MEMORY_CASE: BenchCase = {
  usage: `memory [options]
  --viewers N           viewers in each measurement, idle, playing, and of a stream that is quiet; 0 weighs none (5000)
  --runs N              how often everything is measured (1)
  --churn-seconds N     also: viewers come and go for so long, 20 at a time, half of them over RTMPT; the memory
                        over that time (0)
  --smoke               ten viewers each: shows that it works, measures nothing`,
  estimateMs: (argv) => {
    const { runs, stretches } = readAsUsage(() => readMemoryOptions(argv));
    return runs * stretches.reduce((sum, { loadArgs }) => sum + estimateLoadMs(loadArgs), 0);
  },
  run: runMemory,
};

async function runMemory(argv: readonly string[], print: (text: string) => void): Promise<CaseOutcome> {
  const { viewers, runs, churnSeconds, stretches } = readAsUsage(() => readMemoryOptions(argv));
  const versions = [`${CULVERT.name} ${CULVERT.version()}`];
  print(`memory: ${versions.join(', ')}, ${viewers} viewers`);
  const measurements: MemoryMeasurement[] = [];
  for (let run = 0; run < runs; run++) {
    const order = run % 2 === 1 ? stretches.toReversed() : stretches;
    for (const stretch of order) {
      print(`run ${run + 1} of ${runs}: ${stretch.group}`);
      const measurement = await measureMemory(stretch);
      measurements.push(measurement);
      for (const text of measurement.load.faultTexts) print(`  FAULT ${text}`);
    }
  }
  const churns = measurements.filter(({ clientCount }) => clientCount === 0);
  const weighed = measurements.filter(({ clientCount }) => clientCount > 0);
  const groups = [...Map.groupBy(weighed, ({ group }) => group)];
  const aims = [
    ...groups.flatMap(([group, alike]) => memoryAims(group, alike)),
    ...quietAims(weighed),
    ...flatAim(churns, churnSeconds),
  ];
  const lines = [
    ...(groups.length === 0 ? [] : [memoryTable(groups)]),
    ...churns.map((churn) => churnLine(churn, churnSeconds)),
    ...aimLines(aims),
  ];
  const report = lines.join('\n');
  print(`\n${report}\n`);
  const figures = [
    ...groups.map(([group, alike]) => {
      const [residentKb, liveKb] = [perViewerKb(alike, 'resident'), perViewerKb(alike, 'live')];
      return { group, residentKb, liveKb, repliesPerViewerSecond: repliesPerViewerSecond(alike) };
    }),
    ...churns.map(({ group, before, samples, load: { isVoid } }) => ({ group, before, samples, isVoid })),
  ];
  const isRight = measurements.every(({ load }) => Object.keys(load.faults).length === 0);
  const isVoid = measurements.some(({ load }) => load.isVoid);
  const faults = measurements.flatMap(({ group, load }) =>
    load.faultTexts.map((text) => `${group}: ${text}`),
  );
  return { versions, measurements, figures, aims, faults, report, isRight, isVoid };
}

function readMemoryOptions(argv: readonly string[]): MemoryOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: STRETCH_FLAGS.runs,
      smoke: STRETCH_FLAGS.smoke,
      viewers: { type: 'string' },
      'churn-seconds': { type: 'string', default: '0' },
    },
  });
  const { smoke } = values;
  const viewers = wholeNumber('--viewers', values.viewers ?? (smoke ? '10' : '5000'), MAX_VIEWERS);
  const churnSeconds = wholeNumber('--churn-seconds', values['churn-seconds'], MAX_CHURN_SECONDS);
  const settleArgs = ['--settle-ms', smoke ? '300' : '5000'];
  const holdArgs = ['--at-once', '100', '--seconds', smoke ? '2' : '10', ...settleArgs];
  const schemes = viewers === 0 ? [] : ['rtmp', 'rtmpt'];
  const stretches: MemoryStretch[] = schemes.flatMap((scheme) =>
    Object.entries(DOINGS).map(([what, doingArgs]) => {
      const loadArgs = [`--${scheme}`, String(viewers), ...LIGHT_STREAM, ...holdArgs, ...doingArgs];
      return { group: `${scheme} ${what}`, clientCount: viewers, loadArgs, sampleEveryMs: null };
    }),
  );
  if (churnSeconds > 0) {
    const args = ['--mode', 'churn', '--at-once', '20', '--seconds', String(churnSeconds), ...settleArgs];
    const loadArgs = ['--rtmp', '1', '--rtmpt', '1', ...args];
    const sampleEveryMs = (churnSeconds * 1000) / CHURN_SAMPLES;
    stretches.push({ group: 'joins and leaves', clientCount: 0, loadArgs, sampleEveryMs });
  }
  return { viewers, runs: positiveNumber('--runs', values.runs, MAX_RUNS), churnSeconds, stretches };
}

type Group = readonly [string, readonly MemoryMeasurement[]];

function memoryTable(groups: readonly Group[]): string {
  const head = [
    'medians, each viewer',
    'runs',
    'RSS kB',
    'live kB',
    'replies/viewer-s',
    'idle process MiB',
    'load core',
  ];
  const rows = groups.map(([group, alike]) => [
    group,
    runsText(alike),
    figureText(perViewerKb(alike, 'resident'), 1),
    figureText(perViewerKb(alike, 'live'), 1),
    figureText(repliesPerViewerSecond(alike), 1),
    figureText(
      countedMedian(alike, ({ before }) => before.resident / MIB),
      1,
    ),
    percentText(median(alike.map(({ load }) => load.loadCpuShare))),
  ]);
  return tableText(head, rows);
}

function runsText(alike: readonly MemoryMeasurement[]): string {
  const counted = countedRuns(alike).length;
  return counted === alike.length ? String(counted) : `${counted}, ${alike.length - counted} VOID`;
}

function churnLine({ group, before, samples, load }: MemoryMeasurement, seconds: number): string {
  const steps = [before, ...samples].map(({ resident }) => (resident / MIB).toFixed(1));
  const joins = `${load.rtmp.joins} over RTMP and ${load.rtmpt.joins} over RTMPT`;
  const mark = load.isVoid ? 'VOID ' : '';
  return `${mark}${group}, ${joins} in ${seconds} s: RSS ${steps.join(', ')} MiB, before and then evenly over the time`;
}
