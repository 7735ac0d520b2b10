// Commands against the vectors, missing and odd fields, and what AMF refuses.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { AmfError } from '../../../src/protocol/amf/amf-error.ts';
import { AmfObject, type AmfValue } from '../../../src/protocol/amf/amf-value.ts';
import { encodeAmf0Values } from '../../../src/protocol/amf/amf0-encoder.ts';
import { BytesError } from '../../../src/protocol/bytes/bytes-error.ts';
import { encodeCommand, parseCommand } from '../../../src/protocol/rtmp/command-message.ts';
import type { RtmpMessage } from '../../../src/protocol/rtmp/message.ts';
import { RtmpError } from '../../../src/protocol/rtmp/rtmp-error.ts';
import { amfValuesOf, bytesOf, hexOf, vectorOf } from '../../support/vectors.ts';

function message(payload: Uint8Array, typeId = 20): RtmpMessage {
  return { typeId, chunkStreamId: 3, messageStreamId: 0, timestampMs: 0, payload };
}

function isMalformed(error: unknown): error is RtmpError {
  return error instanceof RtmpError && error.code === 'rtmp-command-malformed';
}

/** A command body made of these values. */
function bodyOf(...values: AmfValue[]): Uint8Array {
  return encodeAmf0Values(values);
}

describe('parseCommand and encodeCommand', () => {
  for (const id of ['M-1', 'M-2', 'M-5', 'M-12']) {
    it(`read and write ${id}: ${vectorOf(id).desc}`, () => {
      const { bytes, hex } = vectorOf(id);
      const [name, transactionId, commandObject, ...args] = amfValuesOf(vectorOf(id));
      const command = parseCommand(message(bytes));
      assert.deepEqual(command, { name, transactionId, commandObject, args });
      assert.equal(hexOf(encodeCommand(command)), hex);
    });

    it(`read ${id} as type 17 with and without the format byte [item 54]`, () => {
      const { bytes } = vectorOf(id);
      const plain = parseCommand(message(bytes));
      assert.deepEqual(parseCommand(message(bytes, 17)), plain);
      assert.deepEqual(parseCommand(message(Uint8Array.of(0, ...bytes), 17)), plain);
    });

    it(`refuse ${id} cut off within a value, and never throw anything else`, () => {
      const { bytes } = vectorOf(id);
      for (let lengthBytes = 0; lengthBytes < bytes.length; lengthBytes += 1) {
        try {
          parseCommand(message(bytes.subarray(0, lengthBytes)));
        } catch (error) {
          assert.ok(isMalformed(error));
        }
      }
      assert.throws(() => parseCommand(message(bytes.subarray(0, -1))), isMalformed);
    });
  }
});

describe('parseCommand', () => {
  it('takes a command object that is missing for null', () => {
    assert.deepEqual(parseCommand(message(bodyOf('FCPublish', 3))), {
      name: 'FCPublish',
      transactionId: 3,
      commandObject: null,
      args: [],
    });
    assert.equal(parseCommand(message(bodyOf('FCPublish', 3, undefined))).commandObject, null);
  });

  it('takes a name that is Null for none', () => {
    assert.equal(parseCommand(message(bodyOf(null, 3, null))).name, '');
  });

  it('keeps arguments of any kind in order', () => {
    const args = ['a', null, undefined, 5, true, AmfObject.of({ b: 1 }), [1, 2]];
    assert.deepEqual(parseCommand(message(bodyOf('f', 2, null, ...args))).args, args);
  });

  for (const [sent, used] of [
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 0],
    [Number.NEGATIVE_INFINITY, 0],
    [-1, 0],
    [-0, 0],
    [null, 0],
    [undefined, 0],
    [0, 0],
    [1.5, 1.5],
    [2 ** 53, 2 ** 53],
  ] as const) {
    it(`makes the transaction id ${used} of ${Object.is(sent, -0) ? '-0' : sent} [item 52]`, () => {
      assert.ok(Object.is(parseCommand(message(bodyOf('f', sent, null))).transactionId, used));
    });
  }

  it('makes the transaction id 0 where it is missing [item 52]', () => {
    assert.equal(parseCommand(message(bodyOf('f'))).transactionId, 0);
  });

  for (const [name, values] of [
    ['nothing', []],
    ['a number', [5, 1, null]],
    ['an object', [AmfObject.of({}), 1, null]],
    ['nothing', [undefined, 1, null]],
  ] as const) {
    it(`refuses ${name} for a name (${values.length} values)`, () => {
      assert.throws(
        () => parseCommand(message(bodyOf(...values))),
        (error) => isMalformed(error) && error.message === `expected a command name, got ${name}`,
      );
    });
  }

  it('refuses a transaction id that is a string', () => {
    assert.throws(
      () => parseCommand(message(bodyOf('f', '1', null))),
      (error) => isMalformed(error) && error.message === 'expected a transaction id, got a string',
    );
  });

  it('gives the AMF error as the cause', () => {
    assert.throws(
      () => parseCommand(message(bytesOf('020001660e'))),
      (error) => isMalformed(error) && error.cause instanceof AmfError,
    );
    assert.throws(
      () => parseCommand(message(bytesOf('0200ff66'))),
      (error) => isMalformed(error) && error.cause instanceof BytesError,
    );
  });

  it('does not take a format byte in type 20', () => {
    assert.throws(() => parseCommand(message(Uint8Array.of(0, ...vectorOf('M-5').bytes))), isMalformed);
  });

  it('gives a value or that error for any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom(17, 20),
        fc.boolean(),
        (bytes, typeId, isNamed) => {
          const payload = isNamed ? Uint8Array.of(2, 0, 1, 0x66, ...bytes) : bytes;
          try {
            const command = parseCommand(message(payload, typeId));
            assert.ok(Number.isFinite(command.transactionId) && command.transactionId >= 0);
          } catch (error) {
            assert.ok(isMalformed(error));
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('encodeCommand', () => {
  it('writes null for a command object that is null, and what it is given otherwise', () => {
    const command = {
      name: 'onStatus',
      transactionId: 0,
      commandObject: null,
      args: [AmfObject.of({ a: 'b' })],
    };
    const written = encodeCommand(command);
    assert.equal(
      hexOf(written),
      '0200086f6e5374617475730000000000000000000503000161020001620000 09'.replaceAll(' ', ''),
    );
    assert.deepEqual(parseCommand(message(written)), command);
  });
});
