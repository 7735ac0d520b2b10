// The parts of the case `all`: the commands that show what is aimed at. Each part is measured by itself, and can be
// measured again without the others.

import { UsageError } from '../support/bench-case.ts';

/** One command of the whole. */
export type Part = {
  /** Its name in --only, and of its file among the results. */
  readonly name: string;
  readonly caseName: string;
  readonly words: readonly string[];
};

/** How all parts are measured. */
export type PartsOptions = { readonly runs: number; readonly seconds: number; readonly settleMs: number };

/** All parts, in the order in which they are measured. */
export function allParts({ runs, seconds, settleMs }: PartsOptions): Part[] {
  const often = ['--runs', String(runs)];
  const settled = [...often, '--settle-ms', String(settleMs)];
  const long = [...settled, '--seconds', String(seconds)];
  const play = ['--rtmpt', '0', ...long];
  const carriers = ['--rtmp', '1000', '--rtmps', '1000', '--ws', '1000', '--wss', '1000', '--floor'];
  // WHY: peers stand where they are compared. node-media-server is at the limit of its core with hundreds of viewers,
  // and nginx, who writes each message by itself, keeps the load program too busy with 2,000; in TLS, with which each
  // write costs more, they stand at 500. Polls back to back over TLS are at 500 too: 1,000 viewers fill the core.
  const commands: readonly (readonly [string, string, readonly string[]])[] = [
    ['play-few', 'play', ['--rtmp', '1,20,50,200,500', '--peer', 'nginx', ...play]],
    ['play-1000', 'play', ['--rtmp', '1000', '--peer', 'all', '--floor', '--merge-ms', '350', ...play]],
    ['play-2000', 'play', ['--rtmp', '2000', '--floor', ...play]],
    ['play-carriers', 'play', [...carriers, ...play]],
    ['play-rtmps-500', 'play', ['--rtmp', '0', '--rtmps', '500', '--peer', 'all', '--floor', ...play]],
    ['tunnel', 'tunnel', ['--rtmpt', '1000', ...long]],
    ['tunnel-tls', 'tunnel', ['--rtmpt', '0', '--rtmpts', '500,1000', ...long]],
    ['tunnel-latency', 'tunnel-latency', long],
    ['fanin', 'fanin', ['--peer', 'all', ...long]],
    ['floor', 'floor', long],
    ['front', 'front', long],
    ['join', 'join', ['--peer', 'nginx', ...settled]],
    ['memory', 'memory', ['--viewers', '5000', ...often]],
    ['churn', 'memory', ['--viewers', '0', '--churn-seconds', '300']],
    ['hostile', 'hostile', often],
    ['core', 'core', often],
  ];
  return commands.map(([name, caseName, words]) => ({ name, caseName, words }));
}

/** A smoke run of each case. */
export function smokeParts(caseNames: readonly string[]): Part[] {
  return caseNames.map((name) => ({ name, caseName: name, words: ['--smoke'] }));
}

/** Those parts whose own name or whose case's name is in `names`. @throws UsageError where one is neither */
export function chosenParts(parts: readonly Part[], names: readonly string[]): Part[] {
  const known = new Set(parts.flatMap(({ name, caseName }) => [name, caseName]));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw new UsageError(`expected --only ${[...known].join(',')}, got ${unknown}`);
  return parts.filter(({ name, caseName }) => names.includes(name) || names.includes(caseName));
}

/** True of the command of a smoke run, whose figures say nothing. */
export function isSmoke(command: string): boolean {
  return command.split(' ').includes('--smoke');
}

/** The command that measures a part. */
export function commandOf({ caseName, words }: Part): string {
  return ['npm run bench --', caseName, ...words].join(' ');
}
