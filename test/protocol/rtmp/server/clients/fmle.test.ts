// Flash Media Live Encoder, which waits for notices where others wait for results, and sends a header of type 3 right
// behind one of type 0.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WireEcmaArray } from '../../../../support/amf-wire.ts';
import { chunk } from '../../../../support/chunk-wire.ts';
import { CONNECT_REPLIES, greeted, PUBLISH_REPLIES, publishing, UNPUBLISHED } from '../server-bench.ts';
import { AAC_HEADER, fcPublished, fcUnpublished } from './publisher-replies.ts';

const FLASH_VERSION = 'FMLE/3.0 (compatible; FMSc/1.0 0 0 0)';

describe('RtmpServerSession, for FMLE', () => {
  it('serves FMLE, which waits for onFCPublish and for onFCUnpublish [item 62]', () => {
    const bench = greeted();
    const { client } = bench;
    const properties = { flashVer: FLASH_VERSION, swfUrl: 'rtmp://h/live', type: 'nonprivate' };
    bench.receive(client.connect('live', properties));
    assert.deepEqual(bench.replies(), CONNECT_REPLIES);
    bench.receive(client.call('releaseStream', 2, 'key'), client.call('FCPublish', 3, 'key'));
    assert.deepEqual(bench.replies(), ['0 _result 2 null undefined', ...fcPublished(3)]);
    bench.receive(client.call('createStream', 4)).forget();
    bench.receive(client.onStream(1, 'publish', 'key', 'live'));
    assert.deepEqual(bench.events(), ['publish 1 "key" query "" live']);
    assert.deepEqual(bench.replies(), PUBLISH_REPLIES);
    bench.receive(client.data(1, '@setDataFrame', 'onMetaData', new WireEcmaArray({ author: '' }))).forget();
    bench.receive(client.call('FCUnpublish', 5, 'key'));
    assert.deepEqual(bench.replies(), [UNPUBLISHED, ...fcUnpublished(5)]);
    assert.deepEqual(bench.events(), ['unpublish 1']);
    bench.receive(client.onStream(1, 'closeStream'), client.call('deleteStream', 0, 1));
    assert.deepEqual([bench.events(), bench.replies()], [[], []]);
  });

  it('gives notices without results to an FMLE that counts no transactions', () => {
    const bench = greeted();
    const { client } = bench;
    bench.receive(client.connect('live', { flashVer: FLASH_VERSION })).forget();
    bench.receive(client.call('releaseStream', 0, 'key'), client.call('FCPublish', 0, 'key'));
    assert.deepEqual(bench.replies(), fcPublished(0).slice(1));
    bench.receive(client.call('createStream', 0));
    assert.deepEqual(bench.replies(), ['0 _result 0 null 1']);
  });

  it('reads the type 3 header that FMLE sends right behind one of type 0: its time is the delta [item 13]', () => {
    const bench = publishing();
    bench.receive(
      chunk({ format: 0, chunkStreamId: 4, typeId: 8, timeMs: 26, payload: AAC_HEADER }),
      chunk({ format: 3, chunkStreamId: 4, payload: AAC_HEADER }),
      chunk({ format: 2, chunkStreamId: 4, timeMs: 23, payload: AAC_HEADER }),
      chunk({ format: 3, chunkStreamId: 4, payload: AAC_HEADER }),
    );
    assert.deepEqual(
      bench.events(),
      [26, 52, 75, 98].map((timeMs) => `audio 1 @${timeMs} af001210`),
    );
  });
});
