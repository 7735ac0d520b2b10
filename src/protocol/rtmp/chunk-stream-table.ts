// The chunk streams of one direction of a connection, and the rules of which chunk may come on which: what opens
// one, what must not break into a message, how many there may be. [RTMP 5.3.1]

import { type BufferAdvance, ChunkStream } from './chunk-stream.ts';
import { RtmpError } from './rtmp-error.ts';

const NEAR_IDS = 64;

/** Receive states by chunk stream id; at most `maxChunkStreams` of them, kept as long as the connection. */
export class ChunkStreamTable {
  readonly #maxChunkStreams: number;
  // WHY: ids below 64 are all that most peers use, and an array is the cheaper look-up.
  readonly #near: (ChunkStream | undefined)[] = new Array(NEAR_IDS).fill(undefined);
  readonly #far = new Map<number, ChunkStream>();
  readonly #advance: BufferAdvance = { holder: null };
  #count = 0;

  constructor(maxChunkStreams: number) {
    this.#maxChunkStreams = maxChunkStreams;
  }

  /** The state of chunk stream `id`, any number; undefined where no chunk has come on it. */
  find(id: number): ChunkStream | undefined {
    return id < NEAR_IDS ? this.#near[id] : this.#far.get(id);
  }

  /**
   * The state of chunk stream `id`, 2..65599, for a chunk of type `format`, 0..3; made where it is the first.
   * @throws RtmpError 'rtmp-chunk-header-without-start', 'rtmp-chunk-message-interrupted',
   * 'rtmp-chunk-streams-exceeded'
   */
  open(id: number, format: number): ChunkStream {
    const stream = this.find(id);
    if (stream === undefined) return this.#create(id, format);
    if (format !== 3 && stream.receivedBytes > 0) {
      throw new RtmpError(
        'rtmp-chunk-message-interrupted',
        `expected a type 3 chunk on chunk stream ${id}, which has ${stream.receivedBytes} of ${stream.lengthBytes} bytes; got type ${format}`,
      );
    }
    return stream;
  }

  /** Since when the unfinished message that has stood still longest has; see {@link ChunkStream.stillSinceMs}. */
  stillSinceMs(nowMs: number, isReading: boolean): number | null {
    let oldestMs: number | null = null;
    for (const stream of [...this.#near, ...this.#far.values()]) {
      const sinceMs = stream?.stillSinceMs(nowMs, isReading) ?? null;
      if (sinceMs !== null && (oldestMs === null || sinceMs < oldestMs)) oldestMs = sinceMs;
    }
    return oldestMs;
  }

  #create(id: number, format: number): ChunkStream {
    if (format >= 2) {
      throw new RtmpError(
        'rtmp-chunk-header-without-start',
        `expected a type 0 or 1 chunk first on chunk stream ${id}, got type ${format}`,
      );
    }
    if (this.#count >= this.#maxChunkStreams) {
      throw new RtmpError(
        'rtmp-chunk-streams-exceeded',
        `expected at most ${this.#maxChunkStreams} chunk streams, got one more with id ${id}`,
      );
    }
    const stream = new ChunkStream(id, this.#advance);
    this.#count += 1;
    if (id < NEAR_IDS) this.#near[id] = stream;
    else this.#far.set(id, stream);
    return stream;
  }
}
