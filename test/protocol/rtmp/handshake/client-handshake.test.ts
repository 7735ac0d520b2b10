// The client's handshake, against hand-made servers and against our own.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ClientHandshake,
  type ClientHandshakeOptions,
} from '../../../../src/protocol/rtmp/handshake/client-handshake.ts';
import { ServerHandshake } from '../../../../src/protocol/rtmp/handshake/server-handshake.ts';
import {
  countingRandom,
  digestAt,
  digestOf,
  join,
  PACKET_BYTES,
  patternPacket,
  signatureOf,
  signed,
  signedAnswer,
  unsignedAnswer,
  unsignedS1,
} from './handshake-vectors.ts';

const S0 = Uint8Array.of(3);
const PLAIN_S1 = patternPacket('0000000100000000', 13, 5);
const S2 = unsignedAnswer(7, 1);
const UNSIGNED = { code: 'rtmp-handshake-unsigned', name: 'RtmpError' };

function createHandshake(options: Partial<ClientHandshakeOptions> = {}): ClientHandshake {
  return new ClientHandshake({ randomBytes: countingRandom(2).next, isSigned: false, ...options });
}

/** The handshake after its greeting was taken, and the digest of its C1. */
function greet(options: Partial<ClientHandshakeOptions> = {}): {
  handshake: ClientHandshake;
  c1: Uint8Array;
  c1Digest: Uint8Array;
} {
  const handshake = createHandshake(options);
  const c1 = handshake.takeOutput()?.slice(1) ?? new Uint8Array();
  const at = digestAt(c1, 8);
  return { handshake, c1, c1Digest: c1.slice(at, at + 32) };
}

describe('ClientHandshake', () => {
  it('greets with C0 3 and a plain C1 of version zero', () => {
    const handshake = createHandshake();
    const greeting = handshake.takeOutput();
    assert.equal(greeting?.length, 1537);
    assert.equal(greeting[0], 3);
    assert.deepEqual(greeting.slice(1, 9), new Uint8Array(8));
    assert.deepEqual(greeting.slice(9), countingRandom(2).next(1528));
    assert.equal(handshake.takeOutput(), null);
    assert.equal(handshake.isDone, false);
  });

  it('greets with version 9.0.124.2 and a digest in layout D8 where it signs', () => {
    const { c1, c1Digest } = greet({ isSigned: true });
    assert.deepEqual(c1.slice(4, 8), Uint8Array.of(9, 0, 124, 2));
    assert.deepEqual(c1Digest, digestOf(c1, 8, 'client'));
  });

  it('sends C2, the echo of S1, once S1 is whole', () => {
    const { handshake } = greet();
    handshake.receive(join(S0, PLAIN_S1.subarray(0, 1535)));
    assert.equal(handshake.takeOutput(), null);
    handshake.receive(PLAIN_S1.subarray(1535));
    assert.deepEqual(handshake.takeOutput(), PLAIN_S1);
    assert.equal(handshake.isDone, false);
    assert.equal(handshake.takeOutput(), null);
  });

  it('gives the greeting before C2 where neither was taken', () => {
    const handshake = createHandshake();
    handshake.receive(join(S0, PLAIN_S1, S2));
    assert.equal(handshake.takeOutput()?.length, 1537);
    assert.deepEqual(handshake.takeOutput(), PLAIN_S1);
  });

  it('is done at the end of S2 and leaves what follows', () => {
    const { handshake } = greet();
    assert.equal(handshake.receive(join(S0, PLAIN_S1, S2, Uint8Array.of(2, 0, 0))), 3073);
    assert.equal(handshake.isDone, true);
    assert.equal(handshake.receive(Uint8Array.of(2)), 0);
  });

  it('does not change or keep the bytes it was given', () => {
    const { handshake } = greet();
    const segment = join(S0, PLAIN_S1);
    handshake.receive(segment);
    assert.deepEqual(segment, join(S0, PLAIN_S1));
    segment.fill(0);
    assert.deepEqual(handshake.takeOutput(), PLAIN_S1);
  });

  it('takes no interest in what a plain S2 says', () => {
    const { handshake } = greet();
    handshake.receive(join(S0, PLAIN_S1, new Uint8Array(PACKET_BYTES)));
    assert.equal(handshake.isDone, true);
  });

  it('takes every S0 below 32 that is not encrypted, and refuses the rest', () => {
    for (let version = 0; version < 256; version++) {
      const { handshake } = greet();
      if (version < 32 && version !== 6 && version !== 8 && version !== 9) {
        assert.equal(handshake.receive(Uint8Array.of(version)), 1);
        continue;
      }
      assert.throws(() => handshake.receive(Uint8Array.of(version)), {
        name: 'RtmpError',
        code: 'rtmp-version-unsupported',
        message: `expected S0 to be 3, got ${version}`,
      });
    }
  });
});

describe('ClientHandshake, signed', () => {
  for (const layout of [8, 772] as const) {
    it(`accepts a server that signs in layout D${layout}, and signs C2 for it`, () => {
      const { handshake, c1Digest } = greet({ isSigned: true, requireSigned: true });
      const s1 = signed(unsignedS1(), layout, 'server');
      handshake.receive(join(S0, s1));
      const c2 = handshake.takeOutput() ?? new Uint8Array();
      assert.deepEqual(c2.slice(0, 1504), s1.slice(0, 1504));
      assert.deepEqual(c2.slice(1504), signatureOf(c2, digestOf(s1, layout, 'server'), 'client'));
      handshake.receive(signedAnswer(S2, c1Digest, 'server'));
      assert.equal(handshake.isDone, true);
      assert.equal(handshake.isServerSigned, true);
    });

    it(`refuses a wrong signature in S2 (D${layout})`, () => {
      const { handshake, c1Digest } = greet({ isSigned: true });
      handshake.receive(join(S0, signed(unsignedS1(), layout, 'server')));
      const s2 = signedAnswer(S2, c1Digest, 'server');
      s2[1535] = (s2[1535] ?? 0) ^ 1;
      assert.throws(() => handshake.receive(s2), UNSIGNED);
      assert.equal(handshake.isDone, false);
    });

    it(`refuses a broken digest in an S1 that claims one (D${layout})`, () => {
      const { handshake } = greet({ isSigned: true });
      const s1 = signed(unsignedS1(), layout, 'server');
      s1[9] = (s1[9] ?? 0) ^ 1;
      assert.throws(() => handshake.receive(join(S0, s1)), UNSIGNED);
      assert.equal(handshake.takeOutput(), null);
    });
  }

  it('refuses its own C1 sent back as S1', () => {
    const { handshake, c1 } = greet({ isSigned: true });
    assert.throws(() => handshake.receive(join(S0, c1)), UNSIGNED);
  });

  it('accepts an S1 that signs with a version below 3', () => {
    const { handshake, c1Digest } = greet({ isSigned: true });
    const s1 = signed(patternPacket('0000000101000504', 13, 5), 8, 'server');
    handshake.receive(join(S0, s1, signedAnswer(S2, c1Digest, 'server')));
    assert.equal(handshake.isServerSigned, true);
    assert.equal(handshake.isDone, true);
  });

  it('accepts an unsigned S1 of version zero, and one with a version below 3', () => {
    for (const s1 of [PLAIN_S1, patternPacket('0000000102ffffff', 13, 5)]) {
      const { handshake } = greet({ isSigned: true });
      handshake.receive(join(S0, s1, S2));
      assert.equal(handshake.isDone, true);
      assert.equal(handshake.isServerSigned, false);
      assert.deepEqual(handshake.takeOutput(), s1);
    }
  });

  it('refuses an unsigned S1 where a signature is required', () => {
    const { handshake } = greet({ isSigned: true, requireSigned: true });
    assert.throws(() => handshake.receive(join(S0, PLAIN_S1)), UNSIGNED);
  });

  it('does not look for signatures where it did not sign', () => {
    const { handshake } = greet();
    handshake.receive(join(S0, unsignedS1(), S2));
    assert.equal(handshake.isDone, true);
    assert.equal(handshake.isServerSigned, false);
  });

  it('cannot require what it does not offer', () => {
    assert.throws(() => createHandshake({ requireSigned: true }), /requireSigned needs isSigned/);
  });
});

describe('ClientHandshake, bytes in pieces', () => {
  for (const isSigned of [false, true]) {
    const { c1Digest } = greet({ isSigned });
    const s1 = isSigned ? signed(unsignedS1(), 8, 'server') : PLAIN_S1;
    const s2 = isSigned ? signedAnswer(S2, c1Digest, 'server') : S2;
    const whole = join(S0, s1, s2, Uint8Array.of(2, 0));
    const name = isSigned ? 'signed' : 'plain';

    it(`takes S0 S1 S2 byte by byte (${name})`, () => {
      const { handshake } = greet({ isSigned });
      for (let at = 0; at < 3073; at++) {
        assert.equal(handshake.isDone, false);
        assert.equal(handshake.receive(whole.subarray(at, at + 1)), 1);
        assert.equal(handshake.takeOutput() !== null, at === 1536);
      }
      assert.equal(handshake.isDone, true);
      assert.equal(handshake.isServerSigned, isSigned);
    });

    it(`takes them split in two at every place (${name})`, () => {
      for (let split = 0; split <= whole.length; split++) {
        const { handshake } = greet({ isSigned });
        const first = handshake.receive(whole.subarray(0, split));
        const second = handshake.receive(whole.subarray(first));
        assert.equal(first + second, 3073);
        assert.equal(handshake.isDone, true);
      }
    });
  }
});

describe('ClientHandshake against ServerHandshake', () => {
  for (const isSigned of [false, true]) {
    for (const requireSigned of isSigned ? [false, true] : [false]) {
      it(`completes on both sides: isSigned ${isSigned}, requireSigned ${requireSigned}`, () => {
        const client = createHandshake({ isSigned, requireSigned });
        const server = new ServerHandshake({ randomBytes: countingRandom(3).next, rtmpe: true });
        server.receive(client.takeOutput() ?? S0);
        const answer = server.takeOutput() ?? S0;
        assert.equal(client.receive(answer), 3073);
        assert.equal(client.isDone, true);
        assert.equal(client.isServerSigned, isSigned);
        assert.equal(server.receive(client.takeOutput() ?? S0), 1536);
        assert.equal(server.isDone, true);
      });
    }

    it(`tells the server how many gateways it came through, and none where there are none: isSigned ${isSigned}`, () => {
      for (const hopCount of [0, 1, 8, 255]) {
        const client = createHandshake({ isSigned, hopCount });
        const server = new ServerHandshake({ randomBytes: countingRandom(3).next, rtmpe: true });
        assert.equal(server.hopCount, 0);
        server.receive(client.takeOutput() ?? S0);
        assert.equal(server.hopCount, hopCount);
        client.receive(server.takeOutput() ?? S0);
        assert.deepEqual([client.isDone, client.isServerSigned], [true, isSigned]);
      }
    });

    it(`completes with a server that cannot sign: isSigned ${isSigned}`, () => {
      const client = createHandshake({ isSigned });
      const server = new ServerHandshake({ randomBytes: countingRandom(3).next, rtmpe: true });
      const greeting = client.takeOutput() ?? S0;
      greeting.fill(0, 5, 9);
      server.receive(greeting);
      client.receive(server.takeOutput() ?? S0);
      assert.equal(client.isServerSigned, false);
      server.receive(client.takeOutput() ?? S0);
      assert.equal(client.isDone && server.isDone, true);
    });
  }
});
