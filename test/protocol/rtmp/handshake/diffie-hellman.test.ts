// Key agreement of RTMPE: vector H-3, keys of any length, and public keys that are refused.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DhKeyPair } from '../../../../src/protocol/rtmp/handshake/diffie-hellman.ts';
import { RtmpError } from '../../../../src/protocol/rtmp/rtmp-error.ts';
import {
  CLIENT_PRIVATE_KEY,
  ORDER,
  PRIME,
  power,
  SERVER_PRIVATE_KEY,
  toBytes,
} from '../../../support/rtmpe-client.ts';
import { countingRandom, sha256Hex, toHex } from './handshake-vectors.ts';

function pairOf(privateKey: Uint8Array): DhKeyPair {
  return new DhKeyPair(privateKey);
}

describe('the Diffie-Hellman keys of RTMPE', () => {
  const client = pairOf(CLIENT_PRIVATE_KEY);
  const server = pairOf(SERVER_PRIVATE_KEY);

  it('are those of vector H-3 [item 5]', () => {
    assert.equal(
      sha256Hex(toBytes(PRIME)),
      '3f35a3f5f6c4376a744acad409bb22f8d897f949d2311d885adaa890981b67a0',
    );
    assert.equal(toHex(client.publicKey.subarray(0, 16)), '0fef2ae429d15e1ab8d5f0b301267975');
    assert.equal(
      sha256Hex(client.publicKey),
      'bb000f8b92e95751080ef09f7fb988d27a1e743c83ec35cb2820bc648d3ad245',
    );
    assert.equal(toHex(server.publicKey.subarray(0, 16)), '9e2e516025e39ba32ee841453578f7e0');
    assert.equal(
      sha256Hex(server.publicKey),
      '41e20ae6c4484194a3c228f5e715c81fd7425e5f745ccec0865280ccf260f517',
    );
  });

  it('come to the secret of vector H-3 on both sides [item 5]', () => {
    for (const secret of [server.secretWith(client.publicKey), client.secretWith(server.publicKey)]) {
      assert.equal(toHex(secret.subarray(0, 16)), '87ad975c38ec44dc275d276da1f393fc');
      assert.equal(sha256Hex(secret), 'ccdf6ab8a74b74b41a884444d2edcbda514bbb95bc725d76b40776edc6cd49e3');
    }
  });

  it('are 128 bytes long, secrets too, where the number is short', () => {
    const ten = pairOf(toBytes(10n));
    assert.deepEqual(ten.publicKey, toBytes(1024n));
    assert.deepEqual(pairOf(toBytes(3n)).secretWith(ten.publicKey), toBytes(2n ** 30n));
  });

  it('keep to themselves, however many pairs are in use', () => {
    const random = countingRandom(5);
    const pairs = Array.from({ length: 4 }, () => new DhKeyPair(random.next(32)));
    for (const one of pairs) {
      for (const other of pairs) {
        assert.deepEqual(one.secretWith(other.publicKey), other.secretWith(one.publicKey));
      }
    }
    assert.equal(new Set(pairs.map(({ publicKey }) => toHex(publicKey))).size, 4);
  });
});

describe('a public key of the peer', () => {
  const own = pairOf(SERVER_PRIVATE_KEY);

  for (const [name, number] of [
    ['0', 0n],
    ['1', 1n],
    ['p - 1', PRIME - 1n],
    ['p', PRIME],
    ['p + 2', PRIME + 2n],
    ['the largest number', 2n ** 1024n - 1n],
    ['5, which is outside of the subgroup', 5n],
    ['p - 2, which is outside of the subgroup', PRIME - 2n],
  ] as const) {
    it(`is refused where it is ${name} [item 9]`, () => {
      assert.throws(
        () => own.secretWith(toBytes(number)),
        (error) => error instanceof RtmpError && error.code === 'rtmp-encryption-invalid',
      );
    });
  }

  it('is taken where y^q mod p is 1, and refused otherwise [item 9]', () => {
    const random = countingRandom(11);
    for (let count = 0; count < 40; count++) {
      const key = random.next(128);
      key[0] = (key[0] ?? 0) & 0x7f;
      const number = BigInt(`0x${toHex(key)}`);
      const isOfGroup = power(number, ORDER) === 1n;
      if (isOfGroup) assert.equal(own.secretWith(key).length, 128);
      else assert.throws(() => own.secretWith(key), RtmpError, toHex(key));
    }
  });

  for (const number of [2n, 3n, 4n, PRIME - 5n]) {
    it(`is taken where it is ${number < 10n ? number : 'p - 5'}, at the edge of what is allowed [item 9]`, () => {
      assert.equal(power(number, ORDER), 1n);
      assert.equal(own.secretWith(toBytes(number)).length, 128);
    });
  }
});
