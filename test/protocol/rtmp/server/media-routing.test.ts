// Media and data: to whom they belong, what is dropped and counted, and that nothing of them is changed.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FLOOD_RATES } from '../../../../src/protocol/rtmp/limits.ts';
import { amf, WireEcmaArray, type WireValue } from '../../../support/amf-wire.ts';
import { filled } from '../../../support/chunk-wire.ts';
import { connected, playing, publishing } from './server-bench.ts';

const SOUND = Uint8Array.of(0xaf, 1, 0x21);

describe('RtmpServerSession, routing media', () => {
  it('hands on what is published, whole and in order, with times that wrap', () => {
    const bench = publishing();
    const { client } = bench;
    const picture = filled(70_000);
    bench.receive(
      client.audio(1, 0xfffffffe, SOUND),
      client.video(1, 0xffffffff, picture),
      client.audio(1, 20, SOUND),
    );
    assert.deepEqual(bench.events(), [
      `audio 1 @${0xfffffffe} af0121`,
      `video 1 @${0xffffffff} ${Buffer.from(picture).toString('hex')}`,
      'audio 1 @20 af0121',
    ]);
  });

  it('hands on payloads that stay as they are when more comes', () => {
    const bench = publishing();
    bench.receive(bench.client.video(1, 0, filled(9000, 1)), bench.client.video(1, 0, filled(9000, 2)));
    const payloads = bench.takeEvents().map((event) => (event.type === 'video' ? event.payload : null));
    bench.receive(bench.client.video(1, 0, filled(9000, 3)));
    assert.deepEqual(payloads, [filled(9000, 1), filled(9000, 2)]);
  });

  it('hands on empty media and media of one byte [item 81]', () => {
    const bench = publishing();
    const { client } = bench;
    for (const payload of [new Uint8Array(0), Uint8Array.of(0x17)]) {
      bench.receive(client.audio(1, 1, payload), client.video(1, 1, payload));
    }
    assert.deepEqual(bench.events(), ['audio 1 @1 ', 'video 1 @1 ', 'audio 1 @1 17', 'video 1 @1 17']);
  });

  it('drops and counts media on ids that publish nothing [item 79]', () => {
    const bench = publishing();
    const { client } = bench;
    bench.receive(client.call('createStream', 3)).forget();
    for (const messageStreamId of [0, 2, 3, 0xffffffff]) {
      bench.receive(client.audio(messageStreamId, 0, SOUND), client.video(messageStreamId, 0, SOUND));
    }
    bench.receive(client.audio(1, 0, SOUND));
    assert.deepEqual(bench.events(), ['audio 1 @0 af0121']);
    assert.deepEqual(bench.replies(), []);
    assert.equal(bench.session.counters.strayMedia, 8);
  });

  it('drops and counts media of a player, and of a publish that is over [item 79]', () => {
    const player = playing();
    player.receive(player.client.audio(1, 0, SOUND), player.client.data(1, 'onMetaData', {}));
    assert.deepEqual(player.events(), []);
    assert.equal(player.session.counters.strayMedia, 2);
    const publisher = publishing();
    publisher.receive(publisher.client.call('FCUnpublish', 3, 'key'), publisher.client.audio(1, 0, SOUND));
    assert.deepEqual(publisher.events(), ['unpublish 1']);
    assert.equal(publisher.session.counters.strayMedia, 1);
  });

  it('closes at a flood of media that nobody publishes, and at none that is slow [item 79]', () => {
    const { atOnce, perSecond } = FLOOD_RATES['stray messages'];
    const bench = connected();
    const stray = bench.client.audio(1, 0, SOUND);
    for (let count = 0; count < atOnce; count++) bench.receive(stray);
    assert.equal(bench.session.counters.strayMedia, atOnce);
    for (let count = 0; count < 20 * perSecond; count++) {
      bench.nowMs += 1000 / perSecond;
      bench.receive(stray);
    }
    assert.equal(bench.session.state, 'connected');
    bench.refuses('rtmp-flood', stray, stray);
    assert.deepEqual(bench.events(), []);
  });

  it('tells two publishes on one connection apart', () => {
    const bench = publishing();
    const { client } = bench;
    bench.receive(client.call('createStream', 3), client.onStream(2, 'publish', 'other')).forget();
    bench.receive(client.audio(2, 1, SOUND), client.audio(1, 1, SOUND), client.data(2, 'onCuePoint', 'x'));
    assert.deepEqual(bench.events(), [
      'audio 2 @1 af0121',
      'audio 1 @1 af0121',
      'data 2 @0 send onCuePoint "x"',
    ]);
  });

  it('drops and counts shared objects and unknown types', () => {
    const bench = publishing();
    const types = [0, 7, 10, 14, 16, 19, 21, 23, 255];
    for (const typeId of types) bench.receive(bench.client.message(typeId, SOUND, { messageStreamId: 1 }));
    assert.deepEqual([bench.events(), bench.replies()], [[], []]);
    assert.equal(bench.session.counters.unknownMessages, types.length);
  });

  it('takes empty messages of every type [item 23]', () => {
    const bench = publishing();
    for (let typeId = 0; typeId < 32; typeId++) {
      bench.receive(bench.client.message(typeId, new Uint8Array(0), { messageStreamId: 1 }));
    }
    assert.deepEqual(bench.events(), ['audio 1 @0 ', 'video 1 @0 ']);
    assert.equal(bench.session.counters.malformedData, 2);
    assert.equal(bench.session.counters.malformedCommands, 2);
  });
});

describe('RtmpServerSession, routing data', () => {
  const METADATA = new WireEcmaArray({ width: 640 });
  const HANDLED: readonly (readonly [string, readonly WireValue[], string])[] = [
    ['@setDataFrame', ['@setDataFrame', 'onMetaData', METADATA], 'set onMetaData [width: 640]'],
    [
      '@setDataFrame with an object',
      ['@setDataFrame', 'onMetaData', { width: 1 }],
      'set onMetaData {width: 1}',
    ],
    ['@setDataFrame of another name', ['@setDataFrame', 'onFI', { st: 'x' }], 'set onFI {st: "x"}'],
    ['@clearDataFrame', ['@clearDataFrame', 'onMetaData'], 'clear onMetaData'],
    ['bare onMetaData', ['onMetaData', METADATA], 'set onMetaData [width: 640]'],
    ['a cue point', ['onCuePoint', { name: 'a' }, 7], 'send onCuePoint {name: "a"} 7'],
    ['a name alone', ['onTextData'], 'send onTextData'],
  ];
  for (const [name, values, expected] of HANDLED) {
    it(`hands on ${name} [item 75]`, () => {
      const bench = publishing();
      bench.receive(bench.client.data(1, ...values));
      assert.deepEqual(bench.events(), [`data 1 @0 ${expected}`]);
    });

    it(`hands on ${name} in type 15 with and without its format byte [item 54]`, () => {
      const bench = publishing();
      const body = amf(...values);
      for (const payload of [Uint8Array.of(0, ...body), body]) {
        bench.receive(bench.client.message(15, payload, { messageStreamId: 1, timestampMs: 9 }));
      }
      assert.deepEqual(bench.events(), [`data 1 @9 ${expected}`, `data 1 @9 ${expected}`]);
    });
  }

  it('takes data on the connection for that of its only publish', () => {
    const bench = publishing();
    bench.receive(bench.client.data(0, '@setDataFrame', 'onMetaData', METADATA));
    assert.deepEqual(bench.events(), ['data 1 @0 set onMetaData [width: 640]']);
  });

  it('drops and counts data on another NetStream than the one that publishes [item 79]', () => {
    const bench = publishing();
    bench.receive(bench.client.call('createStream', 3)).forget();
    for (const id of [2, 7]) bench.receive(bench.client.data(id, 'onMetaData', METADATA));
    assert.deepEqual(bench.events(), []);
    assert.equal(bench.session.counters.strayMedia, 2);
  });

  it('drops and counts data on the connection where two publish, or none', () => {
    const bench = publishing();
    const { client } = bench;
    bench.receive(client.onStream(2, 'publish', 'other')).forget();
    bench.receive(client.data(0, 'onMetaData', METADATA));
    assert.deepEqual(bench.events(), []);
    bench.receive(client.call('deleteStream', 0, 1), client.data(0, 'onMetaData', METADATA));
    assert.deepEqual(bench.events(), ['unpublish 1', 'data 2 @0 set onMetaData [width: 640]']);
    bench.receive(client.call('deleteStream', 0, 2), client.data(0, 'onMetaData', METADATA)).forget();
    bench.receive(client.data(7, 'onMetaData', METADATA));
    assert.equal(bench.session.counters.strayMedia, 3);
    const idle = connected();
    idle.receive(idle.client.data(0, 'onMetaData', METADATA));
    assert.equal(idle.session.counters.strayMedia, 1);
  });

  const MALFORMED: readonly (readonly [string, Uint8Array])[] = [
    ['no name', amf(7)],
    ['an empty name', amf('')],
    ['a name of 64 bytes', amf('n'.repeat(64))],
    ['a text that is cut off', amf('onMetaData').subarray(0, 8)],
    ['an unknown marker', amf('onMetaData', Uint8Array.of(0x2f))],
    ['@setDataFrame of nothing', amf('@setDataFrame')],
    ['@setDataFrame of a number', amf('@setDataFrame', 7)],
    ['objects nested too deep', amf('x', Uint8Array.from(Buffer.from('03000161'.repeat(200_000), 'hex')))],
    ['a reference to nothing', amf('x', Uint8Array.of(7, 0, 9))],
    ['a strict array of 4 billion', amf('x', Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff))],
  ];
  for (const [name, payload] of MALFORMED) {
    it(`drops and counts data with ${name}`, () => {
      const bench = publishing();
      bench.receive(bench.client.message(18, payload, { messageStreamId: 1 }));
      bench.receive(bench.client.message(15, payload, { messageStreamId: 1 }));
      bench.receive(bench.client.audio(1, 0, SOUND));
      assert.deepEqual(bench.events(), ['audio 1 @0 af0121']);
      assert.equal(bench.session.counters.malformedData, 2);
      assert.equal(bench.session.state, 'connected');
    });
  }

  it('forgives malformed data without end, where it is one a second', () => {
    const bench = publishing();
    for (; bench.nowMs < 1_000_000; bench.nowMs += 1000) bench.receive(bench.client.data(1, 7));
    assert.equal(bench.session.counters.malformedData, 1000);
    assert.equal(bench.session.state, 'connected');
  });
});
