import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AmfError, type AmfErrorCode } from '../../../src/protocol/amf/amf-error.ts';
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
} from '../../../src/protocol/amf/amf-value.ts';
import { encodeAmf0Values } from '../../../src/protocol/amf/amf0-encoder.ts';
import { decodeAmf3Values } from '../../../src/protocol/amf/amf3-decoder.ts';
import { Amf3Encoder, encodeAmf3Values } from '../../../src/protocol/amf/amf3-encoder.ts';
import { MAX_AMF_DEPTH, MAX_AMF_ENCODED_BYTES, MAX_AMF_VALUES } from '../../../src/protocol/amf/limits.ts';
import { ByteWriter } from '../../../src/protocol/bytes/byte-writer.ts';
import { bytesOf, hexOf } from '../../support/vectors.ts';

function written(...values: readonly AmfValue[]): string {
  return hexOf(encodeAmf3Values(values));
}

function hex(text: string): string {
  return hexOf(bytesOf(text));
}

function refuses(values: readonly AmfValue[], code: AmfErrorCode): void {
  assert.throws(
    () => encodeAmf3Values(values),
    (error) => error instanceof AmfError && error.code === code,
  );
}

describe('encodeAmf3Values', () => {
  it('writes whole numbers of 29 bits as integers and all others as doubles', () => {
    assert.equal(written(2 ** 28 - 1), '04bfffffff');
    assert.equal(written(2 ** 28), '0541b0000000000000');
    assert.equal(written(-(2 ** 28)), '04c0808000');
    assert.equal(written(-0), '058000000000000000');
    assert.equal(written(Number.NaN), '057ff8000000000000');
    assert.equal(written(0.5), '053fe0000000000000');
  });

  it('measures texts in bytes of UTF-8, a lone surrogate as U+FFFD', () => {
    for (const text of ['é', '€', '😀', 'a\ud800', '\udc00', 'x'.repeat(5000), '😀'.repeat(5000)]) {
      const [back] = decodeAmf3Values(encodeAmf3Values([text]));
      assert.equal(back, text.toWellFormed());
    }
  });

  it('refers to texts, values and traits that came before in the value', () => {
    const traits = { sealedNames: ['a'], isDynamic: false };
    const object = new AmfObject('a', new Map([['a', 'a']]), traits);
    const equal = new AmfObject('a', new Map([['a', 'b']]), { sealedNames: ['a'], isDynamic: false });
    assert.equal(
      written([object, object, equal]),
      hex('09 07 01  0a 13 03 61 00 06 00  0a 02  0a 01 06 03 62'),
    );
  });

  it('tells traits apart by class, sealed names, their order, and by whether they are dynamic', () => {
    const objects = [
      new AmfObject('P', new Map(), { sealedNames: [], isDynamic: false }),
      new AmfObject('P', new Map(), { sealedNames: [], isDynamic: true }),
      new AmfObject('Q', new Map(), { sealedNames: [], isDynamic: false }),
      new AmfObject('P', new Map(), { sealedNames: ['Q'], isDynamic: false }),
      new AmfObject('P', new Map(), { sealedNames: ['Q', 'R'], isDynamic: false }),
      new AmfObject('P', new Map(), { sealedNames: ['R', 'Q'], isDynamic: false }),
    ];
    const [back] = decodeAmf3Values(encodeAmf3Values([objects]));
    assert.ok(Array.isArray(back));
    assert.deepEqual(
      back.map((object) => object instanceof AmfObject && [object.className, object.traits]),
      objects.map(({ className, traits }) => [className, traits]),
    );
  });

  it('writes a sealed member that is missing as undefined, and members beyond the sealed ones as dynamic', () => {
    const traits = { sealedNames: ['a', 'b'], isDynamic: false };
    const object = new AmfObject(
      '',
      new Map([
        ['c', true],
        ['b', null],
      ]),
      traits,
    );
    assert.equal(written(object), hex('0a 2b 01 03 61 03 62 00 01 03 63 03 01'));
  });

  it('writes an array with a named member or none, from whichever form', () => {
    assert.equal(written([]), '090101');
    assert.equal(written(new AmfEcmaArray()), '090101');
    assert.equal(written(new AmfEcmaArray(new Map(), [true])), '09030103');
  });

  it('writes Unsupported as undefined, and dates without their zone', () => {
    assert.equal(written(AmfUnsupported.instance), '00');
    assert.equal(written(new AmfDate(0, -60)), '08010000000000000000');
  });

  it('refuses an empty key, which would read as the end, and takes an empty sealed name', () => {
    refuses([AmfObject.of({ '': 1 })], 'amf-key-empty');
    refuses([AmfEcmaArray.of({ '': 1 })], 'amf-key-empty');
    const object = new AmfObject('', new Map([['', 1]]), { sealedNames: [''], isDynamic: false });
    assert.deepEqual(decodeAmf3Values(encodeAmf3Values([object])), [object]);
  });

  it('refuses an externalizable class that nobody knows', () => {
    refuses([new AmfExternalizable('X.Y', 1)], 'amf-unsupported-marker');
  });
});

describe('several AMF3 values of one message', () => {
  const object = (): AmfObject => AmfObject.of({ k: 'v' });

  it('never refer back to an earlier one, so that they mean the same with shared and with separate tables', () => {
    const one = hex('0a 0b 01 03 6b 06 03 76 01');
    const shared = object();
    assert.equal(written(shared, shared), one + one);
  });

  it('do not refer back within the later one, where the two kinds of tables would count differently', () => {
    const shared = object();
    const inline = '0a 0b 01 03 6b 06 03 76 01';
    assert.equal(
      written('x', [shared, shared, 'x', 'x']),
      hex(`06 03 78 09 09 01 ${inline} 0a 02 06 03 78 06 03 78`),
    );
    assert.equal(written(shared, [shared, shared]), hex(`${inline} 09 05 01 ${inline} ${inline}`));
  });

  it('refer back within the later one where no earlier one entered anything into that table', () => {
    const shared = object();
    assert.equal(
      written(1, null, '', [shared, shared]),
      hex('0401 01 06 01 09 05 01 0a 0b 01 03 6b 06 03 76 01 0a 02'),
    );
    assert.equal(written(new AmfDate(0), ['a', 'a']), hex('08 01 0000000000000000 09 05 01 06 03 61 06 00'));
  });

  it('come back the same from a reader that begins anew at each', () => {
    const shared = object();
    const values = ['a', [shared, shared, 'a'], new AmfObject('a'), [['b'], 'b']];
    const writer = new ByteWriter();
    const encoder = new Amf3Encoder(writer);
    for (const value of values) {
      const offset = writer.lengthBytes;
      encoder.writeValue(value);
      assert.deepEqual(decodeAmf3Values(writer.toBytes().subarray(offset)), [value]);
    }
  });
});

describe('limits of AMF3 encoding', () => {
  const wraps: readonly (readonly [string, (inner: AmfValue) => AmfValue])[] = [
    ['objects', (inner) => AmfObject.of({ a: inner })],
    [
      'sealed objects',
      (inner) => new AmfObject('', new Map([['a', inner]]), { sealedNames: ['a'], isDynamic: false }),
    ],
    ['ECMA arrays', (inner) => AmfEcmaArray.of({ a: inner })],
    ['arrays', (inner) => [inner]],
    ['vectors', (inner) => new AmfObjectVector('', [inner])],
    ['dictionaries by their keys', (inner) => new AmfDictionary([[inner, 1]])],
    ['dictionaries by their values', (inner) => new AmfDictionary([[1, inner]])],
    ['collections', (inner) => new AmfExternalizable('flex.messaging.io.ArrayList', inner)],
  ];

  function nested(levels: number, wrap: (inner: AmfValue) => AmfValue): AmfValue {
    let value: AmfValue = null;
    for (let level = 0; level < levels; level += 1) value = wrap(value);
    return value;
  }

  for (const [name, wrap] of wraps) {
    it(`writes ${MAX_AMF_DEPTH} nested ${name} and refuses one more, or 200,000 [item 46]`, () => {
      encodeAmf3Values([nested(MAX_AMF_DEPTH, wrap)]);
      refuses([nested(MAX_AMF_DEPTH + 1, wrap)], 'amf-depth-exceeded');
      refuses([nested(200_000, wrap)], 'amf-depth-exceeded');
    });
  }

  it('writes values that contain themselves with references, which come back the same [item 48]', () => {
    const array: AmfValue[] = [];
    const object = AmfObject.of({ array });
    const vector = new AmfObjectVector('', [object]);
    const dictionary = new AmfDictionary();
    const collection = new AmfExternalizable('flex.messaging.io.ArrayCollection');
    const message = new AmfExternalizable('DSK', AmfObject.of({ body: array }));
    const ecmaArray = new AmfEcmaArray(new Map([['me', collection]]), [message]);
    dictionary.entries.push([dictionary, vector]);
    collection.body = ecmaArray;
    array.push(array, object, vector, dictionary, ecmaArray);
    const bytes = encodeAmf3Values([array]);
    const values = decodeAmf3Values(bytes);
    assert.deepEqual(values, [array]);
    assert.deepEqual(encodeAmf3Values(values), bytes);
  });

  it('refuses a value that contains itself where it cannot refer back, in bounded work [item 48]', {
    timeout: 10_000,
  }, () => {
    const array: AmfValue[] = [];
    for (let index = 0; index < 100; index += 1) array.push(array);
    assert.throws(() => encodeAmf3Values([array, array]), AmfError);
    assert.throws(() => encodeAmf0Values([new AmfDictionary(), new AmfDictionary([[1, array]])]), AmfError);
  });

  it(`writes ${MAX_AMF_VALUES} values and refuses one more`, () => {
    const values = new Array<AmfValue>(MAX_AMF_VALUES).fill(null);
    assert.equal(encodeAmf3Values(values).length, MAX_AMF_VALUES);
    refuses([...values, null], 'amf-values-exceeded');
    const names = new Array<string>(MAX_AMF_VALUES + 1).fill('a');
    refuses([new AmfObject('', new Map(), { sealedNames: names, isDynamic: false })], 'amf-values-exceeded');
  });

  it(`writes ${MAX_AMF_ENCODED_BYTES} bytes and refuses one more`, () => {
    const bytes = new Uint8Array(MAX_AMF_ENCODED_BYTES - 5);
    assert.equal(encodeAmf3Values([new AmfByteArray(bytes)]).length, MAX_AMF_ENCODED_BYTES);
    refuses([new AmfByteArray(bytes), 1], 'amf-encoded-bytes-exceeded');
    refuses(['x'.repeat(MAX_AMF_ENCODED_BYTES)], 'amf-encoded-bytes-exceeded');
    refuses([new AmfNumberVector(new Float64Array(2 ** 21))], 'amf-encoded-bytes-exceeded');
  });

  it('writes as many bytes as its caller lets it, and refuses one more', () => {
    const values = ['ab', AmfObject.of({ c: 1 })];
    const { length } = encodeAmf3Values(values);
    assert.equal(encodeAmf3Values(values, length).length, length);
    assert.throws(() => encodeAmf3Values(values, length - 1), {
      code: 'amf-encoded-bytes-exceeded',
      message: `expected at most ${length - 1} bytes of encoded values, got more`,
    });
  });
});
