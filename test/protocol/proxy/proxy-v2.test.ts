import assert from 'node:assert/strict';
import { SocketAddress } from 'node:net';
import { describe, it } from 'node:test';
import { readProxyHeader } from '../../../src/protocol/proxy/proxy-header.ts';
import { PROXY_V2_SIGNATURE } from '../../../src/protocol/proxy/proxy-start.ts';
import { assertHeader, assertInvalid } from './proxy-readings.ts';
import { EMPTY_CHECKSUM, ipv4Addresses, ipv6Addresses, tlv, v2, withChecksum } from './proxy-wire.ts';

const IPV4_SOURCE = { address: '192.0.2.7', port: 56_324 };
const IPV6_HEX = '2001 0db8 0000 0000 0000 0000 0000 0007';
const MAX_REST_BYTES = 4096;

/** Addresses as 16 bytes, and the text of each. */
const IPV6_TEXTS: readonly (readonly [string, string])[] = [
  [IPV6_HEX, '2001:db8::7'],
  ['0000 0000 0000 0000 0000 0000 0000 0000', '::'],
  ['0000 0000 0000 0000 0000 0000 0000 0001', '::1'],
  ['0001 0000 0000 0000 0000 0000 0000 0000', '1::'],
  ['2001 0db8 0000 0001 0001 0001 0001 0001', '2001:db8:0:1:1:1:1:1'],
  ['2001 0db8 0000 0000 0001 0000 0000 0001', '2001:db8::1:0:0:1'],
  ['2001 0000 0000 0001 0000 0000 0000 0001', '2001:0:0:1::1'],
  ['fe80 0000 0000 0000 0ABC 00de 000f 0000', 'fe80::abc:de:f:0'],
  ['0000 0000 0000 0000 0000 ffff c000 0207', '192.0.2.7'],
  ['0000 0000 0000 0000 0000 fffe c000 0207', '::fffe:c000:207'],
  ['0000 0000 0000 0000 ffff 0000 c000 0207', '::ffff:0:c000:207'],
  ['0000 0000 0000 0000 0000 0000 c000 0207', '::192.0.2.7'],
];

/** Headers that tell no source, and need not be understood behind their length. */
const UNTOLD: readonly (readonly [string, Buffer])[] = [
  ['LOCAL', v2({ versionAndCommand: 0x20, family: 0, rest: Buffer.alloc(0) })],
  ['LOCAL with addresses', v2({ versionAndCommand: 0x20 })],
  ['LOCAL with too few bytes for its family', v2({ versionAndCommand: 0x20, rest: Buffer.alloc(3) })],
  ['LOCAL of a family that is none', v2({ versionAndCommand: 0x20, family: 0xff })],
  ['UNSPEC', v2({ family: 0, rest: Buffer.alloc(0) })],
  ['UNSPEC with a rest', v2({ family: 0, rest: Buffer.from('ffffff', 'hex') })],
  ['a stream of an unspecified family', v2({ family: 0x01 })],
  ['IPv4 of an unspecified transport', v2({ family: 0x10 })],
  ['AF_UNIX', v2({ family: 0x31, rest: Buffer.alloc(216, '/run/socket') })],
  [
    'AF_UNIX with a TLV and a checksum',
    withChecksum(
      v2({ family: 0x31, rest: Buffer.concat([Buffer.alloc(216, 1), tlv(4, 'x'), EMPTY_CHECKSUM]) }),
    ),
  ],
];

/** What HAProxy 2.6 wrote: with a checksum, with a unique id too, for IPv6, for a client of a UNIX socket. */
const OF_HAPROXY: readonly (readonly [hex: string, source: { address: string; port: number } | null])[] = [
  ['211100137f0000017f000001b76e8f8d03000449aa5552', { address: '127.0.0.1', port: 46_958 }],
  [
    '211100237f0000017f000001ea5e988303000455fbe28605000d37463030303030313a45413545',
    { address: '127.0.0.1', port: 59_998 },
  ],
  [
    `2121002b${'00000000000000000000000000000001'.repeat(2)}c4e68f8d03000413c1f168`,
    { address: '::1', port: 50_406 },
  ],
  ['20000007030004a9b87e8f', null],
  ['20000000', null],
];

describe('readProxyHeader of version 2', () => {
  for (const [hex, source] of OF_HAPROXY) {
    it(`reads what HAProxy 2.6 wrote for ${source?.address ?? 'itself'}: ${hex.slice(0, 8)}…`, () => {
      assertHeader(Buffer.concat([PROXY_V2_SIGNATURE, Buffer.from(hex, 'hex')]), source);
    });
  }

  it('reads TCP over IPv4', () => {
    const header = '0d0a0d0a000d0a515549540a2111000cac130001ac130003a6520050';
    assertHeader(Buffer.from(header, 'hex'), { address: '172.19.0.1', port: 42_578 });
    assertHeader(v2(), IPV4_SOURCE);
  });

  for (const [hex, address] of IPV6_TEXTS) {
    it(`reads TCP over IPv6 from ${address}`, () => {
      assertHeader(v2({ family: 0x21, rest: ipv6Addresses(hex) }), { address, port: 4711 });
      const written = hex.replaceAll(' ', ':');
      const socketText = new SocketAddress({ address: written, family: 'ipv6' }).address;
      assert.equal(socketText.replace('::ffff:192.0', '192.0'), address, 'as a socket gives it');
    });
  }

  for (const [what, header] of UNTOLD) {
    it(`lets the sender speak for itself: ${what}`, () => assertHeader(header, null));
  }

  it('passes over TLVs, empty ones among them', () => {
    const tlvs = [
      tlv(1, 'h2'),
      tlv(2, 'live.example.org'),
      tlv(4, ''),
      tlv(0x20, 'x'.repeat(300)),
      tlv(0xea, 'v'),
    ];
    assertHeader(v2({ rest: ipv4Addresses(...tlvs) }), IPV4_SOURCE);
    const ipv6 = v2({ family: 0x21, rest: ipv6Addresses(IPV6_HEX, ...tlvs) });
    assertHeader(ipv6, { address: '2001:db8::7', port: 4711 });
  });

  it('verifies a checksum wherever it stands [PROXY 2.2.3]', () => {
    for (const tlvs of [
      [EMPTY_CHECKSUM],
      [tlv(4, 'pad'), EMPTY_CHECKSUM],
      [EMPTY_CHECKSUM, tlv(2, 'host')],
    ]) {
      const header = withChecksum(v2({ rest: ipv4Addresses(...tlvs) }));
      assertHeader(header, IPV4_SOURCE);
      for (const at of [13 + 3, 20, header.length - 1]) {
        const damaged = Buffer.from(header);
        damaged[at] = (damaged[at] ?? 0) ^ 1;
        assertInvalid(damaged, /expected the checksum [0-9a-f]{8}, found [0-9a-f]{8}$/);
      }
    }
  });

  it('does not write to the bytes that it reads', () => {
    const header = withChecksum(v2({ rest: ipv4Addresses(EMPTY_CHECKSUM) }));
    const before = Buffer.from(header);
    readProxyHeader(header);
    assert.deepEqual(header, before);
  });

  it('reads a view into a larger buffer', () => {
    const header = withChecksum(v2({ rest: ipv4Addresses(EMPTY_CHECKSUM) }));
    const larger = Buffer.concat([Buffer.alloc(5, 7), header, Buffer.alloc(9, 7)]);
    assertHeader(larger.subarray(5, 5 + header.length), IPV4_SOURCE);
  });

  for (const at of PROXY_V2_SIGNATURE.keys()) {
    it(`refuses another byte at ${at} of the signature`, () => {
      const start = Buffer.from(PROXY_V2_SIGNATURE.subarray(0, at + 1));
      start[at] = 0xff;
      assertInvalid(start, /expected a PROXY header of version 1 or 2/);
    });
  }

  it('refuses any other version', () => {
    for (const version of [0, 1, 3, 15]) {
      const bytes = v2({ versionAndCommand: (version << 4) | 1 }).subarray(0, 13);
      assertInvalid(bytes, new RegExp(`version 2 behind the signature, found version ${version}$`));
    }
  });

  it('refuses any other command', () => {
    for (const command of [2, 3, 15]) {
      const bytes = v2({ versionAndCommand: 0x20 | command }).subarray(0, 13);
      assertInvalid(bytes, new RegExp(`command 0 or 1, found command ${command}$`));
    }
  });

  it('refuses any other family', () => {
    for (const family of [0x41, 0x50, 0xf1]) {
      assertInvalid(v2({ family }).subarray(0, 14), /an address family of 0 to 3, found/);
    }
  });

  it('refuses datagrams and any other transport', () => {
    for (const family of [0x12, 0x22, 0x32, 0x02, 0x13, 0x1f]) {
      assertInvalid(v2({ family }).subarray(0, 14), /transport 0 or 1 \(STREAM\), found/);
    }
  });

  it('refuses a length too small for its family as soon as it is read', () => {
    for (const [family, leastBytes] of [
      [0x11, 12],
      [0x21, 36],
      [0x31, 216],
    ] as const) {
      const bytes = v2({ family, rest: Buffer.alloc(0), declaredBytes: leastBytes - 1 });
      assertInvalid(
        bytes,
        new RegExp(`expected ${leastBytes} bytes of addresses.*, found ${leastBytes - 1}$`),
      );
      const least = v2({ family, rest: Buffer.alloc(leastBytes) });
      assert.equal(readProxyHeader(least).type, 'header');
    }
  });

  it('takes 4,096 bytes behind the length and refuses one more before any of them has come', () => {
    const padding = tlv(4, Buffer.alloc(MAX_REST_BYTES - 12 - 3));
    const largest = v2({ rest: ipv4Addresses(padding) });
    assert.equal(largest.length, 16 + MAX_REST_BYTES);
    assertHeader(largest, IPV4_SOURCE);
    const none = Buffer.alloc(0);
    for (const family of [0x11, 0x00]) {
      const tooLong = v2({ family, rest: none, declaredBytes: MAX_REST_BYTES + 1 });
      assertInvalid(tooLong, /at most 4096 bytes behind the length, found 4097 or more/);
      const huge = v2({ family, rest: none, declaredBytes: 0xffff });
      assertInvalid(huge.subarray(0, 15), /found 65280 or more/);
    }
  });

  it('refuses a TLV that runs over the end, or leaves too few bytes for another', () => {
    const over = ipv4Addresses(tlv(2, 'host', 5));
    assertInvalid(
      v2({ rest: over }).subarray(0, 16 + 12 + 3),
      /a TLV of at most 4 bytes, found one of 5 or more/,
    );
    const farOver = ipv4Addresses(tlv(2, 'host', 0x0100));
    assertInvalid(v2({ rest: farOver }).subarray(0, 16 + 12 + 2), /found one of 256 or more/);
    for (const left of [1, 2]) {
      const rest = ipv4Addresses(Buffer.alloc(left));
      assertInvalid(v2({ rest }).subarray(0, 16), /a TLV of at least 3 bytes, or none, found/);
      const behind = ipv4Addresses(tlv(4, 'x'), Buffer.alloc(left));
      assertInvalid(v2({ rest: behind }).subarray(0, 16 + 12 + 3), /a TLV of at least 3 bytes, or none/);
    }
  });

  it('refuses a checksum of another length, and a second one', () => {
    const room = tlv(4, 'room');
    const short = v2({ rest: ipv4Addresses(tlv(3, 'abc'), room) });
    assertInvalid(short.subarray(0, 16 + 12 + 3), /a checksum of 4 bytes/);
    const long = v2({ rest: ipv4Addresses(tlv(3, Buffer.alloc(256))) });
    assertInvalid(long.subarray(0, 16 + 12 + 2), /a checksum of 4 bytes/);
    const noRoom = v2({ rest: ipv4Addresses(tlv(3, 'abc')) });
    assertInvalid(noRoom.subarray(0, 16 + 12 + 1), /a checksum of 4 bytes/);
    const twice = v2({ rest: ipv4Addresses(EMPTY_CHECKSUM, EMPTY_CHECKSUM) });
    assertInvalid(twice.subarray(0, 16 + 12 + 7 + 1), /one checksum, found a second one/);
  });
});
