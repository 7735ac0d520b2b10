// What an upstream has sent and its client has not taken: bytes as they came, cut for a tunnel where no message is open, so
// that a reply carries whole messages. [RTMPT-NOTE 9] Messages are not put together: chunk headers are walked.

import { ChunkWalker } from '../protocol/rtmp/splice/chunk-walker.ts';
import { MAX_OPEN_BYTES, SPLICED_LIMITS } from '../protocol/rtmp/splice/limits.ts';
import { ByteQueue } from './byte-queue.ts';

/** LIMIT: bytes that are walked at once: points to cut at are known no closer, and a read may be of many messages. */
const WALK_BYTES = 4 * 1024;

/** The chunk stream from an upstream to its client. */
export class MessageQueue {
  readonly #walker = new ChunkWalker(SPLICED_LIMITS);
  readonly #bytes = new ByteQueue();
  readonly #isCut: boolean;
  readonly #maxOpenBytes: number;
  /** Points at which no message is open, in bytes from the first one on, that were not taken yet. */
  readonly #cuts: number[] = [];
  #takenBytes = 0;

  /**
   * `isCut` where bytes are taken up to such points alone, unless none has come for so long that any will do, which is at
   * `maxWaitingBytes` at the latest.
   */
  constructor(isCut: boolean, maxWaitingBytes: number = MAX_OPEN_BYTES) {
    this.#isCut = isCut;
    this.#maxOpenBytes = Math.min(MAX_OPEN_BYTES, maxWaitingBytes);
  }

  /** Bytes in it, those of messages that are not whole too. */
  get lengthBytes(): number {
    return this.#bytes.lengthBytes;
  }

  /** Bytes of memory that it holds, about. */
  get weightBytes(): number {
    return this.#bytes.weightBytes;
  }

  /** True where `take` gives something. */
  get hasMore(): boolean {
    return this.#isCut ? this.#cuts.length > 0 : this.#bytes.lengthBytes > 0;
  }

  /** Bytes up to the first point at which it may be cut; null where there is none yet, or it is not cut. */
  get nextBytes(): number | null {
    const first = this.#cuts[0];
    return first === undefined ? null : first - this.#takenBytes;
  }

  /** The upstream's chunk size behind the last whole message, bytes. */
  get chunkSizeBytes(): number {
    return this.#walker.cutChunkSizeBytes;
  }

  /** Takes in what came. @throws RtmpError for what is no chunk stream */
  put(bytes: Uint8Array): void {
    this.#bytes.put(bytes);
    this.#walk(bytes);
  }

  /**
   * Takes in lent bytes that go on at once, where nothing waits before them. Those that are refused wait, as by `put`.
   * @throws RtmpError for what is no chunk stream
   */
  pass(bytes: Uint8Array): void {
    try {
      this.#walk(bytes);
      this.#takenBytes += bytes.length;
    } catch (error) {
      this.#bytes.put(Uint8Array.from(bytes));
      throw error;
    }
  }

  #walk(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length; offset += WALK_BYTES) {
      this.#walker.walk(bytes.subarray(offset, offset + WALK_BYTES));
      if (this.#isCut) this.#noteCut();
    }
  }

  #noteCut(): void {
    const { walkedBytes, cutBytes, openBytes } = this.#walker;
    // WHY: where messages overlap for ever there is no such point, and a peer that waits for one would wait for ever.
    const isOverdue =
      openBytes > this.#maxOpenBytes || (!this.hasMore && this.weightBytes > this.#maxOpenBytes);
    const pointBytes = isOverdue ? walkedBytes : cutBytes;
    if (pointBytes > (this.#cuts.at(-1) ?? this.#takenBytes)) this.#cuts.push(pointBytes);
  }

  /** Gives at most `maxBytes`, but for a first cut that is longer where `takesLong`. */
  take(maxBytes: number, takesLong = true): Uint8Array[] {
    const countBytes = this.#isCut ? this.#cutWithin(maxBytes, takesLong) : maxBytes;
    if (countBytes === 0) return [];
    const taken = this.#bytes.take(countBytes);
    for (const piece of taken) this.#takenBytes += piece.length;
    return taken;
  }

  /**
   * The upstream is gone: forgets the message that will never be whole. False where some of it was taken already, so that
   * nothing else can be said behind it.
   */
  endWhole(): boolean {
    const keptBytes = Math.max(0, this.#walker.cutBytes - this.#takenBytes);
    this.#bytes.dropLast(this.#bytes.lengthBytes - keptBytes);
    if (this.#isCut) {
      const cuts = this.#cuts.filter((pointBytes) => pointBytes < this.#walker.cutBytes);
      if (keptBytes > 0) cuts.push(this.#walker.cutBytes);
      this.#cuts.splice(0, this.#cuts.length, ...cuts);
    }
    return this.#takenBytes <= this.#walker.cutBytes;
  }

  /** Puts a whole message of our own behind all there is; what the upstream sends is not taken in any more. */
  putLast(message: Uint8Array): void {
    this.#bytes.put(message);
    if (this.#isCut) this.#cuts.push(this.#takenBytes + this.#bytes.lengthBytes);
  }

  /** Forgets everything. */
  clear(): void {
    this.#bytes.clear();
    this.#cuts.length = 0;
  }

  #cutWithin(maxBytes: number, takesLong: boolean): number {
    const limitBytes = this.#takenBytes + maxBytes;
    const first = this.#cuts[0];
    if (first === undefined || (first > limitBytes && !takesLong)) return 0;
    let count = 1;
    while ((this.#cuts[count] ?? Number.POSITIVE_INFINITY) <= limitBytes) count++;
    const cutBytes = this.#cuts[count - 1] ?? first;
    this.#cuts.splice(0, count);
    return cutBytes - this.#takenBytes;
  }
}
