// A splice's way up and its walk of chunk headers: the same for every cut; the walker knows the chunk stream as the chunk
// decoder does; and an upstream reads what the client sent, but for the strings that were changed.

import assert from 'node:assert/strict';
import { ChunkDecoder } from '../../src/protocol/rtmp/chunk-decoder.ts';
import { parseCommand } from '../../src/protocol/rtmp/command-message.ts';
import type { RtmpMessage } from '../../src/protocol/rtmp/message.ts';
import type { ChunkDecoderLimits } from '../../src/protocol/rtmp/message-bounds.ts';
import { ChunkWalker } from '../../src/protocol/rtmp/splice/chunk-walker.ts';
import { SPLICED_LIMITS } from '../../src/protocol/rtmp/splice/limits.ts';
import { amf, WireEcmaArray } from '../../test/support/amf-wire.ts';
import { chunk, control, join, setChunkSize } from '../../test/support/chunk-wire.ts';
import { ClientMessages } from '../../test/support/client-messages.ts';
import { type Spliced, splice } from '../../test/support/spliced.ts';
import { bytesOf, vectorOf, vectorsFromTextOf, vectorsOf } from '../../test/support/vectors.ts';
import { assertSame, type FuzzTarget, outcomeOf, sameForEveryCut } from '../support/fuzz-target.ts';

/** Those of what follows a connect, for a decoder, which keeps what it reads. */
const LIMITS = { ...SPLICED_LIMITS, maxPartialBytes: 1024 * 1024 * 1024 };
const WALK_LIMITS = { maxMessageBytes: 64 * 1024, maxPartialBytes: 1024 * 1024 * 1024 };

const CHANGES = { app: 'elsewhere', tcUrl: 'rtmp://upstream/elsewhere', properties: { more: 'm' } };
const CHANGED = new Map(Object.entries({ ...CHANGES.properties, app: CHANGES.app, tcUrl: CHANGES.tcUrl }));

/** A message as it can be compared. */
function plainOf({ typeId, chunkStreamId, messageStreamId, timestampMs, payload }: RtmpMessage) {
  return { typeId, chunkStreamId, messageStreamId, timestampMs, payload: Buffer.from(payload) };
}

/** What a chunk decoder reads, up to its end or its error. */
function read(bytes: Uint8Array, limits: ChunkDecoderLimits = LIMITS) {
  const messages: RtmpMessage[] = [];
  const decoder = new ChunkDecoder(limits);
  const outcome = outcomeOf(() => decoder.receive(bytes, 0, (message) => messages.push(message) > 0));
  return { messages, end: 'code' in outcome ? outcome.code : 'more', partialBytes: decoder.partialBytes };
}

/** Asserts that no message is open at the end of `bytes`: a decoder reads one more there, and holds nothing. */
function assertPoint(bytes: Uint8Array): void {
  const one = chunk({ format: 0, chunkStreamId: 65_001, typeId: 99, lengthBytes: 0 });
  const { messages, partialBytes } = read(join([bytes, one]), { ...WALK_LIMITS, maxChunkStreams: 65 });
  assert.deepEqual([messages.at(-1)?.chunkStreamId, messages.at(-1)?.typeId, partialBytes], [65_001, 99, 0]);
}

/** The walk of chunk headers. */
export const CHUNK_WALKER: FuzzTarget = {
  seeds: () => [...vectorsOf('CHUNK'), ...vectorsFromTextOf('CHUNK')].map(({ bytes }) => bytes),
  fuzz: (data) => {
    const walk = sameForEveryCut(data, (pieces) => {
      let endedMessages = 0;
      const walker = new ChunkWalker(
        WALK_LIMITS,
        ({ stream, startBytes, payloadStartBytes, payloadBytes }) => {
          assert.ok(startBytes < payloadStartBytes && payloadStartBytes <= data.length);
          if (stream.receivedBytes + payloadBytes === stream.lengthBytes) {
            if (payloadStartBytes + payloadBytes <= data.length) endedMessages += 1;
          }
          return true;
        },
      );
      let lastCutBytes = 0;
      const outcome = outcomeOf(() => {
        for (const piece of pieces) {
          walker.walk(piece);
          assert.ok(walker.cutBytes >= lastCutBytes && walker.cutBytes <= walker.walkedBytes);
          lastCutBytes = walker.cutBytes;
        }
      });
      const end = 'code' in outcome ? outcome.code : 'more';
      const { cutBytes, headerBytes, chunkSizeBytes } = walker;
      return end === 'more'
        ? { end, endedMessages, cutBytes, headerBytes, chunkSizeBytes }
        : { end, endedMessages };
    });
    const { messages, end } = read(data, WALK_LIMITS);
    assertSame(walk.end, end, 'the walker ends otherwise than the decoder');
    if (end === 'more') {
      assertSame(walk.endedMessages, messages.length, 'the walker sees other messages than the decoder');
      assertPoint(data.subarray(0, walk.cutBytes));
    }
    return `${end} ${Math.min(messages.length, 12)} ${walk.cutBytes === data.length}`;
  },
};

/** The values of a command, with the changes in its object where `isChanged`. */
function valuesOf(message: RtmpMessage, isChanged: boolean): unknown {
  const { commandObject, ...command } = parseCommand(message);
  assert.ok(typeof commandObject === 'object' && commandObject !== null && 'properties' in commandObject);
  const properties = new Map(commandObject.properties);
  if (isChanged) {
    for (const [name, text] of CHANGED) {
      const isOther = name === 'tcUrl' && properties.has('tcurl');
      if (isOther) properties.set('tcurl', text);
      if (!isOther || properties.has(name)) properties.set(name, text);
    }
  }
  return { ...command, properties };
}

/** The messages of `bytes`; connect as values. Nothing but control messages stands in front of it. */
function upstreamOf(bytes: Uint8Array, { message }: Spliced['incoming'], isChanged: boolean) {
  const { messages, end } = read(bytes);
  const at = messages.findIndex(({ typeId }) => typeId === message.typeId);
  return {
    end,
    messages: messages.map((one, index) => {
      return index === at ? { ...plainOf(one), payload: valuesOf(one, isChanged) } : plainOf(one);
    }),
  };
}

/** Connect read, rewritten and followed. */
export const SPLICE: FuzzTarget = {
  seeds: () => {
    const client = new ClientMessages();
    const obs = join([client.setChunkSize(4096), client.message(20, vectorOf('M-1').bytes)]);
    const plain = new ClientMessages(30).connect('live', { list: new WireEcmaArray({ a: 1 }), tcurl: 'x' });
    const small = join([setChunkSize(30), plain]);
    const payload = amf(
      'connect',
      1,
      { app: 'live', q: bytesOf('110a0b0103610605787901') },
      bytesOf('110602'),
    );
    const start = { chunkStreamId: 3, typeId: 20, messageStreamId: 0, payload };
    const next = { chunkStreamId: 3, payload };
    const late = 0x1000000;
    return [
      join([obs, new ClientMessages(4096).call('createStream', 2)]),
      small,
      join([control(5, 9), chunk({ format: 0, ...start }), chunk({ format: 2, timeMs: 5, ...next })]),
      join([chunk({ format: 0, ...start, timeMs: 33 }), chunk({ format: 3, ...next })]),
      join([
        chunk({ format: 0, ...start, extendedMs: late }),
        chunk({ format: 3, ...next, extendedMs: late }),
      ]),
      join([chunk({ format: 1, ...start, timeMs: 3 }), control(3, 7), chunk({ format: 3, ...next })]),
      new ClientMessages().commandAmf3({}, 'connect', 1, { app: 'live' }),
    ];
  },
  fuzz: (data) => {
    const unchanged = sameForEveryCut(data, (pieces) => outcomeOf(() => splice(pieces, {})));
    const changed = sameForEveryCut(data, (pieces) => outcomeOf(() => splice(pieces, CHANGES)));
    if ('code' in unchanged) return unchanged.code;
    if (unchanged.value === null) return 'more';
    const { incoming, bytes } = unchanged.value;
    assertSame(Buffer.from(bytes), Buffer.from(data), 'what is not changed is other than it was');
    const wanted = upstreamOf(data, incoming, true);
    if ('code' in changed) {
      assertSame(changed.code, wanted.end, 'what follows is refused otherwise than by the decoder');
      return `following ${changed.code}`;
    }
    assert.ok(changed.value);
    // How a peer leaves timestamps out is guessed by its connect, which may have other chunks now.
    const isGuess = incoming.headerInForce.hasExtendedTimestamp;
    if (!isGuess) {
      const got = upstreamOf(changed.value.bytes, incoming, false);
      assertSame(got, wanted, 'an upstream reads otherwise than the client meant');
    }
    return `${wanted.end} ${Math.min(wanted.messages.length, 6)} ${incoming.chunks.length > 1} ${isGuess}`;
  },
};
