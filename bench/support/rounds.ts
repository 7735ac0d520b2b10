// How a case measures: all its stretches, again and again, in an order that changes; then the rows as they were taken,
// the medians, and what was aimed at.

import type { Aim } from './aim.ts';
import { aimLines } from './aim.ts';
import type { CaseOutcome } from './bench-case.ts';
import type { Measurement, Stretch } from './measure.ts';
import { measure } from './measure.ts';
import { measurementTable, printFaults } from './measurement-table.ts';
import type { Summary } from './summary.ts';
import { summarise, summaryTable } from './summary.ts';

/** What is measured. */
export type Rounds = {
  readonly name: string;
  readonly stretches: readonly Stretch[];
  readonly runs: number;
  /** What the cost is told by: "viewer", "publisher". */
  readonly client: string;
  readonly aims: (summaries: readonly Summary[]) => readonly Aim[];
};

/** Versions of the servers of some stretches, each once: installs what is missing. */
export function versionsOf(stretches: readonly Stretch[]): string[] {
  return [...new Set(stretches.map(({ server }) => `${server.name} ${server.version()}`))];
}

/** Measures all stretches `runs` times. */
export async function measureRounds(
  { name, stretches, runs }: Pick<Rounds, 'name' | 'stretches' | 'runs'>,
  print: (text: string) => void,
): Promise<{ readonly versions: string[]; readonly measurements: Measurement[] }> {
  const versions = versionsOf(stretches);
  print(`${name}: ${versions.join(', ')}`);
  const measurements: Measurement[] = [];
  for (let run = 0; run < runs; run++) {
    // WHY: who comes first changes from run to run, for a machine warms up and its load drifts.
    const order = run % 2 === 1 ? stretches.toReversed() : stretches;
    for (const stretch of order) {
      print(`run ${run + 1} of ${runs}: ${stretch.server.name}, ${stretch.group}`);
      const measurement = await measure(stretch);
      measurements.push(measurement);
      printFaults(measurement, print);
    }
  }
  return { versions, measurements };
}

/** True where nothing was wrong but with peers. */
export function isAllRight(measurements: readonly Measurement[]): boolean {
  return measurements.every(({ isPeer, load }) => isPeer || Object.keys(load.faults).length === 0);
}

/** True where any run was void. */
export function isAnyVoid(measurements: readonly Measurement[]): boolean {
  return measurements.some(({ load }) => load.isVoid);
}

/** Measures, and tells what came of it. */
export async function runRounds(rounds: Rounds, print: (text: string) => void): Promise<CaseOutcome> {
  const { versions, measurements } = await measureRounds(rounds, print);
  print(`\n${measurementTable(measurements, rounds.client)}\n`);
  const summaries = summarise(measurements);
  const aims = rounds.aims(summaries);
  const report = [summaryTable(summaries, rounds.client), ...aimLines(aims)].join('\n');
  print(`${report}\n`);
  return {
    result: { versions, measurements, summaries, aims },
    report,
    isRight: isAllRight(measurements),
    isVoid: isAnyVoid(measurements),
  };
}
