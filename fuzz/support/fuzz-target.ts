// What a fuzz target is, and the oracles that several of them share. What an oracle says of two things that differ is
// short, however long they are.

import assert from 'node:assert/strict';
import { inspect, isDeepStrictEqual } from 'node:util';
import { ProtocolError } from '../../src/protocol/bytes/protocol-error.ts';

/** Bytes of two buffers that are shown around the first difference. */
const SHOWN_BYTES = 32;

/** Characters of two values as text that are shown around the first difference. */
const SHOWN_CHARS = 240;

/**
 * One thing that parses. Targets are values in a table, by name: a coverage-guided fuzzer, which wants a module with a
 * function `fuzz(data)`, is given `(data) => void TARGETS[name].fuzz(data)`.
 */
export type FuzzTarget = {
  /** Inputs to begin with: real and odd ones. */
  readonly seeds: () => Uint8Array[];
  /**
   * Feeds one input, which it must not change, and throws where an oracle does not hold. Returns a word for what became
   * of it: the first input with a new word is kept and changed further. The word decides nothing else.
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
function cutsOf(data: Uint8Array): Uint8Array[][] {
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
  for (const other of others) assertSame(other, whole, 'the result depends on how the input is cut');
  return whole as T;
}

/** Asserts that two values are deeply and strictly equal; says where their texts begin to differ. */
export function assertSame(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  const [got, wanted] = [textOf(actual), textOf(expected)];
  const at = firstDifference(got, wanted);
  const from = Math.max(0, at - SHOWN_CHARS / 4);
  const shown = (text: string): string => text.slice(from, from + SHOWN_CHARS);
  assert.fail(`${what}, from character ${at} on:\n  expected …${shown(wanted)}\n  got      …${shown(got)}`);
}

/** Asserts that bytes are the same; says how long they are, and shows 32 of each around the first difference. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (Buffer.compare(actual, expected) === 0) return;
  const at = firstDifference(actual, expected);
  const from = Math.max(0, at - SHOWN_BYTES / 2);
  const shown = (bytes: Uint8Array): string => hexOf(bytes.subarray(from, from + SHOWN_BYTES));
  assert.fail(
    `${what}: expected ${expected.length} bytes, got ${actual.length}, which differ at ${at}; from ${from} on:\n` +
      `  expected ${shown(expected)}\n  got      ${shown(actual)}`,
  );
}

/** Lower-case hex of bytes. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** A byte that chooses among `count` things. */
export function choice(data: Uint8Array, index: number, count: number): number {
  return (data[index] ?? 0) % count;
}

function firstDifference<T>(a: ArrayLike<T>, b: ArrayLike<T>): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at;
}

function textOf(value: unknown): string {
  return inspect(value, { depth: 32, maxArrayLength: null, maxStringLength: null, breakLength: 120 });
}
