// Bytes on their way through a splice, as the pieces they came in. Taking copies nothing but what is cut in two.

/** LIMIT: what a piece costs beside its bytes, about; a peer that sends byte by byte would else cost hundreds of times what it sends. */
const PIECE_COST_BYTES = 256;

/** Pieces in order. */
export class ByteQueue {
  readonly #pieces: Uint8Array[] = [];
  #lengthBytes = 0;

  /** Bytes in it. */
  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  /** Bytes of memory that it holds, about. */
  get weightBytes(): number {
    return this.#lengthBytes + this.#pieces.length * PIECE_COST_BYTES;
  }

  /** Puts a piece behind all others; nobody writes to it any more. */
  put(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#lengthBytes += piece.length;
  }

  /** Takes exactly `countBytes`, or all where there are fewer. */
  take(countBytes: number): Uint8Array[] {
    if (countBytes >= this.#lengthBytes) {
      this.#lengthBytes = 0;
      return this.#pieces.splice(0);
    }
    let leftBytes = countBytes;
    let whole = 0;
    for (; leftBytes > 0; whole++) {
      const lengthBytes = this.#pieces[whole]?.length ?? 0;
      if (lengthBytes > leftBytes) break;
      leftBytes -= lengthBytes;
    }
    const taken = this.#pieces.splice(0, whole);
    const [first] = this.#pieces;
    if (leftBytes > 0 && first !== undefined) {
      taken.push(first.subarray(0, leftBytes));
      this.#pieces[0] = first.subarray(leftBytes);
    }
    this.#lengthBytes -= countBytes;
    return taken;
  }

  /** Drops the last `countBytes`. */
  dropLast(countBytes: number): void {
    const kept = this.take(this.#lengthBytes - countBytes);
    this.clear();
    for (const piece of kept) this.put(piece);
  }

  /** Forgets everything. */
  clear(): void {
    this.#pieces.length = 0;
    this.#lengthBytes = 0;
  }
}
