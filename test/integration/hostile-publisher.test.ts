// A publisher that is hostile itself, seen by its own viewers: one who was there before, and one who comes behind what
// it did. What cannot be read costs the message; frames before and behind it come, and a late viewer opens.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { amf } from '../support/amf-wire.ts';
import { setChunkSize } from '../support/chunk-wire.ts';
import { ClientMessages, clientHandshake } from '../support/client-messages.ts';
import { Scope } from '../support/programs.ts';
import { TestClient } from '../support/test-client.ts';
import { TEST_MEDIA } from '../support/test-gateway.ts';
import { LAST_CALL } from './hostile-client.ts';
import { HostileRig } from './hostile-rig.ts';
import { data, hex, inOrder, mismatchedTimestamp, tag, unfolding, whole } from './hostile-wire.ts';

const AUDIO = 8;
const AGGREGATE = 22;
const LONG_BYTES = 1_000_000;
const FRAMES = 10;

/** What a publisher does between two runs of frames, and what its viewers are to see of it. */
type HostilePublish = {
  readonly sends: string;
  readonly bytes: () => Uint8Array;
  /** Names of the data messages that the early viewer and the late one see. */
  readonly early: readonly string[];
  readonly late: readonly string[];
  /** Media that the early viewer sees between the frames. */
  readonly media?: readonly Uint8Array[];
};

const ROWS: readonly HostilePublish[] = [
  {
    sends: 'metadata of a megabyte',
    bytes: () => data(amf('onMetaData', { note: 'x'.repeat(LONG_BYTES) })),
    early: [],
    late: [],
  },
  {
    sends: 'metadata of 40,000 members',
    bytes: () =>
      data(
        amf(
          '@setDataFrame',
          'onMetaData',
          Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`k${i}`, i])),
        ),
      ),
    early: [],
    late: [],
  },
  {
    sends: 'metadata that unfolds into a million values [item 49]',
    bytes: () => data(amf('@setDataFrame', 'onMetaData'), unfolding()),
    early: [],
    late: [],
  },
  {
    sends: 'good metadata, and then some of a megabyte',
    bytes: () =>
      inOrder(
        data(amf('onMetaData', { width: 640 })),
        data(amf('onMetaData', { width: 320, note: 'x'.repeat(LONG_BYTES) })),
      ),
    early: ['onMetaData'],
    late: ['onMetaData'],
  },
  {
    sends: 'data of a megabyte, which is passed on and not kept',
    bytes: () => data(amf('onTextData', { note: 'x'.repeat(LONG_BYTES) })),
    early: ['onTextData'],
    late: [],
  },
  {
    sends: 'data of 40 names for those who come late, more than is kept',
    bytes: () =>
      inOrder(
        ...Array.from({ length: 40 }, (_, i) =>
          data(amf('@setDataFrame', `on${i}`, { note: 'x'.repeat(10_000) })),
        ),
      ),
    early: Array.from({ length: 40 }, (_, i) => `on${i}`),
    late: Array.from({ length: 6 }, (_, i) => `on${i}`),
  },
  {
    sends: 'payload where its type 3 chunks would repeat an extended timestamp [item 14]',
    bytes: () => inOrder(setChunkSize(128), mismatchedTimestamp(), setChunkSize(LONG_BYTES * 2)),
    early: [],
    late: [],
    media: [new Uint8Array(300).fill(0x27)],
  },
  {
    sends: 'aggregates in an aggregate, whose other parts are good [item 80]',
    bytes: () => {
      const sound = tag(AUDIO, hex('af 01 00'));
      return whole(AGGREGATE, inOrder(sound, tag(AGGREGATE, sound), sound), 1, 6);
    },
    early: [],
    late: [],
    media: [Uint8Array.from(hex('af 01 00')), Uint8Array.from(hex('af 01 00'))],
  },
];

/** Ten frames, the first of them a keyframe; each carries its number. */
function framesFrom(first: number): Uint8Array[] {
  return Array.from({ length: FRAMES }, (_, index) => TEST_MEDIA.video(index === 0, first + index));
}

/** Names of data messages, those aside that the gateway itself says, which begin with a bar. */
function dataNames({ events }: TestClient): string[] {
  const names = events.flatMap((event) => (event.type === 'data' ? [event.name] : []));
  return names.filter((name) => !name.startsWith('|'));
}

function payloads({ media }: TestClient): Uint8Array[] {
  return media.map(({ payload }) => payload);
}

describe('a stream whose publisher is hostile', () => {
  const scope = new Scope();
  let rig: HostileRig;

  before(async () => {
    rig = await HostileRig.start(scope);
  });
  after(() => scope.close());

  for (const { sends, bytes, early, late, media = [] } of ROWS) {
    it(`carries its frames on behind ${sends}`, async (t) => {
      const name = rig.newName();
      const earlyViewer = await TestClient.overTcp(t, rig.port, 'live');
      await earlyViewer.play(name);
      const messages = new ClientMessages(2 * LONG_BYTES);
      const publisher = await rig.open('rtmp');
      const first = framesFrom(0);
      const behind = framesFrom(FRAMES);
      const later = framesFrom(2 * FRAMES);
      const videos = (frames: readonly Uint8Array[], fromMs: number): Uint8Array =>
        inOrder(...frames.map((frame, index) => messages.video(1, fromMs + index * 10, frame)));
      publisher.send(
        inOrder(
          clientHandshake(),
          messages.setChunkSize(2 * LONG_BYTES),
          messages.connect('live'),
          messages.call('createStream', 2),
          messages.onStream(1, 'publish', name, 'live'),
          videos(first, 0),
          bytes(),
          videos(behind, 200),
          LAST_CALL,
        ),
      );
      assert.equal(await publisher.isAnswered(), true);
      const lateViewer = await TestClient.overTcp(t, rig.port, 'live');
      await lateViewer.play(name);
      publisher.send(videos(later, 400));

      const all = [...first, ...media, ...behind, ...later];
      await earlyViewer.waitUntil(() => earlyViewer.media.length >= all.length);
      assert.deepEqual(payloads(earlyViewer), all);
      assert.deepEqual(dataNames(earlyViewer), early);
      await lateViewer.waitUntil(() => lateViewer.media.length >= 2 * FRAMES);
      assert.deepEqual(payloads(lateViewer), [...behind, ...later]);
      assert.deepEqual(dataNames(lateViewer), late);
      await publisher.end();
      await rig.assertUntouched();
    });
  }
});
