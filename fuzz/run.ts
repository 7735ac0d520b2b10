// `npm run fuzz -- --seconds N [--target T] [--seed S]`: changes inputs at random, which the seed repeats, and feeds them to
// what parses. An input that breaks an oracle, takes too long or too much memory is made smaller, and kept as a file
// under fuzz/regressions, which `npm test` replays; one at which the thread hangs or dies is kept as it is. Exit code 1
// where there was one, 2 where the arguments are wrong.

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { TARGETS } from './targets.ts';
import type { WorkerInput, WorkerMessage } from './worker.ts';

const USAGE = `npm run fuzz -- --seconds N [--target T] [--seed S]

  --seconds N   time for each target
  --target T    only this one: ${Object.keys(TARGETS).join(', ')}
  --seed S      a number; the same seed makes the same inputs. By default another one each time`;

/** LIMIT: an input that takes longer hangs, ms of CPU time: the machine may be busy with something else. */
const MAX_HANG_MS = 10_000;
/** LIMIT: memory that the process may grow by, bytes; the thread itself measures each input. */
const MAX_GROWTH_BYTES = 768 * 1024 * 1024;
const MAX_HEAP_MB = 512;
const POLL_MS = 200;
const INPUT_BYTES = 64 * 1024;

type Result = { readonly inputs: number; readonly words: number; readonly findings: number };

function keep(target: string, input: Uint8Array, text: string): void {
  const folder = new URL(`regressions/${target}/`, import.meta.url);
  mkdirSync(folder, { recursive: true });
  const name = `${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`;
  writeFileSync(new URL(name, folder), input);
  console.error(`FOUND ${target}: fuzz/regressions/${target}/${name} (${input.length} bytes)\n${text}\n`);
}

/** CPU time of this process, ms. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Runs one target in a thread of its own, and watches it. */
function fuzzTarget(target: string, seconds: number, seed: number): Promise<Result> {
  const progress = new SharedArrayBuffer(8);
  const shared = new SharedArrayBuffer(INPUT_BYTES);
  const workerData: WorkerInput = { target, seed, seconds, progress, input: shared };
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  const counts = new Uint32Array(progress);
  const startRssBytes = process.memoryUsage.rss();
  return new Promise((resolve) => {
    let findings = 0;
    let lastCount = 0;
    let lastMovedMs = cpuMs();
    const find = (input: Uint8Array, text: string): void => {
      findings += 1;
      keep(target, input, text);
    };
    const finish = (inputs: number, words: number): void => {
      clearInterval(watch);
      void worker.terminate();
      resolve({ inputs, words, findings });
    };
    const giveUp = (text: string): void => {
      find(new Uint8Array(shared).slice(0, counts[1]), text);
      finish(counts[0] ?? 0, 0);
    };
    const watch = setInterval(() => {
      const count = Atomics.load(counts, 0);
      if (count !== lastCount) lastMovedMs = cpuMs();
      lastCount = count;
      const grownBytes = process.memoryUsage.rss() - startRssBytes;
      if (cpuMs() - lastMovedMs > MAX_HANG_MS) giveUp(`expected an end within ${MAX_HANG_MS} ms, got none`);
      else if (grownBytes > MAX_GROWTH_BYTES) giveUp(`the process has grown by ${grownBytes} bytes`);
    }, POLL_MS);
    worker.on('message', (message: WorkerMessage) => {
      if (message.type === 'finding') find(message.input, message.text);
      else finish(message.inputs, message.words);
    });
    worker.on('error', (error) => giveUp(String(error)));
  });
}

type Flags = { readonly seconds?: string; readonly target?: string; readonly seed?: string };

/** The flags, or what is wrong with them. */
function readFlags(): Flags | string {
  try {
    return parseArgs({
      options: { seconds: { type: 'string' }, target: { type: 'string' }, seed: { type: 'string' } },
    }).values;
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}

async function main(): Promise<number> {
  const values = readFlags();
  if (typeof values === 'string') {
    console.error(`${values}\n\n${USAGE}`);
    return 2;
  }
  const seconds = Number(values.seconds);
  const seed = Number(values.seed ?? Date.now() % 0x1_0000_0000);
  const names = values.target === undefined ? Object.keys(TARGETS) : [values.target];
  const unknown = names.find((name) => TARGETS[name] === undefined);
  if (!(seconds > 0) || !Number.isInteger(seed) || unknown !== undefined) {
    console.error(unknown === undefined ? USAGE : `There is no target ${unknown}.\n\n${USAGE}`);
    return 2;
  }
  let findings = 0;
  for (const name of names) {
    const result = await fuzzTarget(name, seconds, seed);
    findings += result.findings;
    console.log(
      `${name}: ${result.inputs} inputs, ${result.words} kinds of outcome, ${result.findings} findings (seed ${seed})`,
    );
  }
  return findings === 0 ? 0 : 1;
}

process.exitCode = await main();
