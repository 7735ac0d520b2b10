// The limits of a session, each at the limit and one over it, and what a peer that meets one cannot do.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FLOOD_RATES, MAX_ADVANCE_BUFFER_BYTES } from '../../../../src/protocol/rtmp/limits.ts';
import { amf } from '../../../support/amf-wire.ts';
import { chunk, filled, join, setChunkSize } from '../../../support/chunk-wire.ts';
import { userControl } from '../../../support/client-messages.ts';
import { keptBytes } from '../../../support/kept-bytes.ts';
import {
  assertOurBug,
  assertRefused,
  CONNECT_REPLIES,
  connected,
  greeted,
  playing,
  publishing,
  type ServerBench,
} from './server-bench.ts';

/** LIMIT: what comes and goes beside what is measured, bytes. */
const NOISE_BYTES = 256 * 1024;

const PONG_BYTES = 18;
const MAX_WAITING_BYTES = 1024 * 1024;

/** A message whose header declares `lengthBytes`, and nothing behind the header. */
function declared(typeId: number, lengthBytes: number): Uint8Array {
  return chunk({ format: 0, chunkStreamId: 5, typeId, messageStreamId: 1, lengthBytes });
}

/** Has `pings` answered by a session whose output nobody takes, no more at a time than may come at once. */
function flood(bench: ServerBench, pings: number): void {
  const { atOnce, perSecond } = FLOOD_RATES.pings;
  for (let left = pings; left > 0; left -= atOnce) {
    bench.nowMs += (atOnce / perSecond) * 1000;
    const batch = Array.from({ length: Math.min(left, atOnce) }, () => userControl(6, 7));
    bench.session.receive(join(batch), bench.nowMs);
  }
}

/** A command whose values do not parse. */
function brokenCommand(bench: ServerBench): Uint8Array {
  return bench.client.message(20, Uint8Array.of(2, 0, 9, 0x61));
}

describe('RtmpServerSession, limiting NetStreams', () => {
  it('makes 32 NetStreams and no more [item 61]', () => {
    const bench = connected();
    for (let id = 1; id <= 32; id++) bench.receive(bench.client.call('createStream', id));
    assert.equal(bench.replies().at(-1), '0 _result 32 null 32');
    bench.refuses('rtmp-message-streams-exceeded', bench.client.call('createStream', 33));
    assert.deepEqual(bench.replies(), []);
    assert.equal(bench.session.state, 'closed');
  });

  it('counts those that were never created, and none that was deleted', () => {
    const bench = connected();
    const { client } = bench;
    for (let id = 1; id <= 32; id++) bench.receive(client.onStream(2 * id, 'play', 'key'));
    bench.receive(client.call('deleteStream', 0, 64), client.onStream(999, 'publish', 'other'));
    assert.equal(bench.events().at(-1), 'publish 999 "other" query "" live');
    bench.refuses('rtmp-message-streams-exceeded', client.onStream(1000, 'publish', 'more'));
  });
});

describe('RtmpServerSession, limiting output', () => {
  it('lets answers wait up to the limit, and gives the peer up one over it', () => {
    const bench = connected();
    const pings = Math.floor(MAX_WAITING_BYTES / PONG_BYTES);
    flood(bench, pings);
    assert.equal(bench.session.state, 'connected');
    assertRefused('rtmp-peer-not-reading', () => flood(bench, 1));
    assert.equal(bench.session.state, 'closed');
    assert.equal(bench.replies().length, pings);
  });

  it('counts only what was not taken', () => {
    const bench = connected();
    for (let round = 0; round < 3; round++) {
      flood(bench, 50_000);
      assert.equal(bench.replies().filter((line) => line === 'pong 7').length, 50_000);
    }
  });

  it('stops reading where the output is full, and executes nothing behind it', () => {
    const bench = connected();
    flood(bench, Math.floor(MAX_WAITING_BYTES / PONG_BYTES));
    const { client } = bench;
    assertRefused('rtmp-peer-not-reading', () =>
      bench.session.receive(
        join([userControl(6, 1), client.onStream(1, 'publish', 'key')]),
        bench.nowMs + 1000,
      ),
    );
    assert.deepEqual(bench.events(), []);
  });

  it('says what the server has to say to a peer that does not read without an error, and then gives it up', () => {
    const sayings: readonly ((bench: ServerBench) => void)[] = [
      (bench) => bench.session.sayStatus('error', 'NetConnection.Connect.Closed', 'x'.repeat(100)),
      (bench) => bench.session.endStreams('x'.repeat(100)),
      (bench) => bench.session.publishEnded(1),
      (bench) => bench.session.publishStarted(1),
    ];
    for (const say of sayings) {
      const bench = playing();
      flood(bench, Math.floor(MAX_WAITING_BYTES / PONG_BYTES) - 1);
      say(bench);
      assertRefused('rtmp-peer-not-reading', () => bench.session.tick(1));
      say(bench);
      bench.session.close();
      say(bench);
    }
  });

  it('gives a peer up that lets an answer to a decision wait', () => {
    const bench = connected({ decisions: 'left to the test' });
    flood(bench, Math.floor(MAX_WAITING_BYTES / PONG_BYTES) - 1);
    bench.receive(bench.client.onStream(1, 'publish', 'key'));
    assertRefused('rtmp-peer-not-reading', () => bench.session.acceptPublish());
    assertOurBug(() => bench.session.acceptPublish());
  });

  it('gives output in whole messages: at least one, otherwise at most as much as was asked for', () => {
    const bench = connected();
    flood(bench, 5);
    const lengths = (maxBytes: number) => bench.session.takeOutput(maxBytes).map(({ length }) => length);
    assert.deepEqual(lengths(1), [PONG_BYTES]);
    assert.deepEqual(lengths(2 * PONG_BYTES), [PONG_BYTES, PONG_BYTES]);
    assert.deepEqual(lengths(2 * PONG_BYTES - 1), [PONG_BYTES]);
    assert.deepEqual(lengths(0), [PONG_BYTES]);
    assert.deepEqual(lengths(1000), []);
  });
});

describe('RtmpServerSession, limiting input', () => {
  it('forgives 16 commands that do not parse, and not 17', () => {
    const bench = connected();
    for (let count = 0; count < 16; count++) bench.receive(brokenCommand(bench));
    assert.equal(bench.session.counters.malformedCommands, 16);
    bench.receive(bench.client.call('createStream', 2));
    assert.deepEqual(bench.replies(), ['0 _result 2 null 1']);
    bench.refuses('rtmp-command-malformed', brokenCommand(bench));
    assert.equal(bench.session.state, 'closed');
  });

  const BROKEN: readonly (readonly [string, Uint8Array])[] = [
    ['no values', new Uint8Array(0)],
    ['a number for a name', amf(7, 1, null)],
    ['an object for a transaction id', amf('createStream', {}, null)],
    ['a text that is cut off', amf('createStream', 1, 'x').subarray(0, -1)],
    ['an AMF3 value of no known kind', amf('createStream', 1, Uint8Array.of(0x11, 0x12))],
    ['an object without end', Uint8Array.from(amf('play', 1, { a: 1 }).subarray(0, -3))],
    ['an empty key that is no end', amf('x', 1, Uint8Array.of(3, 0, 0, 5))],
    ['objects nested too deep', amf('x', 1, Uint8Array.from(Buffer.from('03000161'.repeat(200_000), 'hex')))],
    [
      'arrays nested too deep',
      amf('x', 1, Uint8Array.from(Buffer.from('0a00000001'.repeat(200_000), 'hex'))),
    ],
    ['an array of 4 billion', amf('x', 1, Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff))],
    ['a reference to nothing', amf('x', 1, Uint8Array.of(7, 0xff, 0xff))],
    ['too many values', amf('x', 1, new Uint8Array(70_000).fill(5))],
  ];
  for (const [name, payload] of BROKEN) {
    it(`drops and counts a command with ${name} [item 46] [item 47] [item 48]`, () => {
      const bench = connected();
      bench.receive(bench.client.message(20, payload), bench.client.call('createStream', 2));
      assert.deepEqual(bench.replies(), ['0 _result 2 null 1']);
      assert.equal(bench.session.counters.malformedCommands, 1);
    });
  }

  it('takes a connect of 64 KiB, and nothing longer before connect was accepted [item 22]', () => {
    const maxBytes = 64 * 1024;
    const empty = greeted().client.connect('live', { pageUrl: '' });
    const chunkHeaders = Math.ceil(maxBytes / 128) - 1;
    const pageUrl = 'p'.repeat(maxBytes - (empty.length - 12 - Math.floor((empty.length - 12) / 129)));
    const bench = greeted();
    const connect = bench.client.connect('live', { pageUrl });
    assert.equal(connect.length, 12 + maxBytes + chunkHeaders);
    bench.receive(connect);
    assert.deepEqual(bench.replies(), CONNECT_REPLIES);
    for (const typeId of [8, 9, 18, 20, 22]) {
      greeted().receive(declared(typeId, maxBytes));
      greeted().refuses('rtmp-message-too-large', declared(typeId, maxBytes + 1));
      greeted().refuses('rtmp-message-too-large', declared(typeId, 0xffffff));
    }
  });

  it('keeps 128 KiB of unfinished messages before connect, and more once it was accepted [item 26]', () => {
    const begin = (chunkStreamId: number): Uint8Array =>
      chunk({ format: 0, chunkStreamId, typeId: 9, lengthBytes: 60_000, payload: filled(50_000) });
    const stranger = greeted().receive(setChunkSize(50_000), begin(10), begin(11));
    stranger.refuses('rtmp-partial-bytes-exceeded', begin(12));
    const known = connected().receive(setChunkSize(50_000), begin(10), begin(11), begin(12));
    assert.equal(known.session.state, 'connected');
  });

  it('takes longer messages only once connect was accepted', () => {
    const bench = greeted({ decisions: 'left to the test' });
    bench.receiveAtOnce(bench.client.connect('live'), declared(9, 70_000));
    bench.session.acceptConnect();
    assert.equal(bench.session.state, 'connected');
  });

  it('takes media up to the setting, and data up to 1 MiB, by what the header declares [item 22]', () => {
    const maxMessageBytes = 2_000_000;
    for (const [typeId, maxBytes] of [
      [8, maxMessageBytes],
      [9, maxMessageBytes],
      [22, maxMessageBytes],
      [18, 1024 * 1024],
      [20, 1024 * 1024],
    ] as const) {
      connected({ options: { maxMessageBytes } }).receive(declared(typeId, maxBytes));
      const bench = connected({ options: { maxMessageBytes } });
      bench.refuses('rtmp-message-too-large', declared(typeId, maxBytes + 1));
    }
    const bench = publishing({ options: { maxMessageBytes } });
    bench.receive(bench.client.video(1, 0, filled(maxMessageBytes)));
    const [event] = bench.takeEvents();
    assert.ok(event?.type === 'video');
    assert.deepEqual(event.payload, filled(maxMessageBytes));
  });

  it('allocates one buffer of a bounded length by a length that was only declared [item 28]', () => {
    // Buffers are up to MAX_ADVANCE_BUFFER_BYTES ahead of what has come, and no further.
    const grownBytes = (lengthBytes: number): number =>
      keptBytes(() =>
        Array.from({ length: 50 }, () => connected().receive(declared(9, lengthBytes), filled(100))),
      );
    const [shortBytes, longBytes] = [grownBytes(101), grownBytes(8 * 1024 * 1024)];
    const mostBytes = 50 * MAX_ADVANCE_BUFFER_BYTES + NOISE_BYTES;
    assert.ok(longBytes - shortBytes <= mostBytes, `${longBytes} bytes, ${shortBytes} where it is short`);
  });

  it('keeps the state of 64 chunk streams and not of 65 [item 25]', () => {
    const bench = publishing();
    const begin = (chunkStreamId: number) =>
      chunk({ format: 0, chunkStreamId, typeId: 9, lengthBytes: 200, payload: filled(128) });
    // Two were used on the way here: 3 and 8.
    for (let id = 0; id < 62; id++) bench.receive(begin(100 + id));
    bench.refuses('rtmp-chunk-streams-exceeded', begin(1000));
  });
});
