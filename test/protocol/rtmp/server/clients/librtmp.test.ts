// librtmp, as rtmpdump, GStreamer's rtmpsrc and many a player have it: control on a header of type 1, a buffer length
// for the connection, and a start of 0 for live streams, too.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chunk } from '../../../../support/chunk-wire.ts';
import { userControl } from '../../../../support/client-messages.ts';
import { bytesOf, vectorOf } from '../../../../support/vectors.ts';
import { CONNECT_REPLIES, connected, greeted, PLAY_REPLIES, type ServerBench } from '../server-bench.ts';

const WINDOW = bytesOf('002625a0');

/** What rtmpdump says of itself. */
const PROPERTIES = { flashVer: 'LNX 10,0,32,18', swfUrl: 'x', pageUrl: 'y', fpad: false, capabilities: 15 };

/** A user control message with the header that librtmp writes: type 1 on chunk stream 2, used or not. */
function pingOf(hex: string): Uint8Array {
  return chunk({ format: 1, chunkStreamId: 2, typeId: 4, payload: bytesOf(hex) });
}

function rtmpdump(): ServerBench {
  const bench = greeted();
  bench.receive(bench.client.connect('live', PROPERTIES));
  assert.deepEqual(bench.replies(), CONNECT_REPLIES);
  return bench;
}

describe('RtmpServerSession, for librtmp', () => {
  for (const [start, wishes] of [
    [0, 'start 0 live-only false reset true'],
    [-1000, 'start null live-only true reset true'],
  ] as const) {
    it(`serves rtmpdump, which plays with start ${start} and opens chunk stream 2 with a type 1 header [item 20] [item 43] [item 66]`, () => {
      const bench = rtmpdump();
      const { client } = bench;
      bench.events();
      // A buffer of 300 ms for the connection: the first message on chunk stream 2.
      bench.receive(pingOf('0003 00000000 0000012c'));
      bench.receive(client.message(5, WINDOW, { chunkStreamId: 2 }), client.call('createStream', 2));
      assert.deepEqual(bench.replies(), ['0 _result 2 null 1']);
      bench.receive(client.command({ chunkStreamId: 8, messageStreamId: 1 }, 'play', 3, null, 'key', start));
      bench.receive(userControl(3, 1, 30_000));
      assert.deepEqual(bench.events(), [`play 1 "key" query "" ${wishes}`]);
      assert.deepEqual(bench.replies(), PLAY_REPLIES);
      assert.equal(bench.session.counters.malformedControls, 0);
    });
  }

  it('takes the pong of librtmp, the first thing on chunk stream 2, with a type 1 header [item 20]', () => {
    const bench = rtmpdump();
    bench.receive(vectorOf('K-15').bytes, pingOf('0007 00001234'));
    assert.deepEqual(bench.replies(), []);
    assert.equal(bench.session.counters.malformedControls, 0);
  });

  it('answers a ping of librtmp', () => {
    const bench = rtmpdump();
    bench.receive(pingOf('0006 00001234'));
    assert.deepEqual(bench.replies(), [`pong ${0x1234}`]);
  });

  it('subscribes librtmp, which closes at onFCUnsubscribe, by onFCSubscribe alone', () => {
    const bench = rtmpdump();
    const { client } = bench;
    bench.receive(client.call('createStream', 2), client.call('FCSubscribe', 3, 'key'));
    bench.receive(client.onStream(1, 'play', 'key', -1000), client.call('deleteStream', 4, 1));
    const names = bench.replies().map((line) => line.split(' ')[1]);
    assert.ok(names.includes('onFCSubscribe'));
    assert.ok(!names.includes('onFCUnsubscribe') && !names.includes('close'));
  });

  it('takes its window, pause and seek as librtmp sends them, on chunk stream 8', () => {
    const bench = rtmpdump();
    const { client } = bench;
    const onStream = { chunkStreamId: 8, messageStreamId: 1 };
    bench.receive(client.call('createStream', 2), client.command(onStream, 'play', 3, null, 'key')).forget();
    bench.receive(client.command(onStream, 'pause', 4, null, true, 1000));
    bench.receive(client.command(onStream, 'pause', 5, null, false, 1000));
    bench.receive(client.command(onStream, 'seek', 6, null, 5000));
    const statuses = bench.replies().filter((line) => line.startsWith('1 onStatus'));
    assert.deepEqual(statuses, [
      '1 onStatus status NetStream.Pause.Notify',
      '1 onStatus status NetStream.Unpause.Notify',
      '1 onStatus status NetStream.Seek.Notify',
    ]);
  });

  it('answers the unsubscribing of Akamai clients', () => {
    const bench = connected();
    bench.receive(bench.client.call('FCUnsubscribe', 4, 'key'));
    assert.deepEqual(bench.replies(), [
      '0 _result 4 null undefined',
      '0 onFCUnsubscribe 0 null {code: "NetStream.Play.Stop", description: "key"}',
    ]);
  });
});
