// Chunk streams with messages that overlap, and the points in them where none is open, kept by what was written and not
// by what was read. Shares no code with src.

import fc from 'fast-check';
import { abort, filled, setChunkSize, type WireMessage, WireSender } from '../../../support/chunk-wire.ts';
import { splitEvery } from '../../../support/splits.ts';

const CONTROL_HEADER_BYTES = 12;
const CONTROL_CHUNK_STREAM_ID = 2;

/** What was written, and where it may be cut. */
export type WireScript = {
  readonly bytes: Uint8Array;
  /** Ends of chunks behind which no message is open, ascending. */
  readonly cuts: readonly number[];
  readonly messages: readonly WireMessage[];
};

/** How a script is made; `picks` are numbers to choose by, over and over. */
export type WireScriptPlan = {
  readonly repeatsTimestamp: boolean;
  readonly chunkSizesBytes: readonly number[];
  readonly messages: readonly WireMessage[];
  readonly picks: readonly number[];
  /** Leaves some messages unfinished, by Abort. */
  readonly aborts: boolean;
};

const timestampMs = fc.oneof(
  fc.nat(2000),
  fc.integer({ min: 0xfffff0, max: 0x1000010 }),
  fc.integer({ min: 0, max: 0xffffffff }),
);
const payload = fc
  .tuple(fc.oneof(fc.nat(6), fc.constantFrom(2, 127, 128, 129, 256), fc.nat(3000)), fc.nat(255))
  .map(([lengthBytes, seed]) => filled(lengthBytes, seed));

/** Sizes of chunks, 1..70,000 bytes. */
export const chunkSizeBytes: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 1, max: 200 }),
  fc.integer({ min: 1, max: 70_000 }),
);

/** Numbers to choose by, and to cut at. */
export const picks: fc.Arbitrary<number[]> = fc.array(fc.nat(), { minLength: 1, maxLength: 40 });

/** Messages on chunk streams of `ids`, in runs that differ by their time alone, so that short headers may begin them. */
export function wireMessages(
  ids: fc.Arbitrary<number>,
  typeIds: readonly number[] = [8, 9, 18, 20, 22, 99],
): fc.Arbitrary<WireMessage[]> {
  const one = fc.record({
    chunkStreamId: ids,
    timestampMs,
    typeId: fc.constantFrom(...typeIds),
    messageStreamId: fc.constantFrom(0, 1, 0xffffffff),
    payload,
  });
  const deltas = fc.array(fc.constantFrom(0, 20, 20, 20, 0x1000000, 0xfffffff6), { maxLength: 4 });
  const run = fc.tuple(one, deltas).map(([first, deltasMs]) => {
    const all = [first];
    for (const deltaMs of deltasMs) {
      all.push({ ...first, timestampMs: ((all.at(-1)?.timestampMs ?? 0) + deltaMs) >>> 0 });
    }
    return all;
  });
  return fc.array(run, { maxLength: 6 }).map((runs) => runs.flat());
}

/** Writes a script: the messages in as many batches as there are chunk sizes, chunks of a batch in any order. */
export function writeScript(plan: WireScriptPlan): WireScript {
  const sender = new WireSender(plan.repeatsTimestamp);
  const parts: Uint8Array[] = [];
  const cuts: number[] = [];
  const messages: WireMessage[] = [];
  const open = new Set<number>();
  let lengthBytes = 0;
  let turn = 0;
  let sizeBytes = 128;
  const pick = (count: number): number => (plan.picks[turn++ % plan.picks.length] ?? 0) % count;
  const write = (part: Uint8Array): void => {
    parts.push(part);
    lengthBytes += part.length;
  };
  const ended = (chunkStreamId: number): void => {
    open.delete(chunkStreamId);
    if (open.size === 0) cuts.push(lengthBytes);
  };
  const writeControl = (whole: Uint8Array): void => {
    for (const part of controlChunks(whole, sizeBytes)) write(part);
    ended(CONTROL_CHUNK_STREAM_ID);
  };
  const perBatch = Math.ceil(plan.messages.length / plan.chunkSizesBytes.length);
  for (const [batch, nextSizeBytes] of plan.chunkSizesBytes.entries()) {
    writeControl(setChunkSize(nextSizeBytes));
    sizeBytes = nextSizeBytes;
    const queues = new Map<number, { message: WireMessage; chunks: Uint8Array[] }[]>();
    for (const message of plan.messages.slice(batch * perBatch, (batch + 1) * perBatch)) {
      const formats = sender.formatsFor(message);
      const chunks = sender.chunksOf(message, formats[pick(formats.length)] ?? 0, sizeBytes);
      const queue = queues.get(message.chunkStreamId) ?? [];
      queue.push({ message, chunks });
      queues.set(message.chunkStreamId, queue);
    }
    while (queues.size > 0) {
      const [chunkStreamId, queue] = [...queues][pick(queues.size)] ?? [0, []];
      const [first] = queue;
      const chunk = first?.chunks.shift();
      if (first === undefined || chunk === undefined) throw new Error('an empty queue');
      write(chunk);
      open.add(chunkStreamId);
      const isLast = first.chunks.length === 0;
      if (!isLast && !(plan.aborts && pick(4) === 0)) continue;
      if (isLast) {
        messages.push(first.message);
        ended(chunkStreamId);
      } else {
        open.delete(chunkStreamId);
        writeControl(abort(chunkStreamId));
      }
      queue.shift();
      if (queue.length === 0) queues.delete(chunkStreamId);
    }
  }
  return { bytes: Uint8Array.from(Buffer.concat(parts)), cuts, messages };
}

/** A control message of one chunk, in chunks of the given size. */
export function controlChunks(whole: Uint8Array, sizeBytes: number): Uint8Array[] {
  const header = whole.subarray(0, CONTROL_HEADER_BYTES);
  const chunks = splitEvery(whole.subarray(CONTROL_HEADER_BYTES), sizeBytes);
  const next = Uint8Array.of(0xc0 | CONTROL_CHUNK_STREAM_ID);
  return chunks.map((chunk, index) => Buffer.concat([index === 0 ? header : next, chunk]));
}

/** Cuts `bytes` at `places`, taken modulo their length. */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const offsets = places.map((place) => place % (bytes.length + 1)).sort((left, right) => left - right);
  return [...offsets, bytes.length].map((offset, index) => bytes.subarray(offsets[index - 1] ?? 0, offset));
}
