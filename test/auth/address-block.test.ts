import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressBlockOf } from '../../src/auth/address-block.ts';

describe('addressBlockOf', () => {
  for (const [name, addresses, block] of [
    ['an IPv4 address', ['192.0.2.7'], '192.0.2.7'],
    [
      'an IPv4 address written as IPv6',
      ['::ffff:192.0.2.7', '::FFFF:c000:0207', '0:0:0:0:0:ffff:192.0.2.7'],
      '192.0.2.7',
    ],
    [
      'every address of a /64',
      ['2001:db8:1::', '2001:db8:1::7', '2001:DB8:0001:0:ffff:ffff:ffff:ffff', '2001:db8:1:0:1::192.0.2.7'],
      '2001:db8:1:0::/64',
    ],
    ['the next /64', ['2001:db8:1:1::7'], '2001:db8:1:1::/64'],
    ['a link-local address with its zone', ['fe80::1%eth0', 'fe80::2%eth1'], 'fe80:0:0:0::/64'],
    ['the loopback address', ['::1'], '0:0:0:0::/64'],
    ['what is no address', ['', 'unknown'], null],
  ] as const) {
    it(`gives one block for ${name}`, () => {
      for (const address of addresses) assert.equal(addressBlockOf(address), block ?? address);
    });
  }
});
