import assert from 'node:assert/strict';
import { isIP, SocketAddress } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import {
  canonicalIpAddress,
  formatIpv6,
  scanIpv4,
  scanIpv6,
} from '../../../src/protocol/proxy/ip-address.ts';

/** What follows a text that can still become an address: some rest makes it one. */
const IPV4_RESTS = ['', '1', '.1', '.1.1', '.1.1.1', '1.1', '1.1.1', '1.1.1.1'];
const IPV6_RESTS = IPV4_RESTS.flatMap((rest) => [rest, `:${rest}`]).concat(
  Array.from({ length: 8 }, (_, count) => '1:'.repeat(count)).flatMap((rest) => [`${rest}1`, `:${rest}1`]),
);

/** Texts of the characters that addresses are made of, most of them broken. */
const TEXTS = fc
  .array(fc.constantFrom('0', '1', '9', '25', '255', '256', 'a', 'ffff', 'F', '.', ':', '::', '1:', '1.'), {
    maxLength: 14,
  })
  .map((pieces) => pieces.join(''));

const GROUPS = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
  minLength: 8,
  maxLength: 8,
});

/** The text that a socket would give, IPv4 as itself. */
function socketText(address: string): string {
  const version = isIP(address);
  const { address: text } = new SocketAddress({ address, family: version === 4 ? 'ipv4' : 'ipv6' });
  return /^::ffff:[\d.]+$/.test(text) ? text.slice('::ffff:'.length) : text;
}

describe('canonicalIpAddress', () => {
  for (const [text, canonical] of [
    ['192.0.2.7', '192.0.2.7'],
    ['2001:DB8:0:0::0:7', '2001:db8::7'],
    ['::FFFF:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:0:0:0', '::'],
  ] as const) {
    it(`writes ${text} as ${canonical}`, () => assert.equal(canonicalIpAddress(text), canonical));
  }

  for (const text of [
    '',
    '1.2.3',
    '01.2.3.4',
    '1.2.3.4 ',
    'fe80::1%eth0',
    '[::1]',
    '::1/128',
    'localhost',
    '１.2.3.4',
  ]) {
    it(`finds no address in ${JSON.stringify(text)}`, () => assert.equal(canonicalIpAddress(text), null));
  }

  it('takes the texts that Node takes, and writes them as its sockets do', () => {
    fc.assert(
      fc.property(TEXTS, (text) => {
        const expected = isIP(text) === 0 ? null : socketText(text);
        assert.equal(canonicalIpAddress(text), expected, text);
      }),
      { numRuns: 3000 },
    );
  });

  it('writes any IPv6 address as a socket does, and reads it as the same again', () => {
    fc.assert(
      fc.property(GROUPS, (groups) => {
        const text = formatIpv6(groups);
        assert.equal(text, socketText(groups.map((group) => group.toString(16)).join(':')));
        assert.equal(canonicalIpAddress(text), text);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('scanIpv4 and scanIpv6', () => {
  it('call part of an address exactly what some rest makes an address', () => {
    fc.assert(
      fc.property(TEXTS, (text) => {
        const canBecome = (rests: readonly string[], version: number): boolean =>
          rests.some((rest) => isIP(text + rest) === version);
        assert.equal(scanIpv4(text).type !== 'none', canBecome(IPV4_RESTS, 4), text);
        assert.equal(scanIpv6(text).type !== 'none', canBecome(IPV6_RESTS, 6), text);
      }),
      { numRuns: 3000 },
    );
  });

  it('read long texts no further than they have to', () => {
    for (const text of ['1.'.repeat(100_000), '1'.repeat(100_000)]) assert.equal(scanIpv4(text).type, 'none');
    for (const text of ['1:'.repeat(100_000), '::'.repeat(100_000)])
      assert.equal(scanIpv6(text).type, 'none');
  });
});
