// onMetaData as it is passed on: cleaned, so that FFmpeg and others can read it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import {
  AmfDate,
  AmfEcmaArray,
  AmfObject,
  AmfUnsupported,
  type AmfValue,
  AmfXml,
} from '../../../src/protocol/amf/amf-value.ts';
import { decodeAmf0Values } from '../../../src/protocol/amf/amf0-decoder.ts';
import { encodeDataMessage, MAX_UNFOLDED_BYTES } from '../../../src/protocol/rtmp/data-message.ts';
import { bytesOf, hexOf, vectorOf } from '../../support/vectors.ts';
import { arbitraryAmfValue } from '../amf/arbitrary-amf.ts';

const METADATA = AmfEcmaArray.of({ width: 640, height: 360 });

/** onMetaData as a player gets it: its one array. */
function cleaned(values: readonly AmfValue[]): AmfValue {
  const body = encodeDataMessage('onMetaData', values);
  assert.ok(body !== null);
  const [handler, array, ...others] = decodeAmf0Values(body);
  assert.equal(handler, 'onMetaData');
  assert.deepEqual(others, []);
  return array;
}

describe('encodeDataMessage of onMetaData', () => {
  it('writes an ECMA array with its end, from an object or an ECMA array', () => {
    const hex = vectorOf('M-7').hex.slice('02000d40736574446174614672616d65'.length);
    for (const metadata of [
      METADATA,
      new AmfObject('', METADATA.properties),
      new AmfObject('Meta', METADATA.properties),
    ]) {
      assert.equal(hexOf(encodeDataMessage('onMetaData', [metadata]) ?? bytesOf('')), hex);
    }
  });

  it('leaves out Undefined and Unsupported, and puts null for them in arrays', () => {
    const metadata = AmfEcmaArray.of({
      a: undefined,
      b: AmfUnsupported.instance,
      list: [1, undefined, AmfUnsupported.instance],
      inner: AmfEcmaArray.of({ c: undefined, d: null }),
    });
    const expected = AmfEcmaArray.of({ list: [1, null, null], inner: AmfEcmaArray.of({ d: null }) });
    assert.deepEqual(cleaned([metadata]), expected);
  });

  it('writes XML as text and typed objects as plain ones, and leaves dates', () => {
    const date = new AmfDate(1_700_000_000_000);
    const metadata = AmfObject.of({ xml: new AmfXml('<x/>'), typed: AmfObject.of({ y: 1 }, 'P'), date });
    assert.deepEqual(
      cleaned([metadata]),
      AmfEcmaArray.of({ xml: '<x/>', typed: AmfObject.of({ y: 1 }), date }),
    );
  });

  it('keeps keys of 127 bytes and leaves out longer ones, at every level', () => {
    const kept = 'k'.repeat(127);
    const metadata = AmfEcmaArray.of({
      [kept]: 1,
      [`${kept}k`]: 2,
      inner: AmfObject.of({ ['é'.repeat(64)]: 3 }),
    });
    assert.deepEqual(cleaned([metadata]), AmfEcmaArray.of({ [kept]: 1, inner: AmfObject.of({}) }));
  });

  it('leaves out what is true of a file only', () => {
    const keyframes = AmfObject.of({ times: [0, 2], filepositions: [13, 900] });
    const metadata = AmfEcmaArray.of({ duration: 9, width: 640, filesize: 1000, keyframes });
    assert.deepEqual(cleaned([metadata]), AmfEcmaArray.of({ width: 640 }));
  });

  it('writes nothing behind the array, which FFmpeg would take for a part of it', () => {
    assert.deepEqual(cleaned([METADATA, 'more', 7]), METADATA);
  });

  it('gives nothing where there is no object', () => {
    for (const values of [[], [null], ['text'], [[1, 2]]])
      assert.equal(encodeDataMessage('onMetaData', values), null);
  });

  it(`writes ${MAX_UNFOLDED_BYTES} bytes and gives nothing for one more`, () => {
    const emptyBytes = encodeDataMessage('onMetaData', [AmfEcmaArray.of({ a: 'x'.repeat(1) })])?.length ?? 0;
    const text = 'x'.repeat(32_000);
    const metadata = (fillBytes: number) => AmfEcmaArray.of({ b: text, c: text, a: 'x'.repeat(fillBytes) });
    const fillBytes = MAX_UNFOLDED_BYTES - (emptyBytes - 1) - 2 * (2 + 1 + 3 + text.length);
    assert.equal(encodeDataMessage('onMetaData', [metadata(fillBytes)])?.length, MAX_UNFOLDED_BYTES);
    assert.equal(encodeDataMessage('onMetaData', [metadata(fillBytes + 1)]), null);
  });

  it('holds only what FFmpeg can skip, whatever came in', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), arbitraryAmfValue, { maxKeys: 6 }), (record) => {
        const body = encodeDataMessage('onMetaData', [AmfEcmaArray.of(record)]);
        assert.ok(body !== null);
        assert.equal(skipLikeFfmpeg(body), body.length);
        assert.deepEqual(encodeDataMessage('onMetaData', decodeAmf0Values(body).slice(1)), body);
      }),
      { numRuns: 500 },
    );
  });
});

/** Walks a whole body by the rules of FFmpeg's reader; throws where that would give up. Returns where it ended. */
function skipLikeFfmpeg(body: Uint8Array): number {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const handlerEnd = 3 + view.getUint16(1);
  assert.equal(view.getUint8(0), 0x02);
  assert.ok(handlerEnd - 3 < 64);
  assert.equal(view.getUint8(handlerEnd), 0x08);
  let offset = handlerEnd + 5;
  while (body.length - offset > 3) {
    const keyLengthBytes = view.getUint16(offset);
    assert.ok(keyLengthBytes < 128);
    offset = skipValue(view, offset + 2 + keyLengthBytes);
  }
  assert.equal(hexOf(body.subarray(offset, offset + 3)), '000009');
  return offset + 3;
}

function skipValue(view: DataView, offset: number): number {
  const marker = view.getUint8(offset);
  switch (marker) {
    case 0x00:
      return offset + 9;
    case 0x01:
      return offset + 2;
    case 0x02:
      return offset + 3 + view.getUint16(offset + 1);
    case 0x05:
      return offset + 1;
    case 0x0b:
      return offset + 11;
    case 0x0c:
      return offset + 5 + view.getUint32(offset + 1);
    case 0x0a: {
      let end = offset + 5;
      for (let left = view.getUint32(offset + 1); left > 0; left -= 1) end = skipValue(view, end);
      return end;
    }
    case 0x03:
    case 0x08: {
      let end = offset + (marker === 0x08 ? 5 : 1);
      while (view.getUint16(end) !== 0) end = skipValue(view, end + 2 + view.getUint16(end));
      assert.equal(view.getUint8(end + 2), 0x09);
      return end + 3;
    }
    default:
      return assert.fail(`FFmpeg cannot skip marker 0x${marker.toString(16)}`);
  }
}
