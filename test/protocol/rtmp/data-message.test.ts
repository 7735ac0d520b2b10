// Data messages as they are read and written; what becomes of onMetaData is in metadata-message.test.ts.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import {
  AmfByteArray,
  AmfEcmaArray,
  AmfObject,
  type AmfValue,
  AmfXml,
} from '../../../src/protocol/amf/amf-value.ts';
import { decodeAmf0Values } from '../../../src/protocol/amf/amf0-decoder.ts';
import { encodeAmf0Values } from '../../../src/protocol/amf/amf0-encoder.ts';
import {
  encodeDataMessage,
  MAX_UNFOLDED_BYTES,
  parseDataMessage,
} from '../../../src/protocol/rtmp/data-message.ts';
import { MessageType } from '../../../src/protocol/rtmp/message.ts';
import { everyTwoWaySplit } from '../../support/splits.ts';
import { bytesOf, hexOf, vectorOf } from '../../support/vectors.ts';

const METADATA = AmfEcmaArray.of({ width: 640, height: 360 });

describe('parseDataMessage', () => {
  it('strips @setDataFrame and marks what it names as kept [M-7]', () => {
    const expected = {
      kind: 'set',
      handler: 'onMetaData',
      values: [METADATA],
      receivedBytes: vectorOf('M-7').bytes.length,
    };
    assert.deepEqual(parseDataMessage(vectorOf('M-7').bytes), expected);
  });

  it('gives a plain handler and its values [M-8]', () => {
    const expected = {
      kind: 'send',
      handler: '|RtmpSampleAccess',
      values: [true, true],
      receivedBytes: vectorOf('M-8').bytes.length,
    };
    assert.deepEqual(parseDataMessage(vectorOf('M-8').bytes), expected);
  });

  it('reads @clearDataFrame', () => {
    const payload = encodeAmf0Values(['@clearDataFrame', 'onMetaData', 1]);
    assert.deepEqual(parseDataMessage(payload), {
      kind: 'clear',
      handler: 'onMetaData',
      values: [],
      receivedBytes: payload.length,
    });
  });

  it('keeps onMetaData that comes without @setDataFrame, as an object or an ECMA array', () => {
    for (const metadata of [METADATA, AmfObject.of({ width: 640 })]) {
      const payload = encodeAmf0Values(['onMetaData', metadata]);
      assert.deepEqual(parseDataMessage(payload), {
        kind: 'set',
        handler: 'onMetaData',
        values: [metadata],
        receivedBytes: payload.length,
      });
    }
  });

  it('takes metadata without its last 00 00 09', () => {
    const { bytes } = vectorOf('M-7');
    const withoutEnd = bytes.subarray(0, bytes.length - 3);
    const expected = { ...parseDataMessage(bytes), receivedBytes: withoutEnd.length };
    assert.deepEqual(parseDataMessage(withoutEnd), expected);
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
    for (const rest of ['03 00', '0a ffffffff', '070000', '12', '11 12', '03 0001 61'.repeat(200)]) {
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
    const values = [7, null, [true], AmfObject.of({ duration: 9, k: null }), METADATA];
    assert.deepEqual(decodeAmf0Values(encodeDataMessage('say', values) ?? bytesOf('')), ['say', ...values]);
  });

  it('writes values of any handler so that FFmpeg can skip them', () => {
    const object = AmfObject.of({ a: undefined, ['k'.repeat(200)]: 1, '': 2, xml: new AmfXml('<a/>') }, 'P');
    const body = encodeDataMessage('onTextData', [object, undefined, new AmfByteArray(bytesOf('01'))]);
    assert.ok(body !== null);
    assert.deepEqual(decodeAmf0Values(body), ['onTextData', AmfObject.of({ xml: '<a/>' }), null, null]);
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
    const arrayCycle: AmfValue[] = [];
    arrayCycle.push(arrayCycle);
    assert.equal(encodeDataMessage('onMetaData', [AmfObject.of({ arrayCycle })]), null);
  });
});

describe('encodeDataMessage of what unfolds', () => {
  it(`writes ${MAX_UNFOLDED_BYTES} bytes and gives nothing for one more`, () => {
    const text = 'x'.repeat(32_000);
    const values = (fillBytes: number) => [text, text, 'y'.repeat(fillBytes)];
    const fillBytes = MAX_UNFOLDED_BYTES - (encodeDataMessage('say', values(0))?.length ?? 0);
    assert.equal(encodeDataMessage('say', values(fillBytes))?.length, MAX_UNFOLDED_BYTES);
    assert.equal(encodeDataMessage('say', values(fillBytes + 1)), null);
  });

  it('writes a longer message where it came as long', () => {
    const body = encodeAmf0Values(['onTextData', 'x'.repeat(100_000)]);
    const message = parseDataMessage(body);
    assert.ok(message !== null);
    assert.equal(encodeDataMessage(message.handler, message.values), null);
    assert.deepEqual(encodeDataMessage(message.handler, message.values, message.receivedBytes), body);
    assert.equal(encodeDataMessage(message.handler, message.values, body.length - 1), null);
  });

  it('writes what AMF3 said short, up to 8 KiB of it: 40 objects of a class in 399 bytes', () => {
    const names = ['transferCharacteristics', 'colorPrimariesValue', 'matrixCoefficients'];
    const text = (word: string) => [(word.length << 1) | 1, ...Buffer.from(word)];
    const first = [0x0a, (3 << 4) | 3, ...text('C'), ...names.flatMap(text), 4, 1, 4, 2, 4, 3];
    const others = Array.from({ length: 39 }, (_, index) => [0x0a, 0x01, 4, index + 1, 4, 2, 4, 3]);
    const name = [0, 2, 0, 6, ...Buffer.from('onTick')];
    const body = Uint8Array.from([...name, 0x11, 0x09, (40 << 1) | 1, 0x01, ...first, ...others.flat()]);
    const message = parseDataMessage(body, MessageType.DataAmf3);
    assert.ok(message !== null);
    assert.equal(body.length, 399);
    const written = encodeDataMessage('onTick', message.values, message.receivedBytes);
    // The class has a name, which is dropped: 3 bytes less for each object.
    assert.equal(written?.length, 4014 - 40 * 3);
    const metadata = [AmfObject.of({ list: message.values[0] })];
    assert.ok((encodeDataMessage('onMetaData', metadata, message.receivedBytes)?.length ?? 0) > 3900);
  });

  for (const handler of ['onMetaData', 'onText']) {
    it(`gives nothing for a text of ${handler} that 742 bytes make 64 KB of by references`, () => {
      const count = 176;
      const u29 = (value: number) => [(value >> 7) | 0x80, value & 0x7f];
      const text = [0x06, ...u29((362 << 1) | 1), ...Array.from({ length: 362 }, () => 0x78)];
      const references = Array.from({ length: count }, () => [0x06, 0x02]).flat();
      const array = [0x09, ...u29(((count + 1) << 1) | 1), 0x01, ...text, ...references];
      const object = [0x0a, 0x0b, 0x01, 0x03, 0x61, ...array, 0x01];
      const name = [0, 2, 0, handler.length, ...Buffer.from(handler)];
      const body = Uint8Array.from([...name, 0x11, ...object]);
      const message = parseDataMessage(body, MessageType.DataAmf3);
      assert.ok(message !== null && body.length <= 742);
      assert.equal(encodeDataMessage(handler, message.values, message.receivedBytes), null);
      assert.ok((encodeDataMessage(handler, message.values)?.length ?? 0) > 64_000);
    });

    it(`unfolds ${handler} into ten times what it came in, and no further than the largest`, () => {
      const values = (fillBytes: number) => [AmfObject.of({ a: 'x'.repeat(fillBytes) })];
      const overheadBytes = encodeDataMessage(handler, values(0))?.length ?? 0;
      for (const [receivedBytes, maxBytes] of [
        [1, 8192],
        [819, 8192],
        [1000, 10_000],
        [6553, 65_530],
        [6554, MAX_UNFOLDED_BYTES],
      ] as const) {
        const fillBytes = maxBytes - overheadBytes;
        assert.equal(encodeDataMessage(handler, values(fillBytes), receivedBytes)?.length, maxBytes);
        assert.equal(encodeDataMessage(handler, values(fillBytes + 1), receivedBytes), null);
      }
    });
  }

  it('gives nothing for twenty levels of a value that holds another twice, read from references', () => {
    let hex = '0a00000002 05 05'.replaceAll(' ', '');
    for (let level = 0; level < 20; level += 1) hex = `0a00000002${hex}07${referenceTo(20 - level)}`;
    const message = parseDataMessage(bytesOf(`0200036f6e54${hex}`));
    assert.ok(message !== null && message.handler === 'onT');
    assert.equal(encodeDataMessage('onT', message.values, message.receivedBytes), null);
  });

  it('gives nothing for a text of 60 KB that is referred to 250 times', () => {
    const head = encodeAmf0Values(['onTextData', AmfObject.of({ a: 'x'.repeat(60_000) })]);
    const message = parseDataMessage(Uint8Array.from(Buffer.concat([head, bytesOf('070000'.repeat(250))])));
    assert.ok(message !== null && message.values.length === 251);
    assert.equal(encodeDataMessage('onTextData', message.values, message.receivedBytes), null);
  });
});

/** A reference to the container that was opened as number `index` of the message, from 0. */
function referenceTo(index: number): string {
  return index.toString(16).padStart(4, '0');
}
