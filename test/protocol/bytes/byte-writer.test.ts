import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { ByteWriter } from '../../../src/protocol/bytes/byte-writer.ts';
import { bytesOf, hexOf } from '../../support/vectors.ts';

describe('ByteWriter', () => {
  it('writes each width behind the last, most significant byte first', () => {
    const writer = new ByteWriter();
    writer.writeU8(0xff);
    writer.writeU16(0x0102);
    writer.writeU24(0xf30405);
    writer.writeU32(0xf6070809);
    writer.writeI16(-2);
    writer.writeF64(-2.5);
    writer.writeBytes(bytesOf('abcd'));
    assert.equal(hexOf(writer.toBytes()), 'ff0102f30405f6070809fffec004000000000000abcd');
    assert.equal(writer.lengthBytes, 22);
  });

  it('keeps what it has when it grows', () => {
    const writer = new ByteWriter(1);
    for (let value = 0; value < 1000; value += 1) writer.writeU16(value);
    const bytes = writer.toBytes();
    const view = new DataView(bytes.buffer);
    assert.equal(bytes.length, 2000);
    for (let value = 0; value < 1000; value += 1) assert.equal(view.getUint16(value * 2), value);
  });

  it('grows from nothing', () => {
    const writer = new ByteWriter(0);
    writer.writeU8(7);
    assert.deepEqual(writer.toBytes(), bytesOf('07'));
  });

  it('gives a copy that later writes leave alone', () => {
    const writer = new ByteWriter();
    writer.writeU16(0x0102);
    const bytes = writer.toBytes();
    writer.patchU16(0, 0xffff);
    writer.writeU8(3);
    assert.deepEqual(bytes, bytesOf('0102'));
  });

  it('puts a length over bytes already written, and nowhere else', () => {
    const writer = new ByteWriter();
    writer.writeU16(0);
    writer.writeU32(0);
    writer.patchU16(0, 0x0102);
    writer.patchU32(2, 0x03040506);
    assert.equal(hexOf(writer.toBytes()), '010203040506');
    assert.throws(() => writer.patchU32(3, 0), RangeError);
    assert.throws(() => writer.patchU16(-1, 0), RangeError);
  });

  it('writes any text as UTF-8 and says how many bytes that was', () => {
    const utf8 = new TextEncoder();
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const writer = new ByteWriter(4);
        writer.writeU8(0x2a);
        const lengthBytes = writer.writeUtf8(text);
        const expected = utf8.encode(text);
        assert.equal(lengthBytes, expected.length);
        assert.deepEqual(writer.toBytes().subarray(1), expected);
      }),
    );
  });

  it('writes a lone surrogate as U+FFFD', () => {
    const writer = new ByteWriter();
    writer.writeUtf8('a\ud800');
    assert.equal(hexOf(writer.toBytes()), '61efbfbd');
  });
});
