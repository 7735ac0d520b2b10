// Runs a chunk decoder over bytes cut in any way, and gives what it yields in the form of the vector file.

import assert from 'node:assert/strict';
import { ChunkDecoder } from '../../src/protocol/rtmp/chunk-decoder.ts';
import type { ChunkDecoderLimits } from '../../src/protocol/rtmp/message-bounds.ts';
import { RtmpError, type RtmpErrorCode } from '../../src/protocol/rtmp/rtmp-error.ts';
import type { WireMessage } from './chunk-wire.ts';
import { everyTwoWaySplit, splitEvery } from './splits.ts';
import { hexOf, type VectorMessage } from './vectors.ts';

/** Limits that no ordinary test meets. */
export const WIDE_LIMITS: ChunkDecoderLimits = { maxMessageBytes: 8 * 1024 * 1024 };

/** A message in the form of the vector file. */
export function toVectorMessage(message: WireMessage): VectorMessage {
  const { chunkStreamId, timestampMs, typeId, messageStreamId, payload } = message;
  return { cs: chunkStreamId, ts: timestampMs, ty: typeId, ms: messageStreamId, body: hexOf(payload) };
}

/** All messages that a decoder yields from `pieces`, which it must use up. */
export function readPieces(
  pieces: Iterable<Uint8Array>,
  decoder = new ChunkDecoder(WIDE_LIMITS),
): VectorMessage[] {
  const messages: VectorMessage[] = [];
  for (const piece of pieces) {
    const offset = decoder.receive(piece, 0, (message) => messages.push(toVectorMessage(message)) > 0);
    assert.equal(offset, piece.length);
  }
  return messages;
}

/** Asserts that `bytes` yield `expected` as a whole, byte by byte, and cut in two anywhere. */
export function assertReads(bytes: Uint8Array, expected: readonly VectorMessage[]): void {
  assert.deepEqual(readPieces([bytes]), expected);
  assert.deepEqual(readPieces(splitEvery(bytes, 1)), expected, 'byte by byte');
  for (const split of everyTwoWaySplit(bytes)) {
    assert.deepEqual(readPieces(split), expected, `cut at ${split[0].length}`);
  }
}

/** Asserts that `bytes` are refused with `code`, as a whole, byte by byte and cut in two, and gives the error. */
export function assertRefused(bytes: Uint8Array, code: RtmpErrorCode, limits = WIDE_LIMITS): RtmpError {
  const errors: RtmpError[] = [];
  for (const pieces of [[bytes], splitEvery(bytes, 1), ...everyTwoWaySplit(bytes)]) {
    assert.throws(
      () => readPieces(pieces, new ChunkDecoder(limits)),
      (error) => error instanceof RtmpError && error.code === code && errors.push(error) > 0,
    );
  }
  const [first] = errors;
  assert.ok(first);
  for (const error of errors) assert.equal(error.message, first.message);
  return first;
}
