import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AmfError, type AmfErrorCode } from '../../../src/protocol/amf/amf-error.ts';
import {
  AmfDate,
  AmfEcmaArray,
  AmfObject,
  type AmfValue,
  AmfXml,
} from '../../../src/protocol/amf/amf-value.ts';
import { Amf0Encoder, encodeAmf0Values } from '../../../src/protocol/amf/amf0-encoder.ts';
import { MAX_AMF_DEPTH, MAX_AMF_ENCODED_BYTES, MAX_AMF_VALUES } from '../../../src/protocol/amf/limits.ts';
import { ByteWriter } from '../../../src/protocol/bytes/byte-writer.ts';
import { bytesOf, hexOf } from '../../support/vectors.ts';

function refuses(values: readonly AmfValue[], code: AmfErrorCode): void {
  assert.throws(
    () => encodeAmf0Values(values),
    (error) => error instanceof AmfError && error.code === code,
  );
}

describe('encodeAmf0Values', () => {
  it('writes a shared object out each time, without a reference', () => {
    const shared = AmfObject.of({ x: true });
    const once = '03 0001 78 0101 000009';
    assert.deepEqual(encodeAmf0Values([[shared, shared]]), bytesOf(`0a 00000002 ${once} ${once}`));
  });

  it('writes texts of 65,535 bytes as strings and longer ones as long strings [item 55]', () => {
    for (const unit of ['a', 'é', '€']) {
      const unitBytes = Buffer.byteLength(unit);
      const text = unit.repeat(0xffff / unitBytes) + 'b'.repeat(0xffff % unitBytes);
      assert.equal(hexOf(encodeAmf0Values([text]).subarray(0, 3)), '02ffff');
      assert.equal(hexOf(encodeAmf0Values([`${text}b`]).subarray(0, 5)), '0c00010000');
    }
  });

  it('counts a surrogate pair as four bytes when it decides between the two', () => {
    const text = `${'😀'.repeat(16_383)}abc`;
    assert.equal(Buffer.byteLength(text), 0xffff);
    assert.equal(hexOf(encodeAmf0Values([text]).subarray(0, 3)), '02ffff');
    assert.equal(hexOf(encodeAmf0Values([`${text}\ud800`]).subarray(0, 5)), '0c00010002');
  });

  it('takes a key of 65,535 bytes and refuses a longer one [item 55]', () => {
    const key = 'k'.repeat(0xffff);
    assert.equal(encodeAmf0Values([AmfObject.of({ [key]: null })]).length, 1 + 2 + 0xffff + 1 + 3);
    refuses([AmfObject.of({ [`${key}k`]: null })], 'amf-key-too-long');
    refuses([AmfEcmaArray.of({ ['é'.repeat(0x8000)]: null })], 'amf-key-too-long');
    refuses([AmfObject.of({}, `${key}k`)], 'amf-key-too-long');
  });

  it('refuses an empty key, which would read as the end of the object', () => {
    refuses([AmfObject.of({ '': 1 })], 'amf-key-empty');
  });

  it('writes 0 for the time zone of a date', () => {
    assert.equal(hexOf(encodeAmf0Values([new AmfDate(0, -60)])), '0b00000000000000000000');
  });

  it('writes XML with a 32-bit length', () => {
    assert.deepEqual(encodeAmf0Values([new AmfXml('<é>')]), bytesOf('0f 00000004 3cc3a93e'));
  });

  it('reads an array with holes as one of Undefined', () => {
    assert.deepEqual(encodeAmf0Values([new Array<AmfValue>(2)]), bytesOf('0a 00000002 06 06'));
  });
});

describe('limits of AMF0 encoding', () => {
  function nested(levels: number, wrap: (inner: AmfValue) => AmfValue): AmfValue {
    let value: AmfValue = null;
    for (let level = 0; level < levels; level += 1) value = wrap(value);
    return value;
  }

  for (const [name, wrap] of [
    ['objects', (inner: AmfValue) => AmfObject.of({ a: inner })],
    ['ECMA arrays', (inner: AmfValue) => AmfEcmaArray.of({ a: inner })],
    ['strict arrays', (inner: AmfValue) => [inner]],
  ] as const) {
    it(`writes ${MAX_AMF_DEPTH} nested ${name} and refuses one more, or 200,000`, () => {
      encodeAmf0Values([nested(MAX_AMF_DEPTH, wrap)]);
      refuses([nested(MAX_AMF_DEPTH + 1, wrap)], 'amf-depth-exceeded');
      refuses([nested(200_000, wrap)], 'amf-depth-exceeded');
    });
  }

  it('refuses an array that contains itself [item 48]', () => {
    const array: AmfValue[] = [];
    array.push(array);
    refuses([array], 'amf-depth-exceeded');
  });

  it('refuses an object that contains itself many times over, in bounded work', { timeout: 10_000 }, () => {
    const object = new AmfObject();
    for (let index = 0; index < 100; index += 1) object.properties.set(`k${index}`, [object, object]);
    assert.throws(() => encodeAmf0Values([object]), AmfError);
  });

  it(`writes ${MAX_AMF_VALUES} values and refuses one more`, () => {
    const values = new Array<AmfValue>(MAX_AMF_VALUES).fill(null);
    assert.equal(encodeAmf0Values(values).length, MAX_AMF_VALUES);
    refuses([...values, null], 'amf-values-exceeded');
  });

  it(`writes ${MAX_AMF_ENCODED_BYTES} bytes and refuses one more`, () => {
    const text = 'x'.repeat(MAX_AMF_ENCODED_BYTES - 5);
    assert.equal(encodeAmf0Values([text]).length, MAX_AMF_ENCODED_BYTES);
    refuses([`${text}x`], 'amf-encoded-bytes-exceeded');
    refuses(new Array<AmfValue>(1000).fill('y'.repeat(60_000)), 'amf-encoded-bytes-exceeded');
  });
});

describe('encodeAmf0Values within a limit of its caller', () => {
  it('writes as many bytes as it may, and refuses one more', () => {
    const values = ['ab', AmfObject.of({ c: 1 })];
    const { length } = encodeAmf0Values(values);
    assert.equal(encodeAmf0Values(values, length).length, length);
    assert.throws(() => encodeAmf0Values(values, length - 1), {
      code: 'amf-encoded-bytes-exceeded',
      message: `expected at most ${length - 1} bytes of encoded values, got more`,
    });
  });

  it('stops early where values unfold into more [item 49]', () => {
    const writer = new ByteWriter();
    let doubled: AmfValue = null;
    for (let level = 0; level < 20; level += 1) doubled = [doubled, doubled];
    assert.throws(() => new Amf0Encoder(writer, 1000).writeValue(doubled), {
      code: 'amf-encoded-bytes-exceeded',
    });
    assert.ok(writer.lengthBytes < 1010, `${writer.lengthBytes} bytes written`);
  });
});

describe('Amf0Encoder', () => {
  it('appends to what its writer holds', () => {
    const writer = new ByteWriter();
    writer.writeU16(0xabcd);
    const encoder = new Amf0Encoder(writer);
    encoder.writeValue(null);
    encoder.writeValue(true);
    assert.equal(hexOf(writer.toBytes()), 'abcd050101');
  });
});
