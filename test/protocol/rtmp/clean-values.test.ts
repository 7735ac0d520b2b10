// Values of data messages as they are cleaned for players: what is left out, what takes another form, how much is visited.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import {
  AmfByteArray,
  AmfDate,
  AmfDictionary,
  AmfEcmaArray,
  AmfExternalizable,
  AmfNumberVector,
  AmfObject,
  AmfObjectVector,
  AmfUnsupported,
  type AmfValue,
  AmfXml,
} from '../../../src/protocol/amf/amf-value.ts';
import { decodeAmf0Values } from '../../../src/protocol/amf/amf0-decoder.ts';
import { encodeAmf0Values } from '../../../src/protocol/amf/amf0-encoder.ts';
import { cleanMetadata, cleanValues } from '../../../src/protocol/rtmp/clean-values.ts';
import { bytesOf } from '../../support/vectors.ts';
import { arbitraryAmf3Value, arbitraryGraph } from '../amf/arbitrary-amf.ts';

const COLLECTION = 'flex.messaging.io.ArrayCollection';

/** Visits that an empty array of values, and what is in it, may take. */
function visitsOf(values: readonly AmfValue[]): number {
  for (let maxValues = 0; ; maxValues += 1) {
    try {
      cleanValues(values, maxValues);
      return maxValues;
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'amf-values-exceeded');
    }
  }
}

describe('cleanValues', () => {
  it('leaves what players know as it is', () => {
    const values = [1, 'text', true, null, new AmfDate(5), [1, 'a'], AmfObject.of({ a: 1 })];
    assert.deepEqual(cleanValues(values), values);
  });

  it('puts null for Undefined, Unsupported and byte arrays, and leaves them out of objects', () => {
    const bytes = new AmfByteArray(bytesOf('ff'));
    const nothings = [undefined, AmfUnsupported.instance, bytes];
    assert.deepEqual(cleanValues(nothings), [null, null, null]);
    assert.deepEqual(cleanValues([nothings]), [[null, null, null]]);
    const object = AmfObject.of({ a: undefined, b: AmfUnsupported.instance, c: bytes, text: 'x', d: null });
    assert.deepEqual(cleanValues([object]), [AmfObject.of({ text: 'x', d: null })]);
  });

  it('leaves out empty keys and those over 127 bytes, whatever they hold', () => {
    const cycle = new AmfObject();
    cycle.properties.set('me', cycle);
    const kept = 'k'.repeat(127);
    const dirty = AmfEcmaArray.of({ '': cycle, [`${kept}k`]: cycle, ['é'.repeat(64)]: 3, [kept]: 4 });
    assert.deepEqual(cleanValues([dirty]), [AmfEcmaArray.of({ [kept]: 4 })]);
  });

  it('drops class names, and writes XML as its text', () => {
    const values = [AmfObject.of({ x: new AmfXml('<a/>') }, 'P'), new AmfXml('<b/>', false)];
    assert.deepEqual(cleanValues(values), [AmfObject.of({ x: '<a/>' }), '<b/>']);
  });

  it('keeps properties of a file, other than cleanMetadata', () => {
    const properties = new Map<string, AmfValue>([['duration', 9]]);
    assert.deepEqual(cleanValues([new AmfObject('', properties)]), [AmfObject.of({ duration: 9 })]);
    assert.deepEqual(cleanMetadata(properties), AmfEcmaArray.of({}));
  });

  it('makes vectors arrays, wrapped objects what they wrap, and arrays with names ones of names alone', () => {
    const values = [
      new AmfNumberVector(Int32Array.of(1, -1)),
      new AmfObjectVector('P', ['a', undefined]),
      new AmfExternalizable(COLLECTION, [1]),
      new AmfEcmaArray(new Map<string, AmfValue>([['a', 1]]), ['x']),
    ];
    assert.deepEqual(cleanValues(values), [[1, -1], ['a', null], [1], AmfEcmaArray.of({ '0': 'x', a: 1 })]);
  });

  it('makes a dictionary an object of the entries with a string or a number for a key', () => {
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
    assert.deepEqual(cleanValues([new AmfDictionary(entries)]), [new AmfObject('', properties)]);
  });

  it('counts every entry of a dictionary at each visit, kept or not [item 49]', () => {
    const unnamed = new AmfDictionary(Array.from({ length: 10 }, () => [null, 1] as const));
    const repeated = new AmfDictionary(Array.from({ length: 10 }, () => ['a', 1] as const));
    assert.equal(visitsOf([unnamed]), 1 + 10);
    assert.equal(visitsOf([unnamed, [unnamed, unnamed]]), 1 + 3 * (1 + 10));
    assert.equal(visitsOf([repeated]), 1 + 10 * 2);
    const long = new AmfDictionary(Array.from({ length: 300 }, () => [null, 1] as const));
    const often = Array.from({ length: 300 }, () => long);
    assert.throws(() => cleanValues(often), { code: 'amf-values-exceeded' });
    const metadata = new Map<string, AmfValue>([['often', often]]);
    assert.throws(() => cleanMetadata(metadata), { code: 'amf-values-exceeded' });
  });

  it('counts properties that it leaves out, too [item 49]', () => {
    assert.equal(visitsOf([AmfObject.of({ '': 1, ['k'.repeat(128)]: 2, a: undefined })]), 4);
  });

  it('takes no more values than AMF may hold, whatever it is told', () => {
    const most = Array.from({ length: 65_536 }, () => 1);
    assert.equal(cleanValues(most, 1_000_000).length, 65_536);
    assert.throws(() => cleanValues([...most, 1], 1_000_000), { code: 'amf-values-exceeded' });
  });

  it('refuses values that contain themselves, or unfold into too much [item 48] [item 49]', {
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
      assert.throws(() => cleanValues([value as AmfValue]), { code });
    }
  });

  it('leaves no trace of AMF3 in any values, and nothing more to clean', () => {
    fc.assert(
      fc.property(arbitraryAmf3Value, (value) => {
        const cleaned = cleanValues([value]);
        const bytes = encodeAmf0Values(cleaned);
        assert.deepEqual(encodeAmf0Values(cleanValues(decodeAmf0Values(bytes))), bytes);
      }),
      { numRuns: 300 },
    );
  });

  it('ends for values that hold each other in any way [item 48]', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(arbitraryGraph, (value) => {
        try {
          cleanValues([value]);
        } catch (error) {
          assert.match((error as { code: string }).code, /^amf-(depth|values)-exceeded$/);
        }
      }),
      { numRuns: 100 },
    );
  });
});
