// The server's handshake: plain and signed answers, versions.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ServerHandshake } from '../../../../src/protocol/rtmp/handshake/server-handshake.ts';
import {
  countingRandom,
  digestAt,
  digestOf,
  fromHex,
  join,
  PACKET_BYTES,
  signatureOf,
  signed,
  unsignedC1,
  VECTORS,
} from './handshake-vectors.ts';
import { answerTo, C0, C2, createHandshake, PLAIN_C1, SIGNED_C1 } from './server-answers.ts';

function assertPlainAnswer(answer: Uint8Array, c1: Uint8Array): void {
  assert.equal(answer.length, 3073);
  assert.equal(answer[0], 3);
  const s1 = answer.subarray(1, 1537);
  assert.deepEqual(s1.subarray(4, 8), Uint8Array.of(0, 0, 0, 0));
  assert.deepEqual(s1.subarray(8), countingRandom(1).next(1528));
  assert.notDeepEqual(s1.subarray(8), c1.subarray(8));
  assert.deepEqual(answer.subarray(1537), c1);
}

function assertSignedAnswer(answer: Uint8Array, layout: 8 | 772, c1: Uint8Array): void {
  const s1 = answer.subarray(1, 1537);
  const s2 = answer.subarray(1537);
  const c1Digest = c1.subarray(digestAt(c1, layout), digestAt(c1, layout) + 32);
  assert.equal(answer.length, 3073);
  assert.equal(answer[0], 3);
  assert.deepEqual(s1.subarray(4, 8), Uint8Array.of(4, 5, 0, 1));
  const at = digestAt(s1, layout);
  assert.deepEqual(s1.slice(at, at + 32), digestOf(s1, layout, 'server'));
  assert.deepEqual(s2.slice(1504), signatureOf(s2, c1Digest, 'server'));
}

describe('ServerHandshake', () => {
  it('answers a plain C1 with a random S1 of version zero and C1 as S2 [item 1] [item 2]', () => {
    const { handshake, answer } = answerTo(3, PLAIN_C1);
    assertPlainAnswer(answer, PLAIN_C1);
    assert.equal(handshake.isDone, false);
  });

  it('answers only once all of C1 is there, and only once', () => {
    const handshake = createHandshake();
    handshake.receive(join(C0, PLAIN_C1.subarray(0, 1535)));
    assert.equal(handshake.takeOutput(), null);
    handshake.receive(PLAIN_C1.subarray(1535));
    assert.equal(handshake.takeOutput()?.length, 3073);
    assert.equal(handshake.takeOutput(), null);
  });

  for (const vector of VECTORS) {
    it(`signs its answer to ${vector.id} in the layout of C1, D${vector.layout} [item 3]`, () => {
      const c1 = unsignedC1();
      c1.set(fromHex(vector.c1Digest), vector.c1DigestAt);
      const { answer } = answerTo(3, c1);
      assertSignedAnswer(answer, vector.layout, c1);
    });

    it(`echoes all of C1 but the signature in a signed S2 (${vector.id})`, () => {
      const c1 = signed(unsignedC1(), vector.layout, 'client');
      const { answer } = answerTo(3, c1);
      assert.deepEqual(answer.subarray(1537, 1537 + 1504), c1.subarray(0, 1504));
    });

    it(`answers unsigned where the digest of ${vector.id} is broken [item 2] [item 3]`, () => {
      for (const at of [vector.c1DigestAt, vector.c1DigestAt + 31, 1535]) {
        const c1 = signed(unsignedC1(), vector.layout, 'client');
        c1[at] = (c1[at] ?? 0) ^ 0x80;
        assertPlainAnswer(answerTo(3, c1).answer, c1);
      }
    });
  }

  it('answers unsigned where the digest is right and the version zero [item 2]', () => {
    const c1 = signed(PLAIN_C1, 8, 'client');
    assertPlainAnswer(answerTo(3, c1).answer, c1);
  });

  it('answers unsigned where C1 names a version and carries no digest', () => {
    assertPlainAnswer(answerTo(3, unsignedC1()).answer, unsignedC1());
  });

  it('never sends C1 back as S1, whatever C1 is [item 2]', () => {
    for (const c1 of [PLAIN_C1, SIGNED_C1, new Uint8Array(PACKET_BYTES), unsignedC1()]) {
      assert.notDeepEqual(answerTo(3, c1).answer.slice(1, 1537), c1);
    }
  });

  it('asks for randomness once, for 1528 bytes', () => {
    for (const c1 of [PLAIN_C1, SIGNED_C1]) {
      const random = countingRandom(7);
      const handshake = new ServerHandshake({ randomBytes: random.next, rtmpe: true });
      assert.deepEqual(random.asked, []);
      handshake.receive(join(C0, c1, C2));
      assert.deepEqual(random.asked, [1528]);
    }
  });

  it('refuses a random source that gives another length than asked', () => {
    const handshake = new ServerHandshake({ randomBytes: () => new Uint8Array(8), rtmpe: true });
    assert.throws(() => handshake.receive(join(C0, PLAIN_C1)), /randomBytes gave 8 bytes/);
  });
});

describe('ServerHandshake, versions', () => {
  it('answers every version below 32 with 3, those of RTMPE where it is off [item 5]', () => {
    for (let version = 0; version < 32; version++) {
      const { handshake, answer } = answerTo(version, PLAIN_C1, false);
      assertPlainAnswer(answer, PLAIN_C1);
      assert.equal(handshake.cipher, null);
    }
  });

  it('signs for every version below 32 that is not encrypted', () => {
    for (let version = 0; version < 32; version++) {
      if (version === 6 || version === 8 || version === 9) continue;
      assertSignedAnswer(answerTo(version, SIGNED_C1).answer, 8, SIGNED_C1);
    }
  });

  for (const version of [6, 8, 9]) {
    it(`answers version ${version} unsigned where RTMPE is off, though its C1 is signed [item 5]`, () => {
      const c1 = signed(unsignedC1(), 772, 'client');
      assertPlainAnswer(answerTo(version, c1, false).answer, c1);
    });
  }

  for (const version of [32, 0x47, 0x50, 0x80, 0xff]) {
    it(`refuses version ${version} at its first byte`, () => {
      const handshake = createHandshake();
      assert.throws(() => handshake.receive(Uint8Array.of(version)), {
        name: 'RtmpError',
        code: 'rtmp-version-unsupported',
        message: `expected a version byte below 32, got ${version}`,
      });
      assert.equal(handshake.takeOutput(), null);
    });
  }
});
