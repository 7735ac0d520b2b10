// The start and the end of every playing client that is known, as each sends it, and the replies that it waits for.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { userControl } from '../../../support/client-messages.ts';
import {
  asAmf3,
  CONNECT_REPLIES,
  connected,
  connectResult,
  greeted,
  PLAY_REPLIES,
  playLine,
} from './server-bench.ts';

const WINDOW = Uint8Array.of(0, 0x26, 0x25, 0xa0);

describe('RtmpServerSession, for playing clients', () => {
  it('serves FFmpeg [item 62] [item 66]', () => {
    const bench = greeted();
    const { client } = bench;
    const flashVer = 'LNX 9,0,124,2';
    const capabilities = { fpad: false, capabilities: 15, audioCodecs: 4071, videoCodecs: 252 };
    bench.receive(client.connect('live', { flashVer, ...capabilities, videoFunction: 1 }));
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

  for (const [start, wishes] of [
    [0, 'start 0 live-only false reset true'],
    [-1000, 'start null live-only true reset true'],
  ] as const) {
    it(`serves rtmpdump, which plays with start ${start} and sends pings with a type 1 header`, () => {
      const bench = greeted();
      const { client } = bench;
      bench.receive(client.connect('live', { flashVer: 'LNX 10,0,32,18', swfUrl: 'x', pageUrl: 'y' }));
      assert.deepEqual(bench.replies(), CONNECT_REPLIES);
      // A buffer length of 300 ms for the connection, type 1 header on chunk stream 2.
      const bufferLength = Uint8Array.from(Buffer.from('4200000000000a0400030000000000000012c0', 'hex'));
      bufferLength.set([0, 0, 0x01, 0x2c], 14);
      bench.receive(client.message(5, WINDOW, { chunkStreamId: 2 }));
      bench.receive(bufferLength.subarray(0, 18), client.call('createStream', 2)).forget();
      bench.receive(client.command({ chunkStreamId: 8, messageStreamId: 1 }, 'play', 3, null, 'key', start));
      bench.receive(userControl(3, 1, 30_000));
      assert.deepEqual(bench.events(), [`play 1 "key" query "" ${wishes}`]);
      assert.deepEqual(bench.replies(), PLAY_REPLIES);
      assert.equal(bench.session.counters.malformedControls, 0);
    });
  }

  it('serves Flash Player with object encoding 3: Begin, Reset and Start on the id of the stream', () => {
    const bench = greeted();
    const { client } = bench;
    bench.receive(client.connect('live', { flashVer: 'WIN 32,0,0,465', objectEncoding: 3 }));
    assert.deepEqual(bench.replies(), [...CONNECT_REPLIES.slice(0, 3), connectResult(3)]);
    bench.receive(client.message(5, WINDOW, { chunkStreamId: 2 }));
    bench.receive(client.commandAmf3({}, 'createStream', 2, null)).forget();
    const onStream = { chunkStreamId: 8, messageStreamId: 1 };
    bench.receive(userControl(3, 1, 100));
    bench.receive(client.commandAmf3(onStream, 'play', 0, null, 'key'));
    assert.deepEqual(bench.events(), [playLine(1, 'key')]);
    assert.deepEqual(bench.replies(), PLAY_REPLIES.map(asAmf3));
    bench.receive(client.commandAmf3(onStream, 'closeStream', 0, null));
    assert.deepEqual(bench.events(), ['stop 1']);
    assert.deepEqual(bench.replies(), []);
  });

  it('serves a Flash Player that leaves out the format byte of type 17 [item 54]', () => {
    const bench = connected();
    const { client } = bench;
    const body = client.commandAmf3({}, 'createStream', 2, null).subarray(12);
    bench.receive(client.message(17, body.subarray(1)));
    assert.deepEqual(bench.replies(), ['0 _result 2 null 1']);
  });

  it('serves GStreamer, whose first status must be Reset or Start, and which stops by name [item 68]', () => {
    const bench = greeted();
    const { client } = bench;
    bench.receive(client.connect('live', { flashVer: 'LNX 9,0,124,2' })).forget();
    bench.receive(client.message(5, WINDOW, { chunkStreamId: 2 }), userControl(3, 0, 300));
    bench.receive(client.call('createStream', 2));
    assert.deepEqual(bench.replies(), ['0 _result 2 null 1']);
    bench.receive(client.onStream(1, 'play', 'key', -2), userControl(3, 1, 30_000));
    assert.deepEqual(bench.events(), [playLine(1, 'key')]);
    const replies = bench.replies();
    assert.deepEqual(replies, PLAY_REPLIES);
    assert.match(replies.find((line) => line.startsWith('1 onStatus')) ?? '', /Play\.(Reset|Start)$/);
    bench.receive(client.call('closeStream', 0, 'key'));
    assert.deepEqual(bench.events(), ['stop 1']);
    bench.receive(client.call('deleteStream', 0, 'key'), client.call('createStream', 3));
    assert.deepEqual(bench.events(), []);
    assert.deepEqual(bench.replies(), ['0 _result 3 null 2']);
  });

  it('serves HaishinKit: nothing but onStatus comes as a command on the id of the stream', () => {
    const bench = connected();
    const { client } = bench;
    bench.receive(client.call('createStream', 2)).forget();
    bench.receive(client.command({ messageStreamId: 1 }, 'play', 3, null, 'key', -2000));
    const commands = bench
      .replies()
      .filter(
        (line) => line.startsWith('1 ') && !line.startsWith('1 data') && !line.startsWith('1 onStatus'),
      );
    assert.deepEqual(commands, []);
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
