// GStreamer's rtmp2sink and rtmp2src: the first status on the id of the stream decides, what ends a stream says its
// name on message stream 0 in the place of its id, and commands of type 17 are not read.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { userControl } from '../../../../support/client-messages.ts';
import {
  greeted,
  PLAY_REPLIES,
  PUBLISH_REPLIES,
  playLine,
  type ServerBench,
  UNPUBLISHED,
} from '../server-bench.ts';
import { AAC_HEADER, fcUnpublished } from './publisher-replies.ts';

const WINDOW = Uint8Array.of(0, 0x26, 0x25, 0xa0);

/** The first status of NetStream 1 among lines. */
function firstStatus(lines: readonly string[]): string {
  return lines.find((line) => /^\S+ onStatus/.test(line)) ?? '';
}

/** A client that is connected and has a NetStream to play on. */
function player(): ServerBench {
  const bench = greeted();
  const { client } = bench;
  bench.receive(client.connect('live', { flashVer: 'LNX 9,0,124,2' })).forget();
  bench.receive(client.message(5, WINDOW, { chunkStreamId: 2 }), userControl(3, 0, 300));
  bench.receive(client.call('createStream', 2));
  assert.deepEqual(bench.replies(), ['0 _result 2 null 1']);
  return bench;
}

describe('RtmpServerSession, for GStreamer', () => {
  for (const stop of ['FCUnpublish', 'closeStream', 'deleteStream']) {
    it(`serves GStreamer, which stops its publish by ${stop} with the name of the stream [item 70] [item 71]`, () => {
      const bench = greeted();
      const { client } = bench;
      bench.receive(client.connect('live', { flashVer: 'FMLE/3.0 (compatible; FMSc/1.0)' })).forget();
      bench.receive(client.call('releaseStream', 2, 'key'), client.call('FCPublish', 3, 'key'));
      bench.receive(client.call('createStream', 4)).forget();
      bench.receive(client.onStream(1, 'publish', 'key', 'live'));
      const replies = bench.replies();
      assert.deepEqual(replies, PUBLISH_REPLIES);
      assert.equal(firstStatus(replies), '1 onStatus status NetStream.Publish.Start');
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

  it('gives GStreamer an id that is not 0, behind null [item 61]', () => {
    const bench = greeted();
    bench.receive(bench.client.connect('live')).forget();
    bench.receive(bench.client.call('createStream', 4));
    assert.deepEqual(bench.replies(), ['0 _result 4 null 1']);
  });

  for (const start of [-2, -2000]) {
    it(`serves GStreamer, which plays with start ${start}: its first status is Reset, on the very id [item 66] [item 68]`, () => {
      const bench = player();
      bench.receive(bench.client.onStream(1, 'play', 'key', start), userControl(3, 1, 30_000));
      assert.deepEqual(bench.events(), [playLine(1, 'key')]);
      const replies = bench.replies();
      assert.deepEqual(replies, PLAY_REPLIES);
      assert.equal(firstStatus(replies), '1 onStatus status NetStream.Play.Reset');
    });
  }

  it('says no status to GStreamer before those of its play, whatever came before [item 68]', () => {
    const bench = player();
    const { client } = bench;
    for (const name of ['receiveAudio', 'receiveVideo', 'pause', 'seek']) {
      bench.receive(client.onStream(1, name, true));
    }
    assert.deepEqual(bench.replies(), []);
    bench.receive(client.onStream(1, 'play', 'key', -2, -1, false));
    assert.equal(firstStatus(bench.replies()), '1 onStatus status NetStream.Play.Start');
  });

  it('serves GStreamer, which stops its play by closeStream and deleteStream with the name [item 70]', () => {
    const bench = player();
    const { client } = bench;
    bench.receive(client.onStream(1, 'play', 'key', -2)).forget();
    bench.receive(client.call('closeStream', 0, 'key'));
    assert.deepEqual(bench.events(), ['stop 1']);
    bench.receive(client.call('deleteStream', 0, 'key'), client.call('createStream', 3));
    assert.deepEqual(bench.events(), []);
    assert.deepEqual(bench.replies(), ['0 _result 3 null 2']);
  });

  it('ends every stream of that name of GStreamer, and none of another', () => {
    const bench = player();
    const { client } = bench;
    bench.receive(client.call('createStream', 3), client.call('createStream', 4)).forget();
    bench.receive(client.onStream(1, 'play', 'key'), client.onStream(2, 'play', 'key'));
    bench.receive(client.onStream(3, 'play', 'other')).forget();
    bench.receive(client.call('deleteStream', 0, 'key'));
    assert.deepEqual(bench.events(), ['stop 1', 'stop 2']);
  });
});
