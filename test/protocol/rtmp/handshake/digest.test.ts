// The digest layouts against vectors H-1 and H-2, in both directions.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CLIENT_KEY,
  digestOffsetBytes,
  findDigest,
  SERVER_KEY,
  signAnswer,
  signPacket,
  verifyAnswer,
} from '../../../../src/protocol/rtmp/handshake/digest.ts';
import {
  digestAt,
  fromHex,
  sha256Hex,
  signed,
  toHex,
  unsignedAnswer,
  unsignedC1,
  unsignedS1,
  VECTORS,
} from './handshake-vectors.ts';

describe('the keys of the signed handshake', () => {
  it('are the published 62 and 68 bytes', () => {
    assert.equal(CLIENT_KEY.full.export().length, 62);
    assert.equal(
      sha256Hex(CLIENT_KEY.full.export()),
      '3046c02eaa736fb5aaf7630b9e59a207b167a17cd7a05afb4fc7f8ca9021528e',
    );
    assert.equal(SERVER_KEY.full.export().length, 68);
    assert.equal(
      sha256Hex(SERVER_KEY.full.export()),
      '0bec8fa996d2485ef90f0484c820d178663643a6f4510d0638cbd649bf17d9a5',
    );
  });

  it('sign C1 and S1 with their text alone', () => {
    assert.equal(CLIENT_KEY.text.export().toString(), 'Genuine Adobe Flash Player 001');
    assert.equal(SERVER_KEY.text.export().toString(), 'Genuine Adobe Flash Media Server 001');
  });
});

for (const vector of VECTORS) {
  describe(`handshake vector ${vector.id}, layout D${vector.layout}`, () => {
    it('has its digests where the offset bytes say', () => {
      assert.equal(digestOffsetBytes(unsignedC1(), vector.layout), vector.c1DigestAt);
      assert.equal(digestOffsetBytes(unsignedS1(), vector.layout), vector.s1DigestAt);
    });

    it('produces C1 and S1', () => {
      const c1 = unsignedC1();
      assert.equal(toHex(signPacket(c1, vector.layout, CLIENT_KEY)), vector.c1Digest);
      assert.equal(sha256Hex(c1), vector.c1Sha256);
      const s1 = unsignedS1();
      assert.equal(toHex(signPacket(s1, vector.layout, SERVER_KEY)), vector.s1Digest);
      assert.equal(sha256Hex(s1), vector.s1Sha256);
    });

    it('produces S2 and C2', () => {
      const s2 = unsignedAnswer(7, 1);
      signAnswer(s2, fromHex(vector.c1Digest), SERVER_KEY);
      assert.equal(toHex(s2.subarray(1504)), vector.s2Signature);
      assert.equal(sha256Hex(s2), vector.s2Sha256);
      const c2 = unsignedAnswer(5, 9);
      signAnswer(c2, fromHex(vector.s1Digest), CLIENT_KEY);
      assert.equal(toHex(c2.subarray(1504)), vector.c2Signature);
      assert.equal(sha256Hex(c2), vector.c2Sha256);
    });

    it('verifies C1 and S1, each with its own key only', () => {
      const c1 = unsignedC1();
      c1.set(fromHex(vector.c1Digest), vector.c1DigestAt);
      const found = findDigest(c1, CLIENT_KEY);
      assert.equal(found?.layout, vector.layout);
      assert.equal(toHex(found.digest), vector.c1Digest);
      assert.equal(findDigest(c1, SERVER_KEY), null);

      const s1 = unsignedS1();
      s1.set(fromHex(vector.s1Digest), vector.s1DigestAt);
      assert.equal(findDigest(s1, SERVER_KEY)?.layout, vector.layout);
      assert.equal(findDigest(s1, CLIENT_KEY), null);
    });

    it('verifies S2 and C2, each with its own key and digest only', () => {
      const s2 = unsignedAnswer(7, 1);
      s2.set(fromHex(vector.s2Signature), 1504);
      assert.equal(verifyAnswer(s2, fromHex(vector.c1Digest), SERVER_KEY), true);
      assert.equal(verifyAnswer(s2, fromHex(vector.s1Digest), SERVER_KEY), false);
      assert.equal(verifyAnswer(s2, fromHex(vector.c1Digest), CLIENT_KEY), false);
      const c2 = unsignedAnswer(5, 9);
      c2.set(fromHex(vector.c2Signature), 1504);
      assert.equal(verifyAnswer(c2, fromHex(vector.s1Digest), CLIENT_KEY), true);
    });

    it('does not verify once any one byte is changed', () => {
      const c1 = signed(unsignedC1(), vector.layout, 'client');
      const places = [0, 4, 7, 8, 100, 771, 772, 775, 1000, 1535, vector.c1DigestAt, vector.c1DigestAt + 31];
      for (const at of places) {
        const broken = c1.slice();
        broken[at] = (broken[at] ?? 0) ^ 1;
        assert.equal(findDigest(broken, CLIENT_KEY), null, `byte ${at}`);
      }
    });
  });
}

describe('findDigest', () => {
  it('tries D772 before D8 where a packet carries both', () => {
    const both = signed(signed(unsignedC1(), 8, 'client'), 772, 'client');
    assert.equal(findDigest(both, CLIENT_KEY)?.layout, 772);
  });

  it('reads the lowest and the highest position of either layout', () => {
    for (const layout of [8, 772] as const) {
      for (const [sum, offset] of [
        [0, 0],
        [727, 727],
        [728, 0],
        [1020, 292],
      ] as const) {
        const packet = unsignedC1();
        const parts = [0, 1, 2, 3].map((i) => Math.max(0, Math.min(255, sum - i * 255)));
        packet.set(parts, layout);
        const complete = signed(packet, layout, 'client');
        assert.equal(digestAt(packet, layout), layout + 4 + offset);
        assert.equal(findDigest(complete, CLIENT_KEY)?.layout, layout);
      }
    }
  });

  it('gives a digest that does not change with the packet', () => {
    const c1 = signed(unsignedC1(), 8, 'client');
    const found = findDigest(c1, CLIENT_KEY);
    c1.fill(0);
    assert.equal(toHex(found?.digest ?? new Uint8Array()), VECTORS[0]?.c1Digest);
  });
});
