// PROXY headers: any bytes give an answer, the same one however they are cut, and what tells a source reads as the same
// source when it is written as a line again.

import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { readProxyHeader } from '../../src/protocol/proxy/proxy-header.ts';
import type { ProxyReading } from '../../src/protocol/proxy/proxy-reading.ts';
import { assertSame, type FuzzTarget, sameForEveryCut } from '../support/fuzz-target.ts';

/** LIMIT: bytes of an input that are read again for each piece: as long as the longest header, and some behind it. */
const MAX_READ_BYTES = 16 + 4096 + 64;

const MAX_MESSAGE_CHARS = 120;

const LINES = [
  'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\nGET /',
  'PROXY TCP6 2001:db8::7 ::ffff:192.0.2.1 4711 1935\r\n',
  'PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 1:2:3:4:5:6:1.2.3.4 65535 0\r\n',
  'PROXY UNKNOWN\r\n',
  'PROXY UNKNOWN what follows is ignored\r\n\x03',
];

const SIGNATURE = '0d0a0d0a000d0a515549540a';

/** Everything behind the signature: PROXY over IPv4, IPv6 and UNIX with TLVs, LOCAL, UNSPEC, one with a checksum. */
const BLOCKS = [
  '2111000cc0000207c6336401dc0401bb',
  `21210028${'20010db8000000000000000000000007'.repeat(2)}1267078f0400010a`,
  `213100db${'2f'.repeat(216)}030000`,
  '20000000',
  '21000004ffffffff',
  '21110013c0000207c6336401dc0401bb0300040000000003',
  '21111000c0000207c6336401dc0401bb',
];

/** What becomes of bytes that come in pieces; once it is decided, more bytes change nothing. */
function readPieces(pieces: readonly Uint8Array[]): ProxyReading {
  const bytes = Buffer.concat(pieces);
  const whole = readProxyHeader(bytes);
  let lengthBytes = 0;
  for (const piece of pieces) {
    lengthBytes += piece.length;
    const reading = readProxyHeader(bytes.subarray(0, lengthBytes));
    if (reading.type === 'incomplete') continue;
    assert.equal(reading.type, whole.type, 'what was decided is taken back');
    if (reading.type === 'header') assertSame(whole, reading, 'a header is read as another one');
    return whole;
  }
  return whole;
}

/** The message of a refusal without what was found. */
function expectationOf(message: string): string {
  assert.ok(message.length <= MAX_MESSAGE_CHARS, 'a message is short');
  return message.slice(0, message.indexOf(', found')).replace(/[\da-f]{8}|\d+/g, '#');
}

/** Headers of both versions. */
export const PROXY_HEADER: FuzzTarget = {
  seeds: () => [
    ...LINES.map((line) => Buffer.from(line, 'latin1')),
    ...BLOCKS.map((block) => Buffer.from(SIGNATURE + block, 'hex')),
  ],
  fuzz: (data) => {
    const reading = sameForEveryCut(data.subarray(0, MAX_READ_BYTES), readPieces);
    if (reading.type === 'incomplete') return reading.type;
    if (reading.type === 'invalid') return expectationOf(reading.message);
    const { lengthBytes, source } = reading;
    assert.ok(lengthBytes <= data.length);
    assert.equal(
      readProxyHeader(data.subarray(0, lengthBytes - 1)).type,
      'incomplete',
      'one byte less will do',
    );
    if (source === null) return 'no source';
    const { address, port } = source;
    assert.ok(isIPv4(address) || isIPv6(address), address);
    const family = isIPv4(address) ? 'TCP4' : 'TCP6';
    const line = `PROXY ${family} ${address} ${address} ${port} ${port}\r\n`;
    assertSame(
      readProxyHeader(Buffer.from(line)),
      { type: 'header', lengthBytes: line.length, source },
      'a source is written as another one',
    );
    return `${family} ${lengthBytes > 107} ${address.includes('::')}`;
  },
};
