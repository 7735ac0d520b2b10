import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AmfByteArray,
  AmfDate,
  AmfDictionary,
  AmfEcmaArray,
  AmfExternalizable,
  AmfObject,
  AmfObjectVector,
  type AmfValue,
} from '../../../src/protocol/amf/amf-value.ts';
import { decodeAmf0Values } from '../../../src/protocol/amf/amf0-decoder.ts';
import { Amf3Decoder, decodeAmf3Values } from '../../../src/protocol/amf/amf3-decoder.ts';
import { encodeAmf3Values } from '../../../src/protocol/amf/amf3-encoder.ts';
import { ByteCursor } from '../../../src/protocol/bytes/byte-cursor.ts';
import { bytesOf } from '../../support/vectors.ts';

function one(hex: string): AmfValue {
  const values = decodeAmf3Values(bytesOf(hex));
  assert.equal(values.length, 1);
  return values[0];
}

describe('decodeAmf3Values', () => {
  it('gives nothing for no bytes', () => {
    assert.deepEqual(decodeAmf3Values(new Uint8Array(0)), []);
  });

  it('refuses every marker above 11', () => {
    for (const marker of ['12', '7f', 'ff']) {
      assert.throws(() => decodeAmf3Values(bytesOf(marker)), { code: 'amf-unsupported-marker' });
    }
  });

  it('takes integers that are written longer than they need to be, with their sign', () => {
    assert.equal(one('04 808001'), 1);
    assert.equal(one('04 80808001'), 1);
    assert.equal(one('04 ffffffff'), -1);
  });

  it('enters keys, names of classes and members, and classes of vectors into the table of texts', () => {
    const hex = `09 0d 01
      0a 0b 03 43 03 6b 02 01
      10 01 00 03 56
      06 00 06 02 06 04
      0a 13 03 44 03 6d 06 06`;
    assert.deepEqual(one(hex), [
      new AmfObject('C', new Map([['k', false]])),
      new AmfObjectVector('V', []),
      'C',
      'k',
      'V',
      new AmfObject('D', new Map([['m', 'D']]), { sealedNames: ['m'], isDynamic: false }),
    ]);
  });

  it('does not enter XML, byte arrays and empty texts into the table of texts', () => {
    const values = decodeAmf3Values(bytesOf('0b 03 78 0c 03 79 06 01 06 03 7a 06 00'));
    assert.deepEqual(values.slice(2), ['', 'z', 'z']);
    assert.throws(() => decodeAmf3Values(bytesOf('0b 03 78 0c 03 79 06 01 06 00')), {
      code: 'amf-reference-invalid',
    });
  });

  it('counts every kind that can be shared for references, in the order of their start', () => {
    const kinds = [
      '0a 0b 01 01',
      '09 01 01',
      '08 01 0000000000000000',
      '0b 01',
      '07 01',
      '0c 01',
      '0d 01 00',
      '0e 01 00',
      '0f 01 00',
      '10 01 00 01',
      '11 01 00',
    ];
    const references = kinds.map(
      (kind, index) => `${kind.slice(0, 2)} ${((index + 1) * 2).toString(16).padStart(2, '0')}`,
    );
    const list = one(`09 2d 01 ${kinds.join('')} ${references.join('')}`);
    assert.ok(Array.isArray(list));
    for (const index of kinds.keys()) {
      assert.equal(typeof list[index], 'object');
      assert.equal(list[index + kinds.length], list[index], kinds[index]);
    }
  });

  it('counts a container before what it holds', () => {
    const list = one('09 07 01 0a 0b 01 03 6f 09 01 01 01 0a 02 09 04');
    assert.ok(Array.isArray(list) && list[0] instanceof AmfObject);
    assert.equal(list[1], list[0]);
    assert.equal(list[2], list[0].get('o'));
  });

  it('takes a reference by the marker of another kind than the value it leads to', () => {
    const date = one('09 05 01 08 01 0000000000000000 0c 02');
    assert.ok(Array.isArray(date) && date[0] instanceof AmfDate);
    assert.equal(date[1], date[0]);
  });

  it('keeps traits in the order of their start, those of externalizable classes among them', () => {
    const hex = `09 07 01
      0a 07 43 666c65782e6d6573736167696e672e696f2e4172726179436f6c6c656374696f6e 01
      0a 13 03 50 03 61 0401
      0a 05 0402`;
    const sealed = { sealedNames: ['a'], isDynamic: false };
    assert.deepEqual(one(hex), [
      new AmfExternalizable('flex.messaging.io.ArrayCollection', null),
      new AmfObject('P', new Map([['a', 1]]), sealed),
      new AmfObject('P', new Map([['a', 2]]), sealed),
    ]);
  });

  it('keeps dictionary entries with keys of every kind, equal ones too', () => {
    assert.deepEqual(
      one('11 07 01 06 03 6b 0401 06 00 0402 0a 0b 01 01 03'),
      new AmfDictionary(
        [
          ['k', 1],
          ['k', 2],
          [new AmfObject(), true],
        ],
        true,
      ),
    );
  });

  it('keeps the last of two equal keys, sealed or dynamic', () => {
    assert.deepEqual(one('0a 0b 01 03 61 02 00 03 01'), AmfObject.of({ a: true }));
    assert.deepEqual(one('09 01 03 61 02 00 03 01'), AmfEcmaArray.of({ a: true }));
    const object = one('0a 1b 01 03 61 02 00 03 01');
    assert.ok(object instanceof AmfObject);
    assert.deepEqual([...object.properties], [['a', true]]);
  });

  it('keeps nothing of the bytes it read', () => {
    const bytes = bytesOf('0c 07 010203');
    const [value] = decodeAmf3Values(bytes);
    bytes.fill(0);
    assert.deepEqual(value, new AmfByteArray(bytesOf('010203')));
  });

  it('replaces what is no UTF-8, in values and in keys [item 51]', () => {
    assert.equal(one('06 05 fffe'), '\ufffd\ufffd');
    assert.deepEqual(one('0a 0b 01 03 ff 01 01'), AmfObject.of({ '\ufffd': null }));
  });

  it('takes __proto__ and the like for names like any other [item 50]', () => {
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty']) {
      const text = `${(name.length * 2 + 1).toString(16)}${Buffer.from(name).toString('hex')}`;
      const inner = '0a 0b 01 03 78 03 01';
      const values = [
        one(`0a 0b 01 ${text} ${inner} 01`),
        one(`0a 13 01 ${text} ${inner}`),
        one(`09 01 ${text} ${inner} 01`),
      ];
      for (const value of values) {
        assert.ok(value instanceof AmfObject || value instanceof AmfEcmaArray);
        assert.deepEqual([...value.properties], [[name, AmfObject.of({ x: true })]]);
        assert.deepEqual(decodeAmf3Values(encodeAmf3Values([value])), [value]);
      }
      assert.deepEqual(one(`0a 0b ${text} 01`), new AmfObject(name));
      assert.deepEqual(one(`11 03 00 06 ${text} 03`), new AmfDictionary([[name, true]]));
    }
    assert.equal('x' in {}, false);
  });

  it('says where a reference was wrong', () => {
    assert.throws(() => decodeAmf3Values(bytesOf('01 0902')), {
      message: 'expected a reference to a value below 0 before offset 3, got 1',
    });
    assert.throws(
      () => decodeAmf3Values(bytesOf('01 0a 05')),
      /a reference to a class below 0 before offset 3, got 1/,
    );
    assert.throws(
      () => decodeAmf3Values(bytesOf('06 03 61 06 02')),
      /to a text below 1 before offset 5, got 1/,
    );
  });
});

describe('Amf3Decoder', () => {
  it('reads values one by one and leaves the cursor behind each', () => {
    const cursor = new ByteCursor(bytesOf('06 03 78 06 00 ff'));
    const decoder = new Amf3Decoder(cursor);
    assert.deepEqual([decoder.readValue(), decoder.readValue()], ['x', 'x']);
    assert.equal(cursor.offset, 5);
    assert.equal(decoder.valueCount, 2);
  });
});

describe('AMF3 within AMF0', () => {
  it('is one value behind each marker 11, at any depth', () => {
    const values = decodeAmf0Values(
      bytesOf('03 0001 61 11 0401 0001 62 0a 00000002 11 03 0100 000009 11 01'),
    );
    assert.deepEqual(values, [AmfObject.of({ a: 1, b: [true, false] }), null]);
  });

  it('shares its tables across the message, and none with AMF0', () => {
    const [amf0Object, amf3Object, again] = decodeAmf0Values(bytesOf('03 000009 11 0a 0b 01 01 11 0a 00'));
    assert.deepEqual(amf0Object, amf3Object);
    assert.notEqual(amf0Object, amf3Object);
    assert.equal(again, amf3Object);
    assert.throws(() => decodeAmf0Values(bytesOf('11 0a 0b 01 01 07 0000')), {
      code: 'amf-reference-invalid',
    });
  });

  it('begins anew with each message', () => {
    const reference = bytesOf('11 06 00');
    assert.deepEqual(decodeAmf0Values(bytesOf('11 06 03 78')), ['x']);
    assert.throws(() => decodeAmf0Values(reference), { code: 'amf-reference-invalid' });
  });
});
