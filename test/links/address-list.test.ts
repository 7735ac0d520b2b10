import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../support/property-sizes.ts';
import { parseAddressRange } from '../../src/config/address-range.ts';
import { AddressList, plainAddress } from '../../src/links/address-list.ts';

function listOf(...ranges: readonly string[]): AddressList {
  return new AddressList(ranges.map(parseAddressRange));
}

describe('AddressList', () => {
  for (const [range, inside, outside] of [
    [
      '10.0.0.0/8',
      ['10.0.0.0', '10.255.255.255', '::ffff:10.0.0.1', '::FFFF:0A00:0001'],
      ['9.255.255.255', '11.0.0.0'],
    ],
    ['10.1.2.3/8', ['10.9.9.9'], ['11.1.2.3']],
    ['192.0.2.7', ['192.0.2.7', '0:0:0:0:0:ffff:192.0.2.7'], ['192.0.2.6', '192.0.2.8', '::192.0.2.7']],
    ['192.0.2.128/25', ['192.0.2.128', '192.0.2.255'], ['192.0.2.127']],
    ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255', '::ffff:1.2.3.4'], ['::', '::1', '2001:db8::1']],
    ['2001:db8::/33', ['2001:db8::', '2001:DB8:7fff:ffff::1'], ['2001:db8:8000::', '2001:db7::']],
    ['2001:db8::1', ['2001:db8::1', '2001:0db8:0:0:0:0:0:1'], ['2001:db8::2', '2001:db8::']],
    ['::/0', ['::', '2001:db8::1', 'ffff::'], ['1.2.3.4', '::ffff:1.2.3.4']],
    ['::ffff:10.0.0.0/104', ['10.200.0.1', '::ffff:10.200.0.1'], ['11.0.0.1', '::1']],
    ['::ffff:0.0.0.0/64', ['::1', '::1:2:3'], ['0:0:0:1::', '10.0.0.1']],
    ['::ffff:10.0.0.1', ['10.0.0.1'], ['10.0.0.2']],
    ['fe80::/10', ['fe80::1', 'fe80::1%eth0', 'febf::1%2'], ['fec0::1%eth0']],
  ] as const) {
    it(`tells who is in ${range} and who is not`, () => {
      const list = listOf(range);
      for (const address of inside) assert.equal(list.has(address), true, address);
      for (const address of outside) assert.equal(list.has(address), false, address);
    });
  }

  it('holds what any of its ranges holds', () => {
    const list = listOf('10.0.0.0/8', '127.0.0.1', '::1', '2001:db8::/32');
    for (const address of ['10.1.1.1', '127.0.0.1', '::1', '2001:db8::9'])
      assert.ok(list.has(address), address);
    for (const address of ['127.0.0.2', '::2', '2001:db9::']) assert.ok(!list.has(address), address);
  });

  it('holds nobody where it is empty', () => {
    for (const address of ['127.0.0.1', '::1', '']) assert.equal(listOf().has(address), false);
  });

  it('never holds what is no address', () => {
    const list = listOf('0.0.0.0/0', '::/0');
    for (const text of [
      '',
      'unknown',
      '/run/socket',
      '1.2.3',
      '010.0.0.1',
      '1.2.3.4:80',
      '[::1]',
      '%eth0',
      '::1 ',
    ]) {
      assert.equal(list.has(text), false, text);
    }
  });

  it('compares as many bits of IPv4 as the range says', () => {
    const address = fc.integer({ min: 0, max: 0xffff_ffff });
    const dotted = (value: number): string =>
      [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
    fc.assert(
      fc.property(
        address,
        fc.integer({ min: 0, max: 32 }),
        fc.integer({ min: 0, max: 31 }),
        (base, bits, flipped) => {
          const list = listOf(`${dotted(base)}/${bits}`);
          assert.ok(list.has(dotted(base)));
          const other = (base ^ (2 ** (31 - flipped))) >>> 0;
          assert.equal(
            list.has(dotted(other)),
            flipped >= bits,
            `${dotted(other)} in ${dotted(base)}/${bits}`,
          );
        },
      ),
    );
  });
});

describe('plainAddress', () => {
  for (const [address, plain] of [
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:192.0.2.7', '192.0.2.7'],
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8::7', '2001:db8::7'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['::192.0.2.7', '::192.0.2.7'],
    ['1::ffff:192.0.2.7', '1::ffff:192.0.2.7'],
    ['', ''],
  ] as const) {
    it(`writes ${JSON.stringify(address)} as ${JSON.stringify(plain)}`, () => {
      assert.equal(plainAddress(address), plain);
    });
  }
});
