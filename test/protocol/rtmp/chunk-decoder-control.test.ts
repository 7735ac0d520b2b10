// The two control messages that act inside the chunk decoder: Abort and Set Chunk Size. [RTMP 5.4.1, 5.4.2]

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChunkDecoder } from '../../../src/protocol/rtmp/chunk-decoder.ts';
import { assertReads, assertRefused, readPieces, WIDE_LIMITS } from '../../support/chunk-reading.ts';
import { abort, chunk, control, filled, join, setChunkSize } from '../../support/chunk-wire.ts';
import { bytesOf, hexOf } from '../../support/vectors.ts';

function message(cs: number, ts: number, body: Uint8Array, ty = 9, ms = 1) {
  return { cs, ts, ty, ms, body: hexOf(body) };
}

describe('ChunkDecoder on Abort', () => {
  it('drops the unfinished message and keeps time, length and type [item 24]', () => {
    const bytes = join([
      chunk({ format: 0, chunkStreamId: 6, timeMs: 40, lengthBytes: 130, payload: filled(128) }),
      abort(6),
      chunk({ format: 2, chunkStreamId: 6, timeMs: 10, payload: filled(128) }),
      chunk({ format: 3, chunkStreamId: 6, payload: filled(2) }),
    ]);
    const abortBody = bytesOf('00000006');
    assertReads(bytes, [message(2, 0, abortBody, 2, 0), message(6, 50, join([filled(128), filled(2)]))]);
  });

  it('frees the bytes of what it dropped [item 24]', () => {
    const decoder = new ChunkDecoder(WIDE_LIMITS);
    readPieces([chunk({ format: 0, chunkStreamId: 6, lengthBytes: 300, payload: filled(128) })], decoder);
    assert.equal(decoder.partialBytes, 128);
    readPieces([abort(6)], decoder);
    assert.equal(decoder.partialBytes, 0);
  });

  for (const id of [0, 1, 2, 7, 65599, 65600, 0xffffffff]) {
    it(`ignores one for chunk stream ${id}, on which nothing is unfinished [item 24]`, () => {
      const decoder = new ChunkDecoder(WIDE_LIMITS);
      const start = chunk({ format: 0, chunkStreamId: 6, lengthBytes: 130, payload: filled(128) });
      readPieces([start, abort(id)], decoder);
      assert.equal(decoder.partialBytes, 128);
    });
  }

  for (const lengthBytes of [0, 3, 5]) {
    it(`ignores one with a payload of ${lengthBytes} bytes [item 24]`, () => {
      const decoder = new ChunkDecoder(WIDE_LIMITS);
      const payload = Uint8Array.of(0, 0, 0, 6, 0).subarray(0, lengthBytes);
      readPieces(
        [
          chunk({ format: 0, chunkStreamId: 6, lengthBytes: 130, payload: filled(128) }),
          chunk({ format: 0, chunkStreamId: 2, typeId: 2, messageStreamId: 0, payload }),
        ],
        decoder,
      );
      assert.equal(decoder.partialBytes, 128);
    });
  }
});

describe('ChunkDecoder on Set Chunk Size', () => {
  for (const size of [0, 0x80000000, 0x80000080, 0xffffffff]) {
    it(`refuses ${size} [item 36]`, () => {
      assertRefused(setChunkSize(size), 'rtmp-chunk-size-invalid');
    });
  }

  for (const size of [1, 128, 65536, 0xffffff]) {
    it(`takes ${size} [item 36]`, () => {
      const decoder = new ChunkDecoder(WIDE_LIMITS);
      readPieces([setChunkSize(size)], decoder);
      assert.equal(decoder.chunkSizeBytes, size);
    });
  }

  for (const size of [0x1000000, 0x7fffffff]) {
    it(`takes ${size} for the longest message of the format [item 36]`, () => {
      const decoder = new ChunkDecoder(WIDE_LIMITS);
      readPieces([setChunkSize(size)], decoder);
      assert.equal(decoder.chunkSizeBytes, 0xffffff);
    });
  }

  it('drops one with fewer than 4 bytes [item 36]', () => {
    const decoder = new ChunkDecoder(WIDE_LIMITS);
    readPieces(
      [chunk({ format: 0, chunkStreamId: 2, typeId: 1, messageStreamId: 0, payload: filled(3) })],
      decoder,
    );
    assert.equal(decoder.chunkSizeBytes, 128);
  });

  it('hands control messages over as well', () => {
    assertReads(control(5, 2_500_000), [message(2, 0, bytesOf('002625a0'), 5, 0)]);
  });
});
