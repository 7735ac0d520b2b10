// The stream cipher of RTMPE against RFC 6229, vector H-3 and a textbook RC4.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Rc4 } from '../../../../src/protocol/rtmp/handshake/rc4.ts';
import { rtmpeStream } from '../../../support/rtmpe-client.ts';
import { countingRandom, fromHex, toHex } from './handshake-vectors.ts';

function keystream(keyHex: string, lengthBytes: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  new Rc4(fromHex(keyHex)).apply(bytes);
  return bytes;
}

describe('Rc4', () => {
  for (const [keyHex, expectedHex] of [
    ['0102030405', 'd8729db41882259bee4f825325f5a130'],
    ['0102030405060708090a0b0c0d0e0f10', 'ffa0b514647ec04f6306b892ae661181'],
    ['1ada31d5cf688221c109163908ebe51debb46227c6cc8b37641910833222772a', '8c3c13f8c2388bb73f38576e65b7c446'],
  ] as const) {
    it(`gives bytes 1536 to 1551 of RFC 6229 first (key of ${keyHex.length / 2} bytes)`, () => {
      assert.equal(toHex(keystream(keyHex, 16)), expectedHex);
    });
  }

  it('gives the keystreams of vector H-3 [item 5]', () => {
    assert.equal(
      toHex(keystream('a1b4a0cf00946fa2acb128f5e205e56f', 16)),
      'c6945e833fd4df80c9646ce901592224',
    );
    assert.equal(
      toHex(keystream('77844105fe3f5b57ab345f1509feca5e', 16)),
      '5487c3c60f51f6494c871bfc3a89c29a',
    );
  });

  it('goes on where it stopped, however the bytes are cut', () => {
    const random = countingRandom(3);
    const key = random.next(16);
    const data = random.next(5000);
    const expected = rtmpeStream(key).next(data);
    for (const pieceLengthBytes of [1, 2, 7, 255, 256, 257, 5000]) {
      const copy = data.slice();
      const cipher = new Rc4(key);
      for (let at = 0; at < copy.length; at += pieceLengthBytes) {
        cipher.apply(copy.subarray(at, at + pieceLengthBytes));
        cipher.apply(new Uint8Array(0));
      }
      assert.deepEqual(copy, expected, `pieces of ${pieceLengthBytes}`);
    }
  });

  it('takes back what it did, with the same key', () => {
    const data = countingRandom(4).next(3000);
    const copy = data.slice();
    new Rc4(fromHex('00ff')).apply(copy);
    assert.notDeepEqual(copy, data);
    new Rc4(fromHex('00ff')).apply(copy);
    assert.deepEqual(copy, data);
  });
});
