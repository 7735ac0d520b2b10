// The handshake as a session sees it: what is answered to whatever C1 and C2, when, and what is kept meanwhile.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../../support/property-sizes.ts';
import { RtmpServerSession } from '../../../../src/protocol/rtmp/server/server-session.ts';
import { filled, join } from '../../../support/chunk-wire.ts';
import { ClientMessages } from '../../../support/client-messages.ts';
import { keptBytes } from '../../../support/kept-bytes.ts';
import { CONNECT_REPLIES, OPTIONS, ServerBench } from './server-bench.ts';

const PACKET_BYTES = 1536;
const ANSWER_BYTES = 1 + 2 * PACKET_BYTES;
/** LIMIT: what a session takes beside, objects and their fields, bytes. */
const STATE_BYTES = 3072;
const C0 = Uint8Array.of(3);

/** A C1 of a client that does not sign. */
const PLAIN_C1 = join([new Uint8Array(8), filled(PACKET_BYTES - 8, 5)]);

/** Contents of C2 that clients send: right, and wrong in every way. */
const C2_CONTENTS: Readonly<Record<string, (s1: Uint8Array) => Uint8Array>> = {
  'S1, as it should be': (s1) => s1,
  'its own C1': () => PLAIN_C1,
  zeros: () => new Uint8Array(PACKET_BYTES),
  'bytes that look like chunks': () => new Uint8Array(PACKET_BYTES).fill(0x02),
  'bytes that look like a request': () => new Uint8Array(PACKET_BYTES).fill(0x47),
};

/** A session that has C0 and C1, and its S1. */
function answered(): { bench: ServerBench; s1: Uint8Array } {
  const bench = new ServerBench();
  bench.receive(C0, PLAIN_C1);
  const [answer] = bench.session.takeOutput(ANSWER_BYTES);
  assert.ok(answer !== undefined);
  return { bench, s1: answer.slice(1, 1 + PACKET_BYTES) };
}

describe('RtmpServerSession, shaking hands', () => {
  it('answers any C1 of version 3 by S0 = 3, S1 and S2, as soon as C1 is whole and before C2 [item 1]', () => {
    const c1 = fc.uint8Array({ minLength: PACKET_BYTES, maxLength: PACKET_BYTES });
    fc.assert(
      fc.property(c1, (bytes) => {
        const { session } = new ServerBench();
        session.receive(join([C0, bytes.subarray(0, -1)]), 0);
        assert.equal(session.hasOutput, false);
        session.receive(bytes.subarray(-1), 0);
        const [answer, ...others] = session.takeOutput(1);
        assert.deepEqual(others, []);
        assert.equal(answer?.length, ANSWER_BYTES);
        assert.equal(answer[0], 3);
        assert.equal(session.state, 'handshake');
      }),
      { numRuns: 100 },
    );
  });

  for (const [name, contentOf] of Object.entries(C2_CONTENTS)) {
    it(`takes a C2 of ${name}, and reads what follows it in the same piece [item 4]`, () => {
      const { bench, s1 } = answered();
      bench.receiveAtOnce(contentOf(s1), bench.client.connect('live'));
      assert.deepEqual(bench.replies(), CONNECT_REPLIES);
    });
  }

  it('waits for the last byte of C2, however long, and reads nothing before it [item 4]', () => {
    const { bench } = answered();
    for (let count = 1; count < PACKET_BYTES; count++) {
      bench.receive(Uint8Array.of(0xff));
      assert.equal(bench.session.state, 'handshake', `${count} bytes of C2`);
    }
    bench.session.tick(OPTIONS.handshakeTimeoutMs - 1);
    assert.equal(bench.session.state, 'handshake');
    bench.receive(Uint8Array.of(0xff));
    assert.equal(bench.session.state, 'unconnected');
    bench.receive(bench.client.connect('live'));
    assert.deepEqual(bench.replies(), CONNECT_REPLIES);
  });

  for (const first of [0x20, 0x47, 0x50, 0x7f, 0x80, 0xff]) {
    it(`closes at a first byte of 0x${first.toString(16)} without an answer [item 6]`, () => {
      const bench = new ServerBench();
      bench.refuses('rtmp-version-unsupported', join([Uint8Array.of(first), PLAIN_C1, PLAIN_C1]));
      assert.equal(bench.session.state, 'closed');
      assert.equal(bench.session.hasOutput, false);
    });
  }

  it('gives the same byte by byte [item 7]', () => {
    const bench = new ServerBench();
    const input = join([C0, PLAIN_C1, PLAIN_C1, new ClientMessages().connect('live')]);
    for (const byte of input) bench.receive(Uint8Array.of(byte));
    assert.deepEqual(bench.replies(), CONNECT_REPLIES);
  });

  it('holds no more than the answer for a client that never ends its handshake [item 8]', () => {
    const greeting = join([C0, PLAIN_C1]);
    const sessions: RtmpServerSession[] = [];
    const open = (): void => {
      const session = new RtmpServerSession(OPTIONS, 0);
      session.receive(greeting, 0);
      session.takeOutput(ANSWER_BYTES);
      session.receive(PLAIN_C1.subarray(1), 0);
      sessions.push(session);
    };
    open();
    const heldBytes =
      keptBytes(() => {
        for (let index = 0; index < 500; index++) open();
      }) / 500;
    assert.ok(heldBytes < ANSWER_BYTES + STATE_BYTES, `${heldBytes} bytes for each client`);
    for (const session of sessions) {
      assert.throws(() => session.tick(OPTIONS.handshakeTimeoutMs), { code: 'rtmp-handshake-timeout' });
    }
  });
});
