import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AmfByteArray,
  AmfDate,
  AmfEcmaArray,
  AmfObject,
  AmfUnsupported,
} from '../../../src/protocol/amf/amf-value.ts';
import { decodeAmf3Body, encodeAmf3Body } from '../../../src/protocol/amf/amf3-body.ts';
import { bytesOf, hexOf } from '../../support/vectors.ts';

const AMF0 = '020001 66 00 4000000000000000 05 11 0a 0b 01 03 61 0401 01';
const AMF3 = '06 03 66 0402 01 0a 0b 01 03 61 0401 01';
const VALUES = ['f', 2, null, AmfObject.of({ a: 1 })];

describe('decodeAmf3Body', () => {
  it('reads AMF0 values, AMF3 ones among them, with their format byte and without [item 54]', () => {
    assert.deepEqual(decodeAmf3Body(bytesOf(`00 ${AMF0}`)), VALUES);
    assert.deepEqual(decodeAmf3Body(bytesOf(AMF0)), VALUES);
  });

  it('reads a name that is Null, with the format byte and without [item 54]', () => {
    assert.deepEqual(decodeAmf3Body(bytesOf('00 05 00 0000000000000000')), [null, 0]);
    assert.deepEqual(decodeAmf3Body(bytesOf('05 00 0000000000000000')), [null, 0]);
  });

  it('reads AMF3 values behind format 03, which share their tables', () => {
    assert.deepEqual(decodeAmf3Body(bytesOf(`03 ${AMF3}`)), VALUES);
    assert.deepEqual(decodeAmf3Body(bytesOf('03 06 03 66 0400 01 06 00')), ['f', 0, null, 'f']);
    assert.deepEqual(decodeAmf3Body(bytesOf('03 01 0400')), [null, 0]);
  });

  it('reads AMF0 values behind format 03', () => {
    assert.deepEqual(decodeAmf3Body(bytesOf(`03 ${AMF0}`)), VALUES);
    assert.deepEqual(decodeAmf3Body(bytesOf('03 05 05')), [null, null]);
  });

  it('reads nothing from an empty body, or from a format byte alone', () => {
    for (const hex of ['', '00', '03']) assert.deepEqual(decodeAmf3Body(bytesOf(hex)), []);
  });

  it('passes on that a missing end is taken, but for AMF3', () => {
    const options = { acceptsMissingEnd: true };
    const metadata = AmfEcmaArray.of({ a: 1 });
    const hex = '020001 66 08 00000000 0001 61 11 0401';
    for (const format of ['', '00', '03']) {
      assert.deepEqual(decodeAmf3Body(bytesOf(format + hex), options), ['f', metadata]);
      assert.throws(() => decodeAmf3Body(bytesOf(format + hex)), { code: 'bytes-truncated' });
    }
    assert.throws(() => decodeAmf3Body(bytesOf('03 06 03 66 0a 0b 01'), options), {
      code: 'bytes-truncated',
    });
  });
});

describe('encodeAmf3Body', () => {
  it('writes plain values as AMF0 and containers as AMF3', () => {
    assert.equal(hexOf(encodeAmf3Body(VALUES)), hexOf(bytesOf(`00 ${AMF0}`)));
    assert.equal(hexOf(encodeAmf3Body([undefined, true, ''])), '00060101020000');
    assert.equal(hexOf(encodeAmf3Body([[], new AmfDate(0)])), '0011090101110801' + '0000000000000000');
    assert.equal(hexOf(encodeAmf3Body([AmfUnsupported.instance])), '000d');
  });

  it('is read back as it was', () => {
    const values = [
      'onStatus',
      0,
      null,
      AmfObject.of({ level: 'status', bytes: new AmfByteArray(bytesOf('00ff')) }),
      [1, 'status'],
    ];
    assert.deepEqual(decodeAmf3Body(encodeAmf3Body(values)), values);
  });

  it('holds the limits for AMF0 and AMF3 together', () => {
    const { length } = encodeAmf3Body(VALUES);
    assert.equal(encodeAmf3Body(VALUES, length).length, length);
    assert.throws(() => encodeAmf3Body(VALUES, length - 1), { code: 'amf-encoded-bytes-exceeded' });
    const half = new Array<null>(32_767).fill(null);
    assert.equal(encodeAmf3Body([...half, half, 1]).length > 65_536, true);
    assert.throws(() => encodeAmf3Body([...half, half, 1, 1]), { code: 'amf-values-exceeded' });
  });
});
