// The case `all`: every case as its aims want it, one part after the other, and a page with the machine, the commands and
// the medians. A part that is measured alone replaces its own part of the page.

import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { wholeNumber } from '../load/load-options.ts';
import { aimLines } from '../support/aim.ts';
import type { BenchCase, CaseOutcome } from '../support/bench-case.ts';
import { readAsUsage } from '../support/bench-case.ts';
import { minutesText } from '../support/estimate.ts';
import { machineFacts } from '../support/machine.ts';
import { resultsPage } from '../support/results-page.ts';
import type { PartRecord } from '../support/results-store.ts';
import { ResultsStore } from '../support/results-store.ts';
import { positiveNumber } from '../support/stretch-flags.ts';
import type { Part } from './parts.ts';
import { allParts, chosenParts, commandOf, isSmoke, smokeParts } from './parts.ts';

const MAX_RUNS = 100;
const MAX_SECONDS = 3600;
const MAX_SETTLE_MS = 600_000;
const USUAL = { runs: 3, seconds: 10, settleMs: 2000 } as const;
const PART_NAMES: readonly string[] = allParts(USUAL).map(({ name }) => name);

type Cases = Readonly<Record<string, BenchCase>>;

type AllOptions = {
  readonly parts: readonly Part[];
  readonly isListOnly: boolean;
  readonly isRenderOnly: boolean;
  readonly store: ResultsStore | null;
};

type PartOutcome = CaseOutcome & { readonly name: string; readonly command: string };

/** Makes the case of the others, by their names. */
export function allCase(cases: Cases): BenchCase {
  const read = (argv: readonly string[]): AllOptions =>
    readAsUsage(() => readAllOptions(argv, Object.keys(cases)));
  return {
    usage: `all [options]
  --runs N              how often everything is measured (${USUAL.runs})
  --seconds N           length of each measured stretch (${USUAL.seconds})
  --settle-ms N         time between the last join and the measured stretch (${USUAL.settleMs})
  --only LIST           these parts alone: ${PART_NAMES.join(',')},
                        or all parts of a case: ${Object.keys(cases).join(',')}
  --list                names the parts with their commands and about how long they take, and measures nothing
  --results FILE        write a page (Markdown) there, and what was measured into results/ beside it, a file for each
                        part; parts that are not measured now keep what they have; notes/PART.md beside it is put in
  --render              with --results: write the page anew out of what there is, and measure nothing
  --smoke               every case's smoke run: shows that they work, measures nothing; with --results only onto a page without
                        figures that were measured`,
    estimateMs: (argv) => {
      const { parts, isListOnly, isRenderOnly } = read(argv);
      return isListOnly || isRenderOnly ? 0 : estimateMs(cases, parts);
    },
    run: (argv, print) => runAll(cases, read(argv), print),
  };
}

function readAllOptions(argv: readonly string[], caseNames: readonly string[]): AllOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: { type: 'string', default: String(USUAL.runs) },
      seconds: { type: 'string', default: String(USUAL.seconds) },
      'settle-ms': { type: 'string', default: String(USUAL.settleMs) },
      only: { type: 'string' },
      list: { type: 'boolean', default: false },
      results: { type: 'string' },
      render: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
    },
  });
  if (values.render && values.results === undefined) {
    throw new Error('expected --render with --results FILE, got it alone');
  }
  const runs = positiveNumber('--runs', values.runs, MAX_RUNS);
  const seconds = positiveNumber('--seconds', values.seconds, MAX_SECONDS);
  const settleMs = wholeNumber('--settle-ms', values['settle-ms'], MAX_SETTLE_MS);
  const parts = values.smoke ? smokeParts(caseNames) : allParts({ runs, seconds, settleMs });
  const store = values.results === undefined ? null : new ResultsStore(values.results);
  if (values.smoke && store?.records([]).some(({ command }) => !isSmoke(command))) {
    throw new Error(`expected --smoke with a page of its own, got one with figures: ${values.results}`);
  }
  return {
    parts: values.only === undefined ? parts : chosenParts(parts, values.only.split(',')),
    isListOnly: values.list,
    isRenderOnly: values.render,
    store,
  };
}

async function runAll(
  cases: Cases,
  options: AllOptions,
  print: (text: string) => void,
): Promise<CaseOutcome> {
  const { parts, isListOnly, isRenderOnly, store } = options;
  if (isListOnly) {
    for (const part of parts) {
      print(`${part.name}, about ${minutesText(estimateMs(cases, [part]))}: ${commandOf(part)}`);
    }
    print(`Together about ${minutesText(estimateMs(cases, parts))}.`);
    return joinedOutcome([]);
  }
  const outcomes: PartOutcome[] = [];
  for (const part of isRenderOnly ? [] : parts) {
    print(`\n=== ${part.name}, about ${minutesText(estimateMs(cases, [part]))}: ${commandOf(part)}`);
    const { outcome, record } = await measurePart(cases, part, print);
    outcomes.push(outcome);
    // WHY: after each part, so that what is measured is kept where a later part fails.
    store?.keep(record);
    if (store !== null) writePage(store);
  }
  if (isRenderOnly && store !== null) writePage(store);
  const joined = joinedOutcome(outcomes);
  for (const line of aimLines(joined.aims)) print(line);
  return joined;
}

async function measurePart(
  cases: Cases,
  part: Part,
  print: (text: string) => void,
): Promise<{ readonly outcome: PartOutcome; readonly record: PartRecord }> {
  const machine = machineFacts();
  const startedMs = performance.now();
  const measured = await caseOf(cases, part).run(part.words, print);
  const outcome = { name: part.name, command: commandOf(part), ...measured };
  const { measurements: _measurements, report, ...rest } = outcome;
  const tookMs = Math.round(performance.now() - startedMs);
  return { outcome, record: { ...rest, machine, tookMs, report: report.split('\n') } };
}

function writePage(store: ResultsStore): void {
  store.writePage(resultsPage(store.records(PART_NAMES), (name) => store.note(name)));
}

function joinedOutcome(outcomes: readonly PartOutcome[]): CaseOutcome {
  return {
    versions: [...new Set(outcomes.flatMap(({ versions }) => versions))],
    measurements: outcomes.map(({ name, measurements }) => ({ name, measurements })),
    figures: outcomes.map(({ name, command, figures }) => ({ name, command, figures })),
    aims: outcomes.flatMap(({ aims }) => aims),
    faults: outcomes.flatMap(({ name, faults }) => faults.map((text) => `${name}: ${text}`)),
    report: outcomes.map(({ name, report }) => `${name}\n${report}`).join('\n\n'),
    isRight: outcomes.every(({ isRight }) => isRight),
    isVoid: outcomes.some(({ isVoid }) => isVoid),
  };
}

function estimateMs(cases: Cases, parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + caseOf(cases, part).estimateMs(part.words), 0);
}

function caseOf(cases: Cases, { caseName }: Part): BenchCase {
  const found = cases[caseName];
  if (found === undefined) throw new Error(`no case ${caseName}`);
  return found;
}
