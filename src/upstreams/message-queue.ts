// What an upstream has sent and its client has not taken: bytes as they came, cut for a tunnel where no message is open, so
// that a reply carries whole messages. [RTMPT-NOTE 9] Messages are not put together: chunk headers are walked.

import { MAX_MESSAGE_BYTES } from '../protocol/rtmp/limits.ts';
import { ChunkWalker } from '../protocol/rtmp/splice/chunk-walker.ts';
import { ByteQueue } from './byte-queue.ts';

/** The chunk stream from an upstream to its client. */
export class MessageQueue {
  readonly #walker = new ChunkWalker({ maxMessageBytes: MAX_MESSAGE_BYTES });
  readonly #bytes = new ByteQueue();
  readonly #isCut: boolean;
  /** Points at which no message is open, in bytes from the first one on, that were not taken yet. */
  readonly #cuts: number[] = [];
  #takenBytes = 0;

  /** `isCut` where bytes are taken up to such points alone. */
  constructor(isCut: boolean) {
    this.#isCut = isCut;
  }

  /** Bytes in it, those of messages that are not whole too. */
  get lengthBytes(): number {
    return this.#bytes.lengthBytes;
  }

  /** True where `take` gives something. */
  get hasMore(): boolean {
    return this.#isCut ? this.#cuts.length > 0 : this.#bytes.lengthBytes > 0;
  }

  /** The upstream's chunk size in force, bytes. */
  get chunkSizeBytes(): number {
    return this.#walker.chunkSizeBytes;
  }

  /** Takes in what came. @throws RtmpError for what is no chunk stream */
  put(bytes: Uint8Array): void {
    this.#bytes.put(bytes);
    this.#walker.walk(bytes);
    if (!this.#isCut) return;
    // WHY: where messages overlap for ever there is no such point, and a peer that waits for one would wait for ever.
    const cutBytes = this.#walker.isCutOverdue ? this.#walker.walkedBytes : this.#walker.cutBytes;
    if (cutBytes > (this.#cuts.at(-1) ?? this.#takenBytes)) this.#cuts.push(cutBytes);
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
    const openBytes = this.#walker.walkedBytes - Math.max(this.#walker.cutBytes, this.#takenBytes);
    this.#bytes.dropLast(openBytes);
    if (this.#takenBytes > this.#walker.cutBytes) return false;
    if (this.#isCut && this.#cuts.at(-1) !== this.#walker.cutBytes) {
      this.#cuts.length = 0;
      if (this.#walker.cutBytes > this.#takenBytes) this.#cuts.push(this.#walker.cutBytes);
    }
    return true;
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
