// What a Link has pulled and not written yet. Long chunks are given piece by piece: a peer on a slow line is seen to read
// with each piece that leaves, and a full connection holds no more than one.

/** LIMIT: how much of a pull must go out for a slow peer to count as reading. */
const PIECE_BYTES = 64 * 1024;

const NOTHING: readonly Uint8Array[] = [];

/** Chunks, and how much of them is written. */
export class PieceQueue {
  #chunks: readonly Uint8Array[] = NOTHING;
  /** Chunks before the index are written, and so many bytes of the chunk at it. */
  #chunkIndex = 0;
  #writtenBytes = 0;

  /** True where nothing is held. What is held stays held until it is forgotten. */
  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** True where what is held is one chunk. */
  get isOneChunk(): boolean {
    return this.#chunks.length === 1;
  }

  /** True where a piece is left. */
  get hasNext(): boolean {
    return this.#chunkIndex < this.#chunks.length;
  }

  /** Takes chunks in, where it is empty. They are given as views. */
  hold(chunks: readonly Uint8Array[]): void {
    this.#chunks = chunks;
  }

  /** The next piece, a view. */
  next(): Uint8Array {
    const chunk = this.#chunks[this.#chunkIndex];
    if (chunk === undefined) throw new Error('nothing that was pulled is left to write');
    const from = this.#writtenBytes;
    const to = Math.min(from + PIECE_BYTES, chunk.length);
    const isLast = to === chunk.length;
    this.#writtenBytes = isLast ? 0 : to;
    if (isLast) this.#chunkIndex++;
    return from === 0 && isLast ? chunk : chunk.subarray(from, to);
  }

  /** Bytes of the next pieces together: of at least one, and of no more than it takes to fill `roomBytes`. */
  lengthOfNext(roomBytes: number): number {
    const wantedBytes = Math.max(roomBytes, 1);
    let lengthBytes = -this.#writtenBytes;
    let countedBytes = 0;
    for (let index = this.#chunkIndex; index < this.#chunks.length; index++) {
      lengthBytes += this.#chunks[index]?.length ?? 0;
      if (lengthBytes >= wantedBytes) {
        const pieces = Math.ceil((wantedBytes - countedBytes) / PIECE_BYTES);
        return Math.min(lengthBytes, countedBytes + pieces * PIECE_BYTES);
      }
      countedBytes = lengthBytes;
    }
    return lengthBytes;
  }

  /** WHY: what is held are views of a log's memory, and the next bytes may not come for long. */
  forget(): void {
    this.#chunks = NOTHING;
    this.#chunkIndex = 0;
    this.#writtenBytes = 0;
  }
}
