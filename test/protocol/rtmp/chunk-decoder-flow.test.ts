// How a chunk decoder works through its input: what it copies, what it counts, how it is held back.

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ChunkDecoder } from '../../../src/protocol/rtmp/chunk-decoder.ts';
import { RtmpError } from '../../../src/protocol/rtmp/rtmp-error.ts';
import { readPieces } from '../../support/chunk-reading.ts';
import { chunk, filled, join, setChunkSize } from '../../support/chunk-wire.ts';
import { splitEvery } from '../../support/splits.ts';

const MIB = 1024 * 1024;
const LIMITS = { maxMessageBytes: 1000 };

/** Counts the bytes that typed arrays copy from here to the end of the test. */
function countCopies(t: TestContext): () => number {
  const prototype = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;
  const set = prototype.set;
  let copiedBytes = 0;
  t.mock.method(prototype, 'set', function (this: Uint8Array, source: Uint8Array, offset?: number) {
    copiedBytes += source.length;
    set.call(this, source, offset);
  });
  return () => copiedBytes;
}

describe('ChunkDecoder on work', () => {
  it('copies a byte at most three times, however small the chunks and the pieces [item 29]', (t) => {
    const lengthBytes = MIB;
    const payload = new Uint8Array(lengthBytes);
    const chunks = [chunk({ format: 0, chunkStreamId: 6, lengthBytes, payload: payload.subarray(0, 128) })];
    for (let offset = 128; offset < lengthBytes; offset += 128) {
      chunks.push(chunk({ format: 3, chunkStreamId: 6, payload: payload.subarray(0, 128) }));
    }
    const pieces = splitEvery(join(chunks), 10);
    const copiedBytes = countCopies(t);
    const decoder = new ChunkDecoder({ maxMessageBytes: MIB });
    let messages = 0;
    for (const piece of pieces) decoder.receive(piece, 0, () => ++messages > 0);
    assert.equal(messages, 1);
    assert.ok(copiedBytes() <= 3 * lengthBytes, `${copiedBytes()} bytes copied`);
  });

  it('copies a byte at most three times that trickles in alone, and nothing for empty reads [item 29]', (t) => {
    const lengthBytes = 64 * 1024;
    const bytes = join([
      setChunkSize(65536),
      chunk({ format: 0, chunkStreamId: 6, payload: new Uint8Array(lengthBytes) }),
    ]);
    const pieces = splitEvery(bytes, 1);
    const copiedBytes = countCopies(t);
    const decoder = new ChunkDecoder({ maxMessageBytes: MIB });
    const nothing = new Uint8Array(0);
    let messages = 0;
    for (const piece of pieces) {
      for (const part of [nothing, piece, nothing]) decoder.receive(part, 0, () => ++messages > 0);
    }
    assert.equal(messages, 2);
    assert.ok(copiedBytes() <= 3 * bytes.length, `${copiedBytes()} bytes copied`);
  });

  it('copies a payload once that is in the input as a whole', (t) => {
    const bytes = join([
      setChunkSize(65536),
      chunk({ format: 0, chunkStreamId: 6, payload: filled(50_000) }),
    ]);
    const copiedBytes = countCopies(t);
    const decoder = new ChunkDecoder({ maxMessageBytes: MIB });
    let messages = 0;
    decoder.receive(bytes, 0, () => ++messages > 0);
    assert.equal(messages, 2);
    assert.equal(copiedBytes(), 50_000 + 4);
  });

  it('marks the unfinished messages of one moment from those of another, and passes over whole ones [item 27]', () => {
    const decoder = new ChunkDecoder(LIMITS);
    const body = filled(200);
    const begun = chunk({ format: 0, chunkStreamId: 6, lengthBytes: 200, payload: body.subarray(0, 128) });
    const rest = chunk({ format: 3, chunkStreamId: 6, payload: body.subarray(128) });
    const beside = chunk({ format: 0, chunkStreamId: 70, payload: filled(3) });
    readPieces([begun], decoder);
    const mark = decoder.unfinishedMark;
    readPieces([beside, beside], decoder);
    assert.equal(decoder.unfinishedMark, mark);
    readPieces([rest, begun], decoder);
    assert.equal(decoder.partialBytes, 128);
    assert.notEqual(decoder.unfinishedMark, mark);
    readPieces([rest], decoder);
    assert.equal(decoder.partialBytes, 0);
  });
});

describe('ChunkDecoder held back by its caller', () => {
  const messages = [1, 2, 3].map((seed) =>
    chunk({ format: 0, chunkStreamId: 6, timeMs: seed, payload: filled(4) }),
  );

  it('stops right behind the message, and goes on from there', () => {
    const bytes = join(messages);
    const decoder = new ChunkDecoder(LIMITS);
    const times: number[] = [];
    const hold = ({ timestampMs }: { timestampMs: number }) => times.push(timestampMs) < 0;
    assert.equal(decoder.receive(bytes, 0, hold), 16);
    assert.equal(decoder.receive(bytes, 16, hold), 32);
    assert.equal(decoder.receive(bytes.slice(32), 0, hold), 16);
    assert.deepEqual(times, [1, 2, 3]);
  });

  it('takes no notice of what follows the message, be it broken', () => {
    const bytes = join([
      ...messages.slice(0, 1),
      chunk({ format: 0, chunkStreamId: 6, lengthBytes: 0xffffff }),
    ]);
    const decoder = new ChunkDecoder(LIMITS);
    assert.equal(
      decoder.receive(bytes, 0, () => false),
      16,
    );
    assert.throws(() => decoder.receive(bytes, 16, () => false), RtmpError);
  });

  it('begins at the offset it is given', () => {
    const decoder = new ChunkDecoder(LIMITS);
    const bytes = join([filled(9), ...messages]);
    let read = 0;
    assert.equal(
      decoder.receive(bytes, 9, () => ++read > 0),
      bytes.length,
    );
    assert.equal(read, 3);
  });
});
