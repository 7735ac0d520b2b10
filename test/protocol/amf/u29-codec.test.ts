import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readU29, writeU29 } from '../../../src/protocol/amf/u29-codec.ts';
import { ByteCursor } from '../../../src/protocol/bytes/byte-cursor.ts';
import { ByteWriter } from '../../../src/protocol/bytes/byte-writer.ts';
import { bytesOf, hexOf } from '../../support/vectors.ts';

/** The first and the last value of each length. */
const EDGES = [
  [0, '00'],
  [0x7f, '7f'],
  [0x80, '8100'],
  [0x3fff, 'ff7f'],
  [0x4000, '818000'],
  [0x1f_ffff, 'ffff7f'],
  [0x20_0000, '80c08000'],
  [0x1fff_ffff, 'ffffffff'],
] as const;

function written(value: number): string {
  const writer = new ByteWriter();
  writeU29(writer, value);
  return hexOf(writer.toBytes());
}

describe('U29', () => {
  for (const [value, hex] of EDGES) {
    it(`is ${hex} for ${value}, both ways`, () => {
      const cursor = new ByteCursor(bytesOf(hex));
      assert.equal(readU29(cursor), value);
      assert.equal(cursor.remainingBytes, 0);
      assert.equal(written(value), hex);
    });
  }

  it('is read where it is longer than it needs to be', () => {
    for (const hex of ['8001', '808001', '80808001']) assert.equal(readU29(new ByteCursor(bytesOf(hex))), 1);
  });

  it('takes all eight bits of a fourth byte, and no fifth byte', () => {
    const cursor = new ByteCursor(bytesOf('808080ff05'));
    assert.equal(readU29(cursor), 0xff);
    assert.equal(cursor.remainingBytes, 1);
  });

  it('is refused where it is cut off', () => {
    for (const hex of ['', '80', '8080', '808080']) {
      assert.throws(() => readU29(new ByteCursor(bytesOf(hex))), { code: 'bytes-truncated' });
    }
  });

  it('holds signed numbers of 29 bits in its lower bits', () => {
    assert.equal(written(-1), 'ffffffff');
    assert.equal(written(-(2 ** 28)), 'c0808000');
  });

  it('comes back as it was, in as few bytes as it goes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x1fff_ffff }), (value) => {
        const hex = written(value);
        assert.equal(readU29(new ByteCursor(bytesOf(hex))), value);
        assert.equal(hex.length / 2, value < 2 ** 7 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : 4);
      }),
    );
  });
});
