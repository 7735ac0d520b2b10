import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { FlvError } from '../../../src/protocol/flv/flv-error.ts';
import {
  type FlvTag,
  FlvTagType,
  MAX_FLV_TAG_DATA_BYTES,
  parseFlvFileHeader,
  parseFlvTag,
  serializeFlvFileHeader,
  serializeFlvTag,
  serializeFlvTagHeader,
  serializePreviousTagSize,
} from '../../../src/protocol/flv/flv-tag-codec.ts';
import { everyTwoWaySplit } from '../../support/splits.ts';
import { assertCovered, bytesOf, hexOf, vectorOf, vectorsOf } from '../../support/vectors.ts';

const TAGS: ReadonlyMap<string, FlvTag> = new Map([
  ['F-2', { typeId: FlvTagType.Audio, timestampMs: 0, payload: bytesOf('af001210') }],
  ['F-3', { typeId: FlvTagType.Audio, timestampMs: 0x01020304, payload: bytesOf('af0121') }],
  ['F-5', { typeId: FlvTagType.Video, timestampMs: 80, payload: bytesOf('2701ffffd800000002419a') }],
  ['F-8', { typeId: FlvTagType.Audio, timestampMs: 26, payload: bytesOf('2ffffb') }],
]);

function isHeaderError(error: unknown): boolean {
  return error instanceof FlvError && error.code === 'flv-header-invalid';
}

describe('FLV vectors', () => {
  it('are all accounted for', () => {
    assertCovered(vectorsOf('FLV'), ['F-1', ...TAGS.keys()]);
  });

  it('reads and writes the file header [F-1]', () => {
    const { bytes, hex } = vectorOf('F-1');
    const header = { hasAudio: true, hasVideo: true };
    assert.deepEqual(parseFlvFileHeader(bytes), { header, nextOffset: 13 });
    assert.equal(hexOf(serializeFlvFileHeader(header)), hex);
  });

  it('waits for a file header that is not whole', () => {
    for (const [head] of everyTwoWaySplit(vectorOf('F-1').bytes)) {
      assert.equal(parseFlvFileHeader(head) === null, head.length < 13);
    }
  });

  for (const [id, tag] of TAGS) {
    const { bytes, hex, desc } = vectorOf(id);
    it(`reads and writes ${id}: ${desc} [item 82]`, () => {
      assert.deepEqual(parseFlvTag(bytes, 0), { ...tag, isEncrypted: false, nextOffset: bytes.length });
      assert.equal(hexOf(serializeFlvTag(tag)), hex);
      const { typeId, timestampMs, payload } = tag;
      const parts = [serializeFlvTagHeader(typeId, payload.length, timestampMs), payload];
      assert.equal(hexOf(Buffer.concat([...parts, serializePreviousTagSize(payload.length)])), hex);
    });

    it(`waits for ${id} until its data are whole, byte by byte`, () => {
      for (const [head] of everyTwoWaySplit(bytes)) {
        const parsed = parseFlvTag(head, 0);
        assert.equal(parsed === null, head.length < bytes.length - 4);
        if (parsed !== null) assert.deepEqual(parsed.payload, tag.payload);
      }
    });
  }
});

describe('FLV tags', () => {
  it('read back as they were written, one behind the other [item 82]', () => {
    const fields = {
      typeId: fc.constantFrom(8, 9, 15, 18),
      timestampMs: fc.integer({ min: 0, max: 0xffff_ffff }),
      payload: fc.uint8Array({ maxLength: 40 }),
    };
    const arbitraryTag = fc.record(fields, { noNullPrototype: true });
    fc.assert(
      fc.property(fc.array(arbitraryTag, { maxLength: 6 }), (tags) => {
        const parts = [
          serializeFlvFileHeader({ hasAudio: true, hasVideo: false }),
          ...tags.map(serializeFlvTag),
        ];
        const file = Uint8Array.from(Buffer.concat(parts));
        let offset = parseFlvFileHeader(file)?.nextOffset ?? -1;
        for (const tag of tags) {
          const parsed = parseFlvTag(file, offset);
          assert.ok(parsed !== null);
          const { typeId, timestampMs, payload } = parsed;
          assert.deepEqual({ typeId, timestampMs, payload: Uint8Array.from(payload) }, tag);
          offset = parsed.nextOffset;
        }
        assert.equal(offset, file.length);
        assert.equal(parseFlvTag(file, offset), null);
      }),
    );
  });

  it('say behind the data how long the tag is, and the high byte of its time behind the low ones [item 82]', () => {
    for (const [lengthBytes, timestampMs, timeHex] of [
      [0, 0, '00000000'],
      [1, 0xffffff, 'ffffff00'],
      [300, 0x1000000, '00000001'],
      [70_000, 0x01020304, '02030401'],
      [5, 0xffffffff, 'ffffffff'],
    ] as const) {
      const bytes = serializeFlvTag({ typeId: 9, timestampMs, payload: new Uint8Array(lengthBytes) });
      assert.equal(bytes.length, 11 + lengthBytes + 4);
      assert.equal(Buffer.from(bytes).readUInt32BE(bytes.length - 4), 11 + lengthBytes);
      assert.equal(hexOf(bytes.subarray(4, 8)), timeHex);
      assert.equal(parseFlvTag(bytes, 0)?.timestampMs, timestampMs);
    }
  });

  it('tells an encrypted tag', () => {
    const parsed = parseFlvTag(bytesOf('29 000001 000000 00 000000 17 0000000c'), 0);
    assert.equal(parsed?.typeId, FlvTagType.Video);
    assert.equal(parsed?.isEncrypted, true);
  });

  it('take a wrong previous tag size', () => {
    assert.equal(parseFlvTag(bytesOf('08 000001 000000 00 000000 2f ffffffff'), 0)?.nextOffset, 16);
  });

  it('give nothing for a declared length without its data', () => {
    assert.equal(parseFlvTag(bytesOf('09 ffffff 000000 00 000000 17'), 0), null);
    assert.equal(parseFlvTag(new Uint8Array(0), 4), null);
  });

  it('hold at most 16,777,215 bytes', () => {
    assert.equal(hexOf(serializeFlvTagHeader(9, MAX_FLV_TAG_DATA_BYTES, 0)), '09ffffff00000000000000');
    assert.throws(() => serializeFlvTagHeader(9, MAX_FLV_TAG_DATA_BYTES + 1, 0), RangeError);
  });
});

describe('parseFlvFileHeader', () => {
  it('refuses a wrong signature, version or length', () => {
    for (const hex of [
      '464c57010500000009',
      '464c56020500000009',
      '464c56010500000008',
      '464c560105ffffffff',
    ]) {
      assert.throws(() => parseFlvFileHeader(bytesOf(`${hex} 00000000`)), isHeaderError, hex);
    }
  });

  it('passes over a header that is longer than usual', () => {
    const bytes = bytesOf('464c5601 01 0000000b ffff 00000000');
    assert.deepEqual(parseFlvFileHeader(bytes), {
      header: { hasAudio: false, hasVideo: true },
      nextOffset: 15,
    });
  });
});
