// Wire bytes of the table of hostile input that have no form in the builders of test/support: values that are broken,
// chunks that do not fit, messages in one chunk whatever the size in force. Built from the specification alone.

import { chunk } from '../support/chunk-wire.ts';

const VIDEO = 9;
const DATA = 18;

/** An object that contains itself. */
export const CYCLE = '03 0004 73656c66 07 0000 000009';

/** The same bytes so many times. */
export function repeated(count: number, bytes: Uint8Array): Uint8Array {
  return Buffer.alloc(count * bytes.length, bytes);
}

/** Bytes one behind the other. */
export function inOrder(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** Hex digits, with spaces where they help. */
export function hex(digits: string): Uint8Array {
  return Buffer.from(digits.replaceAll(' ', ''), 'hex');
}

/** A u32. */
export function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A message in one chunk, for a client whose chunk size is large enough. */
export function whole(
  typeId: number,
  payload: Uint8Array,
  messageStreamId = 0,
  chunkStreamId = 3,
): Uint8Array {
  return chunk({ format: 0, chunkStreamId, typeId, messageStreamId, payload });
}

/** The header of a video message on message stream 1, and its first bytes. */
export function begun(chunkStreamId: number, lengthBytes: number, payload: Uint8Array): Uint8Array {
  return chunk({ format: 0, chunkStreamId, typeId: VIDEO, messageStreamId: 1, lengthBytes, payload });
}

/** A message at 0x01000000 ms in three chunks, whose type 3 headers have payload where the time would be repeated. */
export function mismatchedTimestamp(): Uint8Array {
  const payload = new Uint8Array(300).fill(0x27);
  const extendedMs = 0x1000000;
  const first = { format: 0, chunkStreamId: 6, typeId: VIDEO, messageStreamId: 1, lengthBytes: 300 } as const;
  return inOrder(
    chunk({ ...first, extendedMs, payload: payload.subarray(0, 128) }),
    chunk({ format: 3, chunkStreamId: 6, payload: payload.subarray(128, 256) }),
    chunk({ format: 3, chunkStreamId: 6, payload: payload.subarray(256) }),
  );
}

/** An ECMA array of arrays, each of which holds the one before twice: the last is 2^20 numbers. [AMF0 2.9] */
export function unfolding(): Uint8Array {
  const members = [hex('0001 61 0a 00000002 00 0000000000000000 00 0000000000000000')];
  for (let level = 1; level <= 20; level++) {
    const reference = inOrder(Uint8Array.of(7), u32(level).subarray(2));
    members.push(inOrder(hex('0001 61'), hex('0a 00000002'), reference, reference));
  }
  return inOrder(hex('08 00000000'), ...members, hex('000009'));
}

/** A data message of message stream 1. */
export function data(...values: readonly Uint8Array[]): Uint8Array {
  return whole(DATA, inOrder(...values), 1, 4);
}

/** A tag of an aggregate. */
export function tag(typeId: number, payload: Uint8Array): Uint8Array {
  const length = u32(payload.length);
  return inOrder(
    Uint8Array.of(typeId),
    length.subarray(1),
    new Uint8Array(7),
    payload,
    u32(11 + payload.length),
  );
}
