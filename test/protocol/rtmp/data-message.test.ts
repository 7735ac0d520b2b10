import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  AmfDate,
  AmfEcmaArray,
  AmfObject,
  AmfUnsupported,
  type AmfValue,
  AmfXml,
} from '../../../src/protocol/amf/amf-value.ts';
import { decodeAmf0Values } from '../../../src/protocol/amf/amf0-decoder.ts';
import { encodeAmf0Values } from '../../../src/protocol/amf/amf0-encoder.ts';
import {
  encodeDataMessage,
  MAX_METADATA_BYTES,
  parseDataMessage,
} from '../../../src/protocol/rtmp/data-message.ts';
import { everyTwoWaySplit } from '../../support/splits.ts';
import { bytesOf, hexOf, vectorOf } from '../../support/vectors.ts';
import { arbitraryAmfValue } from '../amf/arbitrary-amf.ts';

const METADATA = AmfEcmaArray.of({ width: 640, height: 360 });

/** onMetaData as a player gets it: its one array. */
function cleaned(values: readonly AmfValue[], keepsFileProperties = false): AmfValue {
  const body = encodeDataMessage('onMetaData', values, { keepsFileProperties });
  assert.ok(body !== null);
  const [handler, array, ...others] = decodeAmf0Values(body);
  assert.equal(handler, 'onMetaData');
  assert.deepEqual(others, []);
  return array;
}

describe('parseDataMessage', () => {
  it('strips @setDataFrame and marks what it names as kept [M-7]', () => {
    const expected = { kind: 'set', handler: 'onMetaData', values: [METADATA] };
    assert.deepEqual(parseDataMessage(vectorOf('M-7').bytes), expected);
  });

  it('gives a plain handler and its values [M-8]', () => {
    const expected = { kind: 'send', handler: '|RtmpSampleAccess', values: [true, true] };
    assert.deepEqual(parseDataMessage(vectorOf('M-8').bytes), expected);
  });

  it('reads @clearDataFrame', () => {
    const payload = encodeAmf0Values(['@clearDataFrame', 'onMetaData', 1]);
    assert.deepEqual(parseDataMessage(payload), { kind: 'clear', handler: 'onMetaData', values: [] });
  });

  it('keeps onMetaData that comes without @setDataFrame, as an object or an ECMA array', () => {
    for (const metadata of [METADATA, AmfObject.of({ width: 640 })]) {
      const payload = encodeAmf0Values(['onMetaData', metadata]);
      assert.deepEqual(parseDataMessage(payload), { kind: 'set', handler: 'onMetaData', values: [metadata] });
    }
  });

  it('takes metadata without its last 00 00 09', () => {
    const { bytes } = vectorOf('M-7');
    const withoutEnd = bytes.subarray(0, bytes.length - 3);
    assert.deepEqual(parseDataMessage(withoutEnd), parseDataMessage(bytes));
  });

  it('takes a name of 63 bytes and drops one of 64, in whatever place', () => {
    const longest = `${'é'.repeat(31)}x`;
    for (const prefix of [[], ['@setDataFrame'], ['@clearDataFrame']]) {
      assert.equal(parseDataMessage(encodeAmf0Values([...prefix, longest]))?.handler, longest);
      assert.equal(parseDataMessage(encodeAmf0Values([...prefix, `${longest}x`])), null);
    }
  });

  it('drops what has no name, or a name that is no short string', () => {
    const bodies = [
      '',
      '05',
      '00 3ff0000000000000',
      '0c 00000001 61',
      '020000',
      '02 000d 40736574446174614672616d65',
    ];
    for (const hex of bodies) assert.equal(parseDataMessage(bytesOf(hex)), null, hex);
    assert.equal(parseDataMessage(encodeAmf0Values(['@setDataFrame', 7, METADATA])), null);
  });

  it('drops what does not decode', () => {
    const name = '0200016e';
    for (const rest of ['03 00', '0a ffffffff', '070000', '12', '11 04 01', '03 0001 61'.repeat(200)]) {
      assert.equal(parseDataMessage(bytesOf(name + rest)), null, rest.slice(0, 20));
    }
  });

  it('takes a message cut anywhere', () => {
    for (const [head] of everyTwoWaySplit(vectorOf('M-7').bytes)) {
      const message = parseDataMessage(head);
      assert.ok(message === null || message.handler === 'onMetaData');
    }
  });

  it('reads any bytes as a message or nothing, and what it read can be written or is dropped', () => {
    const bytes = fc.array(fc.oneof(fc.integer({ min: 0, max: 0x12 }), fc.integer({ min: 0, max: 255 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(bytes, (rest) => {
        const message = parseDataMessage(Uint8Array.from([2, 0, 1, 0x6e, ...rest]));
        if (message !== null) encodeDataMessage(message.handler, message.values);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('encodeDataMessage', () => {
  it('writes a handler and its values as they are', () => {
    assert.equal(
      hexOf(encodeDataMessage('|RtmpSampleAccess', [true, true]) ?? bytesOf('')),
      vectorOf('M-8').hex,
    );
    const values = [undefined, AmfObject.of({ k: undefined })];
    assert.deepEqual(decodeAmf0Values(encodeDataMessage('say', values) ?? bytesOf('')), ['say', ...values]);
  });

  it('writes the name as a short string of 1 to 63 bytes or nothing at all', () => {
    assert.equal(hexOf((encodeDataMessage('x'.repeat(63), []) ?? bytesOf('')).subarray(0, 3)), '02003f');
    assert.equal(encodeDataMessage('x'.repeat(64), []), null);
    assert.equal(encodeDataMessage('é'.repeat(32), []), null);
    assert.equal(encodeDataMessage('', []), null);
  });

  it('gives nothing for values that cannot be written', () => {
    const cycle = new AmfObject();
    cycle.properties.set('me', cycle);
    for (const handler of ['say', 'onMetaData']) {
      assert.equal(encodeDataMessage(handler, [cycle]), null);
      let doubled: AmfValue = [1, 1];
      for (let level = 0; level < 20; level += 1) doubled = [doubled, doubled];
      assert.equal(encodeDataMessage(handler, [AmfObject.of({ doubled })]), null);
    }
    assert.equal(encodeDataMessage('say', [AmfObject.of({ '': 1 })]), null);
    const arrayCycle: AmfValue[] = [];
    arrayCycle.push(arrayCycle);
    assert.equal(encodeDataMessage('onMetaData', [AmfObject.of({ arrayCycle })]), null);
  });
});

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

  it('leaves out what is true of a file only, unless asked to keep it', () => {
    const keyframes = AmfObject.of({ times: [0, 2], filepositions: [13, 900] });
    const metadata = AmfEcmaArray.of({ duration: 9, width: 640, filesize: 1000, keyframes });
    assert.deepEqual(cleaned([metadata]), AmfEcmaArray.of({ width: 640 }));
    assert.deepEqual(cleaned([metadata], true), metadata);
  });

  it('writes nothing behind the array, which FFmpeg would take for a part of it', () => {
    assert.deepEqual(cleaned([METADATA, 'more', 7]), METADATA);
  });

  it('gives nothing where there is no object', () => {
    for (const values of [[], [null], ['text'], [[1, 2]]])
      assert.equal(encodeDataMessage('onMetaData', values), null);
  });

  it(`writes ${MAX_METADATA_BYTES} bytes and gives nothing for one more`, () => {
    const emptyBytes = encodeDataMessage('onMetaData', [AmfEcmaArray.of({ a: 'x'.repeat(1) })])?.length ?? 0;
    const text = 'x'.repeat(32_000);
    const metadata = (fillBytes: number) => AmfEcmaArray.of({ b: text, c: text, a: 'x'.repeat(fillBytes) });
    const fillBytes = MAX_METADATA_BYTES - (emptyBytes - 1) - 2 * (2 + 1 + 3 + text.length);
    assert.equal(encodeDataMessage('onMetaData', [metadata(fillBytes)])?.length, MAX_METADATA_BYTES);
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
