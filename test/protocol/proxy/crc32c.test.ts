import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { crc32c } from '../../../src/protocol/proxy/crc32c.ts';
import { bitwiseCrc32c } from './proxy-wire.ts';

/** The check value that catalogues of checksums give, and the examples of RFC 3720 B.4. */
const KNOWN: readonly (readonly [string, Uint8Array, number])[] = [
  ['nothing', new Uint8Array(0), 0],
  ['the digits 1 to 9', Buffer.from('123456789'), 0xe306_9283],
  ['32 zeros', Buffer.alloc(32), 0x8a91_36aa],
  ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8_ab43],
  ['32 rising bytes', Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd_794e],
  ['32 falling bytes', Uint8Array.from({ length: 32 }, (_, index) => 31 - index), 0x113f_db5c],
];

describe('crc32c', () => {
  for (const [what, bytes, checksum] of KNOWN) {
    it(`knows ${what}`, () => {
      assert.equal(crc32c(bytes), checksum);
      assert.equal(bitwiseCrc32c(bytes), checksum, 'of the builder that the tests compare with');
    });
  }

  it('gives the same for pieces and whole, and for the definition by the bit', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 });
    fc.assert(
      fc.property(pieces, (arrays) => {
        const whole = Buffer.concat(arrays);
        assert.equal(crc32c(...arrays), crc32c(whole));
        assert.equal(crc32c(whole), bitwiseCrc32c(whole));
      }),
    );
  });
});
