// The case `core`: how fast the codec is, beside node-media-server's. Each figure comes from a process of its own, on one
// core where that can be had; ours and theirs take turns.

import { parseArgs } from 'node:util';
import { NodeMediaServer } from '../core/node-media-server.ts';
import type { CheckedWork } from '../core/work.ts';
import { wholeNumber } from '../load/load-options.ts';
import type { Aim } from '../support/aim.ts';
import type { BenchCase, CaseOutcome } from '../support/bench-case.ts';
import { readAsUsage, UsageError } from '../support/bench-case.ts';
import { installBenchPackages } from '../support/bench-packages.ts';
import { SERVER_CORE, startPinned } from '../support/pinned-process.ts';
import type { CallTimes, WorkFigures } from './core-table.ts';
import { coreTable, workFigures } from './core-table.ts';

const PEERS = ['node-media-server', 'none'];
const MAX_RUNS = 100;
/** About so long a run takes. */
const RUN_MS = 30_000;

type CoreOptions = {
  readonly runs: number;
  readonly hasPeer: boolean;
  readonly nameText: string;
};

/** How fast the codec is. */
export const CORE_CASE: BenchCase = {
  usage: `core [options]
  --runs N              how often everything is measured (5)
  --peer NAME           node-media-server, installed by npm on demand, or none (node-media-server)
  --only TEXT           only the work whose name holds TEXT
  --smoke               checks our side of all work once, without the peer: shows that it works, measures nothing`,
  estimateMs: (argv) => parseCoreOptions(argv).runs * RUN_MS,
  run: runCore,
};

async function runCore(argv: readonly string[], print: (text: string) => void): Promise<CaseOutcome> {
  const options = parseCoreOptions(argv);
  if (options.hasPeer) installBenchPackages();
  const peerName = options.hasPeer ? NodeMediaServer.version() : 'no peer';
  print(`core: beside ${peerName}`);
  const company = options.hasPeer ? 'peer' : 'alone';
  const all = (await askChild('check', company)) as CheckedWork[];
  const works = all.filter(({ name }) => name.includes(options.nameText));
  if (works.length === 0) throw new UsageError(`no work's name holds "${options.nameText}"`);
  const faults = works.flatMap((work) => work.faults.map((fault) => `${work.name}: ${fault}`));
  const timed = works.map((work) => ({ work, times: { oursNs: [], theirsNs: [] } as CallTimes }));
  for (let run = 0; run < options.runs; run++) {
    print(`run ${run + 1} of ${options.runs}`);
    for (const { work, times } of timed) {
      times.oursNs.push(Number(await askChild('time', company, 'ours', work.name)));
      if (!work.hasTheirs) continue;
      times.theirsNs.push(Number(await askChild('time', company, 'theirs', work.name)));
    }
  }
  const figures = timed.map(({ work, times }) => workFigures(work, times));
  const report = coreTable(figures, peerName);
  print(`\n${report}\n`);
  const missed = figures.filter(({ isTargetMet }) => isTargetMet === false);
  if (missed.length > 0) print(`Targets missed: ${missed.map(({ name }) => name).join('; ')}`);
  for (const fault of faults) print(`FAULT ${fault}`);
  const isRight = faults.length === 0;
  const aims = figures.flatMap(aimsOf);
  return { versions: [peerName], measurements: [], figures, aims, faults, report, isRight, isVoid: false };
}

function aimsOf({ name, unit, target, ours }: WorkFigures): Aim[] {
  if (target === null || ours === null) return [];
  const bound = unit === 'GB/s' ? 'least' : 'most';
  return [{ text: `${name}, ${unit}`, value: ours, bound, limit: target, caveats: [] }];
}

/** Runs bench/core.ts, pinned. @throws Error with its last words where it fails */
async function askChild(...words: readonly string[]): Promise<unknown> {
  const running = startPinned(SERVER_CORE, process.execPath, ['--expose-gc', 'bench/core.ts', ...words]);
  let output = '';
  running.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const exitCode = await running.ended;
  if (exitCode !== 0) throw new Error(`bench/core.ts ${words.join(' ')} failed: ${running.errorOutput()}`);
  return JSON.parse(output);
}

function parseCoreOptions(argv: readonly string[]): CoreOptions {
  return readAsUsage(() => readCoreOptions(argv));
}

function readCoreOptions(argv: readonly string[]): CoreOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: { type: 'string', default: '5' },
      peer: { type: 'string', default: 'node-media-server' },
      only: { type: 'string', default: '' },
      smoke: { type: 'boolean', default: false },
    },
  });
  const { peer, smoke } = values;
  if (!PEERS.includes(peer)) throw new Error(`expected --peer ${PEERS.join('|')}, got ${peer}`);
  const runs = wholeNumber('--runs', values.runs, MAX_RUNS);
  if (runs === 0) throw new Error('expected --runs 1 or more');
  return {
    // A smoke run checks and times nothing.
    runs: smoke ? 0 : runs,
    hasPeer: !smoke && peer !== 'none',
    nameText: values.only,
  };
}
