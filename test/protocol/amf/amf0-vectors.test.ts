// The AMF0 vectors, and the messages made of AMF0, in every direction.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AmfError } from '../../../src/protocol/amf/amf-error.ts';
import { AmfObject, type AmfValue } from '../../../src/protocol/amf/amf-value.ts';
import { Amf0Decoder, decodeAmf0Values } from '../../../src/protocol/amf/amf0-decoder.ts';
import { Amf0Encoder, encodeAmf0Values } from '../../../src/protocol/amf/amf0-encoder.ts';
import { ByteCursor } from '../../../src/protocol/bytes/byte-cursor.ts';
import { ByteWriter } from '../../../src/protocol/bytes/byte-writer.ts';
import { ProtocolError } from '../../../src/protocol/bytes/protocol-error.ts';
import { everyTwoWaySplit } from '../../support/splits.ts';
import {
  amfValuesOf,
  assertCovered,
  hexOf,
  malformedOf,
  vectorOf,
  vectorsOf,
} from '../../support/vectors.ts';

/** Bytes that are the one way to write their value. */
const CANONICAL = [
  ...[
    'A0-1',
    'A0-2',
    'A0-3',
    'A0-4',
    'A0-6',
    'A0-7',
    'A0-8',
    'A0-9',
    'A0-10',
    'A0-11',
    'A0-12',
    'A0-14',
    'A0-15',
  ],
  ...['A0-19', 'M-1', 'M-2', 'M-5', 'M-7', 'M-8', 'M-12'],
];
/** A wrong count, a time zone, a reference: read, and written in the plain way. */
const READ_ONLY = ['A0-13', 'A0-16', 'A0-20'];
const CYCLIC = ['A0-21'];
/** Values of AMF3 inside; the messages are in amf3-vectors.test.ts. */
const AVM_PLUS = ['A0-22', 'M-9', 'M-10'];

const readable = [...CANONICAL, ...READ_ONLY].map(vectorOf);

function readOneByOne(bytes: Uint8Array): AmfValue[] {
  const cursor = new ByteCursor(bytes);
  const decoder = new Amf0Decoder(cursor);
  const values: AmfValue[] = [];
  while (cursor.remainingBytes > 0) values.push(decoder.readValue());
  return values;
}

describe('AMF0 vectors', () => {
  it('are all accounted for', () => {
    const vectors = [...vectorsOf('AMF0'), ...vectorsOf('MSG')];
    assertCovered(vectors, [...CANONICAL, ...READ_ONLY, ...CYCLIC, ...AVM_PLUS]);
  });

  for (const vector of readable) {
    it(`decodes ${vector.id}: ${vector.desc} [item 44]`, () => {
      assert.deepEqual(decodeAmf0Values(vector.bytes), amfValuesOf(vector));
      assert.deepEqual(readOneByOne(vector.bytes), amfValuesOf(vector));
    });

    it(`refuses ${vector.id} cut short, or reads the whole values before the cut`, () => {
      const all = amfValuesOf(vector);
      for (const [head] of everyTwoWaySplit(vector.bytes)) {
        if (head.length === vector.bytes.length) continue;
        try {
          const values = decodeAmf0Values(head);
          assert.ok(values.length < all.length);
          assert.deepEqual(values, all.slice(0, values.length));
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error));
          assert.ok(['bytes-truncated', 'amf-count-invalid'].includes(error.code), error.code);
        }
      }
    });
  }

  for (const id of CANONICAL) {
    const vector = vectorOf(id);
    it(`encodes ${id} to its bytes, from its values and from what it decoded to [item 44]`, () => {
      assert.equal(hexOf(encodeAmf0Values(amfValuesOf(vector))), vector.hex);
      assert.equal(hexOf(encodeAmf0Values(decodeAmf0Values(vector.bytes))), vector.hex);
    });
  }

  for (const id of READ_ONLY) {
    const vector = vectorOf(id);
    it(`writes ${id} in the plain way, which reads the same`, () => {
      const plain = encodeAmf0Values(decodeAmf0Values(vector.bytes));
      assert.notEqual(hexOf(plain), vector.hex);
      assert.equal(hexOf(encodeAmf0Values(decodeAmf0Values(plain))), hexOf(plain));
    });
  }

  it('gives one object for two references to it [A0-20]', () => {
    const [outer] = decodeAmf0Values(vectorOf('A0-20').bytes);
    assert.ok(outer instanceof AmfObject);
    assert.ok(outer.get('a') instanceof AmfObject);
    assert.equal(outer.get('a'), outer.get('b'));
  });

  it('decodes an object that contains itself, and refuses to write it [A0-21] [item 48]', () => {
    const [outer] = decodeAmf0Values(vectorOf('A0-21').bytes);
    assert.ok(outer instanceof AmfObject);
    assert.equal(outer.get('me'), outer);
    assert.throws(
      () => encodeAmf0Values([outer]),
      (error: AmfError) => error.code === 'amf-depth-exceeded',
    );
  });

  it('decodes an AMF3 value behind its marker [A0-22] [item 44]', () => {
    const vector = vectorOf('A0-22');
    assert.deepEqual(decodeAmf0Values(vector.bytes), amfValuesOf(vector));
    const writer = new ByteWriter();
    new Amf0Encoder(writer).writeAmf3Value(1);
    assert.equal(hexOf(writer.toBytes()), vector.hex);
  });
});

describe('malformed AMF0 vectors', () => {
  const CODES = new Map([
    ['B-2', 'bytes-truncated'],
    ['B-3', 'amf-count-invalid'],
    ['B-5', 'amf-reference-invalid'],
    ['B-7', 'amf-unsupported-marker'],
    ['B-8', 'amf-unsupported-marker'],
    ['B-9', 'bytes-truncated'],
    ['B-10', 'bytes-truncated'],
    ['B-11', 'bytes-truncated'],
  ]);
  const ODD_BUT_VALID = ['B-12', 'B-13', 'B-14'];

  it('are all accounted for', () => {
    assertCovered(malformedOf('amf0'), [...CODES.keys(), ...ODD_BUT_VALID]);
    for (const { id, exp } of malformedOf('amf0')) assert.equal(exp, CODES.has(id) ? 'error' : 'ok', id);
  });

  for (const vector of malformedOf('amf0').filter(({ exp }) => exp === 'error')) {
    it(`refuses ${vector.id}: ${vector.desc} [item 45]`, () => {
      assert.throws(
        () => decodeAmf0Values(vector.bytes),
        (error) => error instanceof ProtocolError && error.code === CODES.get(vector.id),
      );
    });
  }

  it('replaces what is no UTF-8 [B-12] [item 45] [item 51]', () => {
    assert.deepEqual(decodeAmf0Values(malformed('B-12')), ['\ufffd\ufffd']);
  });

  it('takes NaN for a number [B-13] [item 45]', () => {
    assert.deepEqual(decodeAmf0Values(malformed('B-13')), [Number.NaN]);
  });

  it('takes __proto__ for a key like any other [B-14] [item 45] [item 50]', () => {
    const [value] = decodeAmf0Values(malformed('B-14'));
    assert.ok(value instanceof AmfObject);
    assert.equal(Object.getPrototypeOf(value), AmfObject.prototype);
    assert.deepEqual([...value.properties.keys()], ['__proto__']);
    assert.deepEqual(value.get('__proto__'), AmfObject.of({ x: true }));
    assert.equal('x' in {}, false);
    assert.deepEqual(encodeAmf0Values([value]), malformed('B-14'));
  });
});

function malformed(id: string): Uint8Array {
  const vector = malformedOf('amf0').find((candidate) => candidate.id === id);
  assert.ok(vector);
  return vector.bytes;
}
