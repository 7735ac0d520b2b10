// Random numbers that are the same in every run with the same seed: a xorshift generator. Not for secrets.

/** Numbers of one seed. */
export class SeededRandom {
  #state: number;

  /** @param seed any whole number; neighbours give different numbers */
  constructor(seed: number) {
    // WHY: a state of zero stays zero, and small seeds begin alike.
    this.#state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995) >>> 0 || 1;
    for (let round = 0; round < 8; round++) this.#next();
  }

  /** A whole number, 0 to `end` - 1. */
  below(end: number): number {
    return this.#next() % end;
  }

  /** A whole number, `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  /** True one time in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of them. @throws Error where there is none */
  oneOf<T>(values: readonly T[]): T {
    const index = this.below(values.length);
    if (index >= values.length) throw new Error('expected something to choose from');
    return values[index] as T;
  }

  /** Bytes of a buffer of their own. */
  bytes(lengthBytes: number): Buffer {
    const bytes = Buffer.allocUnsafe(lengthBytes);
    for (let index = 0; index < lengthBytes; index++) bytes[index] = this.#next() & 0xff;
    return bytes;
  }

  /** Characters as a session id has them. */
  idText(lengthChars: number): string {
    return this.bytes(lengthChars).toString('base64url').slice(0, lengthChars);
  }

  #next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state;
  }
}
