// The thread that runs one target: each input is laid where the main thread finds it should the thread hang or die.

import { parentPort, workerData } from 'node:worker_threads';
import { measuredGrowth } from './support/memory-growth.ts';
import { minimised } from './support/minimise.ts';
import { Mutator } from './support/mutator.ts';
import { SeededRandom } from './support/seeded-random.ts';
import { TARGETS } from './targets.ts';

/** What the main thread hands over. */
export type WorkerInput = {
  readonly target: string;
  readonly seed: number;
  readonly seconds: number;
  /** Two u32: how many runs were begun, and the length of the one under way. */
  readonly progress: SharedArrayBuffer;
  /** The input under way. */
  readonly input: SharedArrayBuffer;
};

/** What the thread tells: a finding, or the end. */
export type WorkerMessage =
  | { readonly type: 'finding'; readonly input: Uint8Array; readonly text: string }
  | { readonly type: 'done'; readonly inputs: number; readonly words: number };

/** LIMIT: CPU time of one input, ms; a hundred times what the slowest ones take. */
const MAX_INPUT_MS = 500;

/** LIMIT: findings of one run: what is broken fails on every other input. */
const MAX_FINDINGS = 20;

/** What an input did that it must not do: the place in the code, by which findings are told apart, and the text. */
type Failure = { readonly place: string; readonly text: string };

function main({ target: name, seed, seconds, progress, input: shared }: WorkerInput): void {
  const target = TARGETS[name];
  if (target === undefined || parentPort === null) throw new Error(`no target ${name}`);
  const tell = (message: WorkerMessage): void => parentPort?.postMessage(message);
  const mutator = new Mutator(new SeededRandom(seed), target.seeds());
  const counts = new Uint32Array(progress);
  const sharedInput = new Uint8Array(shared);
  const findings = new Set<string>();
  const untilMs = performance.now() + seconds * 1000;
  let inputs = 0;
  const failureOf = (input: Uint8Array, saw: (word: string) => void): Failure | null => {
    sharedInput.set(input);
    counts[1] = input.length;
    Atomics.add(counts, 0, 1);
    return failure(() => saw(target.fuzz(input)));
  };
  while (performance.now() < untilMs && findings.size < MAX_FINDINGS) {
    const input = mutator.next();
    inputs += 1;
    const found = failureOf(input, (word) => mutator.saw(input, word));
    if (found === null || findings.has(found.place)) continue;
    findings.add(found.place);
    const smallest = minimised(input, (less) => failureOf(less, () => undefined)?.place === found.place);
    const { text } = failureOf(smallest, () => undefined) ?? found;
    tell({ type: 'finding', input: smallest, text });
  }
  tell({ type: 'done', inputs, words: mutator.wordCount });
}

/** Runs `work` once, and again where it was slow or took memory, for the machine may have been busy. */
function failure(work: () => void): Failure | null {
  try {
    const timed = (): number => {
      const started = process.threadCpuUsage();
      work();
      const { user, system } = process.threadCpuUsage(started);
      return (user + system) / 1000;
    };
    const { result: tookMs, excessBytes } = measuredGrowth(timed);
    if (excessBytes !== null) return { place: 'memory', text: `grows by ${excessBytes} bytes` };
    if (tookMs <= MAX_INPUT_MS || timed() <= MAX_INPUT_MS || timed() <= MAX_INPUT_MS) return null;
    return { place: 'time', text: `expected an end within ${MAX_INPUT_MS} ms` };
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { place: text.split('\n').find((line) => line.includes('    at ')) ?? text, text };
  }
}

main(workerData as WorkerInput);
