// FFmpeg as it publishes and plays, message by message as its code sends them, and what it cannot do without.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WireEcmaArray } from '../../../../support/amf-wire.ts';
import { clientHandshake, userControl } from '../../../../support/client-messages.ts';
import { hexOf } from '../../../../support/vectors.ts';
import {
  CONNECT_REPLIES,
  greeted,
  PLAY_REPLIES,
  PUBLISH_REPLIES,
  playLine,
  publishing,
  ServerBench,
  UNPUBLISHED,
} from '../server-bench.ts';
import { AAC_HEADER, ACCESS_UNIT, ACCESS_UNIT_HEX, fcPublished, fcUnpublished } from './publisher-replies.ts';

const WINDOW = Uint8Array.of(0, 0x26, 0x25, 0xa0);
const PUBLISHER = 'FMLE/3.0 (compatible; Lavf59.27.100)';
const PLAYER = {
  flashVer: 'LNX 9,0,124,2',
  fpad: false,
  capabilities: 15,
  audioCodecs: 4071,
  videoCodecs: 252,
  videoFunction: 1,
};

/** Markers of AMF0. */
const NUMBER = 0x00;
const OBJECT = 0x03;
const NULL = 0x05;

describe('RtmpServerSession, for FFmpeg', () => {
  it('serves FFmpeg from connect to its end [item 1] [item 59] [item 62] [item 63]', () => {
    const bench = new ServerBench();
    const { client } = bench;
    bench.receive(clientHandshake().subarray(0, 1537));
    assert.equal(bench.session.isHandshakeNext, true);
    bench.receive(clientHandshake().subarray(1537)).forget();
    const tcUrl = 'rtmp://localhost:1935/live';
    bench.receive(client.connect('live', { type: 'nonprivate', flashVer: PUBLISHER, tcUrl }));
    assert.deepEqual(bench.events(), [
      `connect app "live" instance "" query "" tcUrl "${tcUrl}" flashVersion "${PUBLISHER}" encoding 0`,
    ]);
    assert.deepEqual(bench.replies(), CONNECT_REPLIES);
    // It gives our chunk size back, and writes by it from then on.
    bench.receive(client.setChunkSize(4096));
    bench.receive(client.call('releaseStream', 2, 'key'));
    bench.receive(client.call('FCPublish', 3, 'key'), client.call('createStream', 4));
    assert.deepEqual(bench.events(), []);
    assert.deepEqual(bench.replies(), [
      '0 _result 2 null undefined',
      ...fcPublished(3),
      '0 _result 4 null 1',
    ]);
    const onStream = { chunkStreamId: 8, messageStreamId: 1 };
    bench.receive(client.command(onStream, 'publish', 5, null, 'key', 'live'));
    assert.deepEqual(bench.events(), ['publish 1 "key" query "" live']);
    assert.deepEqual(bench.replies(), PUBLISH_REPLIES);
    const metadata = new WireEcmaArray({ width: 640, encoder: 'Lavf59.27.100' });
    bench.receive(client.data(1, '@setDataFrame', 'onMetaData', metadata));
    bench.receive(client.audio(1, 0, AAC_HEADER), client.video(1, 40, ACCESS_UNIT));
    assert.deepEqual(bench.events(), [
      'data 1 @0 set onMetaData [width: 640, encoder: "Lavf59.27.100"]',
      'audio 1 @0 af001210',
      `video 1 @40 ${ACCESS_UNIT_HEX}`,
    ]);
    assert.deepEqual(bench.replies(), []);
    bench.receive(client.call('FCUnpublish', 6, 'key'), client.call('deleteStream', 7, 1));
    assert.deepEqual(bench.events(), ['unpublish 1']);
    assert.deepEqual(bench.replies(), [UNPUBLISHED, ...fcUnpublished(6)]);
  });

  it('reads what FFmpeg sends in chunks of 128 before our chunk size came, and in ours afterwards', () => {
    const bench = greeted();
    const { client } = bench;
    const name = 'n'.repeat(100);
    bench.receive(client.connect('live', { flashVer: 'x'.repeat(200), tcUrl: `rtmp://h/${name}` }));
    bench.receive(client.setChunkSize(4096), client.call('createStream', 2)).forget();
    const picture = Uint8Array.from({ length: 9000 }, (_, index) => index & 255);
    bench.receive(client.onStream(1, 'publish', name, 'live'), client.video(1, 40, picture));
    assert.deepEqual(bench.events(), [`publish 1 "${name}" query "" live`, `video 1 @40 ${hexOf(picture)}`]);
  });

  it('gives FFmpeg null as the third value of createStream, and an Object as that of a status [item 63]', () => {
    const bench = greeted();
    const { client } = bench;
    bench.receive(client.connect('live', { flashVer: PUBLISHER })).forget();
    bench.receive(client.call('createStream', 4));
    const [created] = bench.takeReplies();
    assert.ok(created !== undefined && created.typeId === 20);
    // String "_result" and number 4 are 10 and 9 bytes long.
    assert.deepEqual([created.payload[19], created.payload[20], created.payload.length], [NULL, NUMBER, 29]);
    bench.receive(client.onStream(1, 'publish', 'key', 'live'));
    const [, status] = bench.takeReplies();
    assert.ok(status !== undefined && status.typeId === 20 && status.messageStreamId === 1);
    // String "onStatus" and number 0 are 11 and 9 bytes long.
    assert.deepEqual([status.payload[20], status.payload[21]], [NULL, OBJECT]);
    const text = Buffer.from(status.payload).toString('latin1');
    const places = ['level', 'code', 'description'].map((key) =>
      text.indexOf(`\0${String.fromCharCode(key.length)}${key}`),
    );
    assert.ok(places.every((place) => place > 0));
    assert.deepEqual(
      places,
      places.toSorted((left, right) => left - right),
    );
  });

  it('says no error to FFmpeg for what it calls, and nothing but a pong to what it sends as it publishes', () => {
    const bench = publishing();
    const { client } = bench;
    for (const [index, name] of ['releaseStream', 'FCPublish', 'FCSubscribe', '_checkbw'].entries()) {
      bench.receive(client.call(name, 10 + index, 'key'));
    }
    assert.deepEqual(
      bench.replies().filter((line) => line.includes('_error')),
      [],
    );
    bench.receive(client.audio(1, 0, AAC_HEADER), userControl(7, 5), userControl(6, 9));
    assert.deepEqual(bench.replies(), ['pong 9']);
  });

  it('takes what FFmpeg wraps in @setDataFrame besides its metadata', () => {
    const bench = publishing();
    bench.receive(bench.client.data(1, '@setDataFrame', '|RtmpSampleAccess', true, true));
    assert.deepEqual(bench.events(), ['data 1 @0 set |RtmpSampleAccess true true']);
    assert.equal(bench.session.counters.malformedData, 0);
  });

  it('serves FFmpeg, which asks for the length of the stream before it plays [item 62] [item 66]', () => {
    const bench = greeted();
    const { client } = bench;
    bench.receive(client.connect('live', PLAYER));
    assert.deepEqual(bench.replies(), CONNECT_REPLIES);
    bench.receive(client.message(5, WINDOW, { chunkStreamId: 2 }), client.call('createStream', 2));
    bench.receive(client.call('FCSubscribe', 3, 'key'));
    assert.deepEqual(bench.replies(), [
      '0 _result 2 null 1',
      '0 _result 3 null undefined',
      '0 onFCSubscribe 0 null {code: "NetStream.Play.Start", description: "key"}',
    ]);
    bench.receive(client.command({ chunkStreamId: 8 }, 'getStreamLength', 4, null, 'key'));
    assert.deepEqual(bench.replies(), ['0 _result 4 null 0']);
    bench.forget();
    const onStream = { chunkStreamId: 8, messageStreamId: 1 };
    bench.receive(client.command(onStream, 'play', 5, null, 'key', -2000));
    bench.receive(userControl(3, 1, 3000));
    assert.deepEqual(bench.events(), [playLine(1, 'key')]);
    assert.deepEqual(bench.replies(), PLAY_REPLIES);
    bench.receive(client.call('deleteStream', 6, 1));
    assert.deepEqual(bench.events(), ['stop 1']);
    assert.deepEqual(bench.replies(), []);
  });

  it('serves FFmpeg, which says the query of its URL as part of the name', () => {
    const bench = greeted();
    const { client } = bench;
    bench.receive(client.connect('live', PLAYER), client.call('createStream', 2)).forget();
    const onStream = { chunkStreamId: 8, messageStreamId: 1 };
    bench.receive(client.command(onStream, 'play', 4, null, 'key?tok=1', -1000));
    assert.deepEqual(bench.events(), ['play 1 "key" query "tok=1" start null live-only true reset true']);
    assert.deepEqual(bench.replies(), PLAY_REPLIES);
  });
});
