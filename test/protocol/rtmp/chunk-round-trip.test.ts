// Properties of the chunk layer: what was sent is what is read, whatever the headers, the chunk sizes, the order of
// chunks and the cut of the bytes.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { ProtocolError } from '../../../src/protocol/bytes/protocol-error.ts';
import { ChunkDecoder } from '../../../src/protocol/rtmp/chunk-decoder.ts';
import {
  ChunkEncoder,
  chunkedLengthBytes,
  writeChunkedMessage,
} from '../../../src/protocol/rtmp/chunk-encoder.ts';
import type { RtmpMessage } from '../../../src/protocol/rtmp/message.ts';
import { readPieces, toVectorMessage, WIDE_LIMITS } from '../../support/chunk-reading.ts';
import {
  control,
  filled,
  join,
  setChunkSize,
  type WireMessage,
  WireSender,
} from '../../support/chunk-wire.ts';
import { splitEvery } from '../../support/splits.ts';
import { bytesOf, hexOf, type VectorMessage } from '../../support/vectors.ts';

/** The chunks of one chunk stream, and the message that is complete behind so many of them. */
type Queue = { readonly chunks: Uint8Array[]; readonly ends: Map<number, VectorMessage> };

const timestampMs = fc.oneof(
  fc.nat(2000),
  fc.integer({ min: 0xfffff0, max: 0x1000010 }),
  fc.integer({ min: 0xfffffff0, max: 0xffffffff }),
  fc.integer({ min: 0, max: 0xffffffff }),
);
const payload = fc
  .tuple(fc.oneof(fc.nat(6), fc.constantFrom(2, 127, 128, 129, 256), fc.nat(9000)), fc.nat(255))
  .map(([lengthBytes, seed]) => filled(lengthBytes, seed));
const chunkSizeBytes = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 65536 }));

function messages(ids: fc.Arbitrary<number>): fc.Arbitrary<WireMessage[]> {
  const one = fc.record({
    chunkStreamId: ids,
    timestampMs,
    typeId: fc.constantFrom(8, 9, 18, 20, 22, 99),
    messageStreamId: fc.constantFrom(0, 1, 0xffffffff),
    payload,
  });
  // Runs of messages alike but for their time: those are what the short headers are for.
  const run = fc.tuple(
    one,
    fc.array(fc.constantFrom(0, 20, 20, 20, 0x1000000, 0xfffffff6), { maxLength: 4 }),
  );
  return fc
    .array(
      run.map(([first, deltas]) => {
        const all = [first];
        for (const deltaMs of deltas) {
          const lastMs = all.at(-1)?.timestampMs ?? 0;
          all.push({ ...first, timestampMs: (lastMs + deltaMs) >>> 0 });
        }
        return all;
      }),
      { maxLength: 6 },
    )
    .map((runs) => runs.flat());
}

/** Cuts `bytes` at `cuts`, taken modulo their length. */
function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const offsets = cuts.map((cut) => cut % (bytes.length + 1)).sort((left, right) => left - right);
  return [...offsets, bytes.length].map((offset, index) => bytes.subarray(offsets[index - 1] ?? 0, offset));
}

const cuts = fc.array(fc.nat(), { maxLength: 10 });

describe('the chunk layer', () => {
  it('reads what ChunkEncoder wrote, over changes of the chunk size [item 34]', () => {
    const steps = fc.array(fc.tuple(chunkSizeBytes, messages(fc.integer({ min: 3, max: 31 }))), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(steps, cuts, (all, offsets) => {
        const encoder = new ChunkEncoder();
        const parts: Uint8Array[] = [];
        const expected: VectorMessage[] = [];
        const send = (one: RtmpMessage) => {
          parts.push(encoder.encode(one));
          expected.push(toVectorMessage(one));
        };
        for (const [size, batch] of all) {
          const body = Buffer.alloc(4);
          body.writeUInt32BE(size);
          send({ typeId: 1, chunkStreamId: 2, messageStreamId: 0, timestampMs: 0, payload: body });
          for (const one of batch) send(one);
        }
        assert.deepEqual(readPieces(cutAt(join(parts), offsets)), expected);
      }),
      { numRuns: 300 },
    );
  });

  it('reads what writeChunkedMessage wrote, from any message on [item 34]', () => {
    fc.assert(
      fc.property(
        chunkSizeBytes,
        messages(fc.integer({ min: 3, max: 31 })),
        cuts,
        fc.nat(),
        (size, all, offsets, skip) => {
          const entered = all.slice(skip % (all.length + 1));
          const parts = entered.map((one) => {
            const target = new Uint8Array(
              chunkedLengthBytes(one.payload.length, one.timestampMs, one.chunkStreamId, size),
            );
            assert.equal(writeChunkedMessage(target, 0, one, size), target.length);
            return target;
          });
          const decoder = new ChunkDecoder(WIDE_LIMITS);
          readPieces([setChunkSize(size)], decoder);
          assert.deepEqual(readPieces(cutAt(join(parts), offsets), decoder), entered.map(toVectorMessage));
        },
      ),
      { numRuns: 300 },
    );
  });

  for (const repeatsTimestamp of [true, false]) {
    const habit = repeatsTimestamp ? 'repeats' : 'leaves out';
    it(`reads any legal headers and interleaving of a peer that ${habit} the extended timestamp [item 17]`, () => {
      const ids = fc.constantFrom(3, 4, 6, 63, 64, 319, 320, 65599);
      const picks = fc.array(fc.nat(), { minLength: 1, maxLength: 40 });
      fc.assert(
        fc.property(chunkSizeBytes, messages(ids), picks, cuts, (size, all, choices, offsets) => {
          const sender = new WireSender(repeatsTimestamp);
          let turn = 0;
          const pick = (count: number) => (choices[turn++ % choices.length] ?? 0) % count;
          const queues = new Map<number, Queue>();
          for (const one of all) {
            const formats = sender.formatsFor(one);
            const queue: Queue = queues.get(one.chunkStreamId) ?? { chunks: [], ends: new Map() };
            queue.chunks.push(...sender.chunksOf(one, formats[pick(formats.length)] ?? 0, size));
            queue.ends.set(queue.chunks.length, toVectorMessage(one));
            queues.set(one.chunkStreamId, queue);
          }
          const parts = [setChunkSize(size)];
          const expected: VectorMessage[] = [];
          const waiting = [...queues.values()].map((queue) => ({ ...queue, sent: 0 }));
          while (waiting.length > 0) {
            const index = pick(waiting.length);
            const queue = waiting[index];
            const next = queue?.chunks[queue.sent];
            assert.ok(queue && next);
            parts.push(next);
            queue.sent += 1;
            const ended = queue.ends.get(queue.sent);
            if (ended !== undefined) expected.push(ended);
            if (queue.sent === queue.chunks.length) waiting.splice(index, 1);
          }
          // A decoder that waits for four bytes gets them.
          const size4 = Buffer.alloc(4);
          size4.writeUInt32BE(size);
          const decoder = new ChunkDecoder(WIDE_LIMITS);
          const first = { cs: 2, ts: 0, ty: 1, ms: 0, body: hexOf(size4) };
          const last = { cs: 2, ts: 0, ty: 3, ms: 0, body: hexOf(bytesOf('00000007')) };
          parts.push(...splitControl(size));
          assert.deepEqual(readPieces(cutAt(join(parts), offsets), decoder), [first, ...expected, last]);
          assert.equal(decoder.partialBytes, 0);
        }),
        { numRuns: 400 },
      );
    });
  }

  it('gives any bytes the same messages and the same error, whatever the cut', () => {
    const bytes = fc.array(
      fc.oneof(
        fc.constantFrom(0x02, 0x03, 0x43, 0x83, 0xc3, 0x04, 0x44, 0xc4, 0x00, 0xff, 0x01),
        fc.nat(255),
      ),
      { maxLength: 200 },
    );
    const limits = { maxMessageBytes: 5000, maxChunkStreams: 4, maxPartialBytes: 1000 };
    const read = (pieces: Iterable<Uint8Array>): unknown[] => {
      const decoder = new ChunkDecoder(limits);
      const seen: unknown[] = [];
      try {
        for (const piece of pieces) decoder.receive(piece, 0, (one) => seen.push(toVectorMessage(one)) > 0);
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
        seen.push(error.message);
      }
      return [...seen, decoder.partialBytes, decoder.stillSinceMs(0, true), decoder.chunkSizeBytes];
    };
    fc.assert(
      fc.property(bytes, cuts, (values, offsets) => {
        const whole = Uint8Array.from(values);
        const expected = read([whole]);
        assert.deepEqual(read(splitEvery(whole, 1)), expected);
        assert.deepEqual(read(cutAt(whole, offsets)), expected);
      }),
      { numRuns: 2000 },
    );
  });
});

/** An acknowledgement in chunks of the given size. */
function splitControl(size: number): Uint8Array[] {
  const whole = control(3, 7);
  const parts = [whole.subarray(0, 12), ...splitEvery(whole.subarray(12), size)];
  return parts.flatMap((part, index) => (index < 2 ? [part] : [Uint8Array.of(0xc2), part]));
}
