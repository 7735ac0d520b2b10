// What becomes in AMF0 of values that only AMF3 has, and of arrays with members by index and by name.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AmfByteArray,
  AmfDictionary,
  AmfEcmaArray,
  AmfExternalizable,
  AmfNumberVector,
  AmfObject,
  AmfXml,
} from '../../../src/protocol/amf/amf-value.ts';
import { decodeAmf0Values } from '../../../src/protocol/amf/amf0-decoder.ts';
import { encodeAmf0Values } from '../../../src/protocol/amf/amf0-encoder.ts';
import { bytesOf, hexOf } from '../../support/vectors.ts';

const COLLECTION = 'flex.messaging.io.ArrayCollection';

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

  it('writes the elements of an array with named members under their indexes', () => {
    const array = new AmfEcmaArray(new Map([['a', 1]]), ['x', vector]);
    assert.deepEqual(decodeAmf0Values(encodeAmf0Values([array])), [
      AmfEcmaArray.of({ '0': 'x', '1': vector, a: 1 }),
    ]);
  });

  it('writes sealed members like others, and every XML as AMF0 has it', () => {
    const object = new AmfObject('P', new Map([['a', 1]]), { sealedNames: ['a'], isDynamic: false });
    assert.deepEqual(decodeAmf0Values(encodeAmf0Values([object, new AmfXml('<a/>', false)])), [
      AmfObject.of({ a: 1 }, 'P'),
      new AmfXml('<a/>'),
    ]);
  });

  it('refuses those that contain themselves where it cannot refer back to them [item 48]', () => {
    const collection = new AmfExternalizable(COLLECTION);
    collection.body = collection;
    assert.throws(() => encodeAmf0Values([null, AmfObject.of({ a: new AmfDictionary() }), collection]), {
      code: 'amf-depth-exceeded',
    });
  });
});
