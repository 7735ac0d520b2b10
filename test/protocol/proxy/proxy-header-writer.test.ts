// PROXY headers as they are written: byte for byte as the specification has them, and read again as what they tell.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalIpAddress } from '../../../src/protocol/proxy/ip-address.ts';
import {
  type ProxyVersion,
  writeLocalProxyHeader,
  writeProxyHeader,
} from '../../../src/protocol/proxy/proxy-header-writer.ts';
import { assertHeader } from './proxy-readings.ts';
import { ipv4Addresses, ipv6Addresses, v1, v2 } from './proxy-wire.ts';

const VERSIONS: readonly ProxyVersion[] = ['v1', 'v2'];

const IPV4 = {
  source: { address: '192.0.2.7', port: 56_324 },
  destination: { address: '198.51.100.1', port: 443 },
};
const IPV6 = {
  source: { address: '2001:db8::a:1', port: 4711 },
  destination: { address: '2001:db8::2', port: 1935 },
};

function written(version: ProxyVersion, connection: Parameters<typeof writeProxyHeader>[1]): Buffer {
  return Buffer.from(writeProxyHeader(version, connection));
}

describe('writeProxyHeader', () => {
  it('writes version 1 as one line [PROXY 2.1]', () => {
    assert.deepEqual(written('v1', IPV4), v1('PROXY TCP4 192.0.2.7 198.51.100.1 56324 443'));
    assert.deepEqual(written('v1', IPV6), v1('PROXY TCP6 2001:db8::a:1 2001:db8::2 4711 1935'));
  });

  it('writes version 2 in bytes [PROXY 2.2]', () => {
    assert.deepEqual(written('v2', IPV4), v2({ rest: ipv4Addresses() }));
    const rest = ipv6Addresses('20010db8 00000000 00000000 000a0001');
    assert.deepEqual(written('v2', IPV6), v2({ family: 0x21, rest }));
  });

  it('writes an IPv4 address as IPv4 that is given as IPv6, as sockets give it', () => {
    for (const version of VERSIONS) {
      const asIpv6 = {
        source: { address: '::ffff:192.0.2.7', port: 56_324 },
        destination: { address: '::FFFF:c633:6401', port: 443 },
      };
      assert.deepEqual(written(version, asIpv6), written(version, IPV4));
    }
  });

  it('writes both ends as IPv6 where one of them is', () => {
    const mixed = { source: IPV4.source, destination: IPV6.destination };
    assert.deepEqual(written('v1', mixed), v1('PROXY TCP6 ::ffff:192.0.2.7 2001:db8::2 56324 1935'));
    for (const version of VERSIONS) assertHeader(written(version, mixed), IPV4.source);
  });

  it('leaves a zone out, which means nothing to another machine', () => {
    const source = { address: 'fe80::1%eth0', port: 1 };
    for (const version of VERSIONS) {
      assertHeader(written(version, { ...IPV6, source }), { address: 'fe80::1', port: 1 });
    }
  });

  it('refuses what is no address and no port', () => {
    for (const version of VERSIONS) {
      for (const address of ['', 'localhost', '1.2.3', '1.2.3.4.5', ':::', '192.0.2.7\r\nPROXY']) {
        const source = { address, port: 1 };
        assert.throws(() => written(version, { ...IPV4, source }), /expected an IP address/, address);
      }
      for (const port of [-1, 65_536, 1.5, Number.NaN]) {
        const destination = { address: '::1', port };
        assert.throws(() => written(version, { ...IPV6, destination }), /expected ports of 0 to 65535/);
      }
    }
  });

  it('is read as the client that it tells, whatever the addresses', () => {
    const endpoint = fc.record({
      address: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('::', '::1', '::1.2.3.4', '::ffff:1.2.3.4')),
      port: fc.nat({ max: 65_535 }),
    });
    fc.assert(
      fc.property(fc.constantFrom(...VERSIONS), endpoint, endpoint, (version, source, destination) => {
        const address = canonicalIpAddress(source.address) ?? assert.fail(source.address);
        assertHeader(written(version, { source, destination }), { address, port: source.port });
      }),
      { numRuns: 150 },
    );
  });
});

describe('writeLocalProxyHeader', () => {
  it('says that the connection is for no client [PROXY 2.1, 2.2]', () => {
    assert.deepEqual(Buffer.from(writeLocalProxyHeader('v1')), v1('PROXY UNKNOWN'));
    const local = v2({ versionAndCommand: 0x20, family: 0, rest: new Uint8Array(0) });
    assert.deepEqual(Buffer.from(writeLocalProxyHeader('v2')), local);
    for (const version of VERSIONS) assertHeader(writeLocalProxyHeader(version), null);
  });
});
