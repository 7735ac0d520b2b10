import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AmfByteArray,
  AmfExternalizable,
  AmfObject,
  type AmfValue,
} from '../../../src/protocol/amf/amf-value.ts';
import { decodeAmf3Values } from '../../../src/protocol/amf/amf3-decoder.ts';
import { encodeAmf3Values } from '../../../src/protocol/amf/amf3-encoder.ts';
import { MAX_AMF3_FLAG_BYTES } from '../../../src/protocol/amf/limits.ts';
import { bytesOf, hexOf } from '../../support/vectors.ts';

/** An inline externalizable of a class with a name of three letters. */
function inline(className: string, body: string): string {
  return hexOf(bytesOf(`0a 07 07 ${Buffer.from(className).toString('hex')} ${body}`));
}

function message(className: string, fields: Readonly<Record<string, AmfValue>>): AmfExternalizable {
  return new AmfExternalizable(className, AmfObject.of(fields));
}

function assertBothWays(hex: string, value: AmfValue): void {
  assert.deepEqual(decodeAmf3Values(bytesOf(hex)), [value]);
  assert.equal(hexOf(encodeAmf3Values([value])), hex);
}

describe('externalizable classes', () => {
  it('wrap one value: ArrayCollection, ArrayList and ObjectProxy', () => {
    for (const name of ['ArrayCollection', 'ArrayList', 'ObjectProxy']) {
      const className = `flex.messaging.io.${name}`;
      const length = (className.length * 2 + 1).toString(16);
      const hex = `0a07${length}${Buffer.from(className).toString('hex')}09030102`;
      assertBothWays(hex, new AmfExternalizable(className, [false]));
    }
  });

  it('are messages with flags: all fields of DSA, DSK and DSC, each at its bit', () => {
    const common = {
      body: 0,
      clientId: 1,
      destination: 2,
      headers: 3,
      messageId: 4,
      timestamp: 5,
      timeToLive: 6,
      clientIdBytes: 7,
      messageIdBytes: 8,
      correlationId: 9,
      correlationIdBytes: 10,
    };
    const values = Array.from({ length: 11 }, (_, index) => `04${index.toString(16).padStart(2, '0')}`);
    const hex = `ff 03 ${values.slice(0, 9).join('')} 03 ${values.slice(9).join('')}`;
    assertBothWays(inline('DSA', hex), message('DSA', common));
    assertBothWays(inline('DSK', `${hex} 00`), message('DSK', common));
    assertBothWays(inline('DSC', `${hex} 01 0405`), message('DSC', { ...common, operation: 5 }));
  });

  it('are messages without fields, and with fields of the second flag byte alone', () => {
    assertBothWays(inline('DSK', '00 00 00'), message('DSK', {}));
    assertBothWays(
      inline('DSA', '80 02 0c 03 ff 00'),
      message('DSA', { messageIdBytes: new AmfByteArray(bytesOf('ff')) }),
    );
  });

  it('may have fields and flag bytes that nobody knows: they are read and dropped', () => {
    const [value, after] = decodeAmf3Values(
      bytesOf(
        `${inline('DSK', '80 84 01 0401 06 03 78 fd 01 02 03 0404 0405 0406 0407 0408 04 06 03 79')} 0463`,
      ),
    );
    assert.deepEqual(value, message('DSK', { correlationId: false }));
    assert.equal(after, 0x63);
  });

  it(`may have ${MAX_AMF3_FLAG_BYTES} flag bytes in a row and no more`, () => {
    const flags = (count: number): Uint8Array => bytesOf(inline('DSA', `${'80'.repeat(count - 1)} 00 00`));
    assert.equal(decodeAmf3Values(flags(MAX_AMF3_FLAG_BYTES)).length, 1);
    assert.throws(() => decodeAmf3Values(flags(MAX_AMF3_FLAG_BYTES + 1)), { code: 'amf-count-invalid' });
  });

  it('share traits and values: two messages of one class, one of which is in the other', () => {
    const inner = message('DSK', { timeToLive: 1 });
    const outer = [message('DSK', { body: inner }), inner];
    const hex = '0905010a070744534b010a01400401000000000a04';
    assertBothWays(hex, outer);
  });

  it('are refused where they are unknown, with their name, which is cut where it is long [item 53]', () => {
    assert.throws(() => decodeAmf3Values(bytesOf(inline('X.Y', '0401'))), {
      code: 'amf-unsupported-marker',
      message: 'expected an externalizable class of known form, got "X.Y"',
    });
    const name = 'n'.repeat(1000);
    const hex = `0a 07 8f51 ${Buffer.from(name).toString('hex')} 01`;
    assert.throws(
      () => decodeAmf3Values(bytesOf(hex)),
      ({ message }: Error) => message.length < 200,
    );
    assert.throws(() => decodeAmf3Values(bytesOf('0a 07 01 01')), { code: 'amf-unsupported-marker' });
  });

  it('are not written with a body that their class cannot have', () => {
    for (const value of [
      new AmfExternalizable('DSK', [1]),
      message('DSK', { operation: 1 }),
      message('DSC', { constructor: 1 }),
    ]) {
      assert.throws(() => encodeAmf3Values([value]), { code: 'amf-unsupported-marker' });
    }
  });
});
