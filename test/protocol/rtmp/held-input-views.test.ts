// Messages that are read out of held input: their payloads are views of it, and stay as they came whatever is added
// behind them, dropped, or forgotten.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../support/property-sizes.ts';
import { ChunkDecoder } from '../../../src/protocol/rtmp/chunk-decoder.ts';
import { HeldInput } from '../../../src/protocol/rtmp/held-input.ts';
import { chunk, filled, setChunkSize } from '../../support/chunk-wire.ts';
import { publishing } from './server/server-bench.ts';

const CHUNK_SIZE_BYTES = 70_000;
const LIMIT_BYTES = 1024 * 1024;

/** A message of one chunk, filled by its number. */
function messageOf(number: number, lengthBytes: number): Uint8Array {
  return chunk({ format: 0, chunkStreamId: 6, payload: filled(lengthBytes, number) });
}

/** Asserts that these are the payloads of messages 0 and up, of these lengths. */
function assertFilled(payloads: readonly Uint8Array[], lengths: readonly number[]): void {
  assert.equal(payloads.length, lengths.length);
  for (const [number, payload] of payloads.entries()) {
    assert.ok(Buffer.from(filled(lengths[number] ?? 0, number)).equals(payload), `message ${number}`);
  }
}

/** Input that is held, and read from a message at a time; what was read is remembered. */
class HeldReader {
  readonly held = new HeldInput();
  readonly payloads: Uint8Array[] = [];
  /** How many payloads are views of what is held. */
  views = 0;
  readonly #decoder = new ChunkDecoder({ maxMessageBytes: LIMIT_BYTES });

  constructor() {
    this.held.add(setChunkSize(CHUNK_SIZE_BYTES));
    this.read(1);
    this.payloads.length = this.views = 0;
  }

  /** Reads at most so many messages, and drops their bytes. */
  read(count: number): void {
    for (let n = 0; n < count; n++) {
      const { bytes } = this.held;
      const readBytes = this.#decoder.receive(bytes, 0, ({ payload }) => {
        if (payload.length > 0 && payload.buffer === bytes.buffer) this.views++;
        this.payloads.push(payload);
        return false;
      });
      this.held.drop(readBytes);
    }
  }

  /** Asserts that what was read are messages 0 and up, of these lengths. */
  assertRead(lengths: readonly number[]): void {
    assertFilled(this.payloads, lengths);
  }
}

describe('HeldInput, views of it', () => {
  it('writes nothing into a payload that was read, whatever comes behind it', () => {
    const step = fc.record({
      lengths: fc.array(fc.integer({ min: 1, max: 9000 }), { maxLength: 6 }),
      readCount: fc.nat(6),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const reader = new HeldReader();
        const lengths: number[] = [];
        for (const { lengths: added, readCount } of steps) {
          for (const lengthBytes of added)
            reader.held.add(messageOf(lengths.push(lengthBytes) - 1, lengthBytes));
          reader.read(readCount);
        }
        reader.read(lengths.length);
        reader.assertRead(lengths);
        assert.equal(reader.views, lengths.length);
        reader.held.clear();
        reader.held.add(filled(9000, 255));
        reader.assertRead(lengths);
      }),
    );
  });

  it('writes nothing into it either where it is full, and makes room for what comes', () => {
    const reader = new HeldReader();
    const lengths: number[] = [];
    const lengthBytes = 60_000;
    const add = (): void => reader.held.add(messageOf(lengths.push(lengthBytes) - 1, lengthBytes));
    while (reader.held.bytes.length + 2 * lengthBytes < LIMIT_BYTES) add();
    for (let n = 0; n < 60; n++) {
      reader.read(1);
      add();
    }
    reader.read(lengths.length);
    reader.assertRead(lengths);
  });

  it('writes nothing into the events of a session that read them behind one decision, and behind the next', () => {
    const bench = publishing();
    const { session, client } = bench;
    bench.receive(setChunkSize(CHUNK_SIZE_BYTES)).forget();
    const payloads: Uint8Array[] = [];
    const count = 20;
    for (let round = 0; round < 4; round++) {
      bench.receive(client.call('createStream', 3 + round)).forget();
      session.receive(client.onStream(2 + round, 'publish', `key ${round}`, 'live'), 0);
      assert.deepEqual(
        session.drainEvents().map(({ type }) => type),
        ['publish'],
      );
      for (let n = 0; n < count; n++) session.receive(messageOf(round * count + n, 5000), 0);
      assert.deepEqual(session.drainEvents(), []);
      session.acceptPublish();
      bench.settle();
      for (const event of bench.takeEvents()) if (event.type === 'video') payloads.push(event.payload);
    }
    assertFilled(payloads, new Array<number>(4 * count).fill(5000));
  });
});
