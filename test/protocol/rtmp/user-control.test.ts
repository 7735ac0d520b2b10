// User control events against the vectors, unknown events and short data.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { MAX_CLIENT_BUFFER_MS } from '../../../src/protocol/rtmp/limits.ts';
import {
  encodeUserControl,
  parseUserControl,
  type UserControlEvent,
} from '../../../src/protocol/rtmp/user-control.ts';
import { assertCovered, bytesOf, hexOf, vectorOf, vectorsOf } from '../../support/vectors.ts';

const VECTORS: readonly (readonly [string, UserControlEvent])[] = [
  ['C-6', { type: 'stream-begin', messageStreamId: 1 }],
  ['C-7', { type: 'stream-eof', messageStreamId: 1 }],
  ['C-8', { type: 'stream-dry', messageStreamId: 1 }],
  ['C-9', { type: 'set-buffer-length', messageStreamId: 1, bufferMs: 3000 }],
  ['C-11', { type: 'ping-request', timestampMs: 0x1234 }],
  ['C-12', { type: 'ping-response', timestampMs: 0x1234 }],
  ['C-13', { type: 'swf-verify-request' }],
  ['C-14', { type: 'buffer-empty', messageStreamId: 1 }],
  ['C-15', { type: 'buffer-ready', messageStreamId: 1 }],
];

const PROOF = bytesOf(`0101${'00'.repeat(8)}${'ab'.repeat(32)}`);

const OTHERS: readonly (readonly [string, UserControlEvent])[] = [
  ['000400000007', { type: 'stream-is-recorded', messageStreamId: 7 }],
  ['0000ffffffff', { type: 'stream-begin', messageStreamId: 0xffffffff }],
  ['0006ffffffff', { type: 'ping-request', timestampMs: 0xffffffff }],
  [`001b${hexOf(PROOF)}`, { type: 'swf-verify-response', proof: PROOF }],
];

describe('parseUserControl and encodeUserControl', () => {
  it('are driven by every vector of type 4', () => {
    const others = ['C-2', 'C-3', 'C-4'];
    const vectors = vectorsOf('CTL').filter(({ id }) => !others.includes(id));
    assertCovered(
      vectors,
      VECTORS.map(([id]) => id),
    );
  });

  for (const [hex, event] of [
    ...VECTORS.map(([id, event]) => [vectorOf(id).hex, event] as const),
    ...OTHERS,
  ]) {
    it(`read and write ${event.type} as ${hex.slice(0, 24)}`, () => {
      assert.deepEqual(parseUserControl(bytesOf(hex)), event);
      assert.equal(hexOf(encodeUserControl(event)), hex);
    });

    it(`ignore what follows the data of ${event.type} ${hex.slice(0, 24)}`, () => {
      assert.deepEqual(parseUserControl(bytesOf(`${hex}eeee`)), event);
    });

    if (event.type !== 'swf-verify-request') {
      it(`give null for ${event.type} ${hex.slice(0, 24)} with short data [item 42]`, () => {
        for (let lengthBytes = 0; lengthBytes < hex.length / 2; lengthBytes += 1) {
          assert.equal(parseUserControl(bytesOf(hex.slice(0, 2 * lengthBytes))), null);
        }
      });
    }
  }

  it('repeat the four bytes of a ping in its answer [item 41]', () => {
    const ping = parseUserControl(bytesOf('0006fedcba98'));
    assert.ok(ping?.type === 'ping-request');
    const pong = encodeUserControl({ type: 'ping-response', timestampMs: ping.timestampMs });
    assert.equal(hexOf(pong), '0007fedcba98');
  });

  it('take a SWF verification request with and without its byte', () => {
    assert.deepEqual(parseUserControl(bytesOf('001a')), { type: 'swf-verify-request' });
  });

  for (const [hex, eventNumber, data] of [
    ['0005', 5, ''],
    ['000800000001', 8, '00000001'],
    ['0021aabb', 33, 'aabb'],
    ['0100', 256, ''],
    ['ffff00', 65535, '00'],
  ] as const) {
    it(`call event ${eventNumber} unknown, and write it back [item 42]`, () => {
      const event = parseUserControl(bytesOf(hex));
      assert.deepEqual(event, { type: 'unknown', eventNumber, data: bytesOf(data) });
      assert.ok(event);
      assert.equal(hexOf(encodeUserControl(event)), hex);
    });
  }

  for (const [hex, messageStreamId, bufferMs] of [
    ['00030000000000000000', 0, 0],
    ['00030000000000000 12c'.replaceAll(' ', ''), 0, 300],
    ['0003fffffffeffffffff', 0xfffffffe, MAX_CLIENT_BUFFER_MS],
    ['0003000000010036ee80', 1, MAX_CLIENT_BUFFER_MS],
    ['0003000000010036ee81', 1, MAX_CLIENT_BUFFER_MS],
    ['0003000000010036ee7f', 1, MAX_CLIENT_BUFFER_MS - 1],
  ] as const) {
    it(`take SetBufferLength ${hex.slice(4)} for ${bufferMs} ms [item 43]`, () => {
      assert.deepEqual(parseUserControl(bytesOf(hex)), {
        type: 'set-buffer-length',
        messageStreamId,
        bufferMs,
      });
    });
  }

  it('never throw, whatever the payload, and write what they read to be read alike', () => {
    fc.assert(
      fc.property(fc.nat(34), fc.uint8Array({ maxLength: 50 }), (eventNumber, data) => {
        const event = parseUserControl(Uint8Array.of(0, eventNumber, ...data));
        if (event !== null) assert.deepEqual(parseUserControl(encodeUserControl(event)), event);
      }),
      { numRuns: 500 },
    );
    assert.equal(parseUserControl(new Uint8Array(0)), null);
    assert.equal(parseUserControl(new Uint8Array(1)), null);
  });
});
