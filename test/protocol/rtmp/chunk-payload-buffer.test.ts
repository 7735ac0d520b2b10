// Where a chunk stream puts the payload of a message that comes in pieces: one of a connection has a buffer ahead of its
// bytes, the others do not, and what comes out is the same.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type BufferAdvance, ChunkStream } from '../../../src/protocol/rtmp/chunk-stream.ts';
import { FIRST_PAYLOAD_BUFFER_BYTES, MAX_ADVANCE_BUFFER_BYTES } from '../../../src/protocol/rtmp/limits.ts';
import { filled } from '../../support/chunk-wire.ts';

const PIECE_BYTES = 1460;

function streamOf(id: number, lengthBytes: number, advance: BufferAdvance): ChunkStream {
  const stream = new ChunkStream(id, advance);
  stream.lengthBytes = lengthBytes;
  return stream;
}

/** Appends what is missing of `payload`, in pieces, up to `endBytes` of it. */
function appendUpTo(stream: ChunkStream, payload: Uint8Array, endBytes: number): void {
  while (stream.receivedBytes < endBytes) {
    const start = stream.receivedBytes;
    stream.append(payload, start, Math.min(PIECE_BYTES, endBytes - start));
  }
}

describe('ChunkStream on a payload in pieces', () => {
  const lengths = [
    2,
    FIRST_PAYLOAD_BUFFER_BYTES,
    FIRST_PAYLOAD_BUFFER_BYTES + 1,
    MAX_ADVANCE_BUFFER_BYTES - 1,
    MAX_ADVANCE_BUFFER_BYTES,
    MAX_ADVANCE_BUFFER_BYTES + 1,
    5 * MAX_ADVANCE_BUFFER_BYTES,
  ];

  for (const lengthBytes of lengths) {
    it(`gives ${lengthBytes} bytes as they came, ahead of its bytes and beside one that is`, () => {
      const advance: BufferAdvance = { holder: null };
      const [ahead, beside] = [streamOf(4, lengthBytes, advance), streamOf(6, lengthBytes, advance)];
      const payload = filled(lengthBytes);
      for (let endBytes = 1; endBytes < lengthBytes + PIECE_BYTES; endBytes += PIECE_BYTES) {
        appendUpTo(ahead, payload, Math.min(endBytes, lengthBytes));
        appendUpTo(beside, payload, Math.min(endBytes, lengthBytes));
      }
      for (const stream of [ahead, beside]) assert.deepEqual(stream.takePayload(), payload);
      assert.equal(advance.holder, null);
    });
  }

  it('lets no second chunk stream of a connection have its buffer ahead [item 28]', () => {
    const advance: BufferAdvance = { holder: null };
    const streams = [4, 5, 6].map((id) => streamOf(id, MAX_ADVANCE_BUFFER_BYTES, advance));
    for (const stream of streams) stream.append(filled(1), 0, 1);
    assert.equal(advance.holder, streams[0]);
  });

  it('lets the next one have it when the message is complete, or dropped', () => {
    const advance: BufferAdvance = { holder: null };
    const [first, second] = [streamOf(4, 2, advance), streamOf(6, 2, advance)];
    first.append(filled(2), 0, 1);
    first.append(filled(2), 1, 1);
    assert.equal(advance.holder, first);
    first.takePayload();
    assert.equal(advance.holder, null);
    second.append(filled(2), 0, 1);
    assert.equal(advance.holder, second);
    first.append(filled(2), 0, 1);
    first.discard();
    assert.equal(advance.holder, second);
    second.discard();
    assert.equal(advance.holder, null);
  });

  it('counts a buffer as ahead until more has come than it holds', () => {
    const advance: BufferAdvance = { holder: null };
    const stream = streamOf(4, MAX_ADVANCE_BUFFER_BYTES + 1, advance);
    const payload = filled(MAX_ADVANCE_BUFFER_BYTES + 1);
    appendUpTo(stream, payload, MAX_ADVANCE_BUFFER_BYTES);
    assert.equal(advance.holder, stream);
    appendUpTo(stream, payload, MAX_ADVANCE_BUFFER_BYTES + 1);
    assert.equal(advance.holder, null);
  });

  it('keeps 64 KiB ahead of the bytes for a connection, whatever was begun on it [item 28]', () => {
    const advance: BufferAdvance = { holder: null };
    const before = process.memoryUsage().arrayBuffers;
    const streams = Array.from({ length: 64 }, (_, index) => streamOf(2 + index, 0xffffff, advance));
    const payload = filled(1);
    for (const stream of streams) stream.append(payload, 0, 1);
    const keptBytes = process.memoryUsage().arrayBuffers - before;
    const allowedBytes = MAX_ADVANCE_BUFFER_BYTES + 63 * FIRST_PAYLOAD_BUFFER_BYTES;
    assert.ok(keptBytes <= allowedBytes + 1024, `${keptBytes} bytes`);
    assert.equal(streams.length, 64);
  });
});
