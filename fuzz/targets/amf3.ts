// AMF3 values: whatever decodes encodes, and what is encoded decodes to the same again.

import assert from 'node:assert/strict';
import { decodeAmf3Values } from '../../src/protocol/amf/amf3-decoder.ts';
import { encodeAmf3Values } from '../../src/protocol/amf/amf3-encoder.ts';
import { malformedOf, vectorsOf } from '../../test/support/vectors.ts';
import { type FuzzTarget, hexOf, outcomeOf } from '../support/fuzz-target.ts';

/** AMF3. */
export const AMF3: FuzzTarget = {
  seeds: () => [
    ...[...vectorsOf('AMF3'), ...malformedOf('amf3')].map(({ bytes }) => bytes),
    ...['090301', '0a0b010361', '110300', '1003000109'].map((hex) => Buffer.from(hex.repeat(200), 'hex')),
  ],
  fuzz: (data) => {
    const decoded = outcomeOf(() => decodeAmf3Values(data));
    if ('code' in decoded) return decoded.code;
    const written = outcomeOf(() => encodeAmf3Values(decoded.value));
    if ('code' in written) return `decoded, ${written.code}`;
    const again = outcomeOf(() => encodeAmf3Values(decodeAmf3Values(written.value)));
    assert.deepEqual('value' in again ? hexOf(again.value) : again.code, hexOf(written.value));
    return `decoded ${decoded.value.map((value) => (typeof value === 'object' && value !== null && 'type' in value ? value.type : typeof value)).join()}`;
  },
};
