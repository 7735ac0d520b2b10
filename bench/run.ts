// `npm run bench -- CASE [options]`: runs a case and prints its figures. Exit code 1 where something was wrong that must
// not be, 3 where a run is void, 2 for a wrong command line.

import { writeFileSync } from 'node:fs';
import { allCase } from './cases/all.ts';
import { CORE_CASE } from './cases/core.ts';
import { FANIN_CASE } from './cases/fanin.ts';
import { FLOOR_CASE } from './cases/floor.ts';
import { JOIN_CASE } from './cases/join.ts';
import { MEMORY_CASE } from './cases/memory.ts';
import { PLAY_CASE } from './cases/play.ts';
import { TUNNEL_CASE } from './cases/tunnel.ts';
import type { BenchCase } from './support/bench-case.ts';
import { UsageError } from './support/bench-case.ts';
import { machineFacts } from './support/machine.ts';

const MEASURES: Readonly<Record<string, BenchCase>> = {
  play: PLAY_CASE,
  tunnel: TUNNEL_CASE,
  fanin: FANIN_CASE,
  floor: FLOOR_CASE,
  join: JOIN_CASE,
  memory: MEMORY_CASE,
  core: CORE_CASE,
};
const CASES: Readonly<Record<string, BenchCase>> = { ...MEASURES, all: allCase(MEASURES) };
const EXIT_WRONG = 1;
const EXIT_USAGE = 2;
const EXIT_VOID = 3;

function usage(): string {
  const texts = Object.values(CASES).map((benchCase) => benchCase.usage);
  return `npm run bench -- CASE [options] [--json FILE]\n\n${texts.join('\n\n')}\n\n  --json FILE           write the result there; "-" is standard output, and the figures go to standard error`;
}

/** Takes `--json FILE` out of the words, for it belongs to every case. */
function takeJsonPath(words: string[]): string | null {
  const at = words.indexOf('--json');
  if (at < 0) return null;
  const [, path] = words.splice(at, 2);
  if (path === undefined) throw new UsageError('expected --json FILE');
  return path;
}

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  // `--smoke` alone is every case's smoke run.
  const [name = '', ...words] = argv[0] === '--smoke' ? ['all', ...argv] : argv;
  const benchCase = CASES[name];
  if (benchCase === undefined || words.includes('--help')) {
    console.log(usage());
    return benchCase === undefined ? EXIT_USAGE : 0;
  }
  const jsonPath = takeJsonPath(words);
  const print = jsonPath === '-' ? console.error : console.log;
  const machine = machineFacts();
  const { node, cpu, cores, isPinned, loadAverage, commit } = machine;
  const pinning = isPinned ? 'one core each for server and load' : 'NOT pinned to cores';
  print(
    `node ${node}, ${cpu}, ${cores} cores, ${pinning}, load average ${loadAverage.toFixed(1)}, commit ${commit}`,
  );
  const { result, isRight, isVoid } = await benchCase.run(words, print);
  if (jsonPath !== null) {
    const text = `${JSON.stringify({ case: name, machine, isRight, isVoid, result }, null, 2)}\n`;
    if (jsonPath === '-') process.stdout.write(text);
    else writeFileSync(jsonPath, text);
  }
  if (!isRight) return EXIT_WRONG;
  return isVoid ? EXIT_VOID : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof UsageError ? `${error.message}\n\n${usage()}` : error);
  process.exitCode = error instanceof UsageError ? EXIT_USAGE : EXIT_WRONG;
}
