// The server's handshake of RTMPE: signed answers with a public key, the keys that follow, and what is refused.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DigestLayout } from '../../../../src/protocol/rtmp/handshake/digest.ts';
import { publicKeyPlace } from '../../../../src/protocol/rtmp/handshake/rtmpe.ts';
import { ServerHandshake } from '../../../../src/protocol/rtmp/handshake/server-handshake.ts';
import {
  CLIENT_PRIVATE_KEY,
  encryptedC1,
  keyAt,
  PRIME,
  power,
  RtmpeClient,
  SERVER_PRIVATE_KEY,
  toBytes,
  toNumber,
} from '../../../support/rtmpe-client.ts';
import {
  digestAt,
  digestOf,
  join,
  patternPacket,
  sha256Hex,
  signatureOf,
  signed,
  toHex,
  unsignedC1,
  unsignedS1,
} from './handshake-vectors.ts';
import { answerTo, C2, createHandshake, PLAIN_C1 } from './server-answers.ts';

const CLIENT_PUBLIC_KEY = toBytes(power(2n, toNumber(CLIENT_PRIVATE_KEY)));
const SERVER_PUBLIC_KEY = toBytes(power(2n, toNumber(SERVER_PRIVATE_KEY)));

/** A handshake whose random bytes are the private key of H-3, and then the fill of S1 in H-1. */
function vectorHandshake(): { handshake: ServerHandshake; asked: number[] } {
  const asked: number[] = [];
  const randomBytes = (lengthBytes: number) => {
    asked.push(lengthBytes);
    return lengthBytes === 32 ? SERVER_PRIVATE_KEY : unsignedS1().subarray(8);
  };
  return { handshake: new ServerHandshake({ randomBytes, rtmpe: true }), asked };
}

function layoutsOf(packet: Uint8Array): DigestLayout[] {
  return [DigestLayout.D8, DigestLayout.D772].filter(
    (layout) =>
      toHex(digestOf(packet, layout, 'client')) ===
      toHex(packet.subarray(digestAt(packet, layout), digestAt(packet, layout) + 32)),
  );
}

describe('the place of the public key', () => {
  it('is where H-1 and H-2 have it, in C1 and S1', () => {
    for (const [packet, layout, at] of [
      [unsignedC1(), DigestLayout.D8, 922],
      [unsignedS1(), DigestLayout.D8, 1054],
      [unsignedC1(), DigestLayout.D772, 262],
      [unsignedS1(), DigestLayout.D772, 106],
    ] as const) {
      const place = publicKeyPlace(packet, layout);
      assert.deepEqual([place.byteOffset, place.length], [at, 128]);
    }
  });

  it('stays within its block, clear of offset bytes and digest, whatever the offset bytes are', () => {
    for (const fill of [0, 1, 157, 158, 200, 255]) {
      const packet = new Uint8Array(1536).fill(fill);
      const { byteOffset: inD8 } = publicKeyPlace(packet, DigestLayout.D8);
      assert.ok(inD8 >= 772 && inD8 + 128 <= 1532, `${inD8}`);
      const { byteOffset: inD772 } = publicKeyPlace(packet, DigestLayout.D772);
      assert.ok(inD772 >= 8 && inD772 + 128 <= 768, `${inD772}`);
    }
  });
});

describe('ServerHandshake of RTMPE', () => {
  for (const version of [6, 8, 9]) {
    for (const layout of [8, 772] as const) {
      it(`answers version ${version} with 6, signed in D8, to a C1 in D${layout} [item 5]`, () => {
        const c1 = encryptedC1(CLIENT_PUBLIC_KEY, layout);
        assert.deepEqual(layoutsOf(c1), [layout]);
        const { handshake, asked } = vectorHandshake();
        assert.equal(handshake.receive(join(Uint8Array.of(version), c1)), 1537);
        assert.deepEqual(asked, [32, 1528]);
        const answer = handshake.takeOutput();
        assert.ok(answer);
        assert.equal(answer.length, 3073);
        assert.equal(answer[0], 6);
        const s1 = unsignedS1();
        s1.set(Uint8Array.of(0, 0, 0, 0, 4, 5, 0, 1));
        s1.set(SERVER_PUBLIC_KEY, 1054);
        assert.deepEqual(answer.slice(1, 1537), signed(s1, 8, 'server'));
        const s2 = answer.slice(1537);
        const c1Digest = c1.subarray(digestAt(c1, layout), digestAt(c1, layout) + 32);
        assert.deepEqual(s2.subarray(1504), signatureOf(s2, c1Digest, 'server'));
      });
    }
  }

  it('sends the server key of H-3, and comes to its keystreams [item 5]', () => {
    const { handshake } = vectorHandshake();
    handshake.receive(join(Uint8Array.of(6), encryptedC1(CLIENT_PUBLIC_KEY)));
    const s1 = handshake.takeOutput()?.subarray(1, 1537) ?? PLAIN_C1;
    const key = s1.slice(keyAt(s1, 8), keyAt(s1, 8) + 128);
    assert.equal(sha256Hex(key), '41e20ae6c4484194a3c228f5e715c81fd7425e5f745ccec0865280ccf260f517');
    const { cipher } = handshake;
    assert.ok(cipher);
    const zeros = new Uint8Array(16);
    assert.equal(toHex(cipher.decryptNext(zeros)), 'c6945e833fd4df80c9646ce901592224');
    assert.deepEqual(zeros, new Uint8Array(16), 'what came in is left alone');
    cipher.encrypt(zeros);
    assert.equal(toHex(zeros), '5487c3c60f51f6494c871bfc3a89c29a');
  });

  it('agrees with its client, byte by byte, and leaves what follows C2 [item 5]', () => {
    const client = new RtmpeClient();
    const handshake = createHandshake();
    let answer: Uint8Array | null = null;
    for (const byte of client.c0c1) {
      assert.equal(answer, null);
      assert.equal(handshake.receive(Uint8Array.of(byte)), 1);
      answer = handshake.takeOutput();
    }
    const c2 = client.answer(answer ?? C2);
    for (const byte of c2) assert.equal(handshake.receive(Uint8Array.of(byte)), 1);
    assert.equal(handshake.isDone, true);
    assert.equal(handshake.receive(Uint8Array.of(1, 2, 3)), 0);
    const said = Uint8Array.from({ length: 1000 }, (_, index) => index & 255);
    assert.deepEqual(handshake.cipher?.decryptNext(client.encrypt(said)), said);
    const parts = [said.subarray(0, 300), said.subarray(300)];
    assert.deepEqual(client.decrypt(join(...(handshake.cipher?.encryptNext(parts) ?? []))), said);
    assert.equal(said[255], 255, 'what is shared is not written to');
  });

  it('ignores what C2 says [item 4]', () => {
    const handshake = createHandshake();
    handshake.receive(join(new RtmpeClient().c0c1, C2));
    assert.equal(handshake.isDone, true);
    assert.ok(handshake.cipher);
  });

  it('has no cipher where C0 is 3, though C1 carries a key', () => {
    const { handshake, answer } = answerTo(3, encryptedC1(CLIENT_PUBLIC_KEY));
    assert.equal(answer[0], 3);
    assert.equal(handshake.cipher, null);
  });

  for (const [name, key] of [
    ['0', 0n],
    ['1', 1n],
    ['p - 1', PRIME - 1n],
    ['p', PRIME],
    ['p + 1', PRIME + 1n],
    ['outside of the subgroup', 5n],
  ] as const) {
    for (const layout of [8, 772] as const) {
      it(`refuses a public key that is ${name}, in layout D${layout} [item 9]`, () => {
        assertRefused(encryptedC1(toBytes(key), layout));
      });
    }
  }

  for (const [name, c1] of [
    ['without a digest', unsignedC1()],
    ['of version zero and without a digest', PLAIN_C1],
    ['of zeros', new Uint8Array(1536)],
    ['whose digest is broken', broken(encryptedC1(CLIENT_PUBLIC_KEY))],
    ['that the server has signed', signed(patternPacket('0000000080000302', 31, 17), 8, 'server')],
  ] as const) {
    it(`refuses a C1 ${name}, for its key cannot be found [item 9]`, () => assertRefused(c1));
  }
});

function broken(c1: Uint8Array): Uint8Array {
  const copy = c1.slice();
  copy[1535] = (copy[1535] ?? 0) ^ 1;
  return copy;
}

function assertRefused(c1: Uint8Array): void {
  for (const version of [6, 8, 9]) {
    const handshake = createHandshake();
    assert.throws(() => handshake.receive(join(Uint8Array.of(version), c1)), {
      name: 'RtmpError',
      code: 'rtmp-encryption-invalid',
    });
    assert.equal(handshake.takeOutput(), null);
    assert.equal(handshake.cipher, null);
  }
}
