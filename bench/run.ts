// `npm run bench -- CASE [options]`: runs a case and prints its figures. Exit code 1 where something was wrong that must
// not be, 3 where a run is void, 2 for a wrong command line.

import { writeFileSync } from 'node:fs';
import { allCase } from './cases/all.ts';
import { CORE_CASE } from './cases/core.ts';
import { FANIN_CASE } from './cases/fanin.ts';
import { FLOOR_CASE } from './cases/floor.ts';
import { FRONT_CASE } from './cases/front.ts';
import { HOSTILE_CASE } from './cases/hostile.ts';
import { JOIN_CASE } from './cases/join.ts';
import { MEMORY_CASE } from './cases/memory.ts';
import { PLAY_CASE } from './cases/play.ts';
import { TUNNEL_CASE } from './cases/tunnel.ts';
import { TUNNEL_LATENCY_CASE } from './cases/tunnel-latency.ts';
import type { BenchCase } from './support/bench-case.ts';
import { UsageError } from './support/bench-case.ts';
import { minutesText } from './support/estimate.ts';
import { machineFacts } from './support/machine.ts';

const MEASURES: Readonly<Record<string, BenchCase>> = {
  play: PLAY_CASE,
  tunnel: TUNNEL_CASE,
  'tunnel-latency': TUNNEL_LATENCY_CASE,
  fanin: FANIN_CASE,
  floor: FLOOR_CASE,
  front: FRONT_CASE,
  join: JOIN_CASE,
  memory: MEMORY_CASE,
  hostile: HOSTILE_CASE,
  core: CORE_CASE,
};
const CASES: Readonly<Record<string, BenchCase>> = { ...MEASURES, all: allCase(MEASURES) };
const EXIT_WRONG = 1;
const EXIT_USAGE = 2;
const EXIT_VOID = 3;

const JSON_USAGE =
  '  --json FILE           write the result there; "-" is standard output, and the figures go to standard error';

function usage(benchCases: readonly BenchCase[]): string {
  const texts = benchCases.map((benchCase) => benchCase.usage);
  return `npm run bench -- CASE [options] [--json FILE]\n\n${texts.join('\n\n')}\n\n${JSON_USAGE}`;
}

/** Takes `--json FILE` out of the words, for it belongs to every case. */
function takeJsonPath(words: string[]): string | null {
  const at = words.indexOf('--json');
  if (at < 0) return null;
  const [, path = 'nothing'] = words.splice(at, 2);
  if (path === 'nothing' || path.startsWith('--')) throw new UsageError(`expected --json FILE, got ${path}`);
  return path;
}

/** The case that is asked for, and its words; null where help is. `--smoke` alone is every case's smoke run. */
function readCase(argv: readonly string[]): { name: string; benchCase: BenchCase; words: string[] } | null {
  const [name = '', ...words] = argv[0] === '--smoke' ? ['all', ...argv] : argv;
  const benchCase = CASES[name];
  if (argv.includes('--help') || argv.includes('-h')) {
    console.log(usage(benchCase === undefined ? Object.values(CASES) : [benchCase]));
    return null;
  }
  if (benchCase === undefined) {
    throw new UsageError(`expected a case (${Object.keys(CASES).join(', ')}), got ${name || 'nothing'}`);
  }
  return { name, benchCase, words };
}

async function main(): Promise<number> {
  const asked = readCase(process.argv.slice(2));
  if (asked === null) return 0;
  const { name, benchCase, words } = asked;
  const jsonPath = takeJsonPath(words);
  const print = jsonPath === '-' ? console.error : console.log;
  const estimateMs = benchCase.estimateMs(words);
  const machine = machineFacts();
  const { node, cpu, cores, isPinned, loadAverage, commit } = machine;
  const pinning = isPinned ? 'one core each for server and load' : 'NOT pinned to cores';
  print(
    `node ${node}, ${cpu}, ${cores} cores, ${pinning}, load average ${loadAverage.toFixed(1)}, commit ${commit}`,
  );
  if (estimateMs > 0) {
    const end = new Date(Date.now() + estimateMs).toTimeString().slice(0, 5);
    print(`This takes about ${minutesText(estimateMs)}, until ${end}.`);
  }
  const { report: _report, isRight, isVoid, ...result } = await benchCase.run(words, print);
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
  const isUsage = error instanceof UsageError;
  console.error(isUsage ? `${error.message}\n\nnpm run bench -- --help tells all options.` : error);
  process.exitCode = isUsage ? EXIT_USAGE : EXIT_WRONG;
}
