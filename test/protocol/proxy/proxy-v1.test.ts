import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readProxyHeader } from '../../../src/protocol/proxy/proxy-header.ts';
import { assertHeader, assertInvalid } from './proxy-readings.ts';
import { v1 } from './proxy-wire.ts';

const IPV6_LONGEST = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';

const TOLD: readonly (readonly [string, string, number])[] = [
  ['PROXY TCP4 192.168.0.1 192.168.0.11 56324 443', '192.168.0.1', 56_324],
  ['PROXY TCP4 0.0.0.0 0.0.0.0 0 0', '0.0.0.0', 0],
  ['PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535', '255.255.255.255', 65_535],
  ['PROXY TCP6 2001:db8::7 2001:db8::1 4711 1935', '2001:db8::7', 4711],
  ['PROXY TCP6 2001:0DB8:0000:0000:0000:0000:0000:00aF ::1 1 2', '2001:db8::af', 1],
  ['PROXY TCP6 :: :: 0 0', '::', 0],
  ['PROXY TCP6 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 1 2', '1:2:3:4:5:6:7:0', 1],
  ['PROXY TCP6 ::ffff:192.0.2.7 ::ffff:c000:201 10 20', '192.0.2.7', 10],
  ['PROXY TCP6 0:0:0:0:0:FFFF:192.0.2.7 ::1 10 20', '192.0.2.7', 10],
  ['PROXY TCP6 ::ffff:c000:0207 ::1 10 20', '192.0.2.7', 10],
  [`PROXY TCP6 ${IPV6_LONGEST} ${IPV6_LONGEST} 65535 65535`, IPV6_LONGEST, 65_535],
];

const UNKNOWN: readonly string[] = [
  'PROXY UNKNOWN',
  'PROXY UNKNOWN ',
  `PROXY UNKNOWN ${IPV6_LONGEST} ${IPV6_LONGEST} 65535 65535`,
  'PROXY UNKNOWN  what it likes to say \xff\x00',
];

/** Lines as far as the byte that decides, without the first word, and what the message names. */
const REFUSED: readonly (readonly [what: string, line: string, message: RegExp])[] = [
  ['a lower-case protocol', 't', /expected TCP4, TCP6 or UNKNOWN, found "t"/],
  ['another protocol', 'TCP5', /TCP4, TCP6 or UNKNOWN, found "TCP5"/],
  ['a longer one', 'TCP44', /found "TCP44"/],
  ['UDP', 'UD', /found "UD"/],
  ['a longer UNKNOWN', 'UNKNOWNS', /found "UNKNOWNS"/],
  ['two spaces before the protocol', ' ', /found an empty field/],
  ['two spaces before the source', 'TCP4  ', /a source address of TCP4, found an empty field/],
  ['two spaces before the destination', 'TCP4 1.2.3.4  ', /a destination address of TCP4, found an empty/],
  ['two spaces before the source port', 'TCP6 ::1 ::1  ', /a source port, found an empty/],
  ['two spaces before the last port', 'TCP6 ::1 ::1 1  ', /a destination port, found an empty/],
  ['a tab', 'TCP4 1.2.3.4\t', /found "1\.2\.3\.4\?"/],
  ['an octet of 256', 'TCP4 256', /a source address of TCP4, found "256"/],
  ['an octet of four digits', 'TCP4 1.2.3.1000', /found "1\.2\.3\.1000"/],
  ['an octet with a zero in front', 'TCP4 10.01', /found "10\.01"/],
  ['five octets', 'TCP4 1.2.3.4.', /found "1\.2\.3\.4\."/],
  ['three octets', 'TCP4 1.2.3 ', /found "1\.2\.3"/],
  ['an empty octet', 'TCP4 1..', /found "1\.\."/],
  ['an address that starts with a dot', 'TCP4 .', /found "\."/],
  ['an IPv6 source in TCP4', 'TCP4 :', /a source address of TCP4, found ":"/],
  ['an IPv6 source in TCP4 that starts with a digit', 'TCP4 2001', /found "2001"/],
  ['an IPv6 destination in TCP4', 'TCP4 1.2.3.4 :', /a destination address of TCP4, found ":"/],
  ['an IPv4 source in TCP6', 'TCP6 1.', /a source address of TCP6, found "1\."/],
  ['an IPv4 destination in TCP6', 'TCP6 ::1 192.', /a destination address of TCP6, found "192\."/],
  ['a group of five digits', 'TCP6 12345', /found "12345"/],
  ['a group that is not hexadecimal', 'TCP6 2001:dg', /found "2001:dg"/],
  ['two gaps', 'TCP6 1::2::', /found "1::2::"/],
  ['three colons', 'TCP6 1:::', /found "1:::"/],
  ['three colons at the start', 'TCP6 :::', /found ":::"/],
  ['one colon at the start', 'TCP6 :1', /found ":1"/],
  ['one colon at the end', 'TCP6 1::2: ', /found "1::2:"/],
  ['nine groups', 'TCP6 1:2:3:4:5:6:7:8:', /found "1:2:3:4:5:6:7:8:"/],
  ['seven groups', 'TCP6 1:2:3:4:5:6:7 ', /found "1:2:3:4:5:6:7"/],
  ['a gap that stands for nothing', 'TCP6 1:2:3:4:5:6:7::8', /found "1:2:3:4:5:6:7::8"/],
  ['a gap behind eight groups', 'TCP6 1:2:3:4:5:6:7:8:', /found/],
  ['an IPv4 end too early', 'TCP6 1:2:3:4:5:6.', /found "1:2:3:4:5:6\."/],
  ['an IPv4 end too late', 'TCP6 1:2:3:4:5:6:7:8.', /found "1:2:3:4:5:6:7:8\.…?"/],
  ['an IPv4 end without a gap to spare', 'TCP6 1:2:3:4:5:6::1.', /found "1:2:3:4:5:6::1\.…?"/],
  ['an IPv4 address before a gap', 'TCP6 1:2:3:4:5:6:1.2.3.4:', /found/],
  ['an octet of 256 in an IPv4 end', 'TCP6 ::1.256', /found "::1\.256"/],
  ['a zone', 'TCP6 fe80::1%', /found "fe80::1%"/],
  ['brackets', 'TCP6 [', /found "\["/],
  ['a port of 65536', 'TCP4 1.2.3.4 1.2.3.4 65536', /a source port, found "65536"/],
  ['a port of six digits', 'TCP4 1.2.3.4 1.2.3.4 100000', /found "100000"/],
  ['a port with a zero in front', 'TCP4 1.2.3.4 1.2.3.4 08', /a source port, found "08"/],
  ['a negative port', 'TCP4 1.2.3.4 1.2.3.4 -', /found "-"/],
  ['a signed port', 'TCP4 1.2.3.4 1.2.3.4 1 +', /a destination port, found "\+"/],
  ['a last port of 65536', 'TCP4 1.2.3.4 1.2.3.4 1 65536', /a destination port, found "65536"/],
  ['a last port with a zero in front', 'TCP4 1.2.3.4 1.2.3.4 1 00', /a destination port, found "00"/],
  ['a space before the end', 'TCP4 1.2.3.4 1.2.3.4 1 2 ', /the end of the line behind two ports, found more/],
  ['an end before the protocol', '\r', /found an empty field/],
  ['an end within the protocol', 'UNKNOW\r', /found "UNKNOW"/],
  ['an end before the addresses', 'TCP4\r', /a source address of TCP4, found the end of the line/],
  ['an end within an address', 'TCP4 1.2.3\r', /a source address of TCP4, found "1\.2\.3"/],
  ['an end before the ports', 'TCP6 ::1 ::1\r', /a source port, found the end of the line/],
  ['an end before the last port', 'TCP6 ::1 ::1 1\r', /a destination port, found the end of the line/],
  ['an empty last port', 'TCP6 ::1 ::1 1 \r', /a destination port, found an empty field/],
  ['LF alone', 'TCP4 1.2.3.4 1.2.3.4 1 2\n', /expected CR LF, found LF alone/],
  ['LF alone behind UNKNOWN', 'UNKNOWN 1 2\n', /expected CR LF, found LF alone/],
  ['CR alone', 'TCP4 1.2.3.4 1.2.3.4 1 2\rG', /expected CR LF, found CR alone/],
  ['CR alone behind UNKNOWN', 'UNKNOWN 1\r2', /expected CR LF, found CR alone/],
  ['two CRs', 'UNKNOWN\r\r', /expected CR LF, found CR alone/],
];

describe('readProxyHeader of version 1', () => {
  for (const [line, address, port] of TOLD) {
    it(`reads ${line}`, () => assertHeader(v1(line), { address, port }));
  }

  for (const line of UNKNOWN) {
    it(`lets the sender speak for itself: ${JSON.stringify(line)}`, () => assertHeader(v1(line), null));
  }

  for (const [what, line, message] of REFUSED) {
    it(`refuses ${what} at the byte that decides`, () => {
      assertInvalid(Buffer.from(`PROXY ${line}`, 'latin1'), message);
    });
  }

  it('refuses what starts otherwise at its first byte that differs', () => {
    for (const start of ['p', 'PO', 'PROXX', 'PROXY\t', 'PROXY\r', 'G', ' ', '\x03', '\x16']) {
      assertInvalid(Buffer.from(start, 'latin1'), /expected a PROXY header of version 1 or 2/);
    }
  });

  it('says nothing of no bytes', () => {
    assert.deepEqual(readProxyHeader(new Uint8Array(0)), { type: 'incomplete' });
  });

  it('takes 107 bytes with their CRLF and refuses the 106th where none can follow in time', () => {
    const longest = `PROXY UNKNOWN ${'x'.repeat(107 - 14 - 2)}`;
    assert.equal(v1(longest).length, 107);
    assertHeader(v1(longest), null);
    assertInvalid(Buffer.from(`${longest}x`), /expected CR LF within 107 bytes, found a longer line/);
    assert.equal(readProxyHeader(v1(`${longest}x`)).type, 'invalid');
    assert.equal(readProxyHeader(Buffer.from(longest.padEnd(108, 'x'))).type, 'invalid');
    assert.equal(readProxyHeader(Buffer.from(longest.padEnd(1_000_000, 'x'))).type, 'invalid');
  });

  it('repeats little of what it refuses, and of that only printable ASCII', () => {
    const reading = readProxyHeader(Buffer.from(`PROXY \x1b\x9b${'x'.repeat(90)}`, 'latin1'));
    assert.deepEqual(reading, {
      type: 'invalid',
      message: 'expected TCP4, TCP6 or UNKNOWN, found "??xxxxxxxxxxxxxx…"',
    });
  });
});
