// What a chunk decoder keeps of a hostile peer: each limit at its value, one over, and declared but never sent.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChunkDecoder } from '../../../src/protocol/rtmp/chunk-decoder.ts';
import {
  DEFAULT_CHUNK_SIZE_BYTES,
  MAX_CHUNK_STREAMS,
  MAX_DATA_MESSAGE_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_MESSAGE_BYTES_BEFORE_CONNECT,
  MAX_PARTIAL_BYTES,
} from '../../../src/protocol/rtmp/limits.ts';
import { RtmpError } from '../../../src/protocol/rtmp/rtmp-error.ts';
import { assertRefused, readPieces } from '../../support/chunk-reading.ts';
import { abort, chunk, filled, join, setChunkSize } from '../../support/chunk-wire.ts';
import { keptBytes } from '../../support/kept-bytes.ts';
import { splitEvery } from '../../support/splits.ts';

const MIB = 1024 * 1024;
/** LIMIT: what comes and goes beside what is measured, bytes. */
const NOISE_BYTES = 128 * 1024;
const SMALL = { maxMessageBytes: 1000, maxDataMessageBytes: 500, maxChunkStreams: 3, maxPartialBytes: 300 };

function header(chunkStreamId: number, lengthBytes: number, typeId = 9): Uint8Array {
  return chunk({ format: 0, chunkStreamId, lengthBytes, typeId });
}

describe('ChunkDecoder on the length of a message', () => {
  for (const [typeId, maxBytes] of [
    [8, 1000],
    [9, 1000],
    [22, 1000],
    [18, 500],
    [20, 500],
    [99, 500],
  ] as const) {
    it(`takes ${maxBytes} bytes of type ${typeId} and refuses one more when the header is read [item 22]`, () => {
      readPieces([header(6, maxBytes, typeId)], new ChunkDecoder(SMALL));
      const error = assertRefused(header(6, maxBytes + 1, typeId), 'rtmp-message-too-large', SMALL);
      assert.match(error.message, new RegExp(`at most ${maxBytes} .* type ${typeId}, .* ${maxBytes + 1}`));
    });
  }

  it('refuses a length before the extended timestamp has come [item 22]', () => {
    const bytes = chunk({ format: 0, chunkStreamId: 6, lengthBytes: 1001, extendedMs: 1 }).subarray(0, 12);
    assertRefused(bytes, 'rtmp-message-too-large', SMALL);
  });

  it('obeys a limit that is raised, and one that is lowered below an inherited length [item 22]', () => {
    const decoder = new ChunkDecoder({ maxMessageBytes: MAX_MESSAGE_BYTES_BEFORE_CONNECT });
    assert.throws(() => readPieces([header(6, MAX_MESSAGE_BYTES_BEFORE_CONNECT + 1)], decoder), RtmpError);
    const raised = new ChunkDecoder({ maxMessageBytes: MAX_MESSAGE_BYTES_BEFORE_CONNECT });
    raised.maxMessageBytes = MAX_MESSAGE_BYTES;
    assert.equal(raised.maxMessageBytes, MAX_MESSAGE_BYTES);
    readPieces(
      [chunk({ format: 0, chunkStreamId: 4, payload: filled(100) }), header(6, MAX_MESSAGE_BYTES)],
      raised,
    );
    const lowered = new ChunkDecoder(SMALL);
    readPieces([chunk({ format: 0, chunkStreamId: 4, payload: filled(100) })], lowered);
    lowered.maxMessageBytes = 99;
    assert.throws(() => readPieces([chunk({ format: 3, chunkStreamId: 4 })], lowered), RtmpError);
  });

  it('has the defaults of limits.ts', () => {
    const limits = { maxMessageBytes: MAX_MESSAGE_BYTES };
    readPieces([header(6, MAX_MESSAGE_BYTES)], new ChunkDecoder(limits));
    readPieces([header(3, MAX_DATA_MESSAGE_BYTES, 20)], new ChunkDecoder(limits));
    assertRefused(header(3, MAX_DATA_MESSAGE_BYTES + 1, 20), 'rtmp-message-too-large', limits);
    assertRefused(header(6, 0xffffff), 'rtmp-message-too-large', limits);
  });

  it('allocates nothing for a length that was only declared [item 28]', () => {
    const keptByDeclared = keptBytes(() =>
      Array.from({ length: 200 }, () => {
        const decoder = new ChunkDecoder({ maxMessageBytes: 0xffffff });
        readPieces([setChunkSize(0x7fffffff), header(6, 0xffffff)], decoder);
        return decoder;
      }),
    );
    assert.ok(keptByDeclared < MIB, `${keptByDeclared} bytes`);
  });

  it('keeps a small buffer for a message of which one byte has come [item 28]', () => {
    const keptByOneByte = keptBytes(() => {
      const decoder = new ChunkDecoder({ maxMessageBytes: 0xffffff });
      readPieces([setChunkSize(1)], decoder);
      for (let id = 3; id < 3 + 63; id += 1) {
        readPieces(
          [chunk({ format: 0, chunkStreamId: id, lengthBytes: 0xffffff, payload: filled(1) })],
          decoder,
        );
      }
      assert.equal(decoder.partialBytes, 63);
      return decoder;
    });
    assert.ok(keptByOneByte < MIB, `${keptByOneByte} bytes`);
  });

  it('keeps no more than twice what has come of a long message [item 28]', () => {
    const keptByHalf = keptBytes(() => {
      const decoder = new ChunkDecoder({ maxMessageBytes: 0xffffff });
      const start = join([setChunkSize(0xffffff), header(6, 0xffffff)]);
      readPieces([start, ...splitEvery(new Uint8Array(2 * MIB), 1000)], decoder);
      return decoder;
    });
    assert.ok(keptByHalf <= 2 * 2 * MIB + NOISE_BYTES, `${keptByHalf} bytes`);
  });
});

describe('ChunkDecoder on the number of chunk streams', () => {
  it('takes as many as allowed, near and far ids together, and refuses one more [item 25]', () => {
    const three = [2, 63, 65599].map((id) => chunk({ format: 0, chunkStreamId: id, payload: filled(1) }));
    readPieces([...three, ...three], new ChunkDecoder(SMALL));
    const bytes = join([...three, chunk({ format: 0, chunkStreamId: 64, payload: filled(1) })]);
    const error = assertRefused(bytes, 'rtmp-chunk-streams-exceeded', SMALL);
    assert.match(error.message, /at most 3 chunk streams, got one more with id 64/);
  });

  it('holds little for a peer that begins a long message on every chunk stream it can [item 26]', () => {
    const keptByAll = keptBytes(() => {
      const decoder = new ChunkDecoder({ maxMessageBytes: 0xffffff });
      let opened = 0;
      assert.throws(
        () => {
          for (let id = 2; id <= 65599; id += 1) {
            readPieces(
              [chunk({ format: 0, chunkStreamId: id, lengthBytes: 0xffffff, payload: filled(128) })],
              decoder,
            );
            opened += 1;
          }
        },
        (error) => error instanceof RtmpError && error.code === 'rtmp-chunk-streams-exceeded',
      );
      assert.equal(opened, MAX_CHUNK_STREAMS);
      return decoder;
    });
    assert.ok(keptByAll < 2 * MIB, `${keptByAll} bytes`);
  });
});

describe('ChunkDecoder on the bytes of unfinished messages', () => {
  const begin = (id: number) =>
    chunk({ format: 0, chunkStreamId: id, lengthBytes: 200, payload: filled(DEFAULT_CHUNK_SIZE_BYTES) });

  it('takes as many as allowed and refuses one more, when its chunk begins [item 26]', () => {
    const limits = { ...SMALL, maxPartialBytes: 256 };
    const decoder = new ChunkDecoder(limits);
    readPieces([begin(4), begin(6)], decoder);
    assert.equal(decoder.partialBytes, 256);
    const bytes = join([begin(4), begin(6).subarray(0, 12)]);
    assertRefused(bytes, 'rtmp-partial-bytes-exceeded', { ...SMALL, maxPartialBytes: 255 });
  });

  it('does not count what completes a message, nor what was completed or dropped before [item 26]', () => {
    const limits = { ...SMALL, maxPartialBytes: 128 };
    const end = chunk({ format: 3, chunkStreamId: 4, payload: filled(72) });
    const pieces = [begin(4), end, begin(4), abort(4), begin(4), end];
    assert.equal(readPieces(pieces, new ChunkDecoder(limits)).length, 3);
    assert.equal(readPieces(splitEvery(join(pieces), 1), new ChunkDecoder(limits)).length, 3);
  });

  it('has the default of limits.ts [item 26]', () => {
    const decoder = new ChunkDecoder({ maxMessageBytes: MAX_MESSAGE_BYTES });
    const halfBytes = MAX_PARTIAL_BYTES / 4;
    const payload = new Uint8Array(halfBytes);
    const half = (id: number) =>
      chunk({ format: 0, chunkStreamId: id, lengthBytes: MAX_MESSAGE_BYTES, payload });
    readPieces([setChunkSize(halfBytes), half(3), half(4), half(5), half(6)], decoder);
    assert.equal(decoder.partialBytes, MAX_PARTIAL_BYTES);
    assert.throws(
      () => readPieces([half(7)], decoder),
      (error) => error instanceof RtmpError && error.code === 'rtmp-partial-bytes-exceeded',
    );
  });
});
