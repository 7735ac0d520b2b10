import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../support/property-sizes.ts';
import { type ForwardedHeader, forwardedAddress } from '../../src/links/forwarded-address.ts';

/** Proxies of the house: 10.… and 2001:db8:10::… */
const isTrusted = (address: string): boolean =>
  address.startsWith('10.') || address.startsWith('2001:db8:10:');

/** The client that a header tells, as `address port`; null where none. */
function clientOf(header: ForwardedHeader, value: string): string | null {
  const client = forwardedAddress(header, value, isTrusted);
  return client === null ? null : `${client.address} ${client.port}`;
}

type Rows = readonly (readonly [what: string, value: string, client: string | null])[];

const FORWARDED_FOR: Rows = [
  ['an IPv4 address', '192.0.2.7', '192.0.2.7 0'],
  ['one with a port', '192.0.2.7:567', '192.0.2.7 567'],
  ['a bare IPv6 address', '2001:db8::1', '2001:db8::1 0'],
  ['one that ends like a port', '2001:db8::1:4711', '2001:db8::1:4711 0'],
  ['one in brackets', '[2001:DB8:0::1]', '2001:db8::1 0'],
  ['one in brackets with a port', '[2001:db8::1]:567', '2001:db8::1 567'],
  ['an IPv4 address written as IPv6', '::ffff:192.0.2.7', '192.0.2.7 0'],
  ['one of those in brackets', '[::ffff:c000:207]:80', '192.0.2.7 80'],
  ['the highest port', '192.0.2.7:65535', '192.0.2.7 65535'],
  ['blanks around it', ' \t192.0.2.7 \t', '192.0.2.7 0'],
  ['a trusted proxy behind the client', '192.0.2.7, 10.0.0.1', '192.0.2.7 0'],
  ['several of them', '192.0.2.7:9,10.0.0.2 ,[2001:db8:10::1]:80,\t10.0.0.1:70', '192.0.2.7 9'],
  ['what an untrusted client claims in front', '203.0.113.9, 10.9.9.9, 192.0.2.7, 10.0.0.1', '192.0.2.7 0'],
  ['a client that claims to be a trusted proxy', '10.0.0.9, 192.0.2.7', '192.0.2.7 0'],
  ['trusted proxies only', '10.0.0.3:3, 10.0.0.2, 10.0.0.1', '10.0.0.3 3'],
  ['empty entries', ', 192.0.2.7, , 10.0.0.1,,', '192.0.2.7 0'],
  ['garbage in front of the client', 'garbage, 192.0.2.7', '192.0.2.7 0'],
  ['garbage in front of trusted proxies', '192.0.2.7, garbage, 10.0.0.2, 10.0.0.1', '10.0.0.2 0'],
  ['"unknown" in front of a trusted proxy', 'unknown, 10.0.0.1', '10.0.0.1 0'],
  ['"unknown" at the end', '192.0.2.7, unknown', null],
  ['a hidden name at the end', '192.0.2.7, _hidden', null],
  ['nothing', '', null],
  ['blanks and commas', ' ,, ,', null],
  ['a lone comma', ',', null],
  ['a host name', 'client.example.org', null],
  ['a port of 65536', '192.0.2.7:65536', null],
  ['a port of no digits', '192.0.2.7:', null],
  ['a negative port', '192.0.2.7:-1', null],
  ['IPv4 in brackets', '[192.0.2.7]', null],
  ['an open bracket', '[2001:db8::1', null],
  ['something behind the bracket', '[2001:db8::1]x', null],
  ['a zone', 'fe80::1%eth0', null],
  ['a zone in brackets', '[fe80::1%25eth0]:80', null],
  ['leading zeros', '192.0.2.07', null],
  ['two addresses without a comma', '192.0.2.7 192.0.2.8', null],
  ['the other header’s form', 'for=192.0.2.7', null],
  ['quotes', '"192.0.2.7"', null],
];

const FORWARDED: Rows = [
  ['an address', 'for=192.0.2.7', '192.0.2.7 0'],
  ['one with a port, unquoted', 'for=192.0.2.7:567', '192.0.2.7 567'],
  ['one with a port, quoted', 'for="192.0.2.7:567"', '192.0.2.7 567'],
  ['one with a port that has only a name', 'for="192.0.2.7:_gazonk.1-x"', '192.0.2.7 0'],
  ['IPv6', 'For="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17 4711'],
  ['IPv6 without quotes', 'for=[2001:db8::1]', '2001:db8::1 0'],
  ['the example of the specification', 'for=192.0.2.43, for="[2001:db8:cafe::17]"', '2001:db8:cafe::17 0'],
  [
    'a trusted proxy’s address in front of the client',
    'for="[2001:db8:10::1]:4711";proto=https, for=192.0.2.1',
    '192.0.2.1 0',
  ],
  ['other parameters around it', 'by=10.0.0.1;FOR=192.0.2.60; proto=http ;host="a,b;c"', '192.0.2.60 0'],
  ['blanks around the separators', ' for = "192.0.2.7" ; proto=http ', '192.0.2.7 0'],
  ['escaped characters', 'for="1\\92.0\\.2.7"', '192.0.2.7 0'],
  [
    'trusted proxies behind the client',
    'for=192.0.2.7, for=10.0.0.2;proto=https,for="10.0.0.1:80"',
    '192.0.2.7 0',
  ],
  ['a trusted proxy in front of all', 'for=10.0.0.2, for=10.0.0.1', '10.0.0.2 0'],
  [
    'an escaped quote in another parameter',
    'for=192.0.2.7;host="a\\",for=1.1.1.1", for=10.0.0.1',
    '192.0.2.7 0',
  ],
  ['an escaped backslash before a quote', 'for=192.0.2.7;host="a\\\\", for=10.0.0.1', '192.0.2.7 0'],
  ['"unknown" in front of a trusted proxy', 'for=unknown, for=10.0.0.1', '10.0.0.1 0'],
  ['"unknown" at the end', 'for=192.0.2.7, for=unknown', null],
  ['a hidden name', 'for="_hidden"', null],
  ['an element without "for"', 'for=192.0.2.7, proto=https', null],
  ['"for" twice in an element', 'for=192.0.2.7;for=192.0.2.8', null],
  ['an empty "for"', 'for=', null],
  ['a second equals sign', 'for=192.0.2=.7', null],
  ['a word', 'for', null],
  ['the other header’s form', '192.0.2.7', null],
  ['a quote that nothing closes', 'for="192.0.2.7', null],
  ['a quote that nothing opens', 'for=192.0.2.7"', null],
  ['nothing', '', null],
  ['empty elements', 'for=192.0.2.7, ,', '192.0.2.7 0'],
];

/** What a client may send in its own header, in front of what the proxies add. */
const SPOOFED: readonly string[] = [
  'for=203.0.113.9',
  'for=10.0.0.9',
  'for="203.0.113.9',
  'for="[2001:db8::bad]',
  'for=203.0.113.9;x="',
  'for=203.0.113.9;x="\\',
  '"',
  '\\"',
  '";for=203.0.113.9;x="',
  'for=203.0.113.9;',
  ';;for=203.0.113.9',
  '\\',
  ',,,,,,',
  'x="a, for=203.0.113.9',
];

describe('forwardedAddress', () => {
  for (const [what, value, client] of FORWARDED_FOR) {
    it(`reads X-Forwarded-For with ${what}`, () => assert.equal(clientOf('x-forwarded-for', value), client));
  }

  for (const [what, value, client] of FORWARDED) {
    it(`reads Forwarded with ${what} [RFC 7239]`, () => assert.equal(clientOf('forwarded', value), client));
  }

  for (const spoofed of SPOOFED) {
    it(`is not misled by a client that sends ${JSON.stringify(spoofed)} itself`, () => {
      for (const [added, client] of [
        ['for=192.0.2.7', '192.0.2.7 0'],
        ['for="192.0.2.7:99";proto=https;by="10.0.0.1:443"', '192.0.2.7 99'],
        ['proto=https;for="[2001:db8::1]:5";host="example.org"', '2001:db8::1 5'],
      ] as const) {
        assert.equal(clientOf('forwarded', `${spoofed}, ${added}`), client);
        assert.equal(clientOf('forwarded', `${spoofed}, ${added}, for=10.0.0.2;by="10.0.0.1"`), client);
      }
      const plain = spoofed.replaceAll(/for=|"/g, '');
      assert.equal(clientOf('x-forwarded-for', `${plain}, 192.0.2.7, 10.0.0.2`), '192.0.2.7 0');
    });
  }

  it('asks about each address in its one form, from right to left, until one is not trusted', () => {
    const asked: string[] = [];
    const value = '203.0.113.9, 192.0.2.7, [2001:DB8:10:0::1]:5, ::ffff:10.0.0.1';
    const client = forwardedAddress('x-forwarded-for', value, (address) => {
      asked.push(address);
      return isTrusted(address);
    });
    assert.deepEqual(client, { address: '192.0.2.7', port: 0 });
    assert.deepEqual(asked, ['10.0.0.1', '2001:db8:10::1', '192.0.2.7']);
  });

  it('looks at no more than 32 entries, from the right', () => {
    for (const [header, prefix] of [
      ['x-forwarded-for', ''],
      ['forwarded', 'for='],
    ] as const) {
      const proxies = (count: number): string => `, ${prefix}10.0.0.1`.repeat(count);
      assert.equal(clientOf(header, `${prefix}192.0.2.7${proxies(31)}`), '192.0.2.7 0');
      assert.equal(clientOf(header, `${prefix}192.0.2.7${proxies(32)}`), '10.0.0.1 0');
      assert.equal(clientOf(header, `${prefix}192.0.2.7${','.repeat(31)}`), '192.0.2.7 0');
      assert.equal(clientOf(header, `${prefix}192.0.2.7${','.repeat(32)}`), null);
    }
    let asked = 0;
    forwardedAddress('x-forwarded-for', '10.0.0.1,'.repeat(2000), () => {
      asked += 1;
      return true;
    });
    assert.equal(asked, 31);
  });

  it('gives an address or null for any value', () => {
    const pieces = fc.constantFrom(
      ...[
        'for=',
        'For="',
        '"',
        '\\',
        ';',
        ',',
        ', ',
        '=',
        '192.0.2.7',
        '10.0.0.1',
        '[2001:db8::1]',
        ':80',
        ':',
        'x',
      ],
    );
    const values = fc.array(pieces, { maxLength: 24 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.constantFrom('forwarded', 'x-forwarded-for'), values, (header, value) => {
        const client = forwardedAddress(header, value, isTrusted);
        if (client === null) return;
        assert.ok(isIPv4(client.address) || isIPv6(client.address), client.address);
        assert.ok(Number.isInteger(client.port) && client.port >= 0 && client.port <= 65_535);
      }),
      { numRuns: 3000 },
    );
  });

  it('finds the client behind whatever a client wrote, once a proxy has added it', () => {
    const written = fc.string({ unit: fc.constantFrom(...'for=",;\\ []:.19ax'), maxLength: 60 });
    fc.assert(
      fc.property(written, fc.constantFrom('for=192.0.2.7', 'proto=https;for="192.0.2.7"'), (text, added) => {
        assert.equal(clientOf('forwarded', `${text}, ${added}`), '192.0.2.7 0');
        assert.equal(clientOf('x-forwarded-for', `${text}, 192.0.2.7`), '192.0.2.7 0');
      }),
      { numRuns: 3000 },
    );
  });
});
