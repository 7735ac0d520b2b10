// What a fuzz target is, and the oracles that several of them share.

import assert from 'node:assert/strict';
import { ProtocolError } from '../../src/protocol/bytes/protocol-error.ts';

/** One thing that parses. `fuzz` has the shape that coverage-guided fuzzers expect as well. */
export type FuzzTarget = {
  /** Inputs to begin with: real and odd ones. */
  readonly seeds: () => Uint8Array[];
  /**
   * Feeds one input, and throws where an oracle does not hold. Returns a word for what became of it: the first input
   * with a new word is kept and changed further.
   */
  readonly fuzz: (data: Uint8Array) => string;
};

/** Runs what a peer's bytes drive: its value, or the code of a ProtocolError. Any other error is a finding. */
export function outcomeOf<T>(work: () => T): { readonly value: T } | { readonly code: string } {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof ProtocolError) return { code: error.code };
    throw error;
  }
}

/** Ways to cut `data` whose results must not differ: whole, byte by byte, and at places that the data themselves choose. */
export function cutsOf(data: Uint8Array): Uint8Array[][] {
  const bytes = Array.from(data, (_, index) => data.subarray(index, index + 1));
  const random: Uint8Array[] = [];
  for (let start = 0, seed = data.length; start < data.length; ) {
    seed = (Math.imul(seed, 0x41c6_4e6d) + 0x3039 + (data[start] ?? 0)) >>> 0;
    const end = start + 1 + ((seed >>> 16) % 97);
    random.push(data.subarray(start, end));
    start = end;
  }
  return [[data], bytes, random];
}

/** Asserts that every way to cut `data` gives the same, and gives it. */
export function sameForEveryCut<T>(data: Uint8Array, read: (pieces: readonly Uint8Array[]) => T): T {
  const [whole, ...others] = cutsOf(data).map(read);
  for (const other of others) assert.deepEqual(other, whole, 'the result depends on how the input is cut');
  return whole as T;
}

/** Lower-case hex of bytes. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** A byte that chooses among `count` things. */
export function choice(data: Uint8Array, index: number, count: number): number {
  return (data[index] ?? 0) % count;
}
