// Reads what a server says, from the specification alone, and asserts what every client relies on: whole messages that
// are never interleaved, a type 0 header in front of each, protocol control on chunk stream 2 and message stream 0,
// answers as type 20. It shares no code with src. [RTMP 5.3, 5.4, 7]

import assert from 'node:assert/strict';
import { readAmf, textOf, type WireObject, type WireValue } from './amf-wire.ts';

/** One message of a server. */
export type WireReply = {
  readonly chunkStreamId: number;
  readonly typeId: number;
  readonly messageStreamId: number;
  readonly timestampMs: number;
  readonly payload: Uint8Array;
  /** Chunks it came in. */
  readonly chunkCount: number;
};

/** Length of S0, S1 and S2. */
export const SERVER_HANDSHAKE_BYTES = 3073;

const CONTROL_NAMES: Readonly<Record<number, string>> = { 1: 'chunk size', 3: 'ack', 5: 'window' };
const USER_CONTROL_NAMES: Readonly<Record<number, string>> = { 0: 'begin', 1: 'eof', 6: 'ping', 7: 'pong' };
const LIMITS = ['hard', 'soft', 'dynamic'];

/** Reads one connection's replies behind S0, S1 and S2. */
export class ServerReplyReader {
  #chunkSizeBytes = 128;

  /** The messages in `bytes`, which must be whole. */
  read(bytes: Uint8Array): WireReply[] {
    const replies: WireReply[] = [];
    const wire = Buffer.from(bytes);
    for (let at = 0; at < wire.length; ) {
      const { reply, end } = this.#readMessage(wire, at);
      replies.push(reply);
      at = end;
    }
    return replies;
  }

  #readMessage(wire: Buffer, start: number): { reply: WireReply; end: number } {
    const chunkStreamId = wire.readUInt8(start);
    assert.ok(chunkStreamId >= 2 && chunkStreamId < 32, `a type 0 header on chunk stream 2..31 at ${start}`);
    const fieldMs = wire.readUIntBE(start + 1, 3);
    const lengthBytes = wire.readUIntBE(start + 4, 3);
    const isExtended = fieldMs === 0xffffff;
    let at = start + 12 + (isExtended ? 4 : 0);
    const pieces: Buffer[] = [];
    for (let missing = lengthBytes; missing > 0; missing -= this.#chunkSizeBytes) {
      if (pieces.length > 0) {
        assert.equal(wire.readUInt8(at), 0xc0 | chunkStreamId, 'a message is written in one piece');
        at += isExtended ? 5 : 1;
      }
      pieces.push(wire.subarray(at, at + Math.min(missing, this.#chunkSizeBytes)));
      at += Math.min(missing, this.#chunkSizeBytes);
    }
    assert.ok(at <= wire.length, 'a message is taken whole');
    const reply = {
      chunkStreamId,
      typeId: wire.readUInt8(start + 7),
      messageStreamId: wire.readUInt32LE(start + 8),
      timestampMs: isExtended ? wire.readUInt32BE(start + 12) : fieldMs,
      payload: Uint8Array.from(Buffer.concat(pieces)),
      chunkCount: pieces.length,
    };
    if (reply.typeId === 1) this.#chunkSizeBytes = Buffer.from(reply.payload).readUInt32BE();
    return { reply, end: at };
  }
}

/**
 * A reply as one line: `window 2500000`, `begin 1`, `0 _result 4 null 1`, `1 onStatus status NetStream.Play.Start`.
 * An onStatus has this short form only where its info is an Object of level, code and description in this order. What
 * came as type 17 begins with `amf3`.
 */
export function describeReply(reply: WireReply): string {
  const { typeId, messageStreamId, chunkStreamId, payload } = reply;
  assert.equal(reply.timestampMs, 0);
  if (typeId <= 6) {
    assert.equal(chunkStreamId, 2);
    assert.equal(messageStreamId, 0);
    return describeControl(typeId, Buffer.from(payload));
  }
  assert.notEqual(chunkStreamId, 2);
  if (typeId === 17) {
    assert.equal(payload[0], 0, 'the format byte');
    return `amf3 ${describeReply({ ...reply, typeId: 20, payload: payload.subarray(1) })}`;
  }
  const values = readAmf(payload);
  if (typeId === 18) return `${messageStreamId} data ${values.map(textOf).join(' ')}`;
  assert.equal(typeId, 20);
  const [name, transactionId, ...rest] = values;
  assert.equal(typeof name, 'string');
  assert.equal(typeof transactionId, 'number');
  if (
    name === 'onStatus' &&
    transactionId === 0 &&
    rest[0] === null &&
    isStatus(rest[1]) &&
    rest.length === 2
  ) {
    return `${messageStreamId} onStatus ${String(rest[1]['level'])} ${String(rest[1]['code'])}`;
  }
  return `${messageStreamId} ${[name, transactionId].join(' ')} ${rest.map(textOf).join(' ')}`;
}

function describeControl(typeId: number, payload: Buffer): string {
  if (typeId === 4) {
    assert.equal(payload.length, 6);
    return `${USER_CONTROL_NAMES[payload.readUInt16BE()] ?? 'unknown'} ${payload.readUInt32BE(2)}`;
  }
  assert.equal(payload.length, typeId === 6 ? 5 : 4);
  if (typeId === 6) return `bandwidth ${payload.readUInt32BE()} ${LIMITS[payload.readUInt8(4)]}`;
  return `${CONTROL_NAMES[typeId]} ${payload.readUInt32BE()}`;
}

function isStatus(value: WireValue): value is WireObject {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  const keys = Object.keys(value);
  return keys.join() === 'level,code,description' && typeof (value as WireObject)['description'] === 'string';
}
