// Reads input of any length in pieces, so that what it costs is counted before all of it is worked off.

import type { ChunkDecoder } from './chunk-decoder.ts';
import type { FloodLimits } from './flood-limits.ts';
import type { RtmpMessage } from './message.ts';

/** LIMIT: bytes that are read before what they cost is counted: a body of the tunnel may have 16 MiB. */
const PIECE_BYTES = 64 * 1024;

/**
 * Reads `bytes` while `mayGoOn`, asked after each piece; `onMessage` is the decoder's. Returns the offset of the first
 * byte that was not read. @throws RtmpError of the decoder and of `onMessage`; 'rtmp-flood' for tiny chunks
 */
export function readInPieces(
  decoder: ChunkDecoder,
  bytes: Uint8Array,
  floods: FloodLimits,
  onMessage: (message: RtmpMessage) => boolean,
  mayGoOn: () => boolean,
): number {
  let offset = 0;
  do {
    const tinyChunksBefore = decoder.tinyChunks;
    const pieceEnd = Math.min(offset + PIECE_BYTES, bytes.length);
    const piece = pieceEnd === bytes.length ? bytes : bytes.subarray(0, pieceEnd);
    offset = decoder.receive(piece, offset, onMessage);
    const tinyChunks = decoder.tinyChunks - tinyChunksBefore;
    if (tinyChunks > 0) floods.spend('tiny chunks', tinyChunks);
  } while (offset < bytes.length && mayGoOn());
  return offset;
}
