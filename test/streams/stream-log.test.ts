import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StreamLog } from '../../src/streams/stream-log.ts';
import { appendTo, filledLog, HEADER_BYTES, INTER, KEY, LIMITS, linesOf, SLAB_BYTES } from './log-rig.ts';
import { PAYLOAD } from './stream-rig.ts';

describe('StreamLog, reading', () => {
  it('gives what was appended, whole and in order, over slab ends', () => {
    const log = filledLog(50, 5000, 40);
    const { chunks, nextPosition } = log.read(0, Number.POSITIVE_INFINITY);
    assert.equal(nextPosition, log.endPosition);
    assert.deepEqual(
      linesOf(chunks),
      Array.from({ length: 51 }, (_, n) => `${n === 0 ? 'key' : 'inter'} ${n} @${n * 40}`),
    );
    // A stretch of the log is one view a slab: the first slabs grow, then 13 messages of 5013 bytes fit into each.
    assert.deepEqual(
      chunks.map(({ length }) => length / (HEADER_BYTES + 5001)),
      [1, 1, 3, 6, 13, 13, 13, 1],
    );
    assert.equal(log.endPosition, 51 * (HEADER_BYTES + 5000 + 1));
  });

  it('gives viewers in step the very same array', () => {
    const log = filledLog(3, 100, 40);
    const first = log.read(0, 1000);
    assert.equal(log.read(0, 1000), first);
    assert.equal(log.read(0, 5000).chunks, first.chunks, 'whatever they asked for at most');
    const step = first.nextPosition;
    appendTo(log, INTER, 160, PAYLOAD.inter(4));
    const second = log.read(step, 1000);
    assert.equal(log.read(step, 1000).chunks, second.chunks);
    assert.deepEqual(linesOf(second.chunks), ['inter 4 @160']);
    assert.deepEqual(log.read(second.nextPosition, 1000).chunks, []);
    assert.equal(log.read(step, 1000), second, 'also when one of them has asked at the end in between');
  });

  it('ends a read of so many bytes on a message boundary', () => {
    const messageBytes = HEADER_BYTES + 1000;
    const log = filledLog(200, 1000, 10);
    for (const maxBytes of [
      messageBytes,
      messageBytes * 2 - 1,
      messageBytes * 2,
      SLAB_BYTES,
      SLAB_BYTES * 2 + 17,
    ]) {
      const { chunks, nextPosition } = log.read(0, maxBytes);
      const takenBytes = Buffer.concat(chunks).length;
      assert.equal(nextPosition, takenBytes);
      assert.equal(takenBytes, Math.floor(maxBytes / messageBytes) * messageBytes);
    }
    let position = 0;
    const lines: string[] = [];
    for (; position < log.endPosition; ) {
      const range = log.read(position, 2500);
      lines.push(...linesOf(range.chunks));
      position = range.nextPosition;
    }
    assert.equal(lines.length, 201);
    assert.equal(lines.at(-1), 'inter 200 @2000');
  });

  it('gives at least one message, however long', () => {
    const log = filledLog(2, 200_000, 40);
    const { chunks, nextPosition } = log.read(0, 1);
    assert.deepEqual(linesOf(chunks), ['key 0 @0']);
    assert.deepEqual(linesOf(log.read(nextPosition, 0).chunks), ['inter 1 @40']);
  });

  it('gives nothing at the end', () => {
    const log = filledLog(1, 10, 40);
    assert.deepEqual(log.read(log.endPosition, 1000), { chunks: [], nextPosition: log.endPosition });
    assert.equal(log.entryFrom(log.endPosition), null);
    const empty = new StreamLog(LIMITS);
    assert.deepEqual(empty.read(0, 1000), { chunks: [], nextPosition: 0 });
    assert.deepEqual(
      [empty.startPosition, empty.endPosition, empty.lagPosition, empty.heldBytes],
      [0, 0, 0, 0],
    );
  });

  it('finds messages and their bytes by position', () => {
    const log = filledLog(100, 1000, 10);
    const messageBytes = HEADER_BYTES + 1000;
    for (const index of [0, 1, 63, 64, 65, 100]) {
      const entry = log.entryFrom(index * messageBytes);
      assert.ok(entry !== null);
      assert.equal(entry.timestampMs, index * 10);
      assert.deepEqual(linesOf([log.bytesOf(entry)]), [
        `${index === 0 ? 'key' : 'inter'} ${index} @${index * 10}`,
      ]);
    }
    assert.equal(log.entryFrom(messageBytes + 1)?.timestampMs, 20, 'the next one, from inside of a message');
  });

  it('repeats an extended timestamp in every chunk of a message', () => {
    const log = new StreamLog({ ...LIMITS, chunkSizeBytes: 128 });
    appendTo(log, KEY, 0xffffff, PAYLOAD.key(7, 300));
    appendTo(log, INTER, 0xffff_fff0, PAYLOAD.inter(8, 129));
    const { chunks } = log.read(0, 10_000);
    assert.deepEqual(linesOf(chunks, 128), ['key 7 @16777215', 'inter 8 @4294967280']);
  });

  it('counts each payload byte once', () => {
    const log = filledLog(9, 1000, 40);
    for (let reader = 0; reader < 100; reader++) log.read(0, 100_000);
    assert.equal(log.copiedBytes, 10_000);
  });

  it('says when it is over, and stays readable', () => {
    const log = filledLog(1, 10, 40);
    assert.equal(log.isEnded, false);
    log.end();
    assert.equal(log.isEnded, true);
    assert.equal(linesOf(log.read(0, 1000).chunks).length, 2);
  });
});

describe('StreamLog, places to begin', () => {
  it('knows the newest one and the oldest from a position on', () => {
    const log = new StreamLog(LIMITS);
    assert.deepEqual([log.newestEntryPoint, log.cachedEntryPoint], [null, null]);
    for (let n = 0; n < 30; n++) {
      const isKey = n % 10 === 5;
      appendTo(log, isKey ? KEY : INTER, n * 100, isKey ? PAYLOAD.key(n, 9000) : PAYLOAD.inter(n, 9000));
    }
    assert.equal(log.newestEntryPoint?.timestampMs, 2500);
    assert.equal(log.cachedEntryPoint, log.newestEntryPoint);
    assert.equal(log.newestVideoFramePosition, log.entryFrom(log.endPosition - 9014)?.position);
    assert.equal(log.entryPointFrom(0)?.timestampMs, 500);
    const second = log.entryPointFrom((log.entryPointFrom(0)?.position ?? 0) + 1);
    assert.equal(second?.timestampMs, 1500);
    assert.deepEqual(log.entryPointFrom(log.newestEntryPoint?.position ?? 0), log.newestEntryPoint);
    assert.equal(log.entryPointFrom((log.newestEntryPoint?.position ?? 0) + 1), null);
    assert.equal(log.entryPointFrom(0, 1500)?.timestampMs, 1500, 'not further back than so much media time');
  });

  it('holds a group of pictures for late joiners as far as bytes and media time allow', () => {
    const large = filledLog(50, 10_000, 40, { gopCacheBytes: 300_000 });
    assert.equal(large.cachedEntryPoint, null);
    assert.equal(large.newestEntryPoint?.position, 0, 'it is still there for those who lag');
    const long = filledLog(50, 100, 40, { gopCacheMs: 1999 });
    assert.equal(long.cachedEntryPoint, null);
    assert.equal(filledLog(50, 100, 40, { gopCacheMs: 2000 }).cachedEntryPoint?.position, 0);
    assert.equal(filledLog(0, 100, 0, { gopCacheBytes: 0 }).cachedEntryPoint, null);
  });

  it('forgets a place to begin that has fallen off', () => {
    const log = filledLog(200, 10_000, 1);
    assert.ok(log.startPosition > 0);
    assert.equal(log.newestEntryPoint, null);
    assert.equal(log.entryPointFrom(0), null);
  });
});
