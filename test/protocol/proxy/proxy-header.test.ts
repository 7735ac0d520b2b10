import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { readProxyHeader } from '../../../src/protocol/proxy/proxy-header.ts';
import { EMPTY_CHECKSUM, ipv4Addresses, ipv6Addresses, tlv, v1, v2, withChecksum } from './proxy-wire.ts';

const SHOWN_BYTES = 60;
const MAX_HEADER_BYTES = 16 + 4096;

const SEEDS: readonly Uint8Array[] = [
  v1('PROXY TCP4 192.0.2.7 198.51.100.1 56324 443'),
  v1('PROXY TCP6 2001:db8::7 ::ffff:192.0.2.7 4711 1935'),
  v1('PROXY TCP6 1:2:3:4:5:6:7:8 1:2:3:4:5:6:1.2.3.4 1 65535'),
  v1('PROXY UNKNOWN and more'),
  v2(),
  v2({ family: 0x21, rest: ipv6Addresses('20010db8000000000000000000000007', tlv(2, 'host')) }),
  v2({ versionAndCommand: 0x20, family: 0, rest: Buffer.alloc(0) }),
  withChecksum(v2({ rest: ipv4Addresses(tlv(4, 'x'), EMPTY_CHECKSUM, tlv(1, 'h2')) })),
];

/** Lines whose ends complete whatever is the start of a line. */
const WHOLE_LINES: readonly Uint8Array[] = [
  ...SEEDS.slice(0, 4),
  v1('PROXY TCP4 1.1.1.1 1.1.1.1 1 1'),
  v1('PROXY TCP6 1:1:1:1:1:1:1:1 1:1:1:1:1:1:1:1 1 1'),
  v1('PROXY TCP6 :: :: 1 1'),
];

/** A header with some of its bytes changed, and with something behind it. */
const CHANGED = fc
  .record({
    seed: fc.constantFrom(...SEEDS),
    changes: fc.array(
      fc.tuple(fc.nat(120), fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from(' :.0159af\r\n')))),
      {
        maxLength: 3,
      },
    ),
    behind: fc.uint8Array({ maxLength: 20 }),
  })
  .map(({ seed, changes, behind }) => {
    const bytes = Buffer.concat([seed, behind]);
    for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
    return bytes;
  });

const BYTES = fc.oneof(fc.uint8Array({ maxLength: 200 }), CHANGED);

describe('readProxyHeader', () => {
  it('gives a bounded answer for any bytes', () => {
    fc.assert(
      fc.property(BYTES, (bytes) => {
        const before = Uint8Array.from(bytes);
        const reading = readProxyHeader(bytes);
        assert.deepEqual(Uint8Array.from(bytes), before, 'the bytes are as they were');
        if (reading.type === 'invalid') assert.ok(reading.message.length < 120, reading.message);
        if (reading.type !== 'header') return;
        assert.ok(reading.lengthBytes <= Math.min(bytes.length, MAX_HEADER_BYTES));
        if (reading.source === null) return;
        const { address, port } = reading.source;
        assert.ok(isIPv4(address) || (isIPv6(address) && !address.startsWith('::ffff:')), address);
        assert.ok(Number.isInteger(port) && port >= 0 && port <= 65_535, `${port}`);
      }),
      { numRuns: 3000 },
    );
  });

  it('says of a prefix what it says of the whole, or that it is incomplete', () => {
    fc.assert(
      fc.property(BYTES, (bytes) => {
        const whole = readProxyHeader(bytes);
        let isDecided = false;
        for (let lengthBytes = 0; lengthBytes < bytes.length; lengthBytes += 1) {
          const reading = readProxyHeader(bytes.subarray(0, lengthBytes));
          if (reading.type === 'header' || whole.type === 'header') {
            const isThere = whole.type === 'header' && lengthBytes >= whole.lengthBytes;
            assert.deepEqual(reading, isThere ? whole : { type: 'incomplete' });
          } else if (reading.type === 'invalid') assert.equal(whole.type, 'invalid');
          else assert.ok(!isDecided, 'a refusal is not taken back');
          isDecided = reading.type !== 'incomplete';
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('waits only for what can still become a line', () => {
    const rests = WHOLE_LINES.flatMap((line) => Array.from(line, (_, at) => line.subarray(at)));
    fc.assert(
      fc.property(CHANGED, fc.nat(SHOWN_BYTES), (changed, lengthBytes) => {
        const start = changed.subarray(0, lengthBytes);
        if (start[0] !== 0x50 || readProxyHeader(start).type !== 'incomplete') return;
        const completes = (rest: Uint8Array): boolean =>
          readProxyHeader(Buffer.concat([start, rest])).type === 'header';
        assert.ok(rests.some(completes), JSON.stringify(start.toString('latin1')));
      }),
      { numRuns: 3000 },
    );
  });
});
