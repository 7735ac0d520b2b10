// Extended timestamps: where they stand, and how a decoder tells whether a type 3 chunk repeats them. [RTMP 5.3.1.3]

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChunkDecoder } from '../../../src/protocol/rtmp/chunk-decoder.ts';
import { assertReads, readPieces, toVectorMessage, WIDE_LIMITS } from '../../support/chunk-reading.ts';
import { chunk, control, filled, join } from '../../support/chunk-wire.ts';
import { splitEvery } from '../../support/splits.ts';
import { bytesOf, hexOf, type VectorMessage } from '../../support/vectors.ts';

const LATE_MS = 0x01000000;
const WHOLE = filled(130);
const HEAD = WHOLE.subarray(0, 128);
const TAIL = WHOLE.subarray(128);
/** A message of another kind, which a decoder that waits for four bytes needs to go on. */
const ACK = control(3, 7);
const ACK_MESSAGE = message(2, 0, bytesOf('00000007'), 3, 0);

function message(cs: number, ts: number, body: Uint8Array, ty = 9, ms = 1) {
  return { cs, ts, ty, ms, body: hexOf(body) };
}

function start(extendedMs: number): Uint8Array {
  return chunk({ format: 0, chunkStreamId: 6, extendedMs, lengthBytes: 130, payload: HEAD });
}

describe('ChunkDecoder on extended timestamps', () => {
  for (const timestampMs of [0, 0xfffffe]) {
    it(`reads ${timestampMs} ms without an extended field [item 14]`, () => {
      assertReads(chunk({ format: 0, chunkStreamId: 6, timeMs: timestampMs, payload: filled(4) }), [
        message(6, timestampMs, filled(4)),
      ]);
    });
  }

  for (const timestampMs of [0, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff]) {
    it(`reads ${timestampMs} ms in an extended field [item 14]`, () => {
      assertReads(chunk({ format: 0, chunkStreamId: 6, extendedMs: timestampMs, payload: filled(4) }), [
        message(6, timestampMs, filled(4)),
      ]);
    });
  }

  for (const format of [1, 2] as const) {
    it(`reads a delta of -10 in the extended field of a type ${format} chunk [item 15]`, () => {
      const bytes = join([
        chunk({ format: 0, chunkStreamId: 4, timeMs: 1000, payload: filled(4) }),
        chunk({ format, chunkStreamId: 4, extendedMs: 0xfffffff6, payload: filled(4) }),
      ]);
      assertReads(bytes, [message(4, 1000, filled(4)), message(4, 990, filled(4))]);
    });
  }

  it('expects no field on the continuation of a message whose own header had none', () => {
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 6, extendedMs: LATE_MS, payload: filled(4) }),
      chunk({ format: 1, chunkStreamId: 6, timeMs: 40, lengthBytes: 130, payload: HEAD }),
      chunk({ format: 3, chunkStreamId: 6, payload: TAIL }),
    ]);
    assertReads(bytes, [message(6, LATE_MS, filled(4)), message(6, LATE_MS + 40, WHOLE)]);
  });
});

describe('ChunkDecoder on type 3 chunks behind an extended timestamp', () => {
  it('takes the field where it is repeated [item 14]', () => {
    const bytes = join([
      start(LATE_MS),
      chunk({ format: 3, chunkStreamId: 6, extendedMs: LATE_MS, payload: TAIL }),
    ]);
    assertReads(bytes, [message(6, LATE_MS, WHOLE)]);
  });

  it('takes the delta of a type 1 chunk where that is repeated [item 14]', () => {
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 6, timeMs: 5000, payload: filled(4) }),
      chunk({ format: 1, chunkStreamId: 6, extendedMs: 0xfffffff6, lengthBytes: 130, payload: HEAD }),
      chunk({ format: 3, chunkStreamId: 6, extendedMs: 0xfffffff6, payload: TAIL }),
    ]);
    assertReads(bytes, [message(6, 5000, filled(4)), message(6, 4990, WHOLE)]);
  });

  it('takes the absolute time in the place of a delta, its top bit cleared or not', () => {
    const absoluteMs = 0x90000000 + LATE_MS;
    for (const repeatedMs of [absoluteMs, absoluteMs - 0x80000000]) {
      const bytes = join([
        chunk({ format: 0, chunkStreamId: 6, extendedMs: 0x90000000, payload: filled(4) }),
        chunk({ format: 1, chunkStreamId: 6, extendedMs: LATE_MS, lengthBytes: 130, payload: HEAD }),
        chunk({ format: 3, chunkStreamId: 6, extendedMs: repeatedMs, payload: TAIL }),
      ]);
      assertReads(bytes, [message(6, 0x90000000, filled(4)), message(6, absoluteMs, WHOLE)]);
    }
  });

  it('takes four other bytes for payload [item 14]', () => {
    const body = filled(200);
    const bytes = join([
      chunk({
        format: 0,
        chunkStreamId: 6,
        extendedMs: LATE_MS,
        lengthBytes: 200,
        payload: body.subarray(0, 128),
      }),
      chunk({ format: 3, chunkStreamId: 6, payload: body.subarray(128) }),
    ]);
    assertReads(bytes, [message(6, LATE_MS, body)]);
  });

  for (let tailBytes = 1; tailBytes < 4; tailBytes += 1) {
    it(`gives back what it looked at behind the last ${tailBytes} bytes of a message [item 14]`, () => {
      const body = filled(128 + tailBytes);
      const bytes = join([
        chunk({ format: 0, chunkStreamId: 6, extendedMs: LATE_MS, lengthBytes: body.length, payload: HEAD }),
        chunk({ format: 3, chunkStreamId: 6, payload: body.subarray(128) }),
        ACK,
        chunk({ format: 0, chunkStreamId: 6, payload: filled(4) }),
      ]);
      assertReads(bytes, [message(6, LATE_MS, body), ACK_MESSAGE, message(6, 0, filled(4))]);
    });
  }

  it('waits for four bytes while the habit is unknown, and not once the peer left the field out', () => {
    const decoder = new ChunkDecoder(WIDE_LIMITS);
    const bare = chunk({ format: 3, chunkStreamId: 6, payload: TAIL });
    assert.deepEqual(readPieces([start(LATE_MS), bare], decoder), []);
    assert.deepEqual(readPieces([ACK], decoder), [message(6, LATE_MS, WHOLE), ACK_MESSAGE]);
    assert.deepEqual(readPieces([start(LATE_MS), bare], decoder), [message(6, LATE_MS, WHOLE)]);
  });

  it('does not mistake payload for the field once the peer left it out', () => {
    const decoder = new ChunkDecoder(WIDE_LIMITS);
    readPieces([start(LATE_MS), chunk({ format: 3, chunkStreamId: 6, payload: TAIL }), ACK], decoder);
    const lookalike = join([HEAD, bytesOf('01000000 aabb')]);
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 6, extendedMs: LATE_MS, lengthBytes: 134, payload: HEAD }),
      chunk({ format: 3, chunkStreamId: 6, payload: lookalike.subarray(128) }),
    ]);
    assert.deepEqual(readPieces([bytes], decoder), [message(6, LATE_MS, lookalike)]);
  });

  it('adds the delta once where the field is repeated at the start of a message', () => {
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 6, timeMs: 100, payload: filled(4) }),
      chunk({ format: 1, chunkStreamId: 6, extendedMs: LATE_MS, payload: filled(4, 1) }),
      chunk({ format: 3, chunkStreamId: 6, extendedMs: LATE_MS, payload: filled(4, 2) }),
    ]);
    assertReads(bytes, [
      message(6, 100, filled(4)),
      message(6, 100 + LATE_MS, filled(4, 1)),
      message(6, 100 + 2 * LATE_MS, filled(4, 2)),
    ]);
  });

  it('reads on with a peer that repeats the field within a message, but not at the start of one', () => {
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 6, extendedMs: LATE_MS, lengthBytes: 130, payload: HEAD }),
      chunk({ format: 3, chunkStreamId: 6, extendedMs: LATE_MS, payload: TAIL }),
      chunk({ format: 3, chunkStreamId: 6, payload: HEAD }),
      chunk({ format: 3, chunkStreamId: 6, extendedMs: LATE_MS, payload: TAIL }),
    ]);
    assertReads(bytes, [message(6, LATE_MS, WHOLE), message(6, 2 * LATE_MS, WHOLE)]);
  });

  it('reads on where the field was left out at the start of a message first, and is repeated within it', () => {
    const late = [start(LATE_MS), chunk({ format: 3, chunkStreamId: 6, extendedMs: LATE_MS, payload: TAIL })];
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 6, extendedMs: LATE_MS, payload: filled(4) }),
      chunk({ format: 3, chunkStreamId: 6, payload: filled(4, 1) }),
      chunk({ format: 0, chunkStreamId: 4, payload: filled(4) }),
      ...late,
    ]);
    assertReads(bytes, [
      message(6, LATE_MS, filled(4)),
      message(6, 2 * LATE_MS, filled(4, 1)),
      message(4, 0, filled(4)),
      message(6, LATE_MS, WHOLE),
    ]);
  });

  it('takes the absolute time, before or after, at the start of a message', () => {
    for (const repeatedMs of [100 + LATE_MS, 100 + 2 * LATE_MS]) {
      const bytes = join([
        chunk({ format: 0, chunkStreamId: 6, timeMs: 100, payload: filled(4) }),
        chunk({ format: 1, chunkStreamId: 6, extendedMs: LATE_MS, payload: filled(4, 1) }),
        chunk({ format: 3, chunkStreamId: 6, extendedMs: repeatedMs, payload: filled(4, 2) }),
      ]);
      assertReads(bytes, [
        message(6, 100, filled(4)),
        message(6, 100 + LATE_MS, filled(4, 1)),
        message(6, 100 + 2 * LATE_MS, filled(4, 2)),
      ]);
    }
  });

  it('reads messages without payload whose headers are the four bytes it looks at', () => {
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 6, extendedMs: LATE_MS }),
      ...Array.from({ length: 6 }, () => chunk({ format: 3, chunkStreamId: 6 })),
      ACK,
    ]);
    const times = Array.from({ length: 7 }, (_, index) =>
      message(6, LATE_MS * (index + 1), new Uint8Array(0)),
    );
    assertReads(bytes, [...times, ACK_MESSAGE]);
  });

  it('comes back to bytes it looked at when it was held back among them', () => {
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 6, extendedMs: LATE_MS }),
      ...Array.from({ length: 6 }, () => chunk({ format: 3, chunkStreamId: 6 })),
      ACK,
    ]);
    for (const pieceBytes of [1, 2, 3, 4, 5, bytes.length]) {
      const decoder = new ChunkDecoder(WIDE_LIMITS);
      const times: number[] = [];
      for (const piece of splitEvery(bytes, pieceBytes)) {
        let offset = 0;
        let count: number;
        do {
          count = times.length;
          offset = decoder.receive(piece, offset, ({ timestampMs }) => times.push(timestampMs) < 0);
        } while (offset < piece.length || times.length > count);
      }
      assert.deepEqual(times, [...Array.from({ length: 7 }, (_, index) => LATE_MS * (index + 1)), 0]);
    }
  });

  it('keeps the rest of what it looked at while it is held back behind a short end', () => {
    const bytes = join([start(LATE_MS), chunk({ format: 3, chunkStreamId: 6, payload: TAIL }), ACK, ACK]);
    for (const pieceBytes of [1, 7, bytes.length]) {
      const decoder = new ChunkDecoder(WIDE_LIMITS);
      const seen: VectorMessage[] = [];
      for (const piece of splitEvery(bytes, pieceBytes)) {
        let offset = 0;
        let count: number;
        do {
          count = seen.length;
          offset = decoder.receive(piece, offset, (one) => seen.push(toVectorMessage(one)) < 0);
          assert.ok(seen.length <= count + 1, 'one message a call');
        } while (offset < piece.length || seen.length > count);
      }
      assert.deepEqual(seen, [message(6, LATE_MS, WHOLE), ACK_MESSAGE, ACK_MESSAGE]);
    }
  });
});
