// Wirecast, vMix, Haivision, Teradek, Elemental and cameras: all of them speak nearly as FMLE does, each with an oddity
// or two of its own.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WireEcmaArray } from '../../../../support/amf-wire.ts';
import { filled } from '../../../../support/chunk-wire.ts';
import { CONNECT_REPLIES, connected, greeted, PUBLISH_REPLIES, publishing } from '../server-bench.ts';
import { AAC_HEADER, ACCESS_UNIT, ACCESS_UNIT_HEX, fcPublished } from './publisher-replies.ts';

describe('RtmpServerSession, for hardware encoders and their like', () => {
  it('acknowledges every 2,500,000 bytes to Wirecast, which announces no window and stops without [item 37]', () => {
    const bench = publishing();
    const picture = bench.client.video(1, 0, filled(50_000));
    const acknowledged: number[] = [];
    let sentBytes = 0;
    for (let count = 0; count < 300; count++) {
      bench.receive(picture);
      sentBytes += picture.length;
      for (const line of bench.replies()) acknowledged.push(Number(line.slice('ack '.length)));
      assert.ok(sentBytes - (acknowledged.at(-1) ?? 0) < 2_500_000);
    }
    assert.ok(acknowledged.length >= 6);
  });

  it('serves Wirecast: an application with a slash behind it, and a tcUrl in quotes', () => {
    const bench = greeted();
    const flashVer = 'FMLE/3.0 (compatible; Wirecast/7.0)';
    bench.receive(bench.client.connect('live/', { flashVer, tcUrl: '"rtmp://localhost:1935/live/"' }));
    assert.deepEqual(bench.events(), [
      `connect app "live" instance "" query "" tcUrl "rtmp://localhost:1935/live/" flashVersion "${flashVer}" encoding 0`,
    ]);
    assert.deepEqual(bench.replies(), CONNECT_REPLIES);
  });

  it('serves vMix: createStream before FCPublish, publish without releaseStream, metadata as an Object [item 75]', () => {
    const bench = connected();
    const { client } = bench;
    bench.receive(client.call('createStream', 2), client.call('FCPublish', 3, 'key'));
    assert.deepEqual(bench.replies(), ['0 _result 2 null 1', ...fcPublished(3)]);
    bench.receive(client.onStream(1, 'publish', 'key', 'live'));
    assert.deepEqual(bench.replies(), PUBLISH_REPLIES);
    bench.receive(client.data(1, '@setDataFrame', 'onMetaData', { width: 1920, encoder: 'vMix' }));
    assert.deepEqual(bench.events(), [
      'publish 1 "key" query "" live',
      'data 1 @0 set onMetaData {width: 1920, encoder: "vMix"}',
    ]);
  });

  it('serves Haivision: _checkbw is answered before and after publish, and tcurl is a key in lower case [item 62]', () => {
    const bench = greeted();
    const { client } = bench;
    const properties = { tcUrl: undefined, tcurl: 'rtmp://localhost/live', flashver: 'KB/1.0' };
    bench.receive(client.connect('live', properties));
    assert.deepEqual(bench.events(), [
      'connect app "live" instance "" query "" tcUrl "rtmp://localhost/live" flashVersion "KB/1.0" encoding 0',
    ]);
    bench.forget().receive(client.call('_checkbw', 2), client.call('createStream', 3));
    assert.deepEqual(bench.replies(), ['0 _result 2 null null', '0 _result 3 null 1']);
    bench.receive(client.onStream(1, 'publish', 'key', 'live'), client.call('_checkbw', 4));
    assert.deepEqual(bench.replies(), [...PUBLISH_REPLIES, '0 _result 4 null null']);
  });

  for (const [name, streamName, expected] of [
    ['a slash', '/key', '"key" query ""'],
    ['a question mark', '?key', '"key" query ""'],
    ['a slash and a question mark', '/key?token=1', '"key" query "token=1"'],
  ] as const) {
    it(`serves Teradek and DJI, whose name begins with ${name}`, () => {
      const bench = connected();
      const { client } = bench;
      bench.receive(client.call('createStream', 2)).forget();
      bench.receive(client.onStream(1, 'publish', streamName, 'live'));
      assert.deepEqual(bench.events(), [`publish 1 ${expected} live`]);
      assert.deepEqual(bench.replies(), PUBLISH_REPLIES);
    });
  }

  it('serves Elemental, which sends sound before its header, and metadata before it publishes', () => {
    const bench = connected();
    const { client } = bench;
    bench.receive(client.call('createStream', 2)).forget();
    bench.receive(client.data(0, '@setDataFrame', 'onMetaData', new WireEcmaArray({ width: 1280 })));
    bench.receive(client.onStream(1, 'publish', 'key', 'live'));
    bench.receive(client.audio(1, 0, Uint8Array.of(0xaf, 1, 0x21)), client.video(1, 0, ACCESS_UNIT));
    bench.receive(client.audio(1, 23, AAC_HEADER));
    assert.deepEqual(bench.events(), [
      'publish 1 "key" query "" live',
      'audio 1 @0 af0121',
      `video 1 @0 ${ACCESS_UNIT_HEX}`,
      'audio 1 @23 af001210',
    ]);
    assert.equal(bench.session.counters.strayMedia, 1);
  });

  it('serves a camera that publishes on the id that it guesses, and never creates a stream [item 65]', () => {
    const bench = connected();
    const { client } = bench;
    bench.receive(client.onStream(1, 'publish', 'key', 'live'), client.video(1, 0, ACCESS_UNIT));
    assert.deepEqual(bench.events(), ['publish 1 "key" query "" live', `video 1 @0 ${ACCESS_UNIT_HEX}`]);
    assert.deepEqual(bench.replies(), PUBLISH_REPLIES);
  });

  it('takes data of old mobile encoders on message stream 0 for their only publish', () => {
    const bench = publishing();
    bench.receive(bench.client.data(0, '@setDataFrame', 'onMetaData', new WireEcmaArray({ width: 1280 })));
    assert.deepEqual(bench.events(), ['data 1 @0 set onMetaData [width: 1280]']);
  });
});
