// What holds of AMF3 whatever the values and the bytes.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { encodeAmf0Values } from '../../../src/protocol/amf/amf0-encoder.ts';
import { decodeAmf3Body, encodeAmf3Body } from '../../../src/protocol/amf/amf3-body.ts';
import { decodeAmf3Values } from '../../../src/protocol/amf/amf3-decoder.ts';
import { encodeAmf3Values } from '../../../src/protocol/amf/amf3-encoder.ts';
import { ProtocolError } from '../../../src/protocol/bytes/protocol-error.ts';
import { arbitraryAmf3Value, arbitraryAmfValue, arbitraryGraph } from './arbitrary-amf.ts';

/** Bytes that are markers and small headers more often than not. */
const amfLikeBytes = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 0x12 }) },
      { weight: 1, arbitrary: fc.constantFrom(0x13, 0x0b, 0x07, 0x23, 0x80, 0xff) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
    ),
    { maxLength: 80 },
  )
  .map((bytes) => Uint8Array.from(bytes));

/** What `operation` gives; null where it ends in a ProtocolError, the only error it may end in. */
function orNull<T>(operation: () => T): T | null {
  try {
    return operation();
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return null;
  }
}

describe('AMF3 round trips', () => {
  it('give every value back as it was', () => {
    fc.assert(
      fc.property(fc.array(arbitraryAmf3Value, { maxLength: 4 }), (values) => {
        assert.deepEqual(decodeAmf3Values(encodeAmf3Values(values)), values);
      }),
      { numRuns: 500 },
    );
  });

  it('give every value back from a body of type 17', () => {
    fc.assert(
      fc.property(fc.array(arbitraryAmf3Value, { maxLength: 4 }), (args) => {
        const values = ['name', 0, null, ...args];
        assert.deepEqual(decodeAmf3Body(encodeAmf3Body(values)), values);
      }),
      { numRuns: 300 },
    );
  });

  it('give every later value back to a reader that begins anew at each', () => {
    fc.assert(
      fc.property(arbitraryAmf3Value, arbitraryAmf3Value, (first, second) => {
        const headBytes = encodeAmf3Values([first]).length;
        assert.deepEqual(decodeAmf3Values(encodeAmf3Values([first, second]).subarray(headBytes)), [second]);
      }),
      { numRuns: 300 },
    );
  });

  it('keep what is shared shared and what is cyclic cyclic [item 48]', () => {
    fc.assert(
      fc.property(arbitraryGraph, (value) => {
        const bytes = encodeAmf3Values([value]);
        const [back] = decodeAmf3Values(bytes);
        assert.deepEqual(encodeAmf3Values([back]), bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('end for values that hold each other in any way, also where they are written out [item 48]', {
    timeout: 30_000,
  }, () => {
    fc.assert(
      fc.property(arbitraryGraph, (value) => {
        orNull(() => encodeAmf3Values([value, value]));
        orNull(() => encodeAmf0Values([value]));
      }),
      { numRuns: 100 },
    );
  });

  it('write every value of AMF0 so that it reads as the same to AMF3', () => {
    fc.assert(
      fc.property(arbitraryAmfValue, (value) => {
        const bytes = encodeAmf3Values([value]);
        assert.deepEqual(encodeAmf3Values(decodeAmf3Values(bytes)), bytes);
      }),
      { numRuns: 300 },
    );
  });
});

describe('AMF3 of any bytes', () => {
  it('is values that can be written and read again, or a ProtocolError', () => {
    fc.assert(
      fc.property(amfLikeBytes, (bytes) => {
        const values = orNull(() => decodeAmf3Values(bytes));
        if (values === null) return;
        const encoded = orNull(() => encodeAmf3Values(values));
        if (encoded !== null) assert.deepEqual(encodeAmf3Values(decodeAmf3Values(encoded)), encoded);
      }),
      { numRuns: 5000 },
    );
  });

  it('is values or a ProtocolError as the body of a message, whatever its format', () => {
    fc.assert(
      fc.property(amfLikeBytes, fc.boolean(), (bytes, acceptsMissingEnd) => {
        const values = orNull(() => decodeAmf3Body(bytes, { acceptsMissingEnd }));
        if (values !== null) orNull(() => encodeAmf3Body(values));
      }),
      { numRuns: 3000 },
    );
  });

  it('is values or a ProtocolError for a valid body with one byte changed, or cut short', () => {
    fc.assert(
      fc.property(arbitraryAmf3Value, fc.nat(), fc.integer({ min: 0, max: 255 }), (value, position, byte) => {
        const bytes = encodeAmf3Values([value]);
        const index = position % bytes.length;
        assert.equal(orNull(() => decodeAmf3Values(bytes.subarray(0, index)))?.length ?? 0, 0);
        bytes[index] = byte;
        orNull(() => decodeAmf3Values(bytes));
      }),
      { numRuns: 1000 },
    );
  });
});
