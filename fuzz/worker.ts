// The thread that runs one target: each input is laid where the main thread finds it should the thread hang or die.

import { parentPort, workerData } from 'node:worker_threads';
import { Mutator } from './support/mutator.ts';
import { SeededRandom } from './support/seeded-random.ts';
import { TARGETS } from './targets.ts';

/** What the main thread hands over. */
export type WorkerInput = {
  readonly target: string;
  readonly seed: number;
  readonly seconds: number;
  /** Two u32: how many inputs were begun, and the length of the one under way. */
  readonly progress: SharedArrayBuffer;
  /** The input under way. */
  readonly input: SharedArrayBuffer;
};

/** What the thread tells: a finding, or the end. */
export type WorkerMessage =
  | { readonly type: 'finding'; readonly input: Uint8Array; readonly text: string }
  | { readonly type: 'done'; readonly inputs: number; readonly words: number };

/** LIMIT: time of one input, ms; a hundred times what the slowest ones take. */
const MAX_INPUT_MS = 500;

/** LIMIT: findings of one run: what is broken fails on every other input. */
const MAX_FINDINGS = 20;

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
  const timed = (input: Uint8Array): number => {
    const startedMs = performance.now();
    mutator.saw(input, target.fuzz(input));
    return performance.now() - startedMs;
  };
  while (performance.now() < untilMs && findings.size < MAX_FINDINGS) {
    const input = mutator.next();
    inputs += 1;
    sharedInput.set(input);
    counts[1] = input.length;
    Atomics.store(counts, 0, inputs);
    let text: string | null = null;
    try {
      // A slow one is tried again, for the machine may have been busy.
      if (timed(input) > MAX_INPUT_MS && timed(input) > MAX_INPUT_MS && timed(input) > MAX_INPUT_MS) {
        text = `expected an end within ${MAX_INPUT_MS} ms`;
      }
    } catch (error) {
      text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    const place = text?.split('\n').find((line) => line.includes('    at ')) ?? text ?? '';
    if (text === null || findings.has(place)) continue;
    findings.add(place);
    tell({ type: 'finding', input, text });
  }
  tell({ type: 'done', inputs, words: mutator.wordCount });
}

main(workerData as WorkerInput);
