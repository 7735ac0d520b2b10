// What becomes of values that only AMF3 has, where they are written as AMF0.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AmfByteArray,
  AmfDictionary,
  AmfEcmaArray,
  AmfExternalizable,
  AmfNumberVector,
  AmfObject,
  AmfObjectVector,
  type AmfValue,
  AmfXml,
} from '../../../src/protocol/amf/amf-value.ts';
import { decodeAmf0Values } from '../../../src/protocol/amf/amf0-decoder.ts';
import { encodeAmf0Values } from '../../../src/protocol/amf/amf0-encoder.ts';
import { amf0FormOf } from '../../../src/protocol/amf/amf0-form.ts';
import { MAX_AMF_ENCODED_BYTES } from '../../../src/protocol/amf/limits.ts';
import { bytesOf, hexOf } from '../../support/vectors.ts';

const COLLECTION = 'flex.messaging.io.ArrayCollection';

function plain(...values: readonly AmfValue[]): AmfValue[] {
  const bytes = encodeAmf0Values(values, MAX_AMF_ENCODED_BYTES, { avoidsAmf3: true });
  return decodeAmf0Values(bytes);
}

describe('amf0FormOf', () => {
  it('is an array for a vector, an object for a dictionary, its body for an externalizable object', () => {
    assert.deepEqual(amf0FormOf(new AmfNumberVector(Int32Array.of(1, -1))), [1, -1]);
    assert.deepEqual(amf0FormOf(new AmfObjectVector('P', ['a'])), ['a']);
    assert.deepEqual(amf0FormOf(new AmfExternalizable(COLLECTION, [1])), [1]);
    const entries: [AmfValue, AmfValue][] = [
      ['a', 1],
      [2, 'two'],
      [null, 1],
      [[], 1],
      ['', 1],
      ['__proto__', 3],
    ];
    const properties = new Map<string, AmfValue>([
      ['a', 1],
      ['2', 'two'],
      ['__proto__', 3],
    ]);
    assert.deepEqual(amf0FormOf(new AmfDictionary(entries)), new AmfObject('', properties));
  });

  it('is undefined for a byte array', () => {
    assert.equal(amf0FormOf(new AmfByteArray(bytesOf('01'))), undefined);
  });
});

describe('encodeAmf0Values, of values that only AMF3 has', () => {
  const vector = new AmfNumberVector(Int32Array.of(1), true);

  it('writes them as AMF3 behind marker 11, at any depth', () => {
    assert.equal(hexOf(encodeAmf0Values([vector])), hexOf(bytesOf('11 0d 03 01 00000001')));
    const values = [
      AmfObject.of({ v: vector }),
      [new AmfByteArray(bytesOf('ff'))],
      new AmfDictionary([[1, 2]]),
    ];
    assert.deepEqual(decodeAmf0Values(encodeAmf0Values(values)), values);
  });

  it('writes them in the nearest form where AMF3 is to be avoided, at any depth', () => {
    const dictionary = new AmfDictionary([['v', vector]]);
    const nested = new AmfExternalizable(COLLECTION, [dictionary, new AmfByteArray(bytesOf('00'))]);
    assert.deepEqual(plain('name', nested), ['name', [AmfObject.of({ v: [1] }), undefined]]);
  });

  it('writes the elements of an array with named members under their indexes, either way', () => {
    const array = new AmfEcmaArray(new Map([['a', 1]]), ['x', vector]);
    assert.deepEqual(plain(array), [AmfEcmaArray.of({ '0': 'x', '1': [1], a: 1 })]);
    assert.deepEqual(decodeAmf0Values(encodeAmf0Values([array])), [
      AmfEcmaArray.of({ '0': 'x', '1': vector, a: 1 }),
    ]);
  });

  it('writes sealed members like others, and every XML as AMF0 has it', () => {
    const object = new AmfObject('P', new Map([['a', 1]]), { sealedNames: ['a'], isDynamic: false });
    assert.deepEqual(plain(object, new AmfXml('<a/>', false)), [
      AmfObject.of({ a: 1 }, 'P'),
      new AmfXml('<a/>'),
    ]);
  });

  it('refuses those that contain themselves, or unfold into too much [item 48] [item 49]', {
    timeout: 10_000,
  }, () => {
    const collection = new AmfExternalizable(COLLECTION);
    collection.body = collection;
    assert.throws(() => plain(collection), { code: 'amf-depth-exceeded' });
    assert.throws(() => encodeAmf0Values([null, AmfObject.of({ a: new AmfDictionary() }), collection]), {
      code: 'amf-depth-exceeded',
    });
    const long = new AmfNumberVector(new Int32Array(60_000));
    assert.equal(plain(long).length, 1);
    assert.throws(() => plain([long, long]), { code: 'amf-values-exceeded' });
  });
});
