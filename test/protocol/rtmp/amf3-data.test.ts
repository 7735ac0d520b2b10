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
import { MessageType } from '../../../src/protocol/rtmp/message.ts';
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
    assert.deepEqual(passedOn('cue', values), [null, [0.5], AmfObject.of({ a: 1 })]);
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

  it('is dropped, like other data, where a few bytes refer to a dictionary again and again [item 49]', () => {
    for (const handler of ['onMetaData', 'onText']) {
      for (const key of ['01', '0600', '0401']) {
        const body = dictionaryBody(handler, 300, key, 300);
        assert.ok(body.length < 2000);
        const data = parseDataMessage(body, MessageType.DataAmf3);
        assert.ok(data !== null && data.handler === handler);
        assert.equal(encodeDataMessage(handler, data.values, data.receivedBytes), null, key);
        assert.equal(encodeDataMessage(handler, data.values), null, `${key}, of any length`);
      }
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

/** A body of type 15: an object of one array `a`, of a dictionary of `entries` times one key, and references to it. */
function dictionaryBody(handler: string, entries: number, key: string, references: number): Uint8Array {
  const name = Buffer.from(handler).toString('hex');
  const head = `00 02 00${(name.length / 2).toString(16).padStart(2, '0')} ${name} 11 0a0b01 0361`;
  const array = `09 ${u29((references + 1) * 2 + 1)} 01`;
  const dictionary = `11 ${u29(entries * 2 + 1)} 00 ${`${key}01`.repeat(entries)}`;
  return bytesOf(`${head} ${array} ${dictionary} ${'1104'.repeat(references)} 01`);
}

/** A number of 8 to 14 bits. */
function u29(value: number): string {
  return ((((value >> 7) | 0x80) << 8) | (value & 0x7f)).toString(16);
}
