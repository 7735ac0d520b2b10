// The chunk stream: the same messages for every cut, held up behind each message or not; and the messages come out of
// our own encoder's chunks again, as we read them and as a reader does that shares no code with us.

import assert from 'node:assert/strict';
import { ChunkDecoder } from '../../src/protocol/rtmp/chunk-decoder.ts';
import { ChunkEncoder } from '../../src/protocol/rtmp/chunk-encoder.ts';
import type { RtmpMessage } from '../../src/protocol/rtmp/message.ts';
import { MessageType } from '../../src/protocol/rtmp/message.ts';
import { SameTimeHabit } from '../../src/protocol/rtmp/same-time-habit.ts';
import { ClientWireReader } from '../../test/support/client-wire.ts';
import { vectorsFromTextOf, vectorsOf } from '../../test/support/vectors.ts';
import { assertSame, type FuzzTarget, outcomeOf, sameForEveryCut } from '../support/fuzz-target.ts';

const MAX_MESSAGE_BYTES = 64 * 1024;

/** C0, C1 and C2, which the reader passes over. */
const HANDSHAKE = new Uint8Array(3073);

/** Stands in front of each piece and is not to be read. */
const FRONT = Uint8Array.of(3, 0, 0);

/** How a decoder is used. */
type Use = {
  readonly withHabit: boolean;
  /** Says no behind each message, and comes back. */
  readonly isHeld: boolean;
  /** Bytes lie in front of each piece. */
  readonly atOffset: boolean;
};

/** All that a decoder shows of what it has read. */
type Reading = {
  readonly messages: readonly RtmpMessage[];
  readonly end: string;
  readonly partialBytes: number;
  readonly tinyChunks: number;
  readonly chunkSizeBytes: number;
};

const PLAIN: Use = { withHabit: false, isHeld: false, atOffset: false };

function read(pieces: readonly Uint8Array[], { withHabit, isHeld, atOffset }: Use): Reading {
  const decoder = new ChunkDecoder(
    { maxMessageBytes: MAX_MESSAGE_BYTES },
    withHabit ? new SameTimeHabit() : null,
  );
  const messages: RtmpMessage[] = [];
  const outcome = outcomeOf(() => {
    for (const piece of pieces) {
      const bytes = atOffset ? Buffer.concat([FRONT, piece]) : piece;
      let offset = atOffset ? FRONT.length : 0;
      for (let count = -1; count !== messages.length; ) {
        count = messages.length;
        const before = offset;
        offset = decoder.receive(bytes, offset, (message) => {
          messages.push(message);
          return !isHeld;
        });
        assert.ok(offset >= before && offset <= bytes.length, 'the offset stays within the bytes');
        if (isHeld) assert.ok(messages.length <= count + 1, 'one message at a time where it is held');
        else break;
      }
      assert.equal(offset, bytes.length, 'all is read that is not held');
    }
  });
  const { tinyChunks, chunkSizeBytes } = decoder;
  const end = 'code' in outcome ? outcome.code : 'more';
  return { messages, end, partialBytes: decoder.partialBytes, tinyChunks, chunkSizeBytes };
}

/** As a reader sees them, without the bytes' owner. */
function plainOf({ typeId, chunkStreamId, messageStreamId, timestampMs, payload }: RtmpMessage): unknown {
  return { typeId, chunkStreamId, messageStreamId, timestampMs, payload: Buffer.from(payload) };
}

/** Control messages change how what follows is cut, and our encoder writes chunk streams 2 to 31. */
function roundTrip(messages: readonly RtmpMessage[]): void {
  const plain = messages.filter(
    ({ typeId, chunkStreamId }) => typeId > MessageType.SetPeerBandwidth && chunkStreamId < 32,
  );
  const encoder = new ChunkEncoder();
  const written = Buffer.concat(plain.map((message) => encoder.encode(message)));
  const wanted = plain.map(plainOf);
  assertSame(read([written], PLAIN).messages.map(plainOf), wanted, 'what we write, we read otherwise');
  const others = new ClientWireReader().read(Buffer.concat([HANDSHAKE, written]));
  assertSame(others.map(plainOf), wanted, 'what we write, others read otherwise');
}

/** Chunk decoder and encoder. */
export const CHUNKS: FuzzTarget = {
  seeds: () => [...vectorsOf('CHUNK'), ...vectorsFromTextOf('CHUNK')].map(({ bytes }) => bytes),
  fuzz: (data) => {
    for (const withHabit of [true, false]) {
      const [plain, held, later] = [PLAIN, { ...PLAIN, isHeld: true }, { ...PLAIN, atOffset: true }].map(
        (use) => sameForEveryCut(data, (pieces) => read(pieces, { ...use, withHabit })),
      );
      assertSame(held, plain, 'the result depends on whether messages are held up');
      assertSame(later, plain, 'the result depends on where the bytes lie');
    }
    const { messages, end, partialBytes } = read([data], PLAIN);
    if (end === 'more') assert.ok(partialBytes <= data.length, 'more is held than came');
    roundTrip(messages);
    return `${end} ${Math.min(messages.length, 12)} ${new Set(messages.map(({ typeId }) => typeId)).size}`;
  },
};
