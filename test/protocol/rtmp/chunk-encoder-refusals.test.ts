// What the chunk encoders refuse to write: our own mistakes, and so ordinary errors.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ChunkEncoder,
  chunkedLengthBytes,
  writeChunkedMessage,
} from '../../../src/protocol/rtmp/chunk-encoder.ts';
import type { RtmpMessage } from '../../../src/protocol/rtmp/message.ts';
import { filled } from '../../support/chunk-wire.ts';

function message(timestampMs: number, payload: Uint8Array, rest: Partial<RtmpMessage> = {}): RtmpMessage {
  return { typeId: 9, chunkStreamId: 6, messageStreamId: 1, timestampMs, payload, ...rest };
}

describe('the chunk encoders on messages that must not be written', () => {
  const refused: [string, RtmpMessage][] = [
    ...[0, 1, 32, 64, 65599, -1].map((chunkStreamId): [string, RtmpMessage] => [
      `chunk stream id ${chunkStreamId} [item 32]`,
      message(0, filled(1), { chunkStreamId }),
    ]),
    ...[1, 2, 3, 4, 5, 6].map((typeId): [string, RtmpMessage] => [
      `type ${typeId} off chunk stream 2 [item 32]`,
      message(0, filled(4), { typeId, messageStreamId: 0 }),
    ]),
    [
      'a control message of a message stream [item 32]',
      message(0, filled(4), { typeId: 4, chunkStreamId: 2 }),
    ],
    ['a negative timestamp', message(-1, filled(4))],
    ['a timestamp of 2^32', message(2 ** 32, filled(4))],
    ['a timestamp with a fraction', message(0.5, filled(4))],
    ['a payload of 0x1000000 bytes', message(0, new Uint8Array(0x1000000))],
  ];
  for (const [name, one] of refused) {
    it(`throws an ordinary error for ${name}`, () => {
      const isOurs = (error: unknown) => error instanceof Error && !('code' in error);
      assert.throws(() => new ChunkEncoder().encode(one), isOurs);
      const target = new Uint8Array(100);
      assert.throws(() => writeChunkedMessage(target, 0, one, 128), isOurs);
      assert.deepEqual(target, new Uint8Array(100));
    });
  }

  it('throws for a chunk size outside 1..0xFFFFFF and a foreign id where a length is asked', () => {
    for (const size of [0, -1, Number.NaN, 0x1000000]) {
      assert.throws(() => chunkedLengthBytes(1, 0, 6, size), RangeError);
      assert.throws(() => {
        new ChunkEncoder().chunkSizeBytes = size;
      }, RangeError);
    }
    assert.throws(() => chunkedLengthBytes(1, 0, 32, 128), /2\.\.31, not 32/);
  });
});
