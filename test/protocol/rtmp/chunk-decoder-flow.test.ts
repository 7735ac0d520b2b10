// How a chunk decoder works through its input: what it copies, what it counts, how it is held back.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChunkDecoder } from '../../../src/protocol/rtmp/chunk-decoder.ts';
import { RtmpError } from '../../../src/protocol/rtmp/rtmp-error.ts';
import { readPieces } from '../../support/chunk-reading.ts';
import { chunk, filled, join, setChunkSize } from '../../support/chunk-wire.ts';
import { countCopies } from '../../support/count-copies.ts';
import { splitEvery } from '../../support/splits.ts';

const MIB = 1024 * 1024;
const LIMITS = { maxMessageBytes: 1000 };

describe('ChunkDecoder on work', () => {
  it('copies a byte at most three times, however small the chunks and the pieces [item 29]', (t) => {
    const lengthBytes = 256 * 1024;
    const payload = new Uint8Array(lengthBytes);
    const chunks = [chunk({ format: 0, chunkStreamId: 6, lengthBytes, payload: payload.subarray(0, 128) })];
    for (let offset = 128; offset < lengthBytes; offset += 128) {
      chunks.push(chunk({ format: 3, chunkStreamId: 6, payload: payload.subarray(0, 128) }));
    }
    const pieces = splitEvery(join(chunks), 10);
    const copied = countCopies(t);
    const decoder = new ChunkDecoder({ maxMessageBytes: MIB });
    let messages = 0;
    for (const piece of pieces) decoder.receive(piece, 0, () => ++messages > 0);
    assert.equal(messages, 1);
    assert.ok(copied().copiedBytes <= 3 * lengthBytes, `${copied().copiedBytes} bytes copied`);
  });

  it('copies a byte at most three times that trickles in alone, and nothing for empty reads [item 29]', (t) => {
    const lengthBytes = 64 * 1024;
    const bytes = join([
      setChunkSize(65536),
      chunk({ format: 0, chunkStreamId: 6, payload: new Uint8Array(lengthBytes) }),
    ]);
    const pieces = splitEvery(bytes, 1);
    const copied = countCopies(t);
    const decoder = new ChunkDecoder({ maxMessageBytes: MIB });
    const nothing = new Uint8Array(0);
    let messages = 0;
    for (const piece of pieces) {
      for (const part of [nothing, piece, nothing]) decoder.receive(part, 0, () => ++messages > 0);
    }
    assert.equal(messages, 2);
    assert.ok(copied().copiedBytes <= 3 * bytes.length, `${copied().copiedBytes} bytes copied`);
  });

  it('copies nothing of a payload that is in the input in one chunk', (t) => {
    const bytes = join([
      setChunkSize(65536),
      chunk({ format: 0, chunkStreamId: 6, payload: filled(50_000) }),
    ]);
    const copied = countCopies(t);
    const decoder = new ChunkDecoder({ maxMessageBytes: MIB });
    const payloads: Uint8Array[] = [];
    decoder.receive(bytes, 0, ({ payload }) => payloads.push(payload) > 0);
    assert.deepEqual(payloads[1], filled(50_000));
    assert.equal(payloads[1]?.buffer, bytes.buffer);
    assert.equal(copied().copiedBytes, 0);
  });

  it('tells since when each unfinished message stands still, whatever comes beside it [item 27]', () => {
    const decoder = new ChunkDecoder(LIMITS);
    const begin = (chunkStreamId: number): Uint8Array =>
      chunk({ format: 0, chunkStreamId, lengthBytes: 400, payload: filled(128) });
    const goOn = (chunkStreamId: number): Uint8Array =>
      chunk({ format: 3, chunkStreamId, payload: filled(128) });
    assert.equal(decoder.stillSinceMs(1000, true), null);
    readPieces([begin(6), begin(70)], decoder);
    assert.equal(decoder.stillSinceMs(2000, true), 2000);
    readPieces([goOn(6)], decoder);
    assert.equal(decoder.stillSinceMs(3000, true), 2000, 'chunk stream 70 has not moved');
    readPieces([chunk({ format: 0, chunkStreamId: 4, payload: filled(3) }), goOn(70)], decoder);
    assert.equal(decoder.stillSinceMs(4000, true), 3000, 'chunk stream 6 has not moved');
    assert.equal(decoder.stillSinceMs(5000, false), 5000, 'nothing was read by our own choice');
    const rest = (chunkStreamId: number): Uint8Array =>
      chunk({ format: 3, chunkStreamId, payload: filled(16) });
    readPieces([goOn(6), rest(6), goOn(70), rest(70), begin(6), goOn(6), goOn(6)], decoder);
    assert.equal(decoder.stillSinceMs(6000, true), 6000, 'another message, as far as the one before');
    readPieces([rest(6)], decoder);
    assert.equal(decoder.stillSinceMs(7000, true), null);
  });
});

describe('ChunkDecoder held back by its caller', () => {
  const messages = [1, 2, 3].map((seed) =>
    chunk({ format: 0, chunkStreamId: 6, timeMs: seed, payload: filled(4) }),
  );

  it('stops right behind the message, and goes on from there', () => {
    const bytes = join(messages);
    const decoder = new ChunkDecoder(LIMITS);
    const times: number[] = [];
    const hold = ({ timestampMs }: { timestampMs: number }) => times.push(timestampMs) < 0;
    assert.equal(decoder.receive(bytes, 0, hold), 16);
    assert.equal(decoder.receive(bytes, 16, hold), 32);
    assert.equal(decoder.receive(bytes.slice(32), 0, hold), 16);
    assert.deepEqual(times, [1, 2, 3]);
  });

  it('takes no notice of what follows the message, be it broken', () => {
    const bytes = join([
      ...messages.slice(0, 1),
      chunk({ format: 0, chunkStreamId: 6, lengthBytes: 0xffffff }),
    ]);
    const decoder = new ChunkDecoder(LIMITS);
    assert.equal(
      decoder.receive(bytes, 0, () => false),
      16,
    );
    assert.throws(() => decoder.receive(bytes, 16, () => false), RtmpError);
  });

  it('begins at the offset it is given', () => {
    const decoder = new ChunkDecoder(LIMITS);
    const bytes = join([filled(9), ...messages]);
    let read = 0;
    assert.equal(
      decoder.receive(bytes, 9, () => ++read > 0),
      bytes.length,
    );
    assert.equal(read, 3);
  });
});
