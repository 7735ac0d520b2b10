// RC4, the stream cipher of RTMPE. It is broken as cryptography and kept for old clients only; OpenSSL 3 has none any
// more, which is why it is written out here.

const STATE_SIZE = 256;

/** Keystream bytes that RTMPE throws away before the first one that is used. */
const DISCARDED_BYTES = 1536;

/** One direction of an RTMPE connection: a keystream that goes on from call to call. */
export class Rc4 {
  // WHY: 32 bits wide, though each value is a byte: a third faster than a Uint8Array.
  readonly #state = new Int32Array(STATE_SIZE);
  #i = 0;
  #j = 0;

  /** Begins the keystream of `key` (1..256 bytes), 1536 bytes behind its start. */
  constructor(key: Uint8Array) {
    const state = this.#state;
    for (let i = 0; i < STATE_SIZE; i++) state[i] = i;
    for (let i = 0, j = 0; i < STATE_SIZE; i++) {
      const value = state[i] ?? 0;
      j = (j + value + (key[i % key.length] ?? 0)) & 255;
      state[i] = state[j] ?? 0;
      state[j] = value;
    }
    this.apply(new Uint8Array(DISCARDED_BYTES));
  }

  /** Encrypts or decrypts `bytes` in place, which is the same, and moves the keystream on by their number. */
  apply(bytes: Uint8Array): void {
    const state = this.#state;
    let i = this.#i;
    let j = this.#j;
    for (let at = 0; at < bytes.length; at++) {
      i = (i + 1) & 255;
      const first = state[i] ?? 0;
      j = (j + first) & 255;
      const second = state[j] ?? 0;
      state[i] = second;
      state[j] = first;
      bytes[at] = (bytes[at] ?? 0) ^ (state[(first + second) & 255] ?? 0);
    }
    this.#i = i;
    this.#j = j;
  }
}
