// The chunk decoder on the vectors, on header inheritance, timestamps and interleaving. Extended timestamps, Abort and
// Set Chunk Size, limits and flow have files of their own.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { ChunkDecoder } from '../../../src/protocol/rtmp/chunk-decoder.ts';
import { assertReads, assertRefused, readPieces, WIDE_LIMITS } from '../../support/chunk-reading.ts';
import { chunk, filled, join, setChunkSize } from '../../support/chunk-wire.ts';
import { splitEvery } from '../../support/splits.ts';
import { bytesOf, hexOf, vectorsFromTextOf, vectorsOf } from '../../support/vectors.ts';

const AUDIO = { typeId: 8, messageStreamId: 1 } as const;
const VECTORS = [...vectorsOf('CHUNK'), ...vectorsFromTextOf('CHUNK')];

function message(cs: number, ts: number, body: Uint8Array, ty = 9, ms = 1) {
  return { cs, ts, ty, ms, body: hexOf(body) };
}

describe('ChunkDecoder on the vectors', () => {
  for (const vector of VECTORS) {
    it(`reads ${vector.id} whole, byte by byte and cut in two anywhere: ${vector.desc} [item 10]`, () => {
      assert.ok(vector.msgs);
      assertReads(vector.bytes, vector.msgs);
    });
  }

  it('reads every vector cut at random [item 10]', () => {
    for (const vector of VECTORS) {
      fc.assert(
        fc.property(fc.array(fc.nat(vector.bytes.length), { maxLength: 8 }), (cuts) => {
          const offsets = [0, ...cuts.sort((left, right) => left - right), vector.bytes.length];
          const pieces = offsets.map((offset, index) =>
            vector.bytes.subarray(offsets[index - 1] ?? 0, offset),
          );
          assert.deepEqual(readPieces(pieces), vector.msgs);
        }),
        { numRuns: 50 },
      );
    }
  });
});

describe('ChunkDecoder on chunk stream ids', () => {
  it('takes an id in the 2-byte and in the 3-byte form for the same chunk stream [item 11]', () => {
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 100, timeMs: 10, payload: filled(3) }),
      chunk({ format: 2, chunkStreamId: 100, basicHeaderBytes: 3, timeMs: 5, payload: filled(3, 1) }),
    ]);
    assertReads(bytes, [message(100, 10, filled(3)), message(100, 15, filled(3, 1))]);
  });

  for (const [chunkStreamId, basicHeaderBytes] of [
    [2, 1],
    [63, 1],
    [64, 2],
    [319, 2],
    [64, 3],
    [319, 3],
    [320, 3],
    [65599, 3],
  ] as const) {
    it(`reads id ${chunkStreamId} in the ${basicHeaderBytes}-byte form [item 11]`, () => {
      const bytes = chunk({ format: 0, chunkStreamId, basicHeaderBytes, timeMs: 7, payload: filled(3) });
      assert.equal(bytes.length, basicHeaderBytes + 11 + 3);
      assertReads(bytes, [message(chunkStreamId, 7, filled(3))]);
    });
  }

  it('reads the 3-byte form with its low byte first [item 11]', () => {
    assertReads(bytesOf('01 02 01  000000 000001 08 01000000 af'), [message(322, 0, bytesOf('af'), 8)]);
  });

  it('inherits header fields from the same chunk stream only [item 12]', () => {
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 4, timeMs: 100, payload: filled(2), ...AUDIO }),
      chunk({ format: 0, chunkStreamId: 6, timeMs: 200, payload: filled(5), messageStreamId: 7 }),
      chunk({ format: 2, chunkStreamId: 4, timeMs: 20, payload: filled(2, 1) }),
      chunk({ format: 2, chunkStreamId: 6, timeMs: 40, payload: filled(5, 1) }),
    ]);
    assertReads(bytes, [
      message(4, 100, filled(2), 8),
      message(6, 200, filled(5), 9, 7),
      message(4, 120, filled(2, 1), 8),
      message(6, 240, filled(5, 1), 9, 7),
    ]);
  });

  it('reads a message stream id with its low byte first and all 32 bits', () => {
    const bytes = chunk({ format: 0, chunkStreamId: 6, payload: filled(1), messageStreamId: 0xfffefdfc });
    assertReads(bytes, [message(6, 0, filled(1), 9, 0xfffefdfc)]);
  });

  for (const format of [2, 3] as const) {
    it(`refuses a type ${format} chunk on a chunk stream never used [item 19]`, () => {
      const error = assertRefused(
        chunk({ format, chunkStreamId: 9, payload: filled(4) }),
        'rtmp-chunk-header-without-start',
      );
      assert.match(error.message, new RegExp(`chunk stream 9, got type ${format}`));
    });
  }

  it('takes a type 1 chunk on a chunk stream never used, with message stream id 0 [item 20]', () => {
    const bytes = chunk({ format: 1, chunkStreamId: 5, timeMs: 33, payload: filled(3) });
    assertReads(bytes, [message(5, 33, filled(3), 9, 0)]);
  });
});

describe('ChunkDecoder on timestamps', () => {
  it('adds the last delta for a type 3 chunk that starts a message [item 13]', () => {
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 4, timeMs: 1000, payload: filled(1) }),
      chunk({ format: 1, chunkStreamId: 4, timeMs: 23, payload: filled(2) }),
      chunk({ format: 3, chunkStreamId: 4, payload: filled(2, 1) }),
      chunk({ format: 3, chunkStreamId: 4, payload: filled(2, 2) }),
    ]);
    assertReads(bytes, [
      message(4, 1000, filled(1)),
      message(4, 1023, filled(2)),
      message(4, 1046, filled(2, 1)),
      message(4, 1069, filled(2, 2)),
    ]);
  });

  it('adds the timestamp of the type 0 chunk for a type 3 chunk right behind it, even in pieces [item 13]', () => {
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 4, timeMs: 26, lengthBytes: 130, payload: filled(128) }),
      chunk({ format: 3, chunkStreamId: 4, payload: filled(2) }),
      chunk({ format: 3, chunkStreamId: 4, payload: filled(128) }),
      chunk({ format: 3, chunkStreamId: 4, payload: filled(2) }),
    ]);
    const body = join([filled(128), filled(2)]);
    assertReads(bytes, [message(4, 26, body), message(4, 52, body)]);
  });

  it('wraps time mod 2^32 [item 16]', () => {
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 4, extendedMs: 0xfffffff0, payload: filled(1) }),
      chunk({ format: 1, chunkStreamId: 4, timeMs: 32, payload: filled(1) }),
      chunk({ format: 3, chunkStreamId: 4, payload: filled(1) }),
    ]);
    assertReads(bytes, [
      message(4, 0xfffffff0, filled(1)),
      message(4, 16, filled(1)),
      message(4, 48, filled(1)),
    ]);
  });
});

describe('ChunkDecoder on messages in pieces', () => {
  it('puts interleaved messages of three chunk streams together [item 17]', () => {
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 6, lengthBytes: 300, payload: filled(128) }),
      chunk({ format: 0, chunkStreamId: 70, lengthBytes: 129, payload: filled(128, 1) }),
      chunk({ format: 0, chunkStreamId: 4, payload: filled(3, 2) }),
      chunk({ format: 3, chunkStreamId: 6, payload: filled(128) }),
      chunk({ format: 3, chunkStreamId: 70, payload: filled(1, 1) }),
      chunk({ format: 3, chunkStreamId: 6, payload: filled(44) }),
    ]);
    assertReads(bytes, [
      message(4, 0, filled(3, 2)),
      message(70, 0, join([filled(128, 1), filled(1, 1)])),
      message(6, 0, join([filled(128), filled(128), filled(44)])),
    ]);
  });

  it('applies a new chunk size to the rest of a message, larger or smaller [item 18]', () => {
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 6, lengthBytes: 140, payload: filled(128) }),
      setChunkSize(5),
      chunk({ format: 3, chunkStreamId: 6, payload: filled(5, 1) }),
      setChunkSize(100),
      chunk({ format: 3, chunkStreamId: 6, payload: filled(7, 2) }),
    ]);
    const decoder = new ChunkDecoder(WIDE_LIMITS);
    const messages = readPieces([bytes], decoder);
    assert.deepEqual(messages.at(-1), message(6, 0, join([filled(128), filled(5, 1), filled(7, 2)])));
    assert.equal(decoder.chunkSizeBytes, 100);
  });

  for (const format of [0, 1, 2] as const) {
    it(`refuses a type ${format} chunk in the middle of a message [item 21]`, () => {
      const bytes = join([
        chunk({ format: 0, chunkStreamId: 6, lengthBytes: 300, payload: filled(128) }),
        chunk({ format, chunkStreamId: 6, lengthBytes: 300, payload: filled(128) }),
      ]);
      const error = assertRefused(bytes, 'rtmp-chunk-message-interrupted');
      assert.match(
        error.message,
        new RegExp(`chunk stream 6, which has 128 of 300 bytes; got type ${format}`),
      );
    });
  }

  it('delivers messages without payload of every type [item 23]', () => {
    for (let typeId = 0; typeId < 256; typeId += 1) {
      const bytes = join([
        chunk({ format: 0, chunkStreamId: 4, timeMs: 1, typeId }),
        chunk({ format: 3, chunkStreamId: 4 }),
      ]);
      const empty = new Uint8Array(0);
      assert.deepEqual(readPieces([bytes]), [message(4, 1, empty, typeId), message(4, 2, empty, typeId)]);
    }
  });

  it('never writes to a payload that it handed over, and keeps no view of input that came in pieces', () => {
    for (const lengthBytes of [4096, 5000, 20000]) {
      const decoder = new ChunkDecoder(WIDE_LIMITS);
      const bytes = join([
        setChunkSize(65536),
        ...[1, 2, 3].map((seed) =>
          chunk({ format: 0, chunkStreamId: 6, payload: filled(lengthBytes, seed) }),
        ),
      ]);
      const payloads: Uint8Array[] = [];
      for (const piece of splitEvery(bytes, 1460)) {
        const input = Uint8Array.from(piece);
        decoder.receive(input, 0, ({ payload }) => payloads.push(payload) > 0);
        input.fill(0xee);
      }
      assert.deepEqual(
        payloads.slice(1).map(hexOf),
        [1, 2, 3].map((seed) => hexOf(filled(lengthBytes, seed))),
      );
    }
  });
});
