// The chunk encoders against the vectors and against chunks built by hand.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ChunkEncoder,
  chunkedLengthBytes,
  writeChunkedMessage,
} from '../../../src/protocol/rtmp/chunk-encoder.ts';
import type { RtmpMessage } from '../../../src/protocol/rtmp/message.ts';
import { readPieces } from '../../support/chunk-reading.ts';
import { chunk, filled, join, setChunkSize } from '../../support/chunk-wire.ts';
import { bytesOf, hexOf, vectorOf, vectorsFromTextOf, vectorsOf } from '../../support/vectors.ts';

/** Vectors whose headers are those that we would choose, and ids that we write. */
const CANONICAL = ['K-1', 'K-4', 'K-6', 'K-7', 'K-12'];
/** The one vector with ids that we never write. */
const FOREIGN_IDS = ['K-2'];
const VECTORS = [...vectorsOf('CHUNK'), ...vectorsFromTextOf('CHUNK')];

function message(timestampMs: number, payload: Uint8Array, rest: Partial<RtmpMessage> = {}): RtmpMessage {
  return { typeId: 9, chunkStreamId: 6, messageStreamId: 1, timestampMs, payload, ...rest };
}

function messagesOf(id: string): RtmpMessage[] {
  return (vectorOf(id).msgs ?? []).map(({ cs, ts, ty, ms, body }) => ({
    chunkStreamId: cs,
    timestampMs: ts,
    typeId: ty,
    messageStreamId: ms,
    payload: bytesOf(body),
  }));
}

/** Writes one message by itself, with room on both sides that must stay as it is. */
function write(one: RtmpMessage, chunkSizeBytes = 128): Uint8Array {
  const lengthBytes = chunkedLengthBytes(
    one.payload.length,
    one.timestampMs,
    one.chunkStreamId,
    chunkSizeBytes,
  );
  const target = new Uint8Array(lengthBytes + 8).fill(0xee);
  assert.equal(writeChunkedMessage(target, 4, one, chunkSizeBytes), 4 + lengthBytes);
  assert.equal(hexOf(target.subarray(0, 4)) + hexOf(target.subarray(-4)), 'eeeeeeeeeeeeeeee');
  return target.slice(4, -4);
}

function encodeAll(messages: readonly RtmpMessage[], encoder = new ChunkEncoder()): string[] {
  return messages.map((one) => hexOf(encoder.encode(one)));
}

describe('ChunkEncoder and writeChunkedMessage on the vectors', () => {
  for (const id of CANONICAL) {
    it(`encodes ${id} to the bytes of the vector`, () => {
      assert.equal(encodeAll(messagesOf(id)).join(''), vectorOf(id).hex);
    });
  }

  for (const { id, msgs } of VECTORS.filter((vector) => !FOREIGN_IDS.includes(vector.id))) {
    it(`encodes the messages of ${id} so that they are read alike`, () => {
      const encoder = new ChunkEncoder();
      assert.deepEqual(readPieces(messagesOf(id).map((one) => encoder.encode(one))), msgs);
      let chunkSizeBytes = 128;
      const written = messagesOf(id).map((one) => {
        const bytes = write(one, chunkSizeBytes);
        if (one.typeId === 1) chunkSizeBytes = new DataView(one.payload.buffer).getUint32(0);
        return bytes;
      });
      assert.deepEqual(readPieces(written), msgs);
    });
  }
});

describe('writeChunkedMessage', () => {
  for (const [payloadBytes, chunkSizeBytes] of [
    [0, 128],
    [1, 128],
    [127, 128],
    [128, 128],
    [129, 128],
    [256, 128],
    [257, 128],
    [5, 1],
    [5000, 4096],
    [5000, 0xffffff],
  ] as const) {
    for (const timestampMs of [0, 0xfffffe, 0xffffff, 0xffffffff]) {
      it(`writes ${payloadBytes} bytes at ${timestampMs} ms in chunks of ${chunkSizeBytes} [item 31]`, () => {
        const payload = filled(payloadBytes);
        const extendedMs = timestampMs >= 0xffffff ? timestampMs : undefined;
        const common = { chunkStreamId: 31, messageStreamId: 0x01020304, extendedMs };
        const expected = [
          chunk({
            ...common,
            format: 0,
            timeMs: timestampMs,
            lengthBytes: payloadBytes,
            payload: payload.subarray(0, chunkSizeBytes),
          }),
        ];
        for (let offset = chunkSizeBytes; offset < payloadBytes; offset += chunkSizeBytes) {
          const part = payload.subarray(offset, offset + chunkSizeBytes);
          expected.push(chunk({ ...common, format: 3, payload: part }));
        }
        const one = message(timestampMs, payload, { chunkStreamId: 31, messageStreamId: 0x01020304 });
        assert.equal(hexOf(write(one, chunkSizeBytes)), hexOf(join(expected)));
        assert.deepEqual(payload, filled(payloadBytes));
      });
    }
  }

  it('writes nothing where the room is one byte short', () => {
    const target = new Uint8Array(15).fill(0xee);
    assert.throws(() => writeChunkedMessage(target, 0, message(0, filled(4)), 128), /16 bytes of room/);
    assert.deepEqual(target, new Uint8Array(15).fill(0xee));
  });
});

describe('ChunkEncoder', () => {
  it('begins a chunk stream with type 0, on each by itself [item 30]', () => {
    const encoder = new ChunkEncoder();
    for (let chunkStreamId = 2; chunkStreamId <= 31; chunkStreamId += 1) {
      const [first] = encoder.encode(message(0, filled(1), { chunkStreamId }));
      assert.equal(first, chunkStreamId);
    }
  });

  it('takes the shortest header, but never type 3 for a message right behind type 0 [item 30]', () => {
    const payload = filled(3);
    assert.deepEqual(
      encodeAll([
        message(0, payload),
        message(0, payload),
        message(0, payload),
        message(20, payload),
        message(40, payload),
        message(60, filled(4)),
        message(80, filled(4)),
        message(80, filled(4), { typeId: 8 }),
      ]),
      [
        chunk({ format: 0, chunkStreamId: 6, payload }),
        chunk({ format: 2, chunkStreamId: 6, payload }),
        chunk({ format: 3, chunkStreamId: 6, payload }),
        chunk({ format: 2, chunkStreamId: 6, timeMs: 20, payload }),
        chunk({ format: 3, chunkStreamId: 6, payload }),
        chunk({ format: 1, chunkStreamId: 6, timeMs: 20, payload: filled(4) }),
        chunk({ format: 3, chunkStreamId: 6, payload: filled(4) }),
        chunk({ format: 1, chunkStreamId: 6, typeId: 8, payload: filled(4) }),
      ].map(hexOf),
    );
  });

  it('takes type 0 when the message stream changes and when time goes back [item 30]', () => {
    const payload = filled(3);
    assert.deepEqual(
      encodeAll([
        message(100, payload),
        message(120, payload, { messageStreamId: 2 }),
        message(119, payload, { messageStreamId: 2 }),
        message(119, payload, { messageStreamId: 2 }),
      ]),
      [
        chunk({ format: 0, chunkStreamId: 6, timeMs: 100, payload }),
        chunk({ format: 0, chunkStreamId: 6, timeMs: 120, messageStreamId: 2, payload }),
        chunk({ format: 0, chunkStreamId: 6, timeMs: 119, messageStreamId: 2, payload }),
        chunk({ format: 2, chunkStreamId: 6, timeMs: 0, payload }),
      ].map(hexOf),
    );
  });

  it('goes on with a delta when time wraps at 2^32 [item 30]', () => {
    const payload = filled(3);
    assert.deepEqual(encodeAll([message(0xfffffff0, payload), message(16, payload)]), [
      hexOf(chunk({ format: 0, chunkStreamId: 6, extendedMs: 0xfffffff0, payload })),
      hexOf(chunk({ format: 2, chunkStreamId: 6, timeMs: 32, payload })),
    ]);
  });

  it('writes a delta of 0xFFFFFE as one, and takes type 0 from 0xFFFFFF on [item 31]', () => {
    const payload = filled(3);
    assert.deepEqual(encodeAll([message(1, payload), message(0xffffff, payload)]), [
      hexOf(chunk({ format: 0, chunkStreamId: 6, timeMs: 1, payload })),
      hexOf(chunk({ format: 2, chunkStreamId: 6, timeMs: 0xfffffe, payload })),
    ]);
    assert.deepEqual(encodeAll([message(1, payload), message(0x1000000, payload)]), [
      hexOf(chunk({ format: 0, chunkStreamId: 6, timeMs: 1, payload })),
      hexOf(chunk({ format: 0, chunkStreamId: 6, extendedMs: 0x1000000, payload })),
    ]);
  });

  it('repeats the extended timestamp on every type 3 chunk of its message and of no other [item 31]', () => {
    const payload = filled(300);
    const parts = [payload.subarray(0, 128), payload.subarray(128, 256), payload.subarray(256)];
    const extendedMs = 0x2000000;
    const [late, next] = encodeAll([message(extendedMs, payload), message(extendedMs + 40, payload)]);
    const chunksOf = (first: Uint8Array, repeatedMs?: number) =>
      hexOf(
        join([
          first,
          chunk({ format: 3, chunkStreamId: 6, extendedMs: repeatedMs, payload: parts[1] ?? payload }),
          chunk({ format: 3, chunkStreamId: 6, extendedMs: repeatedMs, payload: parts[2] ?? payload }),
        ]),
      );
    const fields = { chunkStreamId: 6, lengthBytes: 300, payload: parts[0] ?? payload };
    assert.equal(late, chunksOf(chunk({ format: 0, extendedMs, ...fields }), extendedMs));
    assert.equal(next, chunksOf(chunk({ format: 2, timeMs: 40, ...fields })));
  });

  it('writes Set Chunk Size in the old size and what follows in the new one [item 33]', () => {
    const encoder = new ChunkEncoder();
    assert.equal(encoder.chunkSizeBytes, 128);
    encoder.chunkSizeBytes = 2;
    const control = message(0, bytesOf('00000100'), { typeId: 1, chunkStreamId: 2, messageStreamId: 0 });
    const written = encoder.encode(control);
    assert.equal(hexOf(written), '020000000000040100000000 0000 c2 0100'.replaceAll(' ', ''));
    assert.equal(encoder.chunkSizeBytes, 256);
    assert.equal(encoder.encode(message(0, filled(256))).length, 12 + 256);
    assert.deepEqual(
      readPieces([setChunkSize(2), written]).map(({ ty }) => ty),
      [1, 1],
    );
  });
});
