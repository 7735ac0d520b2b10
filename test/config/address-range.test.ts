// Ranges of addresses as the configuration writes them.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAddressRange } from '../../src/config/address-range.ts';
import { EntryError } from '../../src/config/entry-error.ts';

function refusal(text: string): string {
  try {
    return `taken: ${JSON.stringify(parseAddressRange(text))}`;
  } catch (error) {
    assert.ok(error instanceof EntryError);
    return error.message;
  }
}

describe('parseAddressRange', () => {
  it('takes a range of IPv4 and of IPv6', () => {
    assert.deepEqual(parseAddressRange('10.0.0.0/8'), {
      family: 'ipv4',
      address: '10.0.0.0',
      prefixBits: 8,
    });
    assert.deepEqual(parseAddressRange('2001:DB8::/32'), {
      family: 'ipv6',
      address: '2001:DB8::',
      prefixBits: 32,
    });
  });

  it('takes an address alone as a range of one', () => {
    assert.equal(parseAddressRange('127.0.0.1').prefixBits, 32);
    assert.equal(parseAddressRange('::1').prefixBits, 128);
    assert.deepEqual(parseAddressRange('::ffff:10.0.0.1'), {
      family: 'ipv6',
      address: '::ffff:10.0.0.1',
      prefixBits: 128,
    });
  });

  it('takes 0 to all bits of the address, and none more', () => {
    for (const [address, most] of [
      ['10.0.0.0', 32],
      ['::', 128],
    ] as const) {
      const reason = `the bits behind the slash must be a number of 0 to ${most}`;
      for (const bits of [0, 1, most]) assert.equal(parseAddressRange(`${address}/${bits}`).prefixBits, bits);
      for (const bits of [most + 1, 999, 1_000, -1, 1.5, '', ' 8', '8 ', '+8', '0x8', 'a', '255.0.0.0']) {
        assert.equal(refusal(`${address}/${bits}`), reason, `${address}/${bits}`);
      }
    }
  });

  it('takes bits behind those of the range, and leaves the address as it is written', () => {
    assert.equal(parseAddressRange('10.1.2.3/8').address, '10.1.2.3');
  });

  it('refuses what is no address: names, zones, brackets, ports, short and octal forms, blanks', () => {
    for (const text of [
      '',
      '/8',
      'localhost',
      'example.org/8',
      '*',
      '10.0.0.*',
      '10/8',
      '10.0.0/24',
      '010.0.0.1',
      '256.0.0.1',
      '10.0.0.1:80',
      '[::1]',
      '[::1]/64',
      'fe80::1%eth0',
      'fe80::1%eth0/64',
      '1:2',
      ' 10.0.0.1',
      '10.0.0.0/8/8',
      '10.0.0.0-10.0.0.9',
    ]) {
      assert.equal(refusal(text), 'there is no IPv4 or IPv6 address', JSON.stringify(text));
    }
  });
});
