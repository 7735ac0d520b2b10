import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OutputQueue } from '../../../../src/protocol/rtmp/server/output-queue.ts';
import { filled } from '../../../support/chunk-wire.ts';
import { assertRefused } from './server-bench.ts';

const LIMIT_BYTES = 1024 * 1024;
const HEADER_BYTES = 12;

/** Puts one message that takes `lengthBytes` on the wire. */
function put(queue: OutputQueue, lengthBytes: number): void {
  const payload = filled(lengthBytes - HEADER_BYTES);
  queue.put({ typeId: 18, chunkStreamId: 5, messageStreamId: 1, timestampMs: 0, payload });
}

describe('OutputQueue', () => {
  it('lets exactly as many bytes wait as its limit says, and drops what is over it and behind it', () => {
    const queue = new OutputQueue();
    queue.chunkSizeBytes = LIMIT_BYTES;
    put(queue, LIMIT_BYTES - 100);
    put(queue, 100);
    queue.requireRoom();
    assert.equal(queue.isOverfull, false);
    put(queue, 12);
    assert.equal(queue.isOverfull, true);
    assertRefused('rtmp-peer-not-reading', () => queue.requireRoom());
    const taken = queue.take(LIMIT_BYTES);
    assert.deepEqual(
      taken.map(({ length }) => length),
      [LIMIT_BYTES - 100, 100],
    );
    put(queue, 12);
    assert.equal(queue.isEmpty, true);
    assertRefused('rtmp-peer-not-reading', () => queue.requireRoom());
  });

  it('gives the handshake alone and first, and does not count it', () => {
    const queue = new OutputQueue();
    queue.chunkSizeBytes = LIMIT_BYTES;
    put(queue, LIMIT_BYTES);
    queue.putHandshake(filled(3073));
    assert.equal(queue.isOverfull, false);
    assert.equal(queue.isHandshakeNext, true);
    assert.deepEqual(queue.take(LIMIT_BYTES * 2), [filled(3073)]);
    assert.equal(queue.isHandshakeNext, false);
    assert.equal(queue.take(1).length, 1);
    assert.equal(queue.isEmpty, true);
  });
});
