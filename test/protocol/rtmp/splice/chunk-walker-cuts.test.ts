// Properties of the chunk walker: it finds every point of a chunk stream where no message is open, and no other, as they
// were written and as the chunk decoder finds them.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../../support/property-sizes.ts';
import { ProtocolError } from '../../../../src/protocol/bytes/protocol-error.ts';
import { ChunkDecoder } from '../../../../src/protocol/rtmp/chunk-decoder.ts';
import { ChunkWalker } from '../../../../src/protocol/rtmp/splice/chunk-walker.ts';
import { WIDE_LIMITS } from '../../../support/chunk-reading.ts';
import { control, join } from '../../../support/chunk-wire.ts';
import { splitEvery } from '../../../support/splits.ts';
import { chunkSizeBytes, controlChunks, cutAt, picks, wireMessages, writeScript } from './wire-script.ts';

/** Bytes that a walker may have to see behind a point to know it, where extended timestamps are left out: those of a timestamp. */
const LOOK_AHEAD_BYTES = 4;

const ids = fc.constantFrom(3, 4, 6, 63, 64, 319, 320, 65599);
const plan = fc.record({
  chunkSizesBytes: fc.array(chunkSizeBytes, { minLength: 1, maxLength: 3 }),
  messages: wireMessages(ids),
  picks,
  aborts: fc.boolean(),
});

/** The points that a chunk decoder finds in `bytes`: ends of messages at which it holds nothing. */
function pointsOfDecoder(bytes: Uint8Array): number[] {
  const decoder = new ChunkDecoder(WIDE_LIMITS);
  const points: number[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    offset = decoder.receive(bytes, offset, () => false);
    if (decoder.partialBytes === 0) points.push(offset);
  }
  return points;
}

/** The greatest of the ascending `points` up to `limitBytes`, 0 where there is none. */
function lastUpTo(points: readonly number[], limitBytes: number): number {
  return points.findLast((point) => point <= limitBytes) ?? 0;
}

describe('the points at which ChunkWalker would cut', () => {
  it('are those where no message was open, whatever the headers, chunk sizes, order and Aborts', () => {
    fc.assert(
      fc.property(plan, (one) => {
        const { bytes, cuts } = writeScript({ ...one, repeatsTimestamp: true });
        const walker = new ChunkWalker(WIDE_LIMITS);
        const found = new Set<number>();
        for (const piece of splitEvery(bytes, 1)) {
          walker.walk(piece);
          if (walker.cutBytes > 0) found.add(walker.cutBytes);
        }
        assert.deepEqual([...found], cuts);
        assert.equal(walker.openBytes, 0);
        assert.equal(walker.headerBytes, 0);
      }),
      { numRuns: 200 },
    );
  });

  it('are those where the chunk decoder has whole messages and holds nothing', () => {
    fc.assert(
      fc.property(plan, picks, (one, places) => {
        const { bytes } = writeScript({ ...one, repeatsTimestamp: true });
        const points = pointsOfDecoder(bytes);
        const walker = new ChunkWalker(WIDE_LIMITS);
        for (const piece of cutAt(bytes, places)) {
          walker.walk(piece);
          assert.equal(walker.cutBytes, lastUpTo(points, walker.walkedBytes));
        }
      }),
      { numRuns: 400 },
    );
  });

  it('are the same for a peer that leaves out extended timestamps, known four bytes later at most', () => {
    fc.assert(
      fc.property(plan, picks, (one, places) => {
        const script = writeScript({ ...one, repeatsTimestamp: false });
        const sizeBytes = one.chunkSizesBytes.at(-1) ?? 128;
        const bytes = join([script.bytes, ...controlChunks(control(3, 7), sizeBytes)]);
        const points = [0, ...script.cuts, bytes.length];
        const cuts = new Set(points);
        for (const pieces of [cutAt(bytes, places), splitEvery(bytes, 1), [bytes]]) {
          const walker = new ChunkWalker(WIDE_LIMITS);
          for (const piece of pieces) {
            walker.walk(piece);
            assert.equal(cuts.has(walker.cutBytes), true);
            const known = lastUpTo(points, walker.walkedBytes - LOOK_AHEAD_BYTES);
            assert.equal(walker.cutBytes >= known, true);
          }
          assert.equal(walker.openBytes, 0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('depend on the bytes alone, and errors with them, whatever the cut', () => {
    const bytes = fc.array(
      fc.oneof(
        fc.constantFrom(0x02, 0x03, 0x43, 0x83, 0xc3, 0x04, 0x44, 0xc4, 0x00, 0xff, 0x01),
        fc.nat(255),
      ),
      { maxLength: 200 },
    );
    const limits = { maxMessageBytes: 5000, maxChunkStreams: 4 };
    const walk = (pieces: Iterable<Uint8Array>): unknown[] => {
      const chunks: unknown[] = [];
      const walker = new ChunkWalker(
        limits,
        ({ stream, ...chunk }) => chunks.push({ ...chunk, id: stream.id }) > 0,
      );
      try {
        for (const piece of pieces) walker.walk(piece);
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
        return [chunks, error.message];
      }
      return [chunks, walker.cutBytes, walker.openBytes, walker.headerBytes, walker.chunkSizeBytes];
    };
    fc.assert(
      fc.property(bytes, picks, (values, places) => {
        const whole = Uint8Array.from(values);
        const expected = walk([whole]);
        assert.deepEqual(walk(splitEvery(whole, 1)), expected);
        assert.deepEqual(walk(cutAt(whole, places)), expected);
      }),
      { numRuns: 2000 },
    );
  });
});
