// The chunk stream: the same messages for every cut, and the messages come out of our own encoder's chunks again.

import assert from 'node:assert/strict';
import { ChunkDecoder } from '../../src/protocol/rtmp/chunk-decoder.ts';
import { ChunkEncoder } from '../../src/protocol/rtmp/chunk-encoder.ts';
import type { RtmpMessage } from '../../src/protocol/rtmp/message.ts';
import { MessageType } from '../../src/protocol/rtmp/message.ts';
import { vectorsFromTextOf, vectorsOf } from '../../test/support/vectors.ts';
import { type FuzzTarget, hexOf, outcomeOf, sameForEveryCut } from '../support/fuzz-target.ts';

const MAX_MESSAGE_BYTES = 64 * 1024;

function read(pieces: readonly Uint8Array[]): { messages: RtmpMessage[]; end: string; heldBytes: number } {
  const decoder = new ChunkDecoder({ maxMessageBytes: MAX_MESSAGE_BYTES });
  const messages: RtmpMessage[] = [];
  const outcome = outcomeOf(() => {
    for (const piece of pieces) {
      decoder.receive(piece, 0, (message) => {
        messages.push(message);
        return true;
      });
    }
  });
  const end = 'code' in outcome ? outcome.code : 'more';
  return { messages, end, heldBytes: end === 'more' ? decoder.partialBytes : 0 };
}

function lineOf({ typeId, chunkStreamId, messageStreamId, timestampMs, payload }: RtmpMessage): string {
  return `${typeId} ${chunkStreamId} ${messageStreamId} ${timestampMs} ${hexOf(payload)}`;
}

/** Chunk decoder and encoder. */
export const CHUNKS: FuzzTarget = {
  seeds: () => [...vectorsOf('CHUNK'), ...vectorsFromTextOf('CHUNK')].map(({ bytes }) => bytes),
  fuzz: (data) => {
    const { lines, end } = sameForEveryCut(data, (pieces) => {
      const { messages, end, heldBytes } = read(pieces);
      assert.ok(heldBytes <= data.length, 'more is held than came');
      return { lines: messages.map(lineOf), end };
    });
    // Control messages change how what follows is cut; our encoder writes chunk streams 2 to 31.
    const plain = read([data]).messages.filter(
      ({ typeId, chunkStreamId }) => typeId > MessageType.SetPeerBandwidth && chunkStreamId < 32,
    );
    const encoder = new ChunkEncoder();
    const written = plain.map((message) => encoder.encode(message));
    assert.deepEqual(read([Buffer.concat(written)]).messages.map(lineOf), plain.map(lineOf));
    return `${end} ${Math.min(lines.length, 12)} ${new Set(lines.map((line) => line.split(' ')[0])).size}`;
  },
};
