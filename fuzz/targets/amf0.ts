// AMF0 values: whatever decodes encodes, and what is encoded decodes to the same again.

import assert from 'node:assert/strict';
import { decodeAmf0Values } from '../../src/protocol/amf/amf0-decoder.ts';
import { encodeAmf0Values } from '../../src/protocol/amf/amf0-encoder.ts';
import { malformedOf, vectorsFromTextOf, vectorsOf } from '../../test/support/vectors.ts';
import { type FuzzTarget, hexOf, outcomeOf } from '../support/fuzz-target.ts';

/** AMF0, strict and forgiving a missing end. */
export const AMF0: FuzzTarget = {
  seeds: () => [
    ...[...vectorsOf('AMF0'), ...vectorsFromTextOf('AMF0'), ...vectorsOf('MSG'), ...malformedOf('amf0')].map(
      ({ bytes }) => bytes,
    ),
    ...['03000161', '0a00000001', '08000000000001611003616263'].map((hex) =>
      Buffer.from(hex.repeat(200), 'hex'),
    ),
  ],
  fuzz: (data) => {
    const strict = outcomeOf(() => decodeAmf0Values(data));
    const lenient = outcomeOf(() => decodeAmf0Values(data, { acceptsMissingEnd: true }));
    if ('value' in strict) assert.ok('value' in lenient, 'what is whole is taken where less would do');
    if (!('value' in lenient)) return lenient.code;
    const written = outcomeOf(() => encodeAmf0Values(lenient.value));
    if (!('value' in written)) return `decoded, ${written.code}`;
    const again = outcomeOf(() => encodeAmf0Values(decodeAmf0Values(written.value)));
    assert.deepEqual('value' in again ? hexOf(again.value) : again.code, hexOf(written.value));
    return `decoded ${lenient.value.map((value) => typeof value).join()}`;
  },
};
