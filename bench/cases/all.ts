// The case `all`: every case as its aims want it, one after the other, and a page with the machine, the commands and the
// medians. It takes about two hours with three runs of twenty seconds.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { BenchCase, CaseOutcome } from '../support/bench-case.ts';
import { readAsUsage, UsageError } from '../support/bench-case.ts';
import { machineFacts } from '../support/machine.ts';
import { positiveNumber } from '../support/stretch-flags.ts';

const MAX_RUNS = 100;
const MAX_SECONDS = 3600;

/** One command of the whole. */
type Part = { readonly name: string; readonly words: readonly string[] };

type AllOptions = {
  readonly runs: number;
  readonly seconds: number;
  readonly isSmoke: boolean;
  readonly names: readonly string[];
  readonly resultsPath: string | null;
};

/** Makes the case of the others, by their names. */
export function allCase(cases: Readonly<Record<string, BenchCase>>): BenchCase {
  return {
    usage: `all [options]
  --runs N              how often everything is measured (3)
  --seconds N           length of each measured stretch (20)
  --only LIST           these cases alone: ${Object.keys(cases).join(',')}
  --results FILE        write a page (Markdown) with machine, commands and medians there
  --smoke               every case's smoke run: shows that they work, measures nothing`,
    run: (argv, print) => {
      const options = readAsUsage(() => readAllOptions(argv, Object.keys(cases)));
      return runAll(cases, options, print);
    },
  };
}

function readAllOptions(argv: readonly string[], known: readonly string[]): AllOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '20' },
      only: { type: 'string' },
      results: { type: 'string' },
      smoke: { type: 'boolean', default: false },
    },
  });
  const names = values.only?.split(',') ?? known;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`expected --only ${known.join(',')}, got ${unknown}`);
  return {
    runs: positiveNumber('--runs', values.runs, MAX_RUNS),
    seconds: positiveNumber('--seconds', values.seconds, MAX_SECONDS),
    isSmoke: values.smoke,
    names,
    resultsPath: values.results ?? null,
  };
}

/** The commands that show what is aimed at. */
function partsOf({ runs, seconds, isSmoke, names }: AllOptions): Part[] {
  if (isSmoke) return names.map((name) => ({ name, words: ['--smoke'] }));
  const often = ['--runs', String(runs)];
  const long = [...often, '--seconds', String(seconds)];
  const parts: Part[] = [
    {
      name: 'play',
      words: ['--rtmp', '1,20,50,200,500', '--rtmpt', '0', '--peer', 'all', '--floor', ...long],
    },
    {
      name: 'play',
      words: ['--rtmp', '1000', '--rtmpt', '0', '--peer', 'all', '--floor', '--merge-ms', '350', ...long],
    },
    { name: 'play', words: ['--rtmp', '2000', '--rtmpt', '0', '--peer', 'all', '--floor', ...long] },
    { name: 'tunnel', words: ['--rtmpt', '200,1000', ...long] },
    { name: 'fanin', words: ['--peer', 'all', ...long] },
    { name: 'floor', words: long },
    { name: 'join', words: ['--peer', 'all', ...often] },
    { name: 'memory', words: ['--churn-seconds', '300', ...often] },
    { name: 'core', words: often },
  ];
  return parts.filter(({ name }) => names.includes(name));
}

async function runAll(
  cases: Readonly<Record<string, BenchCase>>,
  options: AllOptions,
  print: (text: string) => void,
): Promise<CaseOutcome> {
  const outcomes: (CaseOutcome & { readonly part: Part })[] = [];
  const write = (): string => {
    const page = pageText(outcomes);
    // WHY: after each part, so that what is measured is kept where a later part fails.
    if (options.resultsPath !== null) writeFileSync(options.resultsPath, page);
    return page;
  };
  for (const part of partsOf(options)) {
    const benchCase = cases[part.name];
    if (benchCase === undefined) throw new Error(`no case ${part.name}`);
    print(`\n=== ${commandOf(part)}`);
    outcomes.push({ part, ...(await benchCase.run(part.words, print)) });
    write();
  }
  return {
    result: outcomes.map(({ part, result, isRight, isVoid }) => {
      return { case: part.name, command: commandOf(part), isRight, isVoid, result };
    }),
    report: write(),
    isRight: outcomes.every(({ isRight }) => isRight),
    isVoid: outcomes.some(({ isVoid }) => isVoid),
  };
}

function pageText(outcomes: readonly (CaseOutcome & { readonly part: Part })[]): string {
  const { node, cpu, cores, memoryGib, kernel, isPinned, loadAverage, commit, settings, startedAt } =
    machineFacts();
  const changed = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const versions = new Set(outcomes.flatMap(({ result }) => versionsIn(result)));
  const facts = [
    `- Machine: ${cpu}, ${cores} cores, ${memoryGib} GiB, Linux ${kernel}; ` +
      (isPinned ? 'server and load program on a core each.' : 'NOT pinned to cores.'),
    `- Node ${node}; commit ${commit}; ${startedAt.slice(0, 10)}; load average at the end ${loadAverage.toFixed(1)}.`,
    `- Servers: ${[...versions].sort().join(', ')}.`,
    `- Settings changed: ${changed.length === 0 ? 'none' : changed.join(', ')}.`,
  ];
  const parts = outcomes.map(({ part, report, isRight, isVoid }) => {
    const verdicts = [
      isRight ? 'No message was lost or changed, no client starved.' : 'FAULTS: see the run.',
      isVoid ? 'Some runs are void, for the load program was at its limit; they are not counted.' : '',
    ].filter((text) => text !== '');
    return `## ${part.name}\n\n    ${commandOf(part)}\n\n\`\`\`text\n${report}\n\`\`\`\n\n${verdicts.join(' ')}\n`;
  });
  return `# What the bench has measured\n\nWritten by \`npm run bench -- all --results bench/RESULTS.md\`; what the figures mean stands in README.md.\n\n${facts.join('\n')}\n\n${parts.join('\n')}`;
}

/** Versions of the servers that were measured, where a result has a list of them. */
function versionsIn(result: unknown): string[] {
  if (typeof result !== 'object' || result === null || !('versions' in result)) return [];
  return Array.isArray(result.versions) ? result.versions.map(String) : [];
}

function commandOf({ name, words }: Part): string {
  return ['npm run bench --', name, ...words].join(' ');
}
