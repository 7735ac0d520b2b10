// The start and the end of every publishing client that is known, as each sends it, and the replies that it waits for.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { amf, WireEcmaArray } from '../../../support/amf-wire.ts';
import { filled, join } from '../../../support/chunk-wire.ts';
import { clientHandshake } from '../../../support/client-messages.ts';
import {
  asAmf3,
  CONNECT_REPLIES,
  connectResult,
  greeted,
  PUBLISH_REPLIES,
  ServerBench,
  UNPUBLISHED,
} from './server-bench.ts';

const ACCESS_UNIT = Uint8Array.of(0x17, 1, 0, 0, 0);
const ACCESS_UNIT_HEX = '1701000000';
const AAC_HEADER = Uint8Array.of(0xaf, 0, 0x12, 0x10);

/** FCPublish of transaction `id`, answered by result and notice. */
function fcPublished(id: number, name = 'key'): string[] {
  const info = `{code: "NetStream.Publish.Start", description: "${name}"}`;
  return [`0 _result ${id} null undefined`, `0 onFCPublish 0 null ${info}`];
}

/** FCUnpublish of transaction `id`, answered by result and notice. */
function fcUnpublished(id: number, name = 'key'): string[] {
  const info = `{code: "NetStream.Unpublish.Success", description: "${name}"}`;
  return [`0 _result ${id} null undefined`, `0 onFCUnpublish 0 null ${info}`];
}

describe('RtmpServerSession, for publishing clients', () => {
  it('serves FFmpeg from connect to its end [item 1] [item 59] [item 62] [item 63]', () => {
    const bench = new ServerBench();
    const { client } = bench;
    bench.receive(clientHandshake().subarray(0, 1537));
    assert.equal(bench.session.isHandshakeNext, true);
    bench.receive(clientHandshake().subarray(1537)).forget();
    const tcUrl = 'rtmp://localhost:1935/live';
    const flashVer = 'FMLE/3.0 (compatible; Lavf59.27.100)';
    bench.receive(client.connect('live', { type: 'nonprivate', flashVer, tcUrl }));
    assert.deepEqual(bench.events(), [
      `connect app "live" instance "" query "" tcUrl "${tcUrl}" flashVersion "${flashVer}" encoding 0`,
    ]);
    assert.deepEqual(bench.replies(), CONNECT_REPLIES);
    bench.receive(client.setChunkSize(60_000));
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

  it('serves OBS: Set Chunk Size before connect, and all media on chunk stream 4', () => {
    const bench = greeted();
    const { client } = bench;
    const swfUrl = 'rtmp://localhost/live';
    bench.receiveAtOnce(
      client.setChunkSize(4096),
      client.connect('live', { type: 'nonprivate', flashVer: 'FMLE/3.0 (compatible; FMSc/1.0)', swfUrl }),
    );
    assert.deepEqual(bench.replies(), CONNECT_REPLIES);
    bench.receive(client.call('releaseStream', 2, 'key'), client.call('FCPublish', 3, 'key'));
    bench.receive(client.call('createStream', 4)).forget();
    const onStream = { chunkStreamId: 4, messageStreamId: 1 };
    bench.receive(client.command(onStream, 'publish', 5, null, 'key', 'live'));
    assert.deepEqual(bench.events(), ['publish 1 "key" query "" live']);
    assert.deepEqual(bench.replies(), PUBLISH_REPLIES);
    const large = filled(10_000);
    bench.receive(
      client.message(18, amf('@setDataFrame', 'onMetaData', new WireEcmaArray({ fileSize: 0 })), onStream),
      client.message(9, large, { ...onStream, timestampMs: 33 }),
      client.message(8, AAC_HEADER, { ...onStream, timestampMs: 23 }),
      client.message(9, ACCESS_UNIT, { ...onStream, timestampMs: 0x1000000 }),
    );
    assert.deepEqual(bench.events(), [
      'data 1 @0 set onMetaData [fileSize: 0]',
      `video 1 @33 ${Buffer.from(large).toString('hex')}`,
      'audio 1 @23 af001210',
      `video 1 @${0x1000000} ${ACCESS_UNIT_HEX}`,
    ]);
    bench.receive(client.call('FCUnpublish', 6, 'key'), client.call('deleteStream', 7, 1));
    assert.deepEqual(bench.events(), ['unpublish 1']);
  });

  it('serves Flash Player with object encoding 3, whose commands are type 17 with AMF0 values [item 54]', () => {
    const bench = greeted();
    const { client } = bench;
    const flashVer = 'WIN 32,0,0,465';
    bench.receive(client.connect('live', { flashVer, objectEncoding: 3, swfUrl: undefined, pageUrl: null }));
    assert.deepEqual(bench.events(), [
      `connect app "live" instance "" query "" tcUrl "rtmp://localhost/live" flashVersion "${flashVer}" encoding 3`,
    ]);
    assert.deepEqual(bench.replies(), [...CONNECT_REPLIES.slice(0, 3), connectResult(3)]);
    const control = { chunkStreamId: 2 };
    bench.receive(client.message(5, Uint8Array.of(0, 0x26, 0x25, 0xa0), control));
    bench.receive(client.commandAmf3({}, 'createStream', 2, null));
    assert.deepEqual(bench.replies(), ['amf3 0 _result 2 null 1']);
    const onStream = { chunkStreamId: 8, messageStreamId: 1 };
    bench.receive(client.commandAmf3(onStream, 'publish', 0, null, 'key', 'live'));
    assert.deepEqual(bench.replies(), PUBLISH_REPLIES.map(asAmf3));
    const metadata = join([Uint8Array.of(0), amf('@setDataFrame', 'onMetaData', { width: 320 })]);
    bench.receive(client.message(15, metadata, onStream), client.audio(1, 0, AAC_HEADER));
    assert.deepEqual(bench.events(), [
      'publish 1 "key" query "" live',
      'data 1 @0 set onMetaData {width: 320}',
      'audio 1 @0 af001210',
    ]);
    bench.receive(client.commandAmf3(onStream, 'publish', 0, null, false));
    bench.receive(client.commandAmf3({}, 'deleteStream', 0, null, 1));
    assert.deepEqual(bench.events(), ['unpublish 1']);
    assert.deepEqual(bench.replies(), [asAmf3(UNPUBLISHED)]);
  });

  it('serves Flash Player with AMF0 and optional connect arguments', () => {
    const bench = greeted();
    const { client } = bench;
    bench.receive(client.command({}, 'connect', 1, { app: 'live', objectEncoding: 0 }, 'user', 7));
    const [event] = bench.takeEvents();
    assert.ok(event?.type === 'connect');
    assert.deepEqual(event.args, ['user', 7]);
    assert.deepEqual(bench.replies(), CONNECT_REPLIES);
    bench.receive(client.call('createStream', 2), client.onStream(1, 'publish', 'key'));
    assert.deepEqual(bench.events(), ['publish 1 "key" query "" live']);
  });

  it('serves FMLE, which waits for onFCPublish and for onFCUnpublish [item 62]', () => {
    const bench = greeted();
    const { client } = bench;
    bench.receive(client.connect('live', { flashVer: 'FMLE/3.0 (compatible; FMSc/1.0 0 0 0)' })).forget();
    bench.receive(client.call('releaseStream', 2, 'key'), client.call('FCPublish', 3, 'key'));
    assert.deepEqual(bench.replies(), ['0 _result 2 null undefined', ...fcPublished(3)]);
    bench.receive(client.call('createStream', 4), client.onStream(1, 'publish', 'key', 'live')).forget();
    bench.receive(client.call('FCUnpublish', 5, 'key'));
    assert.deepEqual(bench.replies(), [UNPUBLISHED, ...fcUnpublished(5)]);
    assert.deepEqual(bench.events(), ['unpublish 1']);
    bench.receive(client.onStream(1, 'closeStream'), client.call('deleteStream', 0, 1));
    assert.deepEqual([bench.events(), bench.replies()], [[], []]);
  });

  it('gives notices without results to an FMLE that counts no transactions', () => {
    const bench = greeted();
    const { client } = bench;
    bench.receive(client.connect('live')).forget();
    bench.receive(client.call('releaseStream', 0, 'key'), client.call('FCPublish', 0, 'key'));
    assert.deepEqual(bench.replies(), fcPublished(0).slice(1));
    bench.receive(client.call('createStream', 0));
    assert.deepEqual(bench.replies(), ['0 _result 0 null 1']);
  });

  for (const stop of ['FCUnpublish', 'closeStream', 'deleteStream']) {
    it(`serves GStreamer, which stops by ${stop} with the name of the stream [item 70] [item 71]`, () => {
      const bench = greeted();
      const { client } = bench;
      bench.receive(client.connect('live', { flashVer: 'FMLE/3.0 (compatible; FMSc/1.0)' })).forget();
      bench.receive(client.call('releaseStream', 2, 'key'), client.call('FCPublish', 3, 'key'));
      bench.receive(client.call('createStream', 4)).forget();
      bench.receive(client.onStream(1, 'publish', 'key', 'live'));
      const replies = bench.replies();
      assert.deepEqual(replies, PUBLISH_REPLIES);
      assert.equal(
        replies.find((line) => line.startsWith('1 ')),
        '1 onStatus status NetStream.Publish.Start',
      );
      bench.receive(client.audio(1, 0, AAC_HEADER), client.call(stop, 5, 'key'));
      assert.deepEqual(bench.events(), [
        'publish 1 "key" query "" live',
        'audio 1 @0 af001210',
        'unpublish 1',
      ]);
      assert.deepEqual(bench.replies(), [UNPUBLISHED, ...(stop === 'FCUnpublish' ? fcUnpublished(5) : [])]);
      bench.receive(client.call(stop, 6, 'key'));
      assert.deepEqual(bench.events(), []);
    });
  }

  it('serves HaishinKit: a result for each call, and nothing but onStatus on the id of the stream', () => {
    const bench = greeted();
    const { client } = bench;
    const fourCcList = Uint8Array.of(0x0a, 0, 0, 0, 1, 2, 0, 4, 0x61, 0x76, 0x30, 0x31);
    bench.receive(client.connect('live', { fourCcList, flashVer: 'FMLE/3.0 (compatible; FMSc/1.0)' }));
    assert.deepEqual(bench.replies(), CONNECT_REPLIES);
    const calls = ['releaseStream', 'FCPublish', 'createStream'] as const;
    const lines: string[] = [];
    for (const [index, name] of calls.entries()) {
      bench.receive(client.call(name, index + 2, ...(name === 'createStream' ? [] : ['key'])));
      const replies = bench.replies();
      assert.ok(
        replies.some((line) => line.startsWith(`0 _result ${index + 2} null`)),
        name,
      );
      lines.push(...replies);
    }
    bench.receive(client.command({ messageStreamId: 1 }, 'publish', 5, null, 'key', 'live'));
    lines.push(...bench.replies());
    assert.deepEqual(
      lines.filter((line) => line.startsWith('1 ')),
      ['1 onStatus status NetStream.Publish.Start'],
    );
  });

  it('serves RootEncoder, whose connect reply comes message by message, each in one piece', () => {
    const bench = greeted();
    bench.receive(bench.client.connect('live', { flashVer: 'FMLE/3.0 (compatible; Lavf57.56.101)' }));
    const replies = bench.takeReplies();
    assert.deepEqual(
      replies.map(({ typeId, chunkCount }) => [typeId, chunkCount]),
      [
        [5, 1],
        [6, 1],
        [1, 1],
        [20, 1],
      ],
    );
  });

  it('cuts its answers by the chunk size that it announced, and never interleaves them', () => {
    const bench = greeted({ options: { chunkSizeBytes: 100 } });
    bench.receive(bench.client.connect('live'));
    const [, , , result] = bench.takeReplies();
    assert.equal(result?.typeId, 20);
    assert.equal(result.chunkCount, Math.ceil(result.payload.length / 100));
  });
});
