// Where a chunk header is put together when it comes in pieces. Fields have a known length each; what they mean
// is decided in chunk-decoder.ts.

/** The longest field: the 11 bytes of a type 0 message header. */
const MAX_FIELD_BYTES = 11;

/** One field of a header at a time. Reads beyond what was asked for give stale bytes. */
export class HeaderScratch {
  readonly #bytes = new Uint8Array(MAX_FIELD_BYTES);
  #filledBytes = 0;
  #neededBytes = 0;

  /** Length of the field, 1..11 bytes. */
  get neededBytes(): number {
    return this.#neededBytes;
  }

  /** Whether the field is whole. */
  get isFull(): boolean {
    return this.#filledBytes === this.#neededBytes;
  }

  /** Begins a field of `neededBytes`, 1..11. */
  begin(neededBytes: number): void {
    this.#filledBytes = 0;
    this.#neededBytes = neededBytes;
  }

  /** Takes what is missing, or all there is, from `start` on. Returns the offset behind it. */
  fill(bytes: Uint8Array, start: number): number {
    const end = Math.min(start + this.#neededBytes - this.#filledBytes, bytes.length);
    let filledBytes = this.#filledBytes;
    for (let offset = start; offset < end; offset += 1) this.#bytes[filledBytes++] = bytes[offset] ?? 0;
    this.#filledBytes = filledBytes;
    return end;
  }

  /** The field so far, as a copy. */
  copy(): Uint8Array {
    return this.#bytes.slice(0, this.#filledBytes);
  }

  readU8(offset: number): number {
    return this.#bytes[offset] ?? 0;
  }

  readU24(offset: number): number {
    return (this.readU8(offset) << 16) | (this.readU8(offset + 1) << 8) | this.readU8(offset + 2);
  }

  readU32(offset: number): number {
    return ((this.readU8(offset) << 24) | this.readU24(offset + 1)) >>> 0;
  }

  /** Least significant byte first. */
  readU32Le(offset: number): number {
    const low = this.readU8(offset) | (this.readU8(offset + 1) << 8);
    return (low | (this.readU8(offset + 2) << 16) | (this.readU8(offset + 3) << 24)) >>> 0;
  }
}
