// The chunk walker on chunk streams by hand: what it obeys, what it refuses, what it keeps.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChunkWalker } from '../../../../src/protocol/rtmp/splice/chunk-walker.ts';
import { MAX_OPEN_BYTES } from '../../../../src/protocol/rtmp/splice/limits.ts';
import { WIDE_LIMITS } from '../../../support/chunk-reading.ts';
import { abort, chunk, control, filled, join, setChunkSize } from '../../../support/chunk-wire.ts';
import { countCopies } from '../../../support/count-copies.ts';
import { everyTwoWaySplit, splitEvery } from '../../../support/splits.ts';
import { vectorOf, vectorsFromTextOf, vectorsOf } from '../../../support/vectors.ts';

/** Walks `bytes` whole, byte by byte and cut in two anywhere; gives the walker that saw them whole. */
function walked(bytes: Uint8Array, limits = WIDE_LIMITS): ChunkWalker {
  const whole = new ChunkWalker(limits);
  whole.walk(bytes);
  for (const pieces of [splitEvery(bytes, 1), ...everyTwoWaySplit(bytes)]) {
    const walker = new ChunkWalker(limits);
    for (const piece of pieces) walker.walk(piece);
    assert.deepEqual(
      [walker.cutBytes, walker.walkedBytes, walker.headerBytes, walker.chunkSizeBytes],
      [whole.cutBytes, whole.walkedBytes, whole.headerBytes, whole.chunkSizeBytes],
    );
  }
  return whole;
}

function refuses(bytes: Uint8Array, code: string, limits = WIDE_LIMITS): void {
  for (const pieces of [[bytes], splitEvery(bytes, 1)]) {
    const walker = new ChunkWalker(limits);
    const walkAll = (): void => {
      for (const piece of pieces) walker.walk(piece);
    };
    assert.throws(walkAll, { name: 'RtmpError', code });
  }
}

/** The first chunk, of 128 bytes, of a message of 200 on a chunk stream. */
function opened(chunkStreamId: number, extendedMs?: number): Uint8Array {
  return chunk({ format: 0, chunkStreamId, extendedMs, lengthBytes: 200, payload: filled(128) });
}

/** The rest of it. */
function rest(chunkStreamId: number, extendedMs?: number): Uint8Array {
  return chunk({ format: 3, chunkStreamId, extendedMs, payload: filled(72) });
}

describe('ChunkWalker', () => {
  for (const { id, desc, bytes } of [...vectorsOf('CHUNK'), ...vectorsFromTextOf('CHUNK')]) {
    it(`ends where vector ${id} ends: ${desc}`, () => {
      const { cutBytes, openBytes } = walked(bytes);
      assert.deepEqual([cutBytes, openBytes], [bytes.length, 0]);
    });
  }

  it('gives the start of the bytes for a point while nothing has come', () => {
    const walker = new ChunkWalker(WIDE_LIMITS);
    walker.walk(new Uint8Array(0));
    assert.deepEqual([walker.cutBytes, walker.openBytes], [0, 0]);
  });

  it('waits until both of two messages that overlap are whole', () => {
    const bytes = join([opened(6), opened(4), rest(6)]);
    const walker = walked(bytes);
    assert.deepEqual([walker.cutBytes, walker.openBytes], [0, bytes.length]);
    walker.walk(rest(4));
    assert.equal(walker.cutBytes, bytes.length + 73);
  });

  it('takes a message on another chunk stream for no point while one is open', () => {
    assert.equal(walked(join([opened(6), control(3, 7)])).cutBytes, 0);
  });

  it('cuts by the new chunk size from the chunk behind a Set Chunk Size on, in the middle of a message', () => {
    const { bytes } = vectorOf('K-14');
    assert.equal(walked(bytes).chunkSizeBytes, 200);
  });

  it('reads a Set Chunk Size that itself comes in chunks of a byte', () => {
    const small = [0, 0, 1, 0].map((byte, index) =>
      index === 0
        ? chunk({
            format: 0,
            chunkStreamId: 2,
            typeId: 1,
            messageStreamId: 0,
            lengthBytes: 4,
            payload: Uint8Array.of(byte),
          })
        : chunk({ format: 3, chunkStreamId: 2, payload: Uint8Array.of(byte) }),
    );
    const walker = walked(join([setChunkSize(1), ...small]));
    assert.deepEqual([walker.chunkSizeBytes, walker.openBytes], [256, 0]);
  });

  it('clamps a huge chunk size, and drops one that is too short', () => {
    const short = chunk({ format: 0, chunkStreamId: 2, typeId: 1, messageStreamId: 0, payload: filled(3) });
    assert.equal(walked(setChunkSize(0x7fffffff)).chunkSizeBytes, 0xffffff);
    assert.equal(walked(short).chunkSizeBytes, 128);
  });

  it('gives up a message by Abort, and is at a point behind that', () => {
    const bytes = join([opened(6), abort(6)]);
    assert.equal(walked(bytes).cutBytes, bytes.length);
  });

  for (const [what, lost] of [
    ['of a chunk stream that has none open', abort(4)],
    ['of a chunk stream that never was', abort(65_000)],
    [
      'of five bytes',
      chunk({
        format: 0,
        chunkStreamId: 2,
        typeId: 2,
        messageStreamId: 0,
        payload: Uint8Array.of(0, 0, 0, 6, 6),
      }),
    ],
  ] as const) {
    it(`leaves messages open at an Abort ${what}`, () => {
      assert.equal(walked(join([opened(6), lost])).cutBytes, 0);
    });
  }

  it('says which of the last bytes may be a header that is not whole', () => {
    const bytes = chunk({ format: 0, chunkStreamId: 320, extendedMs: 0x1000000, payload: filled(1) });
    const walker = new ChunkWalker(WIDE_LIMITS);
    for (let count = 1; count < bytes.length; count += 1) {
      walker.walk(bytes.subarray(count - 1, count));
      assert.equal(walker.headerBytes, count < bytes.length - 1 ? count : 0);
    }
  });

  it('finds the point before a type 3 chunk whose timestamp is left out, once four bytes show it', () => {
    const late = 0x1000000;
    const bytes = join([opened(6, late), rest(6), control(3, 7)]);
    assert.equal(walked(bytes).openBytes, 0);
    const short = chunk({ format: 0, chunkStreamId: 6, extendedMs: late, payload: filled(2) });
    const again = chunk({ format: 3, chunkStreamId: 6, payload: filled(2) });
    const walker = walked(join([short, again]));
    assert.equal(walker.cutBytes, short.length);
    walker.walk(control(3, 7).subarray(0, 2));
    assert.equal(walker.cutBytes, short.length + again.length);
  });

  it('tells an observer each chunk, and ends where that wants no more', () => {
    const seen: unknown[] = [];
    const bytes = join([opened(6), control(3, 7), rest(6), opened(6)]);
    const walker = new ChunkWalker(
      WIDE_LIMITS,
      ({ stream, format, startBytes, payloadStartBytes, payloadBytes }) => {
        seen.push([stream.id, stream.receivedBytes, format, startBytes, payloadStartBytes, payloadBytes]);
        return seen.length < 3;
      },
    );
    walker.walk(bytes);
    walker.walk(Uint8Array.of(0xff, 0xff));
    assert.deepEqual(seen, [
      [6, 0, 0, 0, 12, 128],
      [2, 0, 0, 140, 152, 4],
      [6, 128, 3, 156, 157, 72],
    ]);
  });

  it('copies nothing of what it walks', (t) => {
    const bytes = join([
      setChunkSize(4096),
      ...Array.from({ length: 50 }, () => chunk({ format: 0, chunkStreamId: 6, payload: filled(4000) })),
    ]);
    const copied = countCopies(t);
    const walker = new ChunkWalker(WIDE_LIMITS);
    for (const piece of splitEvery(bytes, 1460)) walker.walk(piece);
    // The value of Set Chunk Size.
    assert.deepEqual(copied(), { copies: 1, copiedBytes: 4 });
    assert.equal(walker.openBytes, 0);
  });
});

describe('what ChunkWalker refuses', () => {
  const late = chunk({ format: 2, chunkStreamId: 5, timeMs: 1 });
  const broken = join([opened(6), opened(6)]);

  it('is a header that refers to none', () => refuses(late, 'rtmp-chunk-header-without-start'));

  it('is a message that breaks into another', () => refuses(broken, 'rtmp-chunk-message-interrupted'));

  it('is a chunk size of 0, and one over 0x7FFFFFFF', () => {
    refuses(setChunkSize(0), 'rtmp-chunk-size-invalid');
    refuses(setChunkSize(0x80000000), 'rtmp-chunk-size-invalid');
  });

  it('is one chunk stream more than 64, and not the 64th', () => {
    const streams = (count: number) =>
      join(
        Array.from({ length: count }, (_, index) =>
          chunk({ format: 0, chunkStreamId: 3 + index, payload: filled(1) }),
        ),
      );
    assert.equal(walked(streams(64)).openBytes, 0);
    refuses(streams(65), 'rtmp-chunk-streams-exceeded');
  });

  it('is a message that declares a byte more than it may have, and not the longest', () => {
    const limits = { maxMessageBytes: 1000 };
    const head = (lengthBytes: number) => chunk({ format: 0, chunkStreamId: 6, lengthBytes });
    assert.equal(walked(head(1000), limits).headerBytes, 0);
    refuses(head(1001), 'rtmp-message-too-large', limits);
  });

  it('is nothing of what is declared and does not come: no memory is taken for it', () => {
    const before = process.memoryUsage().arrayBuffers;
    const walkers = Array.from({ length: 200 }, () => {
      const walker = new ChunkWalker(WIDE_LIMITS);
      walker.walk(chunk({ format: 0, chunkStreamId: 6, lengthBytes: 8 * 1024 * 1024 }));
      return walker;
    });
    assert.equal(walkers.length, 200);
    assert.ok(process.memoryUsage().arrayBuffers - before < 8 * 1024 * 1024);
  });
});

describe('ChunkWalker on messages that overlap without end', () => {
  it('counts what is open past MAX_OPEN_BYTES, and nothing once none is', () => {
    const sizeBytes = 65_536;
    const half = (format: 0 | 3, chunkStreamId: number) =>
      chunk({ format, chunkStreamId, lengthBytes: 2 * sizeBytes, payload: filled(sizeBytes) });
    const walker = new ChunkWalker(WIDE_LIMITS);
    walker.walk(join([setChunkSize(sizeBytes), half(0, 4)]));
    let [open, next] = [4, 6];
    while (walker.openBytes <= MAX_OPEN_BYTES) {
      walker.walk(join([half(0, next), half(3, open)]));
      [open, next] = [next, open];
    }
    assert.equal(walker.cutBytes, 16);
    walker.walk(half(3, open));
    assert.equal(walker.openBytes, 0);
  });
});
