// Strings set in a command object: what stands around them stays byte for byte.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCommand } from '../../../../src/protocol/rtmp/command-message.ts';
import type { RtmpMessage } from '../../../../src/protocol/rtmp/message.ts';
import { withStrings } from '../../../../src/protocol/rtmp/splice/command-properties.ts';
import { amf, WireEcmaArray, type WireValue } from '../../../support/amf-wire.ts';
import { join } from '../../../support/chunk-wire.ts';
import { bytesOf, vectorOf } from '../../../support/vectors.ts';

function message(payload: Uint8Array, typeId = 20): RtmpMessage {
  return { typeId, chunkStreamId: 3, messageStreamId: 0, timestampMs: 0, payload };
}

function changed(payload: Uint8Array, strings: Record<string, string>, typeId = 20): Uint8Array {
  return withStrings(message(payload, typeId), new Map(Object.entries(strings)));
}

/** A connect with this object and these arguments. */
function connect(...values: WireValue[]): Uint8Array {
  return amf('connect', 1, ...values);
}

/** An AMF0 object: pairs of name and value, which is bytes. */
function objectOf(...pairs: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const members = pairs.flatMap(([name, value]) => [amf(name).subarray(1), value]);
  return join([Uint8Array.of(3), ...members, bytesOf('000009')]);
}

/** AMF3 of markers inside AMF0: an object with a member `a` of text 'xy', and that text again by reference. */
const AMF3_OBJECT = bytesOf('110a0b01036106057879 01'.replace(' ', ''));
const AMF3_REFERENCE = bytesOf('110602');

describe('strings in a command object', () => {
  it('take the place of what was there, and leave the order of properties', () => {
    const before = connect(
      { app: 'live', flashVer: 'LNX 9', tcUrl: 'rtmp://a/live', capabilities: 15.5 },
      'more',
      null,
    );
    const after = connect(
      { app: 'x', flashVer: 'LNX 9', tcUrl: 'rtmp://far:1936/x', capabilities: 15.5 },
      'more',
      null,
    );
    assert.deepEqual(changed(before, { app: 'x', tcUrl: 'rtmp://far:1936/x' }), after);
  });

  it('go behind all others where there were none of their names', () => {
    const before = connect({ app: 'live' }, true);
    assert.deepEqual(
      changed(before, { forwardedFor: '::1', app: 'b' }),
      connect({ app: 'b', forwardedFor: '::1' }, true),
    );
  });

  it('change nothing of what OBS says but themselves', () => {
    const { bytes } = vectorOf('M-1');
    assert.deepEqual(changed(bytes, {}), bytes);
    const there = changed(bytes, { app: 'elsewhere/with/a/longer/name' });
    assert.deepEqual(changed(there, { app: 'live' }), changed(bytes, { app: 'live' }));
  });

  it('replace a property of another type, and each of two of one name', () => {
    const twice = objectOf(['app', amf(7)], ['x', amf(null)], ['app', amf('live')]);
    const expected = objectOf(['app', amf('b')], ['x', amf(null)], ['app', amf('b')]);
    assert.deepEqual(changed(connect(twice), { app: 'b' }), connect(expected));
  });

  it('replace tcurl as tcUrl, and add no second one', () => {
    assert.deepEqual(changed(connect({ tcurl: 'a' }), { tcUrl: 'b' }), connect({ tcurl: 'b' }));
    assert.deepEqual(changed(connect({ app: 'a' }), { tcUrl: 'b' }), connect({ app: 'a', tcUrl: 'b' }));
  });

  it('may be longer than a short string', () => {
    const long = 'a'.repeat(70_000);
    assert.deepEqual(changed(connect({ app: 'live', x: 1 }), { app: long }), connect({ app: long, x: 1 }));
  });

  it('go into ECMA arrays and typed objects, whose heads stay', () => {
    assert.deepEqual(
      changed(connect(new WireEcmaArray({ app: 'a', b: 1 })), { app: 'longer' }),
      connect(new WireEcmaArray({ app: 'longer', b: 1 })),
    );
    const typed = (text: string) => join([bytesOf('10000141'), objectOf(['app', amf(text)]).subarray(1)]);
    assert.deepEqual(changed(connect(typed('a')), { app: 'longer' }), connect(typed('longer')));
  });

  it('leave AMF0 references right, to the object itself and to others in it', () => {
    const self = bytesOf('070000');
    const inner = bytesOf('070001');
    const withRefs = (text: string) =>
      connect(objectOf(['app', amf(text)], ['a', objectOf(['b', self])], ['c', inner]), inner);
    assert.deepEqual(changed(withRefs('live'), { app: 'b' }), withRefs('b'));
  });

  it('leave AMF3 values in the object and behind it byte for byte', () => {
    const withAmf3 = (text: string) =>
      connect(objectOf(['q', AMF3_OBJECT], ['app', amf(text)], ['r', AMF3_REFERENCE]), AMF3_REFERENCE);
    assert.deepEqual(changed(withAmf3('live'), { app: 'b' }), withAmf3('b'));
  });

  for (const [what, format] of [
    ['with format 00', '00'],
    ['with format 03 in front of AMF0', '03'],
    ['without a format', ''],
  ] as const) {
    it(`are set in a message of type 17 ${what}`, () => {
      const wire = (text: string) => join([bytesOf(format), connect({ app: text, objectEncoding: 3 })]);
      assert.deepEqual(changed(wire('live'), { app: 'b' }, 17), wire('b'));
    });
  }
});

describe('strings in a command object that bytes cannot be kept of', () => {
  const asText = (payload: Uint8Array, typeId: number) => parseCommand(message(payload, typeId));

  it('writes all values again where the object is one of AMF3', () => {
    // An object with app 'xy', and the text again as an argument, by reference.
    const object = bytesOf('110a0b01076170700605787901');
    const reference = bytesOf('110602');
    const before = join([Uint8Array.of(0), connect(object, reference)]);
    assert.deepEqual(asText(before, 17).args, ['xy']);
    const after = asText(changed(before, { app: 'live', more: 'm' }, 17), 17);
    assert.deepEqual([after.name, after.transactionId, after.args], ['connect', 1, ['xy']]);
    const properties = after.commandObject;
    assert.ok(typeof properties === 'object' && properties !== null && 'properties' in properties);
    assert.deepEqual(
      [...properties.properties],
      [
        ['app', 'live'],
        ['more', 'm'],
      ],
    );
  });

  it('writes them again where all of a message of type 17 is AMF3', () => {
    const before = bytesOf('03060f636f6e6e6563740401 0a0b010761707006057879 01'.replaceAll(' ', ''));
    const after = asText(changed(before, { app: 'live' }, 17), 17);
    assert.deepEqual([after.name, after.transactionId], ['connect', 1]);
    assert.ok(
      typeof after.commandObject === 'object' && after.commandObject && 'properties' in after.commandObject,
    );
    assert.deepEqual([...after.commandObject.properties], [['app', 'live']]);
  });

  it('writes them again where a string takes the place of an object that is referred to', () => {
    const before = connect(
      objectOf(['app', objectOf(['x', amf(1)])], ['b', bytesOf('0a00000000')]),
      bytesOf('070002'),
    );
    const after = asText(changed(before, { app: 'live' }), 20);
    assert.deepEqual(after.args, [[]]);
    assert.ok(
      typeof after.commandObject === 'object' && after.commandObject && 'properties' in after.commandObject,
    );
    assert.deepEqual(
      [...after.commandObject.properties],
      [
        ['app', 'live'],
        ['b', []],
      ],
    );
  });

  it('refuses a property without a name', () => {
    assert.throws(() => changed(connect({ app: 'a' }), { '': 'x' }), { name: 'AmfError' });
  });
});
