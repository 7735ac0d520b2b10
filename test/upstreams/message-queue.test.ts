import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RtmpError } from '../../src/protocol/rtmp/rtmp-error.ts';
import { MAX_OPEN_BYTES } from '../../src/protocol/rtmp/splice/limits.ts';
import { MessageQueue } from '../../src/upstreams/message-queue.ts';
import { sha256Hex } from '../protocol/rtmp/handshake/handshake-vectors.ts';
import {
  chunkSizeBytes,
  cutAt,
  picks,
  wireMessages,
  writeScript,
} from '../protocol/rtmp/splice/wire-script.ts';
import { chunk, filled, join, setChunkSize, WireSender } from '../support/chunk-wire.ts';
import { ClientMessages } from '../support/client-messages.ts';

const OPEN = chunk({ format: 0, chunkStreamId: 5, lengthBytes: 200, payload: filled(128) });

describe('MessageQueue [tunnel point 9] [tunnel point 10]', () => {
  it('gives a tunnel every byte, each take ending where no message is open', () => {
    const plans = fc.record({
      repeatsTimestamp: fc.constant(true),
      chunkSizesBytes: fc.array(chunkSizeBytes, { minLength: 1, maxLength: 3 }),
      messages: wireMessages(fc.integer({ min: 3, max: 6 })),
      picks,
      aborts: fc.boolean(),
    });
    fc.assert(
      fc.property(plans, picks, fc.integer({ min: 1, max: 9000 }), (plan, cuts, maxBytes) => {
        const script = writeScript(plan);
        const queue = new MessageQueue(true);
        const ends = new Set(script.cuts);
        const taken: Uint8Array[] = [];
        let takenBytes = 0;
        const take = (): void => {
          for (let got = queue.take(maxBytes); got.length > 0; got = queue.take(maxBytes)) {
            taken.push(...got);
            takenBytes += join(got).length;
            assert.ok(ends.has(takenBytes), `${takenBytes} is inside of a message`);
          }
        };
        for (const [index, piece] of cutAt(script.bytes, cuts).entries()) {
          queue.put(piece);
          if ((cuts[index % cuts.length] ?? 0) % 2 === 0) take();
        }
        take();
        assert.deepEqual(join(taken), script.bytes.subarray(0, script.cuts.at(-1) ?? 0));
      }),
      { numRuns: 300 },
    );
  });

  it('gives a socket all there is, whatever is open', () => {
    const queue = new MessageQueue(false);
    queue.put(OPEN);
    assert.deepEqual(join(queue.take(50)), OPEN.subarray(0, 50));
    assert.deepEqual(join(queue.take(500)), OPEN.subarray(50));
    assert.equal(queue.hasMore, false);
  });

  it('cuts within one read: of many messages no more are taken than are asked for', () => {
    const messages = new ClientMessages(4096);
    const one = messages.message(9, filled(1000), { chunkStreamId: 6 });
    const queue = new MessageQueue(true);
    queue.put(join([messages.setChunkSize(4096), ...Array.from({ length: 60 }, () => one)]));
    const taken = join(queue.take(8192, false));
    assert.ok(taken.length > 3000 && taken.length <= 8192, `${taken.length} bytes`);
  });

  it('leaves a message that is longer than what is asked for, but for a take that may be long', () => {
    const queue = new MessageQueue(true);
    queue.put(new ClientMessages().message(9, filled(5000)));
    assert.deepEqual(queue.take(1000, false), []);
    assert.ok(join(queue.take(1000)).length > 5000);
  });

  for (const maxWaitingBytes of [64 * 1024, 64 * 1024 * 1024]) {
    it(`cuts a huge message anywhere once it is overdue, ${maxWaitingBytes} bytes allowed`, () => {
      const limitBytes = Math.min(MAX_OPEN_BYTES, maxWaitingBytes);
      const bytes = join([
        setChunkSize(0xffffff),
        chunk({ format: 0, chunkStreamId: 5, payload: filled(4 * 1024 * 1024) }),
      ]);
      const queue = new MessageQueue(true, maxWaitingBytes);
      const taken: Uint8Array[] = [];
      let mostBytes = 0;
      for (let offset = 0; offset < bytes.length; offset += 8192) {
        queue.put(bytes.subarray(offset, offset + 8192));
        mostBytes = Math.max(mostBytes, queue.lengthBytes);
        taken.push(...queue.take(MAX_OPEN_BYTES * 2));
      }
      assert.equal(sha256Hex(join(taken)), sha256Hex(bytes));
      assert.ok(mostBytes <= limitBytes + 16_384, `${mostBytes} bytes were held`);
      assert.ok(mostBytes >= limitBytes / 2, `it was cut at ${mostBytes} bytes already`);
    });
  }

  it('gives up waiting for a whole message sooner where it comes byte by byte', () => {
    const queue = new MessageQueue(true, 64 * 1024);
    queue.put(chunk({ format: 0, chunkStreamId: 5, lengthBytes: 100_000 }));
    let puts = 0;
    for (; !queue.hasMore && puts < 10_000; puts++) queue.put(Uint8Array.of(7));
    assert.ok(puts < 300, `${puts} pieces were held`);
  });

  it('never waits for a point to cut at where messages overlap for ever', () => {
    const sender = new WireSender(true);
    const long = { timestampMs: 0, typeId: 9, messageStreamId: 1, payload: filled(256 * 1024) };
    const first = sender.chunksOf({ ...long, chunkStreamId: 4 }, 0, 65_536);
    const second = sender.chunksOf({ ...long, chunkStreamId: 5 }, 0, 65_536);
    const queue = new MessageQueue(true);
    queue.put(setChunkSize(65_536));
    queue.take(100);
    let putBytes = 0;
    let takenBytes = 0;
    // The last chunk of one comes behind the first of the other.
    const put = (part: Uint8Array | undefined): void => {
      if (part === undefined) throw new Error('there are four chunks each');
      queue.put(part);
      putBytes += part.length;
      takenBytes += join(queue.take(2 * MAX_OPEN_BYTES)).length;
    };
    for (const part of [first[0], first[1], first[2]]) put(part);
    for (let round = 0; round < 6; round++) {
      for (const part of [second[0], first[3], second[1], second[2], first[0], second[3], first[1], first[2]])
        put(part);
    }
    assert.ok(putBytes > 3 * MAX_OPEN_BYTES);
    assert.ok(putBytes - takenBytes <= MAX_OPEN_BYTES + 65_536);
  });

  describe('at the end of the upstream', () => {
    it('drops the message that is not whole, and says something behind the others', () => {
      for (const isCut of [true, false]) {
        const queue = new MessageQueue(isCut);
        const whole = new ClientMessages().call('hello', 1);
        queue.put(join([whole, OPEN]));
        assert.equal(queue.endWhole(), true);
        queue.putLast(Uint8Array.of(1, 2, 3));
        assert.deepEqual(join(queue.take(10_000)), join([whole, Uint8Array.of(1, 2, 3)]));
        assert.equal(queue.lengthBytes, 0);
      }
    });

    it('says that nothing can be said where half of a message was taken', () => {
      const queue = new MessageQueue(false);
      queue.put(OPEN);
      queue.take(10);
      assert.equal(queue.endWhole(), false);
      assert.equal(queue.lengthBytes, 0);
    });

    it('keeps what came whole in front of what is no chunk stream, in one piece with it', () => {
      for (const isCut of [true, false]) {
        const queue = new MessageQueue(isCut);
        const whole = new ClientMessages().call('hello', 1);
        // A type 3 header on a chunk stream that nothing was said on.
        const broken = join([whole, Uint8Array.of(0xc9, 1, 2, 3), filled(10_000)]);
        assert.throws(() => queue.put(broken), RtmpError);
        assert.equal(queue.endWhole(), true);
        queue.putLast(Uint8Array.of(9));
        assert.deepEqual(join(queue.take(100_000)), join([whole, Uint8Array.of(9)]));
      }
    });

    it('tells the chunk size behind the last whole message, not one that came inside of a message', () => {
      const queue = new MessageQueue(true);
      queue.put(join([OPEN, setChunkSize(4096)]));
      assert.equal(queue.endWhole(), true);
      assert.equal(queue.chunkSizeBytes, 128);
      assert.equal(queue.lengthBytes, 0);
    });
  });
});
