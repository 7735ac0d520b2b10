import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import type { AmfErrorCode } from '../../../src/protocol/amf/amf-error.ts';
import { AmfEcmaArray, AmfObject, type AmfValue, AmfXml } from '../../../src/protocol/amf/amf-value.ts';
import { decodeAmf0Values } from '../../../src/protocol/amf/amf0-decoder.ts';
import { encodeAmf0Values } from '../../../src/protocol/amf/amf0-encoder.ts';
import { MAX_AMF_DEPTH, MAX_AMF_VALUES } from '../../../src/protocol/amf/limits.ts';
import { ProtocolError } from '../../../src/protocol/bytes/protocol-error.ts';
import { bytesOf } from '../../support/vectors.ts';
import { arbitraryAmfValue } from './arbitrary-amf.ts';

const BOMB_LEVELS = 200_000;

/** What ends a level of each bomb, so that a bomb of any depth can be made valid. */
const BOMBS = [
  { name: 'nested objects', level: '03 0001 61', end: '000009' },
  { name: 'nested strict arrays', level: '0a 00000001', end: '' },
  { name: 'nested ECMA arrays', level: '08 00000000 0001 61', end: '000009' },
  { name: 'nested typed objects', level: '10 0001 50 0001 61', end: '000009' },
] as const;

function repeated(hex: string, count: number): Uint8Array {
  return Uint8Array.from(Buffer.alloc(bytesOf(hex).length * count, Buffer.from(bytesOf(hex))));
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function throwsCode(operation: () => unknown, code: AmfErrorCode | 'bytes-truncated'): void {
  assert.throws(operation, (error) => error instanceof ProtocolError && error.code === code);
}

describe('decodeAmf0Values', () => {
  it('gives nothing for no bytes', () => {
    assert.deepEqual(decodeAmf0Values(new Uint8Array(0)), []);
  });

  it('takes a long string that is short, an XML document and any non-zero boolean', () => {
    const bytes = bytesOf('0c 00000002 6869  0f 00000003 3c612f  01 7f');
    assert.deepEqual(decodeAmf0Values(bytes), ['hi', new AmfXml('<a/'), true]);
  });

  it('keeps the last of two equal keys', () => {
    const bytes = bytesOf('03 0001 61 0101 0001 62 05 0001 61 0100 000009');
    assert.deepEqual(decodeAmf0Values(bytes), [AmfObject.of({ a: false, b: null })]);
  });

  it('ignores the count of an ECMA array, however large', () => {
    const bytes = bytesOf('08 ffffffff 0001 61 05 000009');
    assert.deepEqual(decodeAmf0Values(bytes), [AmfEcmaArray.of({ a: null })]);
  });

  it('counts strict arrays, ECMA arrays and typed objects for references, in order of their start [AMF0 2.9]', () => {
    const values = decodeAmf0Values(
      bytesOf('0a 00000001 08 00000000 000009  10 0001 50 000009  070000 070001 070002'),
    );
    const [array, typed, first, second, third] = values;
    assert.ok(Array.isArray(array));
    assert.equal(first, array);
    assert.equal(second, array[0]);
    assert.equal(third, typed);
  });

  it('refuses an empty key that is not followed by the object end', () => {
    throwsCode(() => decodeAmf0Values(bytesOf('03 0000 05 000009')), 'amf-key-empty');
  });

  it('refuses reserved markers and an object end outside of an object', () => {
    for (const marker of ['04', '09', '0e', '12', 'ff']) {
      throwsCode(() => decodeAmf0Values(bytesOf(marker)), 'amf-unsupported-marker');
    }
  });

  it('says where a reference was wrong', () => {
    assert.throws(() => decodeAmf0Values(bytesOf('05 070001')), /below 0 before offset 4, got 1/);
  });
});

describe('decodeAmf0Values with acceptsMissingEnd', () => {
  const options = { acceptsMissingEnd: true };

  it('takes the end of the body for the end of every open object', () => {
    const bytes = bytesOf('08 00000001 0001 61 03 0001 62 0101');
    assert.deepEqual(decodeAmf0Values(bytes, options), [AmfEcmaArray.of({ a: AmfObject.of({ b: true }) })]);
    throwsCode(() => decodeAmf0Values(bytes), 'bytes-truncated');
  });

  it('still refuses a cut inside a key, a value or an array', () => {
    for (const hex of [
      '03 00',
      '03 0002 61',
      '03 0001 61',
      '03 0001 61 00 3ff0',
      '03 0000',
      '03 0001 61 0a 00000001',
    ]) {
      assert.throws(() => decodeAmf0Values(bytesOf(hex), options), ProtocolError, hex);
    }
  });
});

describe('limits of AMF0 decoding', () => {
  for (const { name, level, end } of BOMBS) {
    it(`refuses ${BOMB_LEVELS} levels of ${name} without a deep call stack [item 46]`, {
      timeout: 10_000,
    }, () => {
      throwsCode(() => decodeAmf0Values(repeated(level, BOMB_LEVELS)), 'amf-depth-exceeded');
    });

    it(`takes ${MAX_AMF_DEPTH} levels of ${name} and refuses one more`, () => {
      const deep = (levels: number) => joined(repeated(level, levels), bytesOf('05'), repeated(end, levels));
      assert.equal(decodeAmf0Values(deep(MAX_AMF_DEPTH)).length, 1);
      throwsCode(() => decodeAmf0Values(deep(MAX_AMF_DEPTH + 1)), 'amf-depth-exceeded');
    });
  }

  it(`takes ${MAX_AMF_VALUES} values and refuses one more`, () => {
    assert.equal(decodeAmf0Values(repeated('05', MAX_AMF_VALUES)).length, MAX_AMF_VALUES);
    throwsCode(() => decodeAmf0Values(repeated('05', MAX_AMF_VALUES + 1)), 'amf-values-exceeded');
  });

  it('takes a strict array of as many values as there are bytes left and refuses a higher count [item 47]', () => {
    assert.deepEqual(decodeAmf0Values(bytesOf('0a 00000002 05 05')), [[null, null]]);
    throwsCode(() => decodeAmf0Values(bytesOf('0a 00000003 05 05')), 'amf-count-invalid');
  });

  it('reserves nothing for a count, a length or a reference table that is only declared [item 47]', () => {
    const heapBefore = process.memoryUsage();
    for (let round = 0; round < 1000; round += 1) {
      for (const hex of [
        '0a ffffffff',
        '08 ffffffff',
        '0c 7fffffff 61',
        '0f ffffffff',
        '02 ffff',
        '10 ffff',
      ]) {
        assert.throws(() => decodeAmf0Values(bytesOf(hex)), ProtocolError);
      }
    }
    const heapAfter = process.memoryUsage();
    const grownBytes = heapAfter.heapUsed + heapAfter.external - heapBefore.heapUsed - heapBefore.external;
    assert.ok(grownBytes < 64 * 1024 * 1024, `grew by ${grownBytes} bytes`);
  });

  it('decodes 20 levels of twice the level before in as many steps as there are values [item 49]', () => {
    const values = decodeAmf0Values(amplification(20));
    assert.equal(values.length, 20);
    throwsCode(() => encodeAmf0Values(values), 'amf-values-exceeded');
  });
});

/** Strict arrays of which each holds the one before twice, by reference: 2^levels leaves when written out. */
function amplification(levels: number): Uint8Array {
  const parts = [bytesOf('0a 00000002 05 05')];
  for (let level = 1; level < levels; level += 1) {
    const reference = `07 ${(level - 1).toString(16).padStart(4, '0')}`;
    parts.push(bytesOf(`0a 00000002 ${reference} ${reference}`));
  }
  return joined(...parts);
}

describe('AMF0 round trips', () => {
  it('give every value back as it was', () => {
    fc.assert(
      fc.property(fc.array(arbitraryAmfValue, { maxLength: 4 }), (values: AmfValue[]) => {
        assert.deepEqual(decodeAmf0Values(encodeAmf0Values(values)), values);
      }),
      { numRuns: 500 },
    );
  });

  it('end in values or a ProtocolError for arbitrary bytes', () => {
    const looselyTyped = fc.array(
      fc.oneof(fc.integer({ min: 0, max: 0x12 }), fc.integer({ min: 0, max: 255 })),
      {
        maxLength: 80,
      },
    );
    fc.assert(
      fc.property(looselyTyped, fc.boolean(), (bytes, acceptsMissingEnd) => {
        let values: AmfValue[];
        try {
          values = decodeAmf0Values(Uint8Array.from(bytes), { acceptsMissingEnd });
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error));
          return;
        }
        try {
          const encoded = encodeAmf0Values(values);
          assert.deepEqual(encodeAmf0Values(decodeAmf0Values(encoded)), encoded);
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('end in values or a ProtocolError for a valid body with one byte changed', () => {
    fc.assert(
      fc.property(arbitraryAmfValue, fc.nat(), fc.integer({ min: 0, max: 255 }), (value, position, byte) => {
        const bytes = encodeAmf0Values([value]);
        bytes[position % bytes.length] = byte;
        try {
          decodeAmf0Values(bytes);
        } catch (error) {
          assert.ok(error instanceof ProtocolError, String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
