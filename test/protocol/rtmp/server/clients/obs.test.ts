// OBS Studio, which is librtmp with changes: it says its chunk size before anything else, puts all media on one chunk
// stream, lets time go back by a delta, and sends Enhanced RTMP without a word of it before.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { amf, WireEcmaArray } from '../../../../support/amf-wire.ts';
import { chunk, filled } from '../../../../support/chunk-wire.ts';
import { bytesOf, hexOf, vectorOf } from '../../../../support/vectors.ts';
import { CONNECT_REPLIES, greeted, PUBLISH_REPLIES, type ServerBench, UNPUBLISHED } from '../server-bench.ts';
import { AAC_HEADER, ACCESS_UNIT, ACCESS_UNIT_HEX, fcPublished, fcUnpublished } from './publisher-replies.ts';

const TC_URL = 'rtmp://localhost/live';
const ON_STREAM = { chunkStreamId: 4, messageStreamId: 1 };

/** The properties of its connect, and no others. */
const PROPERTIES = {
  type: 'nonprivate',
  flashVer: 'FMLE/3.0 (compatible; FMSc/1.0)',
  swfUrl: TC_URL,
  tcUrl: TC_URL,
};

/** OBS up to the answer of its publish. */
function publishingObs(): ServerBench {
  const bench = greeted();
  const { client } = bench;
  bench.receiveAtOnce(client.setChunkSize(4096), client.connect('live', PROPERTIES));
  assert.deepEqual(bench.replies(), CONNECT_REPLIES);
  bench.receive(client.call('releaseStream', 2, 'key'), client.call('FCPublish', 3, 'key'));
  bench.receive(client.call('createStream', 4));
  assert.deepEqual(bench.replies(), ['0 _result 2 null undefined', ...fcPublished(3), '0 _result 4 null 1']);
  bench.events();
  bench.receive(client.command(ON_STREAM, 'publish', 5, null, 'key', 'live'));
  assert.deepEqual(bench.events(), ['publish 1 "key" query "" live']);
  assert.deepEqual(bench.replies(), PUBLISH_REPLIES);
  return bench;
}

describe('RtmpServerSession, for OBS', () => {
  it('serves OBS: Set Chunk Size before connect, and all media on chunk stream 4', () => {
    const bench = publishingObs();
    const { client } = bench;
    const large = filled(10_000);
    bench.receive(
      client.message(18, amf('@setDataFrame', 'onMetaData', new WireEcmaArray({ fileSize: 0 })), ON_STREAM),
      client.message(9, large, { ...ON_STREAM, timestampMs: 33 }),
      client.message(8, AAC_HEADER, { ...ON_STREAM, timestampMs: 23 }),
      client.message(9, ACCESS_UNIT, { ...ON_STREAM, timestampMs: 0x1000000 }),
    );
    assert.deepEqual(bench.events(), [
      'data 1 @0 set onMetaData [fileSize: 0]',
      `video 1 @33 ${hexOf(large)}`,
      'audio 1 @23 af001210',
      `video 1 @${0x1000000} ${ACCESS_UNIT_HEX}`,
    ]);
    assert.deepEqual(bench.replies(), []);
    bench.receive(client.call('FCUnpublish', 6, 'key'), client.call('deleteStream', 7, 1));
    assert.deepEqual(bench.events(), ['unpublish 1']);
    assert.deepEqual(bench.replies(), [UNPUBLISHED, ...fcUnpublished(6)]);
  });

  it('reads the connect of OBS as it stands on the wire', () => {
    const bench = greeted();
    bench.receive(bench.client.message(20, vectorOf('M-1').bytes));
    assert.deepEqual(bench.events(), [
      'connect app "live" instance "" query "" tcUrl "rtmp://h/live" flashVersion "FMLE/3.0 (compatible; FMSc/1.0)" encoding 0',
    ]);
    assert.deepEqual(bench.replies(), CONNECT_REPLIES);
  });

  it('takes sound and pictures of OBS that are out of order on one chunk stream, by deltas below 0 [item 15]', () => {
    const bench = publishingObs();
    bench.receive(
      chunk({ format: 0, chunkStreamId: 4, typeId: 9, timeMs: 1000, payload: ACCESS_UNIT }),
      chunk({ format: 1, chunkStreamId: 4, typeId: 8, extendedMs: 0xfffffff6, payload: AAC_HEADER }),
      chunk({ format: 1, chunkStreamId: 4, typeId: 9, timeMs: 43, payload: ACCESS_UNIT }),
      chunk({ format: 1, chunkStreamId: 4, typeId: 8, extendedMs: 0xfffffff6, payload: AAC_HEADER }),
      chunk({ format: 2, chunkStreamId: 4, timeMs: 21, payload: AAC_HEADER }),
    );
    assert.deepEqual(bench.events(), [
      `video 1 @1000 ${ACCESS_UNIT_HEX}`,
      'audio 1 @990 af001210',
      `video 1 @1033 ${ACCESS_UNIT_HEX}`,
      'audio 1 @1023 af001210',
      'audio 1 @1044 af001210',
    ]);
  });

  it('takes HEVC, AV1 and second tracks of OBS, which announces none of it [item 84]', () => {
    const bench = publishingObs();
    const bodies = [
      '90 68766331 0101',
      '91 68766331 000000 00000002 2601',
      '90 61763031 81040c00',
      '93 61763031 0a0b',
      // A second track of pictures, and one of sound.
      '96 01 61766331 01 000000 00000002 6588',
      '84 000009 636f6c6f72496e666f',
    ];
    for (const [index, hex] of bodies.entries()) {
      bench.receive(bench.client.message(9, bytesOf(hex), { ...ON_STREAM, timestampMs: index * 33 }));
    }
    bench.receive(bench.client.message(8, bytesOf('95 01 6d703461 01 2110'), ON_STREAM));
    assert.deepEqual(bench.events(), [
      ...bodies.map((hex, index) => `video 1 @${index * 33} ${hex.replaceAll(' ', '')}`),
      'audio 1 @0 95016d703461012110',
    ]);
    assert.deepEqual(bench.replies(), []);
  });

  it('tells OBS that its name is taken by the status that it shows, and lives on', () => {
    const bench = greeted({ decisions: 'left to the test' });
    const { client, session } = bench;
    bench.receive(client.setChunkSize(4096), client.connect('live', PROPERTIES));
    session.acceptConnect();
    bench.receive(client.call('createStream', 4)).forget();
    bench.receive(client.command(ON_STREAM, 'publish', 5, null, 'key', 'live'));
    session.rejectPublish('NetStream.Publish.BadName', 'key is published by somebody else.');
    assert.deepEqual(bench.replies(), ['1 onStatus error NetStream.Publish.BadName']);
    assert.equal(session.state, 'connected');
  });
});
