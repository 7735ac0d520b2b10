// AMF3 values: whatever decodes encodes, and what is encoded decodes to the same again; as AMF0 for players, too.

import assert from 'node:assert/strict';
import { AmfObject, type AmfValue } from '../../src/protocol/amf/amf-value.ts';
import { decodeAmf0Values } from '../../src/protocol/amf/amf0-decoder.ts';
import { decodeAmf3Values } from '../../src/protocol/amf/amf3-decoder.ts';
import { encodeAmf3Values } from '../../src/protocol/amf/amf3-encoder.ts';
import { encodeDataMessage, MAX_UNFOLDED_BYTES } from '../../src/protocol/rtmp/data-message.ts';
import { malformedOf, vectorsOf } from '../../test/support/vectors.ts';
import { type FuzzTarget, hexOf, outcomeOf } from '../support/fuzz-target.ts';

/** The values as players get them, of any handler and of metadata: as AMF0 that reads, and bounded by what came in. */
function asPlayersGetIt(values: readonly AmfValue[], receivedBytes: number): string {
  const metadata = new AmfObject('', new Map(values.map((value, index) => [`k${index}`, value])));
  const words = (['onText', 'onMetaData'] as const).map((handler) => {
    const given = handler === 'onMetaData' ? [metadata] : values;
    const written = encodeDataMessage(handler, given, receivedBytes);
    if (written === null) return 'dropped';
    assert.ok(written.length <= Math.max(receivedBytes, MAX_UNFOLDED_BYTES));
    const [name, ...back] = decodeAmf0Values(written);
    assert.equal(name, handler);
    const again = encodeDataMessage(handler, back, written.length);
    assert.equal(again && hexOf(again), hexOf(written));
    return 'passed on';
  });
  return words.join();
}

/** AMF3. */
export const AMF3: FuzzTarget = {
  seeds: () => [
    ...[...vectorsOf('AMF3'), ...malformedOf('amf3')].map(({ bytes }) => bytes),
    ...['090301', '0a0b010361', '110300', '1003000109'].map((hex) => Buffer.from(hex.repeat(200), 'hex')),
    // An array of a dictionary without names, and references to it.
    Buffer.from(`09837d01118349 00${'0101'.repeat(228)}${'1102'.repeat(253)}`.replaceAll(' ', ''), 'hex'),
  ],
  fuzz: (data) => {
    const decoded = outcomeOf(() => decodeAmf3Values(data));
    if ('code' in decoded) return decoded.code;
    const written = outcomeOf(() => encodeAmf3Values(decoded.value));
    const players = asPlayersGetIt(decoded.value, data.length);
    if ('code' in written) return `decoded, ${written.code}, ${players}`;
    const again = outcomeOf(() => encodeAmf3Values(decodeAmf3Values(written.value)));
    assert.deepEqual('value' in again ? hexOf(again.value) : again.code, hexOf(written.value));
    return `decoded ${players} ${decoded.value.map((value) => (typeof value === 'object' && value !== null && 'type' in value ? value.type : typeof value)).join()}`;
  },
};
