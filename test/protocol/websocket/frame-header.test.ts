import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FrameHeaders } from '../../../src/protocol/websocket/frame-header.ts';

describe('FrameHeaders', () => {
  for (const [lengthBytes, expected] of [
    [0, '8200'],
    [1, '8201'],
    [125, '827d'],
    [126, '827e007e'],
    [127, '827e007f'],
    [256, '827e0100'],
    [65_535, '827effff'],
    [65_536, '827f0000000000010000'],
    [0x12345678, '827f0000000012345678'],
    [2 ** 32 + 5, '827f0000000100000005'],
  ] as const) {
    it(`tells a binary message of ${lengthBytes} bytes in the shortest form [RFC6455 5.2]`, () => {
      assert.equal(Buffer.from(new FrameHeaders().of(lengthBytes)).toString('hex'), expected);
    });
  }

  it('gives messages of one length in a row the very same header, and writes to none that it gave', () => {
    const headers = new FrameHeaders();
    const first = headers.of(300);
    assert.equal(headers.of(300), first);
    assert.notEqual(headers.of(301), first);
    assert.deepEqual([...first], [0x82, 126, 1, 44]);
    assert.deepEqual([...headers.of(300)], [...first]);
  });
});
