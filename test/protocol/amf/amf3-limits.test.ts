// What hostile AMF3 meets: depth, values, counts and references that unfold.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AmfValue } from '../../../src/protocol/amf/amf-value.ts';
import { decodeAmf0Values } from '../../../src/protocol/amf/amf0-decoder.ts';
import { encodeAmf0Values } from '../../../src/protocol/amf/amf0-encoder.ts';
import { decodeAmf3Values } from '../../../src/protocol/amf/amf3-decoder.ts';
import { encodeAmf3Values } from '../../../src/protocol/amf/amf3-encoder.ts';
import { MAX_AMF_DEPTH, MAX_AMF_VALUES } from '../../../src/protocol/amf/limits.ts';
import { bytesOf } from '../../support/vectors.ts';

const BOMB_LEVELS = 200_000;

/** What opens a level and what ends it, around a null; `first` comes once, in place of the first level. */
const BOMBS = [
  { name: 'nested arrays', first: '', level: '09 03 01', end: '' },
  { name: 'arrays nested in named members', first: '', level: '09 01 03 61', end: '01' },
  { name: 'nested dynamic objects', first: '', level: '0a 0b 01 03 61', end: '01' },
  { name: 'nested objects with sealed members', first: '', level: '0a 13 01 03 61', end: '' },
  { name: 'nested objects of known traits', first: '0a 13 01 03 61', level: '0a 01', end: '' },
  { name: 'dictionaries nested in keys', first: '', level: '11 03 00', end: '01' },
  { name: 'dictionaries nested in values', first: '', level: '11 03 00 01', end: '' },
  { name: 'nested vectors', first: '', level: '10 03 00 01', end: '' },
  {
    name: 'nested collections',
    first: '0a 07 43 666c65782e6d6573736167696e672e696f2e4172726179436f6c6c656374696f6e',
    level: '0a 01',
    end: '',
  },
  { name: 'nested messages', first: '0a 07 07 445341 01', level: '0a 01 01', end: '00' },
] as const;

/** Counts that no message can keep, each with all that comes before it. */
const HUGE_COUNTS = [
  '09 ffffffff 01',
  '09 ffffffff 03 61 01',
  '0a fffffffb 01',
  '0a fffffff3 01',
  '0d ffffffff 00',
  '0e ffffffff 00',
  '0f ffffffff 00',
  '10 ffffffff 00 01',
  '11 ffffffff 00',
] as const;

/** Lengths of the same kind. */
const HUGE_LENGTHS = ['06 ffffffff', '07 ffffffff', '0b ffffffff', '0c ffffffff', '0a 0b ffffffff'] as const;

function repeated(hex: string, count: number): Uint8Array {
  const unit = bytesOf(hex);
  return unit.length === 0 ? unit : Uint8Array.from(Buffer.alloc(unit.length * count, Buffer.from(unit)));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** A U29 of three bytes, whether or not it needs them; 0..0x1FFFFF. */
function u29(value: number): Uint8Array {
  return Uint8Array.of(0x80 | (value >>> 14), 0x80 | ((value >>> 7) & 0x7f), value & 0x7f);
}

/** `levels` of a bomb, each of them open. */
function opened({ first, level }: (typeof BOMBS)[number], levels: number): Uint8Array {
  return first === '' ? repeated(level, levels) : joined(bytesOf(first), repeated(level, levels - 1));
}

describe('limits of AMF3 decoding', () => {
  for (const bomb of BOMBS) {
    it(`refuses ${BOMB_LEVELS} levels of ${bomb.name} without a deep call stack [item 46]`, {
      timeout: 10_000,
    }, () => {
      const bytes = opened(bomb, BOMB_LEVELS);
      assert.throws(() => decodeAmf3Values(bytes), { code: 'amf-depth-exceeded' });
      assert.throws(() => decodeAmf0Values(joined(bytesOf('11'), bytes)), { code: 'amf-depth-exceeded' });
    });

    it(`takes ${MAX_AMF_DEPTH} levels of ${bomb.name} and refuses one more`, () => {
      const closed = (levels: number): Uint8Array =>
        joined(opened(bomb, levels), bytesOf('01'), repeated(bomb.end, levels));
      const values = decodeAmf3Values(closed(MAX_AMF_DEPTH));
      assert.equal(values.length, 1);
      assert.deepEqual(decodeAmf3Values(encodeAmf3Values(values)), values);
      assert.throws(() => decodeAmf3Values(closed(MAX_AMF_DEPTH + 1)), { code: 'amf-depth-exceeded' });
    });
  }

  it('counts the objects of AMF0 around an AMF3 value into its depth [item 46]', () => {
    const mixed = (outer: number, inner: number): Uint8Array =>
      joined(repeated('03 0001 61', outer), bytesOf('11'), repeated('09 03 01', inner), bytesOf('01'));
    const half = MAX_AMF_DEPTH / 2;
    const ends = repeated('000009', half);
    assert.equal(decodeAmf0Values(joined(mixed(half, half), ends)).length, 1);
    assert.throws(() => decodeAmf0Values(joined(mixed(half, half + 1), ends)), {
      code: 'amf-depth-exceeded',
    });
  });

  it(`takes ${MAX_AMF_VALUES} values and refuses one more, AMF0 and AMF3 counted together`, () => {
    assert.equal(decodeAmf3Values(repeated('01', MAX_AMF_VALUES)).length, MAX_AMF_VALUES);
    assert.throws(() => decodeAmf3Values(repeated('01', MAX_AMF_VALUES + 1)), {
      code: 'amf-values-exceeded',
    });
    const half = MAX_AMF_VALUES / 2;
    const mixed = joined(repeated('11 01', half), repeated('05', half));
    assert.equal(decodeAmf0Values(mixed).length, MAX_AMF_VALUES);
    for (const more of ['05', '11 01']) {
      assert.throws(() => decodeAmf0Values(joined(mixed, bytesOf(more))), { code: 'amf-values-exceeded' });
    }
  });

  it('takes a count of as many elements as the bytes left can hold and refuses a higher one [item 47]', () => {
    for (const [taken, refused] of [
      ['09 05 01 01 01', '09 09 01 01 01'],
      ['0d 05 00 00000000 00000001', '0d 07 00 00000000 00000001'],
      ['0f 03 00 0000000000000000', '0f 05 00 0000000000000000'],
      ['10 05 00 01 01 01', '10 0b 00 01 01 01'],
      ['11 03 00 01 01', '11 05 00 01 01'],
      ['0a 23 01 03 61 00 01 01', '0a 8173 01 03 61 00 01 01'],
    ] as const) {
      assert.equal(decodeAmf3Values(bytesOf(taken)).length, 1, taken);
      assert.throws(() => decodeAmf3Values(bytesOf(refused)), { code: 'amf-count-invalid' }, refused);
    }
  });

  it('reserves nothing for counts and lengths that are only declared [item 47]', () => {
    const before = process.memoryUsage();
    for (let round = 0; round < 1000; round += 1) {
      for (const hex of HUGE_COUNTS) {
        assert.throws(() => decodeAmf3Values(bytesOf(hex)), { code: 'amf-count-invalid' }, hex);
      }
      for (const hex of HUGE_LENGTHS) {
        assert.throws(() => decodeAmf3Values(bytesOf(hex)), { code: 'bytes-truncated' }, hex);
      }
    }
    const after = process.memoryUsage();
    const grownBytes =
      after.heapUsed +
      after.external +
      after.arrayBuffers -
      before.heapUsed -
      before.external -
      before.arrayBuffers;
    assert.ok(grownBytes < 64 * 1024 * 1024, `grew by ${grownBytes} bytes`);
  });

  it('refuses references to what is not there, at every index [item 48]', () => {
    for (const marker of ['07', '08', '09', '0a', '0b', '0c', '0d', '0e', '0f', '10', '11']) {
      for (const index of ['00', '02', 'fffffffe']) {
        assert.throws(() => decodeAmf3Values(bytesOf(marker + index)), { code: 'amf-reference-invalid' });
      }
    }
    for (const hex of [
      '06 00',
      '06 fffffffe',
      '0a 01',
      '0a fffffffd',
      '0a 0b 00',
      '0a 13 01 00',
      '10 01 00 00',
    ]) {
      assert.throws(() => decodeAmf3Values(bytesOf(hex)), { code: 'amf-reference-invalid' }, hex);
    }
  });

  it('holds a long text once, however often it is referred to [item 49]', { timeout: 10_000 }, () => {
    const count = MAX_AMF_VALUES - 2;
    const textBytes = 500_000;
    const text = joined(bytesOf('06'), u29((textBytes << 1) | 1), new Uint8Array(textBytes).fill(0x61));
    const heapBefore = process.memoryUsage().heapUsed;
    const [list] = decodeAmf3Values(
      joined(bytesOf('09'), u29((count << 1) | 1), bytesOf('01'), text, repeated('06 00', count - 1)),
    );
    assert.ok(process.memoryUsage().heapUsed - heapBefore < 64 * 1024 * 1024);
    assert.ok(Array.isArray(list));
    assert.equal(list.length, count);
    assert.equal(list.at(-1), list[0]);
  });
});

describe('references that unfold', () => {
  /** Arrays in one AMF3 message, of which each holds the one before twice: 2^levels leaves when written out. */
  function doublings(levels: number): AmfValue[] {
    const parts = [bytesOf('09 05 01 01 01')];
    for (let level = 1; level < levels; level += 1) {
      const reference = `09 ${((level - 1) * 2).toString(16).padStart(2, '0')}`;
      parts.push(bytesOf(`09 05 01 ${reference} ${reference}`));
    }
    return decodeAmf3Values(joined(...parts));
  }

  it('decode in as many steps as there are values, and stay small as one AMF3 value [item 49]', () => {
    const top = doublings(30).at(-1);
    const bytes = encodeAmf3Values([top]);
    assert.ok(bytes.length < 200, `${bytes.length} bytes`);
    const [again] = decodeAmf3Values(bytes);
    assert.deepEqual(encodeAmf3Values([again]), bytes);
  });

  it('are refused where they would be written out: in AMF0, and in later AMF3 values [item 49]', {
    timeout: 10_000,
  }, () => {
    const values = doublings(20);
    assert.throws(() => encodeAmf0Values(values), { code: 'amf-values-exceeded' });
    assert.throws(() => encodeAmf3Values(values), { code: 'amf-values-exceeded' });
    assert.throws(() => encodeAmf3Values([[], values.at(-1)]), { code: 'amf-values-exceeded' });
  });

  it('stop at the limit of bytes where they are long rather than many [item 49]', { timeout: 10_000 }, () => {
    const text = 'x'.repeat(100_000);
    const list = new Array<AmfValue>(60_000).fill(text);
    assert.ok(encodeAmf3Values([list]).length < 400_000);
    assert.throws(() => encodeAmf3Values(['y', list]), { code: 'amf-encoded-bytes-exceeded' });
    assert.throws(() => encodeAmf0Values([list]), { code: 'amf-encoded-bytes-exceeded' });
  });
});
