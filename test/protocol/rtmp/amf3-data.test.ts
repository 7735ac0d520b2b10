// Data that publishers send as AMF3, on its way to players, most of which know AMF0 alone.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
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
import { encodeDataMessage, parseDataMessage } from '../../../src/protocol/rtmp/data-message.ts';
import { cleanMetadata } from '../../../src/protocol/rtmp/metadata.ts';
import { bytesOf } from '../../support/vectors.ts';
import { arbitraryAmf3Value } from '../amf/arbitrary-amf.ts';

const COLLECTION = 'flex.messaging.io.ArrayCollection';

/** What players get of a publisher's values. */
function passedOn(handler: string, values: readonly AmfValue[]): AmfValue[] {
  const body = encodeDataMessage(handler, values);
  assert.ok(body !== null);
  return decodeAmf0Values(body).slice(1);
}

describe('data messages that hold AMF3', () => {
  it('are read, with AMF3 values behind marker 11', () => {
    const data = parseDataMessage(bytesOf('02 0001 66 11 0c 03 ff 11 09 03 01 0401'));
    assert.deepEqual(data?.values, [new AmfByteArray(bytesOf('ff')), [1]]);
  });

  it('are dropped where an AMF3 value in them cannot be read [item 53]', () => {
    assert.equal(parseDataMessage(bytesOf('02 0001 66 11 0a 07 07 582e59 0401')), null);
  });

  it('are passed on as AMF0, whatever they came as', () => {
    const values = [
      new AmfByteArray(bytesOf('ff')),
      new AmfNumberVector(Float64Array.of(0.5)),
      AmfObject.of({ a: 1 }),
    ];
    assert.deepEqual(passedOn('cue', values), [undefined, [0.5], AmfObject.of({ a: 1 })]);
  });
});

describe('onMetaData that holds AMF3', () => {
  it('is passed on with vectors as arrays, dictionaries as objects, collections as arrays', () => {
    const metadata = AmfObject.of({
      rates: new AmfNumberVector(Uint32Array.of(1, 2)),
      names: new AmfObjectVector('String', ['a', undefined]),
      table: new AmfDictionary([
        ['k', new AmfXml('<a/>', false)],
        [[], 1],
      ]),
      list: new AmfExternalizable(COLLECTION, [new AmfByteArray(bytesOf('01'))]),
      mixed: new AmfEcmaArray(new Map([['a', 1]]), [true]),
    });
    const expected = AmfEcmaArray.of({
      rates: [1, 2],
      names: ['a', null],
      table: AmfObject.of({ k: '<a/>' }),
      list: [null],
      mixed: AmfEcmaArray.of({ '0': true, a: 1 }),
    });
    assert.deepEqual(passedOn('onMetaData', [metadata]), [expected]);
  });

  it('is passed on without byte arrays, and without empty keys', () => {
    const traits = { sealedNames: [''], isDynamic: true };
    const metadata = new AmfObject(
      '',
      new Map<string, AmfValue>([
        ['', 1],
        ['bytes', new AmfByteArray(bytesOf('01'))],
        ['a', 2],
      ]),
      traits,
    );
    assert.deepEqual(passedOn('onMetaData', [metadata]), [AmfEcmaArray.of({ a: 2 })]);
  });

  it('is refused where it contains itself or unfolds into too much [item 48] [item 49]', {
    timeout: 10_000,
  }, () => {
    const collection = new AmfExternalizable(COLLECTION);
    collection.body = collection;
    const vector = new AmfObjectVector('', []);
    vector.values.push(vector, vector);
    const long = new AmfNumberVector(new Int32Array(60_000));
    for (const [value, code] of [
      [collection, 'amf-depth-exceeded'],
      [vector, 'amf-depth-exceeded'],
      [[long, long], 'amf-values-exceeded'],
    ] as const) {
      assert.throws(() => cleanMetadata(new Map<string, AmfValue>([['a', value as AmfValue]])), { code });
      assert.equal(encodeDataMessage('onMetaData', [AmfObject.of({ a: value as AmfValue })]), null);
    }
  });

  it('holds nothing of AMF3 for any values', () => {
    fc.assert(
      fc.property(arbitraryAmf3Value, (value) => {
        const body = encodeDataMessage('onMetaData', [AmfObject.of({ a: value })]);
        if (body === null) return;
        assert.deepEqual(encodeAmf0Values(decodeAmf0Values(body)), body);
      }),
      { numRuns: 200 },
    );
  });
});
