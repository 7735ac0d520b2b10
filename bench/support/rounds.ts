// How a case measures: all its stretches, again and again, in an order that changes; then the rows as they were taken,
// the medians, and what was aimed at.

import type { Aim } from './aim.ts';
import { aimLines } from './aim.ts';
import type { BenchCase, CaseOutcome } from './bench-case.ts';
import { readAsUsage } from './bench-case.ts';
import { carrierLines, cipherLines } from './carrier-remarks.ts';
import { estimateLoadMs } from './estimate.ts';
import type { Measurement, Stretch } from './measure.ts';
import { measure } from './measure.ts';
import { measurementTable, printFaults } from './measurement-table.ts';
import { measureProfiled } from './profiled-stretch.ts';
import type { Summary } from './summary.ts';
import { summarise, summaryTable } from './summary.ts';

/** What is measured. */
export type Rounds = {
  readonly name: string;
  readonly stretches: readonly Stretch[];
  readonly runs: number;
  /** Where the gateway writes CPU profiles; null for figures that count. */
  readonly profileFolder: string | null;
};

/** What is measured, and what is made of it. */
export type RoundsPlan = Rounds & {
  /** What the cost is told by: "viewer", "publisher". */
  readonly client: string;
  readonly aims: (summaries: readonly Summary[]) => readonly Aim[];
  /** What else is told under the medians, in lines. */
  readonly remarks?: (summaries: readonly Summary[]) => readonly string[];
};

/** Makes a case of a plan that the command line gives. */
export function roundsCase(usage: string, planOf: (argv: readonly string[]) => RoundsPlan): BenchCase {
  const read = (argv: readonly string[]): RoundsPlan => readAsUsage(() => planOf(argv));
  return {
    usage,
    estimateMs: (argv) => estimateRoundsMs(read(argv)),
    run: (argv, print) => runRounds(read(argv), print),
  };
}

/** About how long they take, ms. */
export function estimateRoundsMs({ stretches, runs }: Pick<Rounds, 'stretches' | 'runs'>): number {
  const eachMs = stretches.map(({ loadArgs, server }) => estimateLoadMs(loadArgs, server.startsAtKeyframe));
  return runs * eachMs.reduce((sum, ms) => sum + ms, 0);
}

/** Measures all stretches `runs` times. */
export async function measureRounds(
  { name, stretches, runs, profileFolder }: Rounds,
  print: (text: string) => void,
): Promise<{ readonly versions: string[]; readonly measurements: Measurement[] }> {
  // WHY: asking for a version installs what is missing, which is not to happen between two measurements.
  const fixed = stretches.filter(({ serverAfter }) => serverAfter === undefined);
  const versions = new Set(fixed.map(({ server }) => `${server.name} ${server.version()}`));
  print(`${name}: ${[...versions].join(', ')}`);
  const measurements: Measurement[] = [];
  for (let run = 0; run < runs; run++) {
    // WHY: who comes first changes from run to run, for a machine warms up and its load drifts.
    const order = run % 2 === 1 ? stretches.toReversed() : stretches;
    for (const planned of order) {
      const stretch = { ...planned, server: planned.serverAfter?.(measurements) ?? planned.server };
      const { server, group } = stretch;
      const version = `${server.name} ${server.version()}`;
      print(`run ${run + 1} of ${runs}: ${versions.has(version) ? server.name : version}, ${group}`);
      versions.add(version);
      const measurement = await (profileFolder === null
        ? measure(stretch)
        : measureProfiled(stretch, profileFolder, `run-${run + 1}`, print));
      measurements.push(measurement);
      printFaults(measurement, print);
    }
  }
  return { versions: [...versions], measurements };
}

/** The part of an outcome that says whether all was right; faults of peers are told, and make nothing wrong. */
export function rightness(
  measurements: readonly Measurement[],
): Pick<CaseOutcome, 'faults' | 'isRight' | 'isVoid'> {
  const own = measurements.filter(({ isPeer }) => !isPeer);
  const peers = measurements.filter(({ isPeer }) => isPeer);
  return {
    faults: [...own, ...peers].flatMap(({ server, group, load }) =>
      load.faultTexts.map((text) => `${server}, ${group}: ${text}`),
    ),
    isRight: own.every(({ load }) => Object.keys(load.faults).length === 0),
    isVoid: measurements.some(({ load }) => load.isVoid),
  };
}

async function runRounds(plan: RoundsPlan, print: (text: string) => void): Promise<CaseOutcome> {
  const { versions, measurements } = await measureRounds(plan, print);
  print(`\n${measurementTable(measurements, plan.client)}\n`);
  const figures = summarise(measurements);
  const aims = plan.aims(figures);
  const remarks = [
    ...carrierLines(figures),
    ...cipherLines(figures),
    ...(plan.remarks === undefined ? [] : plan.remarks(figures)),
  ];
  const report = [summaryTable(figures, plan.client), ...remarks, ...aimLines(aims)].join('\n');
  print(`${report}\n`);
  if (plan.profileFolder !== null) print('With a profiler in it the gateway costs more: no figures to keep.');
  return { versions, measurements, figures, aims, report, ...rightness(measurements) };
}
