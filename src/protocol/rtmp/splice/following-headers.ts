// What follows a connect that was rewritten: the next message on its chunk stream may inherit the length that connect had,
// which the upstream never heard of. Its header then says the length itself. [RTMP 5.3.1.2]

import { ChunkWalker } from './chunk-walker.ts';
import { joined } from './joined.ts';
import { SPLICED_LIMITS } from './limits.ts';
import { withLength } from './message-start.ts';
import type { WalkedChunk } from './walked-chunk.ts';

const EMPTY = new Uint8Array(0);

/** Looks at everything between connect and the next message on its chunk stream, and at nothing behind. */
export class FollowingHeaders {
  readonly #chunkStreamId: number;
  readonly #connectEndBytes: number;
  #walker: ChunkWalker | null;
  #found: WalkedChunk | null = null;
  // What may be the beginning of the header that is looked for.
  #held: Uint8Array = EMPTY;

  /** `rawBytes` is what came up to the end of connect, which was on `chunkStreamId`. */
  constructor(rawBytes: Uint8Array, chunkStreamId: number) {
    this.#chunkStreamId = chunkStreamId;
    this.#connectEndBytes = rawBytes.length;
    this.#walker = new ChunkWalker(SPLICED_LIMITS, (chunk) => this.#see(chunk));
    this.#walker.walk(rawBytes);
  }

  /** True once there is nothing more to be fixed: bytes need not be handed over any more. */
  get isDone(): boolean {
    return this.#walker === null;
  }

  /**
   * Returns what is to be sent of `bytes` and of what was held back before: `bytes` themselves once it is done. Holds
   * back up to 17 bytes, a header that is not whole; where the client ends there, they are of no use to anybody.
   * @throws RtmpError as the chunk walker
   */
  fix(bytes: Uint8Array): Uint8Array {
    const walker = this.#walker;
    if (walker === null) return bytes;
    const heldBytes = this.#held.length;
    const startBytes = walker.walkedBytes - heldBytes;
    walker.walk(bytes);
    const waiting = heldBytes === 0 ? bytes : joined(this.#held, bytes);
    if (this.#found !== null) {
      this.#walker = null;
      this.#held = EMPTY;
      return withFixedHeader(waiting, startBytes, this.#found);
    }
    const readyBytes = Math.max(0, waiting.length - walker.headerBytes);
    this.#held = Uint8Array.from(waiting.subarray(readyBytes));
    return waiting.subarray(0, readyBytes);
  }

  /** False where `chunk` begins the next message on connect's chunk stream. */
  #see(chunk: WalkedChunk): boolean {
    // WHY: connect's own last chunk may only be seen here, where the peer leaves out extended timestamps.
    if (chunk.startBytes < this.#connectEndBytes) return true;
    if (chunk.stream.id !== this.#chunkStreamId || chunk.stream.receivedBytes > 0) return true;
    this.#found = chunk;
    return false;
  }
}

/** `waiting`, which begin at `startBytes`, with the header of `found` saying its length. */
function withFixedHeader(waiting: Uint8Array, startBytes: number, found: WalkedChunk): Uint8Array {
  if (found.format <= 1) return waiting;
  const from = found.startBytes - startBytes;
  const to = found.payloadStartBytes - startBytes;
  const header = withLength(waiting.subarray(from, to), found.stream, found.stream.lengthBytes);
  return joined(waiting.subarray(0, from), header, waiting.subarray(to));
}
