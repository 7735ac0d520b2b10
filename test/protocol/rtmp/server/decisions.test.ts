// Decisions: nothing behind a connect, publish or play is read before it was decided, however the bytes are cut; what
// is held meanwhile is bounded; a decision that is not due is our bug.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { filled, join } from '../../../support/chunk-wire.ts';
import { ClientMessages, clientHandshake } from '../../../support/client-messages.ts';
import { everyTwoWaySplit, splitEvery } from '../../../support/splits.ts';
import {
  assertOurBug,
  CONNECT_REPLIES,
  connected,
  type Decisions,
  describeEvent,
  greeted,
  PLAY_REPLIES,
  PUBLISH_REPLIES,
  playLine,
  ServerBench,
} from './server-bench.ts';

const HELD_LIMIT_BYTES = 1024 * 1024;

/** All that a hasty client sends, from connect on: it publishes on one NetStream and plays on another. */
function hastyInput(): Uint8Array {
  const client = new ClientMessages();
  return join([
    client.connect('live'),
    client.call('createStream', 2),
    client.call('createStream', 3),
    client.onStream(1, 'publish', 'key', 'live'),
    client.setChunkSize(5),
    client.audio(1, 0, Uint8Array.of(0xaf, 0, 0x12, 0x10)),
    client.onStream(2, 'play', 'other'),
    client.data(1, '@setDataFrame', 'onMetaData', { width: 16 }),
    client.video(1, 40, filled(12)),
    client.message(4, Uint8Array.of(0, 6, 0, 0, 0, 77), { chunkStreamId: 2 }),
    client.call('deleteStream', 4, 1),
  ]);
}

const HASTY_EVENTS = [
  'connect app "live" instance "" query "" tcUrl "rtmp://localhost/live" flashVersion "" encoding 0',
  'publish 1 "key" query "" live',
  'audio 1 @0 af001210',
  playLine(2, 'other'),
  'data 1 @0 set onMetaData {width: 16}',
  `video 1 @40 ${Buffer.from(filled(12)).toString('hex')}`,
  'unpublish 1',
];

const HASTY_REPLIES = [
  ...CONNECT_REPLIES,
  '0 _result 2 null 1',
  '0 _result 3 null 2',
  ...PUBLISH_REPLIES,
  ...PLAY_REPLIES.map((line) => line.replace(/^(begin )?1/, '$12')),
  'pong 77',
  '1 onStatus status NetStream.Unpublish.Success',
];

/** What comes out of a session that is fed `pieces`, whose driver decides after each piece or after the last. */
function outcome(pieces: Iterable<Uint8Array>, decisions: Decisions) {
  const bench = greeted({ decisions });
  for (const piece of pieces) bench.receive(piece);
  const events: string[] = [];
  for (let came = bench.takeEvents(); came.length > 0; came = bench.takeEvents()) {
    for (const event of came) {
      if (decisions === 'accepted') continue;
      if (event.type === 'connect') bench.session.acceptConnect();
      if (event.type === 'publish') bench.session.acceptPublish();
      if (event.type === 'play') bench.session.acceptPlay();
    }
    events.push(...came.map(describeEvent));
  }
  return { events, replies: bench.replies(), counters: bench.session.counters };
}

describe('RtmpServerSession, deciding', () => {
  it('gives all events and replies of a client that waits for nothing', () => {
    const bench = greeted();
    bench.receive(hastyInput());
    assert.deepEqual(bench.events(), HASTY_EVENTS);
    assert.deepEqual(bench.replies(), HASTY_REPLIES);
  });

  for (const decisions of ['accepted', 'left to the test'] as const) {
    const when = decisions === 'accepted' ? 'at once' : 'after all has come';
    it(`gives the same by the byte and split anywhere, decided ${when}`, () => {
      const input = hastyInput();
      const whole = outcome([input], decisions);
      assert.deepEqual(whole.replies, HASTY_REPLIES);
      assert.deepEqual(whole.events, HASTY_EVENTS);
      assert.deepEqual(outcome(splitEvery(input, 1), decisions), whole);
      for (const split of everyTwoWaySplit(input)) {
        assert.deepEqual(outcome(split, decisions), whole, `cut at ${split[0].length}`);
      }
    });
  }

  it('gives the same where the handshake comes with the rest, and split inside of it [item 7]', () => {
    const input = join([clientHandshake(), hastyInput()]);
    for (const pieceBytes of [1, 1000, 1536, 1537, 3073, 3074, input.length]) {
      const bench = new ServerBench();
      bench.receive(...splitEvery(input, pieceBytes));
      assert.deepEqual(bench.events(), HASTY_EVENTS, `pieces of ${pieceBytes}`);
      assert.deepEqual(bench.replies(), HASTY_REPLIES, `pieces of ${pieceBytes}`);
    }
  });

  it('reads nothing behind an undecided connect, publish or play', () => {
    const bench = greeted({ decisions: 'left to the test' });
    const { session } = bench;
    bench.receive(hastyInput());
    for (const [index, decide] of [
      [0, () => session.acceptConnect()],
      [1, () => session.acceptPublish()],
      [3, () => session.acceptPlay()],
    ] as const) {
      assert.equal(session.isDecisionDue, true);
      assert.equal(bench.events().at(-1), HASTY_EVENTS[index]);
      bench.replies();
      session.tick(1);
      session.receive(Uint8Array.of(), 0);
      assert.deepEqual([bench.events(), bench.replies()], [[], []]);
      decide();
    }
    assert.equal(session.isDecisionDue, false);
    assert.deepEqual(bench.events(), HASTY_EVENTS.slice(4));
  });

  it('keeps what is read again later although the bytes are used again by the caller', () => {
    const bench = greeted({ decisions: 'left to the test' });
    const { client, session } = bench;
    const input = Buffer.from(
      join([client.connect('live'), client.call('createStream', 2), client.onStream(1, 'publish', 'key')]),
    );
    session.receive(input, 0);
    input.fill(0xff);
    const more = Buffer.from(client.audio(1, 0, Uint8Array.of(0xaf, 1)));
    session.receive(more, 0);
    more.fill(0xff);
    session.acceptConnect();
    session.acceptPublish();
    assert.deepEqual(bench.events().slice(1), ['publish 1 "key" query "" live', 'audio 1 @0 af01']);
  });

  it('reads on after a refused publish and a refused play [item 64]', () => {
    const bench = connected({ decisions: 'left to the test' });
    const { client, session } = bench;
    bench.receiveAtOnce(
      client.call('createStream', 2),
      client.onStream(1, 'publish', 'key'),
      client.audio(1, 0, Uint8Array.of(0xaf)),
      client.onStream(1, 'play', 'key'),
      client.call('createStream', 3),
    );
    session.rejectPublish('NetStream.Publish.BadName', 'taken');
    assert.equal(session.isDecisionDue, true);
    session.rejectPlay('NetStream.Play.Failed', 'full');
    assert.deepEqual(bench.events(), ['publish 1 "key" query "" live', playLine(1, 'key')]);
    assert.deepEqual(bench.replies(), [
      '0 _result 2 null 1',
      '1 onStatus error NetStream.Publish.BadName',
      '1 onStatus error NetStream.Play.Failed',
      '0 _result 3 null 2',
    ]);
    assert.equal(session.counters.strayMedia, 1);
    bench.receive(client.call('deleteStream', 0, 1));
    assert.deepEqual(bench.events(), []);
  });

  it('publishes after a refusal', () => {
    const bench = connected({ decisions: 'left to the test' });
    const { client, session } = bench;
    bench.receive(client.onStream(1, 'publish', 'key'));
    session.rejectPublish('NetStream.Publish.BadName', 'taken');
    bench.receive(client.onStream(1, 'publish', 'other'));
    session.acceptPublish();
    assert.deepEqual(bench.events(), ['publish 1 "key" query "" live', 'publish 1 "other" query "" live']);
    assert.deepEqual(bench.replies(), ['1 onStatus error NetStream.Publish.BadName', ...PUBLISH_REPLIES]);
  });

  it('holds input up to its limit and gives up one byte over it', () => {
    for (const pieceBytes of [HELD_LIMIT_BYTES, 65_536, 7]) {
      const bench = greeted({ decisions: 'left to the test' });
      bench.receive(bench.client.connect('live'));
      const flood = bench.client.audio(1, 0, new Uint8Array(HELD_LIMIT_BYTES));
      const held = flood.subarray(0, HELD_LIMIT_BYTES);
      for (const piece of splitEvery(held, pieceBytes)) bench.session.receive(piece, 0);
      assert.equal(bench.session.state, 'unconnected');
      bench.refuses('rtmp-pending-input-exceeded', Uint8Array.of(1));
      assert.equal(bench.session.state, 'closed');
      assertOurBug(() => bench.session.acceptConnect());
    }
  });

  it('counts only what is still held', () => {
    const bench = greeted({ decisions: 'left to the test' });
    const { client, session } = bench;
    bench.receive(client.connect('live'));
    const messages = join(Array.from({ length: 8 }, () => client.audio(1, 0, new Uint8Array(100_000))));
    for (let round = 0; round < 4; round++) {
      session.receive(messages, 0);
      if (round === 0) session.acceptConnect();
      else session.acceptPlay();
      session.receive(client.onStream(1, 'play', 'key'), 0);
    }
    assert.equal(session.counters.strayMedia, 32);
  });

  it('takes many decisions in a row without copying what waits for each of them', () => {
    const bench = connected({ decisions: 'left to the test', options: { pingIntervalMs: 1e9 } });
    const play = bench.client.onStream(1, 'play', 'k');
    const count = Math.floor(HELD_LIMIT_BYTES / play.length);
    for (let index = 0; index < count; index++) bench.session.receive(play, 0);
    let played = 0;
    for (; bench.session.isDecisionDue; played++) {
      // Time passes, for a thousand commands at once are a flood.
      bench.session.tick(played * 10);
      bench.session.drainEvents();
      bench.session.acceptPlay();
      bench.session.takeOutput(65_536);
    }
    assert.equal(played, count);
  });
});
