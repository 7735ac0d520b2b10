// Aggregates (type 22): each tag inside comes out as the message that it would be alone, times count from the first
// tag, and what is broken or nested costs itself and nothing that follows. [RTMP 7.1.6]

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../../support/property-sizes.ts';
import { amf, WireEcmaArray } from '../../../support/amf-wire.ts';
import { filled, join } from '../../../support/chunk-wire.ts';
import { everyTwoWaySplit, splitEvery } from '../../../support/splits.ts';
import { vectorsFromTextOf } from '../../../support/vectors.ts';
import { connected, playing, publishing, type ServerBench } from './server-bench.ts';

const SOUND = Uint8Array.of(0xaf, 1, 0x21);
const PICTURE = Uint8Array.of(0x17, 1, 0, 0, 0);
const METADATA = amf('@setDataFrame', 'onMetaData', new WireEcmaArray({ width: 640 }));

/** One FLV tag, its length and the length behind it as they should be, or as given. */
function tag(
  typeId: number,
  timeMs: number,
  data: Uint8Array,
  { lengthBytes = data.length, trailer = 11 + data.length }: { lengthBytes?: number; trailer?: number } = {},
): Uint8Array {
  const head = Buffer.alloc(11);
  head.writeUInt8(typeId);
  head.writeUIntBE(lengthBytes, 1, 3);
  head.writeUIntBE(timeMs % 0x1000000, 4, 3);
  head.writeUInt8(Math.floor(timeMs / 0x1000000), 7);
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(trailer);
  return join([head, data, tail]);
}

/** Sends an aggregate of `tags` on NetStream 1, and then sound of 9999 ms, which must come out last. */
function eventsOf(
  bench: ServerBench,
  timestampMs: number,
  tags: readonly Uint8Array[],
  messageStreamId = 1,
): string[] {
  const addressed = { messageStreamId, timestampMs, chunkStreamId: 4 };
  bench.receive(bench.client.message(22, join(tags), addressed), bench.client.audio(1, 9999, SOUND));
  const events = bench.events();
  assert.equal(events.pop(), 'audio 1 @9999 af0121');
  assert.equal(bench.session.state, 'connected');
  return events;
}

describe('RtmpServerSession, unpacking aggregates', () => {
  for (const { id, bytes, desc, msgs } of vectorsFromTextOf('FLV')) {
    it(`gives the messages of ${id}: ${desc} [item 80]`, () => {
      const alone = publishing();
      for (const { ty, ts, ms, body } of msgs ?? []) {
        const payload = Uint8Array.from(Buffer.from(body, 'hex'));
        alone.receive(alone.client.message(ty, payload, { messageStreamId: ms, timestampMs: ts }));
      }
      const expected = alone.events();
      assert.equal(expected.length, 4);
      const bench = publishing();
      assert.deepEqual(eventsOf(bench, 1000, [bytes]), expected);
      assert.deepEqual(bench.session.counters, alone.session.counters);
    });

    it(`gives the same from ${id} byte by byte, and cut in two anywhere [item 80]`, () => {
      const message = publishing().client.message(22, bytes, { messageStreamId: 1, timestampMs: 1000 });
      const whole = publishing().receive(message).events();
      assert.equal(whole.length, 4);
      assert.deepEqual(
        publishing()
          .receive(...splitEvery(message, 1))
          .events(),
        whole,
      );
      for (const split of everyTwoWaySplit(message)) {
        assert.deepEqual(
          publishing()
            .receive(...split)
            .events(),
          whole,
        );
      }
    });
  }

  const TIMES: readonly (readonly [string, number, readonly number[], readonly number[]])[] = [
    ['tags from 0 on', 1000, [0, 23, 40], [1000, 1023, 1040]],
    ['tags from any time on', 1000, [500, 523, 540], [1000, 1023, 1040]],
    ['a tag before the first one', 1000, [500, 490], [1000, 990]],
    ['tags beyond 24 bits', 5, [0x01fffffe, 0x02000001], [5, 8]],
    ['tags that wrap', 1000, [0xfffffff0, 6], [1000, 1022]],
    ['a message that wraps', 0xfffffff0, [100, 132], [0xfffffff0, 16]],
    ['equal times', 7, [9, 9, 9], [7, 7, 7]],
  ];
  for (const [name, timestampMs, tagTimes, expected] of TIMES) {
    it(`counts times from the first tag: ${name} [item 80]`, () => {
      const events = eventsOf(
        publishing(),
        timestampMs,
        tagTimes.map((timeMs) => tag(8, timeMs, SOUND)),
      );
      assert.deepEqual(
        events,
        expected.map((ms) => `audio 1 @${ms} af0121`),
      );
    });
  }

  it('gives data as data alone: set, kept in order with the media, of type 18 and 15 [item 80]', () => {
    const amf3 = join([Uint8Array.of(0), METADATA]);
    const tags = [tag(18, 0, METADATA), tag(9, 0, PICTURE), tag(15, 5, amf3), tag(8, 5, SOUND)];
    const set = 'set onMetaData [width: 640]';
    assert.deepEqual(eventsOf(publishing(), 40, tags), [
      `data 1 @40 ${set}`,
      'video 1 @40 1701000000',
      `data 1 @45 ${set}`,
      'audio 1 @45 af0121',
    ]);
  });

  it('drops data that does not parse, counts it, and gives the rest [item 80]', () => {
    const bench = publishing();
    const tags = [tag(18, 0, Uint8Array.of(2, 0, 9)), tag(8, 0, SOUND)];
    assert.deepEqual(eventsOf(bench, 0, tags), ['audio 1 @0 af0121']);
    assert.equal(bench.session.counters.malformedData, 1);
  });

  it('gives empty tags [item 80]', () => {
    const nothing = new Uint8Array(0);
    const bench = publishing();
    assert.deepEqual(eventsOf(bench, 3, [tag(8, 0, nothing), tag(9, 1, nothing), tag(8, 2, SOUND)]), [
      'audio 1 @3 ',
      'video 1 @4 ',
      'audio 1 @5 af0121',
    ]);
    assert.deepEqual(eventsOf(bench, 3, []), []);
    assert.equal(bench.session.counters.malformedMedia, 0);
  });

  it('minds no length behind a tag that is wrong [item 80]', () => {
    const tags = [tag(8, 0, SOUND, { trailer: 0 }), tag(9, 1, PICTURE, { trailer: 0xffffffff })];
    assert.deepEqual(eventsOf(publishing(), 0, tags), ['audio 1 @0 af0121', 'video 1 @1 1701000000']);
  });

  const SKIPPED: readonly (readonly [string, Uint8Array])[] = [
    ['an aggregate in the aggregate', tag(22, 5, tag(8, 5, SOUND))],
    ['an empty aggregate in the aggregate', tag(22, 5, new Uint8Array(0))],
    ['a command', tag(20, 5, amf('deleteStream', 0, null, 1))],
    ['a chunk size', tag(1, 5, Uint8Array.of(0, 0, 0, 0))],
    ['an abort', tag(2, 5, Uint8Array.of(0, 0, 0, 4))],
    ['a user control', tag(4, 5, Uint8Array.of(0, 6, 0, 0, 0, 1))],
    ['a tag of no known type', tag(99, 5, SOUND)],
  ];
  for (const [name, skipped] of SKIPPED) {
    it(`skips ${name} and gives the tags around it [item 80]`, () => {
      const bench = publishing();
      const tags = [tag(8, 0, SOUND), skipped, tag(9, 40, PICTURE)];
      assert.deepEqual(eventsOf(bench, 10, tags), ['audio 1 @10 af0121', 'video 1 @50 1701000000']);
      assert.equal(bench.session.counters.malformedMedia, 1);
      assert.deepEqual(bench.replies(), []);
    });
  }

  it('reads no aggregate in aggregates, however deep they are nested [item 80]', () => {
    let nested = tag(8, 0, SOUND);
    for (let depth = 0; depth < 2000; depth++) nested = tag(22, 0, nested);
    const bench = publishing();
    assert.deepEqual(eventsOf(bench, 0, [nested, tag(8, 1, SOUND)]), ['audio 1 @1 af0121']);
    assert.equal(bench.session.counters.malformedMedia, 1);
  });

  it('gives 1,024 tags, and drops what is beyond them [item 80]', () => {
    for (const count of [1024, 1025, 3000]) {
      const bench = publishing();
      const tags = Array.from({ length: count }, (_, index) => tag(8, index, SOUND));
      assert.equal(eventsOf(bench, 0, tags).length, 1024);
      assert.equal(bench.session.counters.malformedMedia, count > 1024 ? 1 : 0);
    }
  });

  for (const [name, lengthBytes] of [
    ['by a byte', SOUND.length + 5],
    ['by far', 0xffffff],
  ] as const) {
    it(`drops the rest behind a length that runs past the end ${name} [item 80]`, () => {
      const bench = publishing();
      const tags = [tag(9, 0, PICTURE), tag(8, 1, SOUND, { lengthBytes })];
      assert.deepEqual(eventsOf(bench, 0, tags), ['video 1 @0 1701000000']);
      assert.equal(bench.session.counters.malformedMedia, 1);
    });
  }

  it('gives the tags before any cut, whole, and nothing behind it [item 80]', () => {
    const tags = [tag(8, 0, SOUND), tag(9, 5, PICTURE), tag(8, 7, SOUND)];
    const whole = join(tags);
    const all = ['audio 1 @0 af0121', 'video 1 @5 1701000000', 'audio 1 @7 af0121'];
    const ends = [SOUND, PICTURE, SOUND].map(({ length }, index) => {
      const before = join(tags.slice(0, index)).length;
      return before + 11 + length;
    });
    for (let lengthBytes = 0; lengthBytes <= whole.length; lengthBytes++) {
      const bench = publishing();
      const events = eventsOf(bench, 0, [whole.subarray(0, lengthBytes)]);
      const wholeTags = ends.filter((end) => end <= lengthBytes).length;
      assert.deepEqual(events, all.slice(0, wholeTags), `cut at ${lengthBytes}`);
      assert.ok(bench.session.counters.malformedMedia <= 1);
    }
  });

  it('keeps in step whatever an aggregate holds [item 80]', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (body) => {
        const bench = publishing();
        eventsOf(bench, 0, [body]);
      }),
      { numRuns: 500 },
    );
  });

  it('hands on payloads that stay as they are when more comes [item 80]', () => {
    const bench = publishing();
    const send = (seed: number) =>
      bench.receive(
        bench.client.message(22, join([tag(9, 0, filled(3000, seed)), tag(9, 1, filled(3000, seed + 1))]), {
          messageStreamId: 1,
        }),
      );
    send(1);
    const payloads = bench.takeEvents().map((event) => (event.type === 'video' ? event.payload : null));
    send(7);
    assert.deepEqual(
      payloads.map((payload) => payload && Uint8Array.from(payload)),
      [filled(3000, 1), filled(3000, 2)],
    );
  });

  it('drops data longer than data may be, and takes media as long [item 22] [item 80]', () => {
    const maxBytes = 1024 * 1024;
    const longest = amf('onText', 'x'.repeat(maxBytes - 14));
    assert.equal(longest.length, maxBytes);
    const longer = amf('onText', 'x'.repeat(maxBytes - 13));
    const bench = publishing({ chunkSizeBytes: 65_536 });
    bench.receive(bench.client.setChunkSize(65_536));
    const tags = [tag(18, 0, longest), tag(18, 0, longer), tag(9, 0, filled(maxBytes + 1))];
    const kinds = eventsOf(bench, 0, tags).map((line) => line.slice(0, 5));
    assert.deepEqual(kinds, ['data ', 'video']);
    assert.equal(bench.session.counters.malformedMedia, 1);
  });

  it('drops and counts the media in an aggregate where nothing is published [item 79] [item 80]', () => {
    const tags = join([tag(8, 0, SOUND), tag(9, 1, PICTURE), tag(18, 2, METADATA)]);
    for (const bench of [connected(), playing()]) {
      bench.receive(bench.client.message(22, tags, { messageStreamId: 1 }));
      assert.deepEqual([bench.events(), bench.replies()], [[], []]);
      assert.equal(bench.session.counters.strayMedia, 3);
    }
    const bench = publishing();
    assert.deepEqual(eventsOf(bench, 0, [tags], 0), ['data 1 @2 set onMetaData [width: 640]']);
    assert.equal(bench.session.counters.strayMedia, 2);
  });
});
