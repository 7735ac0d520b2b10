import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RtmpMessage } from '../../src/protocol/rtmp/message.ts';
import { StickySet, writeChunkedMessages } from '../../src/streams/sticky.ts';
import { setChunkSize } from '../support/chunk-wire.ts';
import { ServerReplyReader } from '../support/server-reply-reader.ts';

const LARGEST_BYTES = 64 * 1024;
const MOST_HEADERS = 64;
const MOST_DATA = 8;

function message(typeId: 8 | 9 | 18, fill: number, lengthBytes = 4): RtmpMessage {
  const payload = new Uint8Array(lengthBytes).fill(fill);
  return { typeId, chunkStreamId: 4, messageStreamId: 1, timestampMs: 5, payload };
}

function firstBytes(set: StickySet): (number | undefined)[] {
  return set.messages.map(({ message: { payload } }) => payload[0]);
}

describe('StickySet', () => {
  it('puts metadata first, then video, then audio, and keeps the order among each', () => {
    const set = new StickySet();
    for (const [typeId, fill] of [
      [8, 1],
      [9, 2],
      [18, 3],
      [9, 4],
      [18, 5],
      [8, 6],
    ] as const) {
      assert.equal(set.put(`key ${fill}`, message(typeId, fill)), true);
    }
    assert.deepEqual(firstBytes(set), [3, 5, 2, 4, 1, 6]);
  });

  it('replaces what has the same key in its place, and leaves lists that were handed out alone', () => {
    const set = new StickySet();
    for (const fill of [1, 2, 3]) set.put(`key ${fill}`, message(9, fill));
    const before = set.messages;
    set.put('key 2', message(9, 9));
    assert.deepEqual(firstBytes(set), [1, 9, 3]);
    set.remove('key 1');
    set.remove('no such key');
    assert.deepEqual(firstBytes(set), [9, 3]);
    assert.deepEqual(
      before.map((sticky) => sticky.message.payload[0]),
      [1, 2, 3],
    );
  });

  it('stays the very same list where the same bytes come again, or nothing is removed', () => {
    const set = new StickySet();
    const scope = { trackIds: [0, 1], isPart: false, isReset: false };
    set.put('key', message(9, 1), scope);
    const before = set.messages;
    assert.equal(set.put('key', { ...message(9, 1), timestampMs: 99 }, scope), true);
    set.remove('key', [2]);
    set.remove('no such key');
    assert.equal(set.messages, before);
    for (const other of [
      { ...scope, trackIds: [0] },
      { ...scope, trackIds: [0, 2] },
      { ...scope, isPart: true },
      { ...scope, isReset: true },
    ]) {
      const again = new StickySet();
      again.put('key', message(9, 1), scope);
      const list = again.messages;
      again.put('key', message(9, 1), other);
      assert.notEqual(again.messages, list);
    }
    set.put('key', message(9, 2), scope);
    assert.notEqual(set.messages, before);
  });

  it('keeps a copy of the payload', () => {
    const set = new StickySet();
    const given = message(9, 1);
    set.put('key', given);
    given.payload.fill(7);
    assert.deepEqual(firstBytes(set), [1]);
  });

  it('takes a message of the largest size, and none over it', () => {
    const set = new StickySet();
    assert.equal(set.put('a', message(9, 1, LARGEST_BYTES)), true);
    assert.equal(set.put('b', message(9, 1, LARGEST_BYTES + 1)), false);
    assert.equal(set.messages.length, 1);
  });

  it('takes so many headers and none more, but still replaces one', () => {
    const set = new StickySet();
    for (let n = 0; n < MOST_HEADERS; n++)
      assert.equal(set.put(`key ${n}`, message(n < MOST_HEADERS / 2 ? 9 : 8, n)), true);
    assert.equal(set.put('one more', message(9, 99)), false);
    assert.equal(set.put(`key ${MOST_HEADERS - 1}`, message(8, 77)), true);
    assert.equal(set.messages.length, MOST_HEADERS);
    assert.equal(firstBytes(set).at(-1), 77);
  });

  it('counts data apart from headers, so that neither keeps out the other', () => {
    const set = new StickySet();
    for (let n = 0; n < MOST_DATA; n++) assert.equal(set.put(`data ${n}`, message(18, n)), true);
    assert.equal(set.put('data more', message(18, 99)), false);
    for (let n = 0; n < MOST_HEADERS; n++) assert.equal(set.put(`key ${n}`, message(9, n)), true);
    assert.equal(set.put('data 3', message(18, 33)), true);
    set.remove('data 0');
    assert.equal(set.put('data more', message(18, 99)), true);
    assert.equal(set.messages.length, MOST_HEADERS + MOST_DATA);
  });

  it('takes so many bytes of each and none more, what a message replaces not counted', () => {
    const set = new StickySet();
    assert.equal(set.put('data', message(18, 1, LARGEST_BYTES - 1)), true);
    assert.equal(set.put('data 2', message(18, 2, 2)), false);
    assert.equal(set.put('data 2', message(18, 2, 1)), true);
    for (const key of ['a', 'b', 'c']) assert.equal(set.put(key, message(9, 3, LARGEST_BYTES)), true);
    assert.equal(set.put('d', message(8, 4, 1)), false);
    assert.equal(set.put('c', message(9, 5, LARGEST_BYTES)), true);
    const totalBytes = set.messages.reduce((sum, { message: { payload } }) => sum + payload.length, 0);
    assert.equal(totalBytes, 256 * 1024);
  });
});

describe('writeChunkedMessages', () => {
  it('writes all with one message stream id and chunk size, headers with one time and metadata with 0', () => {
    const messages = [message(18, 1, 300), message(9, 2, 10)];
    const reader = new ServerReplyReader();
    reader.read(setChunkSize(100));
    const replies = reader.read(writeChunkedMessages(messages, 0x1234_5678, 7, 100));
    assert.deepEqual(
      replies.map(({ typeId, timestampMs, messageStreamId, chunkCount, payload }) => [
        typeId,
        timestampMs,
        messageStreamId,
        chunkCount,
        payload.length,
        payload[0],
      ]),
      [
        [18, 0, 7, 3, 300, 1],
        [9, 0x1234_5678, 7, 1, 10, 2],
      ],
    );
    assert.equal(writeChunkedMessages([], 0, 1, 128).length, 0);
  });
});
