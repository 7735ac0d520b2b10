// A server's handshake and the client packets that its tests give it.

import assert from 'node:assert/strict';
import { ServerHandshake } from '../../../../src/protocol/rtmp/handshake/server-handshake.ts';
import {
  countingRandom,
  join,
  PACKET_BYTES,
  patternPacket,
  signed,
  unsignedC1,
} from './handshake-vectors.ts';

/** Packets of a client: a plain and a signed C1, and a C2 that nobody checks. */
export const C0 = Uint8Array.of(3);
export const C2 = new Uint8Array(PACKET_BYTES).fill(0xee);
export const PLAIN_C1 = patternPacket('1122334400000000', 31, 17);
export const SIGNED_C1 = signed(unsignedC1(), 8, 'client');

/** A handshake whose random bytes count up. */
export function createHandshake(rtmpe = true): ServerHandshake {
  return new ServerHandshake({ randomBytes: countingRandom(1).next, rtmpe });
}

/** A handshake that was given C0 and C1, and what it answered. */
export function answerTo(
  c0: number,
  c1: Uint8Array,
  rtmpe = true,
): { handshake: ServerHandshake; answer: Uint8Array } {
  const handshake = createHandshake(rtmpe);
  assert.equal(handshake.receive(join(Uint8Array.of(c0), c1)), 1 + PACKET_BYTES);
  const answer = handshake.takeOutput();
  assert.ok(answer);
  return { handshake, answer };
}
