import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { HeldInput } from '../../../src/protocol/rtmp/held-input.ts';
import { filled, join } from '../../support/chunk-wire.ts';
import { assertRefused } from './server/server-bench.ts';

const LIMIT_BYTES = 1024 * 1024;

describe('HeldInput', () => {
  it('gives what was added and not dropped, in order, whatever the pieces', () => {
    const step = fc.record({
      added: fc.uint8Array({ maxLength: 9000 }),
      droppedShare: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const held = new HeldInput();
        let expected: Uint8Array = new Uint8Array(0);
        for (const { added, droppedShare } of steps) {
          held.add(added);
          expected = join([expected, added]);
          const droppedBytes = Math.floor(expected.length * droppedShare);
          held.drop(droppedBytes);
          expected = expected.slice(droppedBytes);
          assert.deepEqual(Buffer.from(held.bytes), Buffer.from(expected));
        }
      }),
    );
  });

  it('keeps copies, of a Buffer too', () => {
    const held = new HeldInput();
    const bytes = Buffer.from([1, 2, 3]);
    held.add(bytes.subarray(1));
    bytes.fill(9);
    assert.deepEqual([...held.bytes], [2, 3]);
  });

  it('holds as much as its limit and not one byte more', () => {
    const held = new HeldInput();
    held.add(filled(LIMIT_BYTES - 1));
    held.add(Uint8Array.of(7));
    const error = assertRefused('rtmp-pending-input-exceeded', () => held.add(Uint8Array.of(8)));
    assert.match(error.message, /1048576 bytes.*1048577/);
    assert.equal(held.bytes.length, LIMIT_BYTES);
    held.drop(1);
    held.add(Uint8Array.of(8));
    assert.deepEqual([...held.bytes.subarray(-2)], [7, 8]);
  });

  it('keeps any number of bytes that were in hand, where nothing waits yet', () => {
    const held = new HeldInput();
    const bytes = filled(LIMIT_BYTES + 2);
    held.keep(bytes);
    assert.throws(() => held.keep(bytes), /input waits already/);
    assertRefused('rtmp-pending-input-exceeded', () => held.add(Uint8Array.of(8)));
    held.drop(3);
    held.add(Uint8Array.of(8));
    assert.deepEqual(Buffer.from(held.bytes), Buffer.from(join([bytes.subarray(3), Uint8Array.of(8)])));
  });

  it('holds a trickle of single bytes in time that grows with them', () => {
    const held = new HeldInput();
    for (let count = 0; count < LIMIT_BYTES; count++) held.add(Uint8Array.of(count));
    assert.equal(held.bytes.length, LIMIT_BYTES);
    held.clear();
    assert.equal(held.bytes.length, 0);
  });
});
