import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ByteQueue } from '../../src/upstreams/byte-queue.ts';
import { filled } from '../support/chunk-wire.ts';

describe('ByteQueue', () => {
  it('gives the bytes that were put, in order, however they are put and taken', () => {
    const step = fc.oneof(
      fc.record({ put: fc.nat(40) }),
      fc.record({ take: fc.nat(60) }),
      fc.record({ drop: fc.nat(10) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new ByteQueue();
        let kept: number[] = [];
        for (const [index, one] of steps.entries()) {
          if ('put' in one) {
            const piece = filled(one.put, index);
            queue.put(piece);
            kept.push(...piece);
          } else if ('take' in one) {
            const taken = Buffer.concat(queue.take(one.take));
            assert.deepEqual([...taken], kept.splice(0, one.take));
          } else {
            const countBytes = Math.min(one.drop, kept.length);
            queue.dropLast(countBytes);
            kept = kept.slice(0, kept.length - countBytes);
          }
          assert.equal(queue.lengthBytes, kept.length);
        }
      }),
    );
  });

  it('copies nothing that it gives', () => {
    const queue = new ByteQueue();
    const piece = filled(10);
    queue.put(piece);
    const [first] = queue.take(4);
    const [second] = queue.take(6);
    assert.equal(first?.buffer, piece.buffer);
    assert.equal(second?.buffer, piece.buffer);
    assert.equal(second?.byteOffset, piece.byteOffset + 4);
  });

  it('weighs a piece more than its bytes, so that bytes that come one by one are not held by the million', () => {
    const queue = new ByteQueue();
    for (let index = 0; index < 1000; index++) queue.put(filled(1, index));
    assert.equal(queue.lengthBytes, 1000);
    assert.ok(queue.weightBytes > 100_000);
    queue.clear();
    assert.equal(queue.weightBytes, 0);
    assert.deepEqual(queue.take(10), []);
  });
});
