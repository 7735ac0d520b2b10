// Makes new inputs out of old ones: bits, bytes and numbers changed, stretches moved, doubled, dropped and taken from
// another input. What it makes depends on the seed alone.

import type { SeededRandom } from './seeded-random.ts';

/** LIMIT: longest input, bytes: what takes more is found by the tests of limits. */
const MAX_INPUT_BYTES = 16 * 1024;

/** LIMIT: inputs that are kept to change further. */
const MAX_POOL = 2048;

/** LIMIT: what is remembered of outcomes, so that a long run does not fill the memory. */
const MAX_WORDS = 100_000;
const MAX_WORD_CHARS = 100;

const MAX_CHANGES = 6;
const MAX_REPEATS = 400;

/** Numbers at which length fields, counts and times go wrong. */
const NUMBERS = [
  0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0xffffff, 0x1fffffff, 0x7fffffff, 0x80000000,
  0xffffffff,
];

type Change = (input: Uint8Array, random: SeededRandom, other: Uint8Array) => Uint8Array;

const CHANGES: readonly Change[] = [
  // A bit.
  (input, random) => withByte(input, random, (byte) => byte ^ (1 << random.below(8))),
  // A byte.
  (input, random) => withByte(input, random, () => random.below(256)),
  // A byte, by a little.
  (input, random) => withByte(input, random, (byte) => byte + random.pick([-1, 1, 2, -2, 16])),
  // A number of 1 to 4 bytes.
  (input, random) => {
    const lengthBytes = 1 + random.below(4);
    const number = Buffer.alloc(4);
    number.writeUInt32BE(random.pick(NUMBERS));
    const at = random.below(input.length);
    return spliced(input, at, lengthBytes, number.subarray(4 - lengthBytes));
  },
  // The rest is cut off.
  (input, random) => input.subarray(0, random.below(input.length + 1)),
  // A stretch is dropped.
  (input, random) => spliced(input, random.below(input.length), random.below(32), EMPTY),
  // A stretch is put in again, once or often.
  (input, random) => {
    const from = random.below(input.length);
    const stretch = input.subarray(from, from + 1 + random.below(64));
    const times = random.below(4) === 0 ? random.below(MAX_REPEATS) : 1;
    return spliced(input, random.below(input.length + 1), 0, repeated(stretch, times));
  },
  // Random bytes are put in.
  (input, random) => {
    const bytes = Uint8Array.from({ length: 1 + random.below(16) }, () => random.below(256));
    return spliced(input, random.below(input.length + 1), 0, bytes);
  },
  // A stretch of another input is put in, or takes the place of one.
  (input, random, other) => {
    const from = random.below(other.length);
    const stretch = other.subarray(from, from + 1 + random.below(128));
    return spliced(input, random.below(input.length + 1), random.below(2) * stretch.length, stretch);
  },
  // Another input follows.
  (input, _random, other) => spliced(input, input.length, 0, other),
];

const EMPTY = new Uint8Array(0);

/** A pool of inputs, and what is made of them. */
export class Mutator {
  readonly #random: SeededRandom;
  readonly #pool: Uint8Array[];
  readonly #words = new Set<string>();

  constructor(random: SeededRandom, seeds: readonly Uint8Array[]) {
    this.#random = random;
    this.#pool =
      seeds.length === 0 ? [EMPTY] : seeds.map((seed) => Uint8Array.from(seed.subarray(0, MAX_INPUT_BYTES)));
  }

  /** How many different things became of the inputs so far. */
  get wordCount(): number {
    return this.#words.size;
  }

  /** The next input, in bytes of its own. */
  next(): Uint8Array {
    const random = this.#random;
    let input: Uint8Array = random.pick(this.#pool);
    for (let left = 1 + random.below(MAX_CHANGES); left > 0; left -= 1) {
      input = random.pick(CHANGES)(input, random, random.pick(this.#pool)).subarray(0, MAX_INPUT_BYTES);
    }
    // WHY: slice of a Buffer would be a view of the one in the pool.
    return Uint8Array.from(input);
  }

  /** Tells what became of an input; kept where nothing like it was seen. */
  saw(input: Uint8Array, outcome: string): void {
    const word = outcome.slice(0, MAX_WORD_CHARS);
    if (this.#words.has(word) || this.#words.size === MAX_WORDS) return;
    this.#words.add(word);
    if (this.#pool.length < MAX_POOL) this.#pool.push(input);
  }
}

function withByte(input: Uint8Array, random: SeededRandom, change: (byte: number) => number): Uint8Array {
  const changed = Uint8Array.from(input);
  const at = random.below(changed.length);
  if (changed.length > 0) changed[at] = change(changed[at] ?? 0);
  return changed;
}

/** `input` with `droppedBytes` at `offset` replaced. */
function spliced(input: Uint8Array, offset: number, droppedBytes: number, inserted: Uint8Array): Uint8Array {
  return Buffer.concat([input.subarray(0, offset), inserted, input.subarray(offset + droppedBytes)]);
}

function repeated(stretch: Uint8Array, times: number): Uint8Array {
  return Buffer.concat(Array.from({ length: times }, () => stretch));
}
