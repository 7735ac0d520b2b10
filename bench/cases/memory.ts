// The case `memory`: what an idle and a playing viewer hold in the gateway, over RTMP and over RTMPT, behind a forced
// collection; and whether that stays the same while viewers come and go.

import { parseArgs } from 'node:util';
import { wholeNumber } from '../load/load-options.ts';
import type { Aim } from '../support/aim.ts';
import { aimLines } from '../support/aim.ts';
import type { BenchCase, CaseOutcome } from '../support/bench-case.ts';
import { readAsUsage } from '../support/bench-case.ts';
import { CULVERT } from '../support/culvert-server.ts';
import type { MemoryMeasurement, MemoryStretch } from '../support/measure-memory.ts';
import { measureMemory } from '../support/measure-memory.ts';
import { figureText, percentText } from '../support/measurement-table.ts';
import { positiveNumber, STRETCH_FLAGS } from '../support/stretch-flags.ts';
import { median, tableText } from '../support/table.ts';

const MAX_VIEWERS = 9000;
const MAX_RUNS = 100;
const MAX_CHURN_SECONDS = 3600;
/** Samples are this often, and one less, for the last would come with the end. */
const CHURN_SAMPLES = 6;
const KILOBYTE = 1000;
const MIB = 1024 * 1024;
/** Kilobytes a viewer that are aimed at. */
const AIMS: Readonly<Record<string, number>> = { 'rtmp playing': 25, 'rtmpt playing': 45 };
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
  --viewers N           viewers in each measurement (5000)
  --runs N              how often everything is measured (1)
  --churn-seconds N     also: viewers come and go for so long, 20 at a time; the memory over that time (0)
  --smoke               ten viewers each: shows that it works, measures nothing`,
  run: runMemory,
};

async function runMemory(argv: readonly string[], print: (text: string) => void): Promise<CaseOutcome> {
  const { viewers, runs, churnSeconds, stretches } = readAsUsage(() => readMemoryOptions(argv));
  print(`memory: culvert ${CULVERT.version()}, ${viewers} viewers`);
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
  const counted = measurements.filter(({ clientCount }) => clientCount > 0);
  const groups = [...Map.groupBy(counted, ({ group }) => group)];
  const aims = groups.flatMap(([group, alike]) => aimOf(group, alike));
  const lines = [
    memoryTable(groups),
    ...aimLines(aims),
    ...churns.map((churn) => churnLine(churn, churnSeconds)),
  ];
  const report = lines.join('\n');
  print(`\n${report}\n`);
  return {
    result: { version: CULVERT.version(), measurements, aims },
    report,
    isRight: measurements.every(({ load }) => Object.keys(load.faults).length === 0),
    isVoid: measurements.some(({ load }) => load.isVoid),
  };
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
  const viewers = positiveNumber('--viewers', values.viewers ?? (smoke ? '10' : '5000'), MAX_VIEWERS);
  const churnSeconds = wholeNumber('--churn-seconds', values['churn-seconds'], MAX_CHURN_SECONDS);
  const settleArgs = ['--settle-ms', smoke ? '300' : '5000'];
  // WHY: a tunnel that stays idle joins slowly, for the server holds its polls.
  const holdArgs = ['--at-once', '100', '--seconds', smoke ? '2' : '10', ...settleArgs];
  const stretches: MemoryStretch[] = ['rtmp', 'rtmpt'].flatMap((scheme) =>
    ['idle', 'playing'].map((what) => {
      const args = [`--${scheme}`, String(viewers), ...LIGHT_STREAM, ...holdArgs];
      if (what === 'idle') args.push('--idle');
      return { group: `${scheme} ${what}`, clientCount: viewers, loadArgs: args, sampleEveryMs: null };
    }),
  );
  if (churnSeconds > 0) {
    const args = ['--mode', 'churn', '--at-once', '20', '--seconds', String(churnSeconds), ...settleArgs];
    for (const scheme of ['rtmp', 'rtmpt']) {
      const loadArgs = [`--${scheme}`, '1', ...args];
      const sampleEveryMs = (churnSeconds * 1000) / CHURN_SAMPLES;
      stretches.push({ group: `${scheme} joins and leaves`, clientCount: 0, loadArgs, sampleEveryMs });
    }
  }
  return { viewers, runs: positiveNumber('--runs', values.runs, MAX_RUNS), churnSeconds, stretches };
}

type Group = readonly [string, readonly MemoryMeasurement[]];

function memoryTable(groups: readonly Group[]): string {
  const head = ['medians, each viewer', 'runs', 'RSS kB', 'live kB', 'idle process MiB', 'load core'];
  const rows = groups.map(([group, alike]) => [
    group,
    String(alike.length),
    figureText(residentKb(alike), 1),
    figureText(median(alike.map((each) => perViewerKb(each, 'live'))), 1),
    figureText(median(alike.map(({ before }) => before.resident)) / MIB, 1),
    percentText(median(alike.map(({ load }) => load.loadCpuShare))),
  ]);
  return tableText(head, rows);
}

function residentKb(alike: readonly MemoryMeasurement[]): number {
  return median(alike.map((each) => perViewerKb(each, 'resident')));
}

function perViewerKb({ before, samples, clientCount }: MemoryMeasurement, what: 'resident' | 'live'): number {
  const after = samples[0]?.[what] ?? Number.NaN;
  return (after - before[what]) / clientCount / KILOBYTE;
}

/** Aims are about thousands; a few viewers would share the whole process's warming up. */
function aimOf(group: string, alike: readonly MemoryMeasurement[]): Aim[] {
  const limit = AIMS[group];
  const isEnough = alike.every(({ clientCount }) => clientCount >= 1000);
  return limit === undefined || !isEnough
    ? []
    : [{ text: `${group}, kB a viewer`, value: residentKb(alike), limit }];
}

function churnLine({ group, before, samples, load }: MemoryMeasurement, seconds: number): string {
  const steps = [before, ...samples].map(({ resident }) => (resident / MIB).toFixed(1));
  const joins = load.rtmp.joins + load.rtmpt.joins;
  return `${group}, ${joins} in ${seconds} s: RSS ${steps.join(', ')} MiB, before and then evenly over the time`;
}
