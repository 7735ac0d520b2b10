// Commands and data of clients that speak AMF3: types 15 and 17 in both their forms, answers in the type that asked,
// and a value that nobody can read.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { amf, type WireValue } from '../../../support/amf-wire.ts';
import { join } from '../../../support/chunk-wire.ts';
import { bytesOf } from '../../../support/vectors.ts';
import {
  asAmf3,
  CONNECT_REPLIES,
  connectResult,
  greeted,
  PLAY_REPLIES,
  PUBLISH_REPLIES,
  playing,
  publishing,
  type ServerBench,
} from './server-bench.ts';

const FORMAT = Uint8Array.of(0);
const ON_STREAM = { chunkStreamId: 8, messageStreamId: 1 };

/** A value of AMF3 in AMF0: an externalizable of class X.Y, of which nobody knows how long it is. */
const UNKNOWN_EXTERNALIZABLE = bytesOf('11 0a 07 07 582e59 0401 0602');

/** A client that said at connect what it speaks. */
function speaking(objectEncoding: number): ServerBench {
  const bench = greeted();
  bench.receive(bench.client.connect('live', { objectEncoding }));
  assert.deepEqual(bench.replies(), [...CONNECT_REPLIES.slice(0, 3), connectResult(objectEncoding)]);
  return bench.forget();
}

/** Commands, each answered, with their answers as type 20; publish and play are on NetStreams 1 and 2. */
const ASKED: readonly (readonly [number, readonly WireValue[], readonly string[]])[] = [
  [0, ['createStream', 2, null], ['0 _result 2 null 1']],
  [0, ['createStream', 3, null], ['0 _result 3 null 2']],
  [0, ['releaseStream', 4, null, 'key'], ['0 _result 4 null undefined']],
  [
    0,
    ['FCPublish', 5, null, 'key'],
    [
      '0 _result 5 null undefined',
      '0 onFCPublish 0 null {code: "NetStream.Publish.Start", description: "key"}',
    ],
  ],
  [1, ['publish', 6, null, 'key', 'live'], PUBLISH_REPLIES],
  [2, ['play', 7, null, 'other'], PLAY_REPLIES.map((line) => line.replace(/^(begin )?1/, '$12'))],
  [2, ['pause', 8, null, true, 0], ['2 onStatus status NetStream.Pause.Notify']],
  [
    0,
    ['unheardOf', 9, null],
    [
      '0 _error 9 null {level: "error", code: "NetConnection.Call.Failed", description: "Method not found (unheardOf)."}',
    ],
  ],
];

describe('RtmpServerSession, for clients that speak AMF3', () => {
  for (const [name, prefix] of [
    ['with', FORMAT],
    ['without', new Uint8Array(0)],
  ] as const) {
    it(`takes commands of type 17 ${name} the format byte, and answers in type 17 [item 54]`, () => {
      const bench = speaking(3);
      for (const [messageStreamId, values, replies] of ASKED) {
        bench.receive(bench.client.message(17, join([prefix, amf(...values)]), { messageStreamId }));
        assert.deepEqual(bench.replies(), replies.map(asAmf3), String(values[0]));
      }
    });

    it(`takes commands of type 17 ${name} the format byte of a client of AMF0, and answers in type 20 [item 54]`, () => {
      const bench = speaking(0);
      for (const [messageStreamId, values, replies] of ASKED) {
        bench.receive(bench.client.message(17, join([prefix, amf(...values)]), { messageStreamId }));
        assert.deepEqual(bench.replies(), replies, String(values[0]));
      }
    });

    it(`takes data of type 15 ${name} the format byte [item 54]`, () => {
      const bench = publishing();
      const body = join([prefix, amf('@setDataFrame', 'onMetaData', { width: 640 })]);
      bench.receive(bench.client.message(15, body, ON_STREAM));
      assert.deepEqual(bench.events(), ['data 1 @0 set onMetaData {width: 640}']);
    });
  }

  it('answers each request in its own type where a client mixes them [item 54]', () => {
    const bench = speaking(3);
    const { client } = bench;
    bench.receive(client.call('createStream', 2), client.commandAmf3({}, 'createStream', 3, null));
    bench.receive(client.call('_checkbw', 4), client.commandAmf3({}, '_checkbw', 5, null));
    assert.deepEqual(bench.replies(), [
      '0 _result 2 null 1',
      'amf3 0 _result 3 null 2',
      '0 _result 4 null null',
      'amf3 0 _result 5 null null',
    ]);
  });

  for (const objectEncoding of [0, 3]) {
    const answer = (line: string) => (objectEncoding === 3 ? asAmf3(line) : line);

    it(`drops a command with an externalizable of unknown class, object encoding ${objectEncoding}, and goes on [item 53]`, () => {
      const bench = speaking(objectEncoding);
      const { client } = bench;
      const commands = [
        client.message(17, join([FORMAT, amf('echo', 2, null, UNKNOWN_EXTERNALIZABLE)])),
        client.message(20, amf('echo', 3, null, UNKNOWN_EXTERNALIZABLE)),
        client.message(17, join([FORMAT, amf('createStream', 4, UNKNOWN_EXTERNALIZABLE)])),
        client.message(17, join([FORMAT, amf('publish', 5, null, UNKNOWN_EXTERNALIZABLE)]), ON_STREAM),
      ];
      for (const [index, command] of commands.entries()) {
        bench.receive(command);
        assert.deepEqual([bench.events(), bench.replies()], [[], []]);
        assert.equal(bench.session.counters.malformedCommands, index + 1);
      }
      bench.receive(client.commandAmf3({}, 'createStream', 6, null));
      assert.deepEqual(bench.replies(), [answer('0 _result 6 null 1')]);
      assert.equal(bench.session.state, 'connected');
    });
  }

  it('drops data with an externalizable of unknown class, and goes on with the media [item 53]', () => {
    const bench = publishing();
    const { client } = bench;
    const body = amf('@setDataFrame', 'onMetaData', UNKNOWN_EXTERNALIZABLE);
    bench.receive(client.message(15, join([FORMAT, body]), ON_STREAM), client.message(18, body, ON_STREAM));
    bench.receive(client.audio(1, 7, Uint8Array.of(0xaf)));
    assert.deepEqual(bench.events(), ['audio 1 @7 af']);
    assert.equal(bench.session.counters.malformedData, 2);
  });

  it('tells a player that never spoke AMF3 of its publisher in type 20', () => {
    const bench = playing();
    bench.session.publishEnded(1);
    assert.deepEqual(bench.replies(), ['eof 1', '1 onStatus status NetStream.Play.UnpublishNotify']);
  });
});
