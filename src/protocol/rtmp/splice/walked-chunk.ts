// What a chunk walker tells of a chunk, to those who look for more than points to cut at. [RTMP 5.3.1]

import type { ChunkStream } from '../chunk-stream.ts';

/** A chunk whose header was walked. Places are counted in bytes from the first one that was walked. */
export type WalkedChunk = {
  /** Its chunk stream, read-only: `receivedBytes` is what came of the message before this chunk, 0 where it begins one. */
  readonly stream: ChunkStream;
  /** Type of the chunk, 0..3. */
  readonly format: number;
  /** Where its basic header begins. */
  readonly startBytes: number;
  /** Where its payload begins. */
  readonly payloadStartBytes: number;
  /** How long its payload is, 0 in an empty message alone. */
  readonly payloadBytes: number;
};

/** Hears of each chunk once its header is whole; false ends the walk for good. */
export type ChunkObserver = (chunk: WalkedChunk) => boolean;
