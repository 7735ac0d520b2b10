// The server's handshake, its bytes in pieces of any size.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { join, PACKET_BYTES } from './handshake-vectors.ts';
import { answerTo, C0, C2, createHandshake, PLAIN_C1, SIGNED_C1 } from './server-answers.ts';

describe('ServerHandshake, bytes in pieces', () => {
  const rest = Uint8Array.of(2, 0, 0, 0);

  for (const [name, c1] of [
    ['plain', PLAIN_C1],
    ['signed', SIGNED_C1],
  ] as const) {
    const whole = join(C0, c1, C2, rest);
    const expected = answerTo(3, c1).answer;

    it(`takes C0 C1 C2 in one write and leaves what follows (${name})`, () => {
      const handshake = createHandshake();
      assert.equal(handshake.receive(whole), 3073);
      assert.equal(handshake.isDone, true);
      assert.deepEqual(handshake.takeOutput(), expected);
      assert.equal(handshake.receive(rest), 0);
    });

    it(`takes them byte by byte (${name})`, () => {
      const handshake = createHandshake();
      let answer: Uint8Array | null = null;
      for (let at = 0; at < 3073; at++) {
        assert.equal(handshake.isDone, false);
        assert.equal(handshake.receive(whole.subarray(at, at + 1)), 1);
        const output = handshake.takeOutput();
        assert.equal(output !== null, at === 1536, `output at byte ${at}`);
        answer ??= output;
      }
      assert.equal(handshake.isDone, true);
      assert.equal(handshake.receive(whole.subarray(3073)), 0);
      assert.deepEqual(answer, expected);
    });

    it(`takes them split in two at every place (${name})`, () => {
      for (let split = 0; split <= whole.length; split++) {
        const handshake = createHandshake();
        const first = handshake.receive(whole.subarray(0, split));
        assert.equal(first, Math.min(split, 3073));
        const second = handshake.receive(whole.subarray(first));
        assert.equal(first + second, 3073);
        assert.equal(handshake.isDone, true);
        assert.equal(Buffer.compare(handshake.takeOutput() ?? C0, expected), 0, `split at ${split}`);
      }
    });
  }

  it('ignores what C2 says', () => {
    for (const fill of [0, 0x33, 0xff]) {
      const handshake = createHandshake();
      handshake.receive(join(C0, SIGNED_C1));
      handshake.receive(new Uint8Array(PACKET_BYTES).fill(fill));
      assert.equal(handshake.isDone, true);
    }
  });

  it('keeps waiting while C2 is short', () => {
    const handshake = createHandshake();
    handshake.receive(join(C0, PLAIN_C1, C2.subarray(0, 1535)));
    assert.equal(handshake.isDone, false);
    assert.equal(handshake.receive(new Uint8Array(0)), 0);
    assert.equal(handshake.isDone, false);
  });

  it('does not keep the bytes it was given', () => {
    const handshake = createHandshake();
    const segment = join(C0, PLAIN_C1.subarray(0, 700));
    handshake.receive(segment);
    segment.fill(0);
    handshake.receive(PLAIN_C1.subarray(700));
    assert.deepEqual(handshake.takeOutput()?.subarray(1537), PLAIN_C1);
  });
});
