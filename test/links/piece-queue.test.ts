import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PieceQueue } from '../../src/links/piece-queue.ts';

const PIECE_BYTES = 64 * 1024;

function queueOf(chunks: readonly Uint8Array[]): PieceQueue {
  const queue = new PieceQueue();
  queue.hold(chunks);
  return queue;
}

describe('PieceQueue', () => {
  it('gives short chunks as they are, and long ones in pieces of 64 KiB that share their memory', () => {
    const short = new Uint8Array(3);
    const long = new Uint8Array(2 * PIECE_BYTES + 5);
    const queue = queueOf([short, long]);
    assert.equal(queue.next(), short);
    const pieces = [queue.next(), queue.next(), queue.next()];
    assert.deepEqual(
      pieces.map(({ length }) => length),
      [PIECE_BYTES, PIECE_BYTES, 5],
    );
    for (const [number, piece] of pieces.entries()) {
      assert.equal(piece.buffer, long.buffer);
      assert.equal(piece.byteOffset, number * PIECE_BYTES);
    }
    assert.equal(queue.hasNext, false);
    assert.throws(() => queue.next(), /nothing/);
  });

  it('holds what it gave until it is told to forget it', () => {
    const queue = queueOf([new Uint8Array(1)]);
    assert.equal(queue.isOneChunk, true);
    queue.next();
    assert.equal(queue.isEmpty, false);
    queue.forget();
    assert.equal(queue.isEmpty, true);
    queue.hold([new Uint8Array(1), new Uint8Array(2)]);
    assert.equal(queue.isOneChunk, false);
    assert.equal(queue.next().length, 1);
  });

  it('tells beforehand how much fills a room piece by piece, wherever it stands', () => {
    const length = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 3 * PIECE_BYTES }));
    const lengths = fc.array(length, { minLength: 1, maxLength: 6 });
    const rooms = fc.array(fc.oneof(fc.integer({ min: -9, max: 500 }), fc.nat(4 * PIECE_BYTES)), {
      minLength: 1,
    });
    fc.assert(
      fc.property(lengths, rooms, (chunkLengths, roomsBytes) => {
        const queue = queueOf(chunkLengths.map((length) => new Uint8Array(length)));
        for (const roomBytes of roomsBytes) {
          if (!queue.hasNext) return;
          const toldBytes = queue.lengthOfNext(roomBytes);
          let givenBytes = 0;
          do givenBytes += queue.next().length;
          while (queue.hasNext && givenBytes < roomBytes);
          assert.equal(toldBytes, givenBytes);
        }
      }),
    );
  });
});
