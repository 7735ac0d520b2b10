// The AMF3 vectors, and the messages that hold AMF3, in every direction. Those whose ids the file does not have are built
// from the text of the specification here.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AmfDate,
  AmfEcmaArray,
  AmfNumberVector,
  AmfObject,
  type AmfValue,
  AmfXml,
} from '../../../src/protocol/amf/amf-value.ts';
import { Amf0Encoder } from '../../../src/protocol/amf/amf0-encoder.ts';
import { decodeAmf3Body, encodeAmf3Body } from '../../../src/protocol/amf/amf3-body.ts';
import { Amf3Decoder, decodeAmf3Values } from '../../../src/protocol/amf/amf3-decoder.ts';
import { encodeAmf3Values } from '../../../src/protocol/amf/amf3-encoder.ts';
import { ByteCursor } from '../../../src/protocol/bytes/byte-cursor.ts';
import { ByteWriter } from '../../../src/protocol/bytes/byte-writer.ts';
import { ProtocolError } from '../../../src/protocol/bytes/protocol-error.ts';
import { everyTwoWaySplit } from '../../support/splits.ts';
import {
  amfValuesOf,
  assertCovered,
  bytesOf,
  hexOf,
  malformedOf,
  vectorOf,
  vectorsOf,
} from '../../support/vectors.ts';

/** Its timestamp is 1000 as a double, which is written as an integer. */
const READ_ONLY = ['A3-35'];
/** They refer back to a value: that is kept for one and the same value, not for two that are equal. */
const SHARING = ['A3-22', 'A3-24'];
const MESSAGES = ['M-9', 'M-10'];

const FROM_TEXT: readonly (readonly [id: string, hex: string, value: AmfValue])[] = [
  ['integer -1', '04 ffffffff', -1],
  ['2^28, a double', '05 41b0000000000000', 2 ** 28],
  ['-2^28 - 1, a double', '05 c1b0000001000000', -(2 ** 28) - 1],
  ['-0, a double', '05 8000000000000000', -0],
  [
    'an array with a named member and an element',
    '09 03 03 61 0401 01 0402',
    new AmfEcmaArray(new Map([['a', 1]]), [2]),
  ],
  ['an array with named members alone', '09 01 03 61 0401 01', AmfEcmaArray.of({ a: 1 })],
  ['an XMLDocument', '07 09 3c612f3e', new AmfXml('<a/>', true)],
  ['a variable Vector.<uint>', '0e 03 00 ffffffff', new AmfNumberVector(Uint32Array.of(0xffff_ffff))],
  [
    'an object of a class with a sealed and a dynamic member',
    '0a 1b 03 50 03 61 0401 03 62 0402 01',
    new AmfObject(
      'P',
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      { sealedNames: ['a'], isDynamic: true },
    ),
  ],
  ['a date before 1970', '08 01 bff0000000000000', new AmfDate(-1)],
];

function refusesOrReadsHead(bytes: Uint8Array, all: readonly AmfValue[]): void {
  for (const [head] of everyTwoWaySplit(bytes)) {
    if (head.length === bytes.length) continue;
    try {
      const values = decodeAmf3Values(head);
      assert.ok(values.length < all.length);
      assert.deepEqual(values, all.slice(0, values.length));
    } catch (error) {
      assert.ok(error instanceof ProtocolError, String(error));
      assert.ok(['bytes-truncated', 'amf-count-invalid'].includes(error.code), error.code);
    }
  }
}

describe('AMF3 vectors', () => {
  for (const vector of vectorsOf('AMF3')) {
    it(`decodes ${vector.id}: ${vector.desc} [item 44]`, () => {
      assert.deepEqual(decodeAmf3Values(vector.bytes), amfValuesOf(vector));
      const cursor = new ByteCursor(vector.bytes);
      const decoder = new Amf3Decoder(cursor);
      assert.deepEqual(
        amfValuesOf(vector).map(() => decoder.readValue()),
        amfValuesOf(vector),
      );
      assert.equal(cursor.remainingBytes, 0);
    });

    it(`refuses ${vector.id} cut short, or reads the whole values before the cut`, () => {
      refusesOrReadsHead(vector.bytes, amfValuesOf(vector));
    });

    if (READ_ONLY.includes(vector.id)) continue;
    it(`encodes ${vector.id} to its bytes, from what it decoded to [item 44]`, () => {
      assert.equal(hexOf(encodeAmf3Values(decodeAmf3Values(vector.bytes))), vector.hex);
    });

    if (SHARING.includes(vector.id)) continue;
    it(`encodes ${vector.id} to its bytes, from its values`, () => {
      assert.equal(hexOf(encodeAmf3Values(amfValuesOf(vector))), vector.hex);
    });
  }

  it('gives one value for two references to it [A3-22, A3-24]', () => {
    for (const id of SHARING) {
      const [list] = decodeAmf3Values(vectorOf(id).bytes);
      assert.ok(Array.isArray(list));
      assert.equal(list[0], list[1]);
    }
  });

  it('writes a whole number as an integer, whatever it came as [A3-35]', () => {
    const [message] = decodeAmf3Values(vectorOf('A3-35').bytes);
    const plain = hexOf(encodeAmf3Values([message]));
    assert.equal(plain, vectorOf('A3-35').hex.replace('05408f400000000000', '048768'));
    assert.deepEqual(decodeAmf3Values(bytesOf(plain)), [message]);
  });

  for (const [what, hex, value] of FROM_TEXT) {
    it(`decodes ${what}, and encodes it to the same bytes`, () => {
      assert.deepEqual(decodeAmf3Values(bytesOf(hex)), [value]);
      assert.equal(hexOf(encodeAmf3Values([value])), hexOf(bytesOf(hex)));
      refusesOrReadsHead(bytesOf(hex), [value]);
    });
  }
});

describe('messages that hold AMF3', () => {
  for (const vector of MESSAGES.map(vectorOf)) {
    it(`decodes ${vector.id}: ${vector.desc} [item 44] [item 54]`, () => {
      assert.equal(vector.m17, true);
      assert.deepEqual(decodeAmf3Body(vector.bytes), amfValuesOf(vector));
      assert.deepEqual(decodeAmf3Body(vector.bytes.subarray(1)), amfValuesOf(vector));
    });

    it(`refuses ${vector.id} cut short, or reads the whole values before the cut`, () => {
      const all = amfValuesOf(vector);
      for (const [head] of everyTwoWaySplit(vector.bytes)) {
        if (head.length === vector.bytes.length) continue;
        try {
          const values = decodeAmf3Body(head);
          assert.ok(values.length < all.length);
          assert.deepEqual(values, all.slice(0, values.length));
        } catch (error) {
          assert.ok(error instanceof ProtocolError && error.code === 'bytes-truncated', String(error));
        }
      }
    });
  }

  it('encodes M-9 to its bytes [item 44]', () => {
    const vector = vectorOf('M-9');
    assert.equal(hexOf(encodeAmf3Body(amfValuesOf(vector))), vector.hex);
  });

  it('encodes M-10 to its bytes, a text that was in an earlier value written out again [item 44]', () => {
    const vector = vectorOf('M-10');
    const writer = new ByteWriter();
    writer.writeU8(0);
    const encoder = new Amf0Encoder(writer);
    for (const [index, value] of amfValuesOf(vector).entries()) {
      if (index < 3) encoder.writeValue(value);
      else encoder.writeAmf3Value(value);
    }
    assert.equal(hexOf(writer.toBytes()), vector.hex);
  });

  it('reads a text by its reference to an earlier AMF3 value of the message', () => {
    const bytes = bytesOf('00 020001 66 00 0000000000000000 05 11 06 03 78 11 06 00');
    assert.deepEqual(decodeAmf3Body(bytes), ['f', 0, null, 'x', 'x']);
  });

  it('decodes the value of a slot of a shared object [S-11]', () => {
    assert.equal(vectorOf('S-11').hex.endsWith('110402'), true);
    assert.deepEqual(decodeAmf3Body(bytesOf('00 110402')), [2]);
  });
});

describe('malformed AMF3 vectors', () => {
  const CODES = new Map([
    ['B-16', 'bytes-truncated'],
    ['B-18', 'amf-reference-invalid'],
    ['B-19', 'amf-reference-invalid'],
    ['B-20', 'amf-reference-invalid'],
    ['B-23', 'bytes-truncated'],
    ['B-24', 'amf-unsupported-marker'],
    ['B-27', 'amf-count-invalid'],
  ]);
  const CYCLIC = 'B-26';

  it('are all accounted for', () => {
    assertCovered(malformedOf('amf3'), [...CODES.keys(), CYCLIC]);
    for (const { id, exp } of malformedOf('amf3')) assert.equal(exp, CODES.has(id) ? 'error' : 'ok', id);
  });

  for (const vector of malformedOf('amf3').filter(({ exp }) => exp === 'error')) {
    it(`refuses ${vector.id}: ${vector.desc} [item 45]`, () => {
      assert.throws(() => decodeAmf3Values(vector.bytes), { code: CODES.get(vector.id) });
      const inAmf0 = bytesOf(`00 11 ${vector.hex}`);
      assert.throws(() => decodeAmf3Body(inAmf0), { code: CODES.get(vector.id) });
    });
  }

  it('decodes an array that contains itself, and writes it with a reference [B-26] [item 45] [item 48]', () => {
    const vector = malformedOf('amf3').find(({ id }) => id === CYCLIC);
    const [array] = decodeAmf3Values(vector?.bytes ?? bytesOf(''));
    assert.ok(Array.isArray(array));
    assert.equal(array.length, 1);
    assert.equal(array[0], array);
    assert.equal(hexOf(encodeAmf3Values([array])), '0903010900');
  });
});
