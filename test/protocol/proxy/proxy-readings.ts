// What PROXY headers have to be read as, however they are cut.

import assert from 'node:assert/strict';
import { readProxyHeader } from '../../../src/protocol/proxy/proxy-header.ts';
import type { ProxyReading } from '../../../src/protocol/proxy/proxy-reading.ts';
import { everyTwoWaySplit, splitEvery } from '../../support/splits.ts';

/** What becomes of bytes that come piece by piece, as whoever reads a connection asks for it. */
export function readPieces(pieces: Iterable<Uint8Array>): ProxyReading {
  let bytes = Buffer.alloc(0);
  let reading = readProxyHeader(bytes);
  for (const piece of pieces) {
    bytes = Buffer.concat([bytes, piece]);
    reading = readProxyHeader(bytes);
    if (reading.type !== 'incomplete') return reading;
  }
  return reading;
}

/**
 * Asserts what `header` is read as: whole, with `GET /` behind it, by the byte and at every cut, and that one byte less
 * is too few.
 */
export function assertHeader(
  header: Uint8Array,
  source: { readonly address: string; readonly port: number } | null,
): void {
  const expected = { type: 'header', lengthBytes: header.length, source };
  assert.deepEqual(readProxyHeader(header), expected);
  const followed = Buffer.concat([header, Buffer.from('GET /')]);
  assert.deepEqual(readProxyHeader(followed), expected, 'with what follows');
  for (const bytes of [header, followed]) {
    assert.deepEqual(readPieces(splitEvery(bytes, 1)), expected, 'by the byte');
    for (const split of everyTwoWaySplit(bytes)) assert.deepEqual(readPieces(split), expected);
  }
  assert.deepEqual(readProxyHeader(header.subarray(0, -1)), { type: 'incomplete' });
}

/**
 * Asserts that `bytes` are refused with a message that `message` matches, and that it was decided at their last byte:
 * what stands before it could have become a header.
 */
export function assertInvalid(bytes: Uint8Array, message: RegExp): void {
  const reading = readProxyHeader(bytes);
  assert.equal(reading.type, 'invalid', `${Buffer.from(bytes).toString('latin1')} is ${reading.type}`);
  assert.match(reading.type === 'invalid' ? reading.message : '', message);
  for (const piece of splitEvery(bytes, 1).keys()) {
    assert.deepEqual(readProxyHeader(bytes.subarray(0, piece)), { type: 'incomplete' }, `of ${piece} bytes`);
  }
  const followed = Buffer.concat([bytes, Buffer.from(' 1 2\r\n')]);
  assert.equal(readProxyHeader(followed).type, 'invalid', 'with what follows');
}
