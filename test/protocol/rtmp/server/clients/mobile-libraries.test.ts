// The libraries of mobile encoders: HaishinKit (iOS) wants an answer to each call and nothing but onStatus on the id of
// its stream, RootEncoder (Android) puts no interleaved messages together and throws at types that it does not know.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WireEcmaArray } from '../../../../support/amf-wire.ts';
import { filled } from '../../../../support/chunk-wire.ts';
import { userControl } from '../../../../support/client-messages.ts';
import {
  connected,
  ENHANCED_CONNECT_REPLIES,
  greeted,
  PLAY_REPLIES,
  playing,
  publishing,
  type ServerBench,
} from '../server-bench.ts';
import { AAC_HEADER, ACCESS_UNIT } from './publisher-replies.ts';

/** A strict array of "av01", "hvc1" and "*". */
const FOUR_CC_LIST = Uint8Array.from(
  Buffer.from('0a00000003 02000461763031 02000468766331 0200012a'.replaceAll(' ', ''), 'hex'),
);

describe('RtmpServerSession, for HaishinKit', () => {
  it('serves HaishinKit: a result for each call, and nothing but onStatus on the id of the stream [item 62]', () => {
    const bench = greeted();
    const { client } = bench;
    const flashVer = 'FMLE/3.0 (compatible; FMSc/1.0)';
    bench.receive(client.connect('live', { fourCcList: FOUR_CC_LIST, flashVer }));
    assert.deepEqual(bench.replies(), ENHANCED_CONNECT_REPLIES);
    const calls = ['releaseStream', 'FCPublish', 'createStream'] as const;
    const lines: string[] = [];
    for (const [index, name] of calls.entries()) {
      bench.receive(client.call(name, index + 2, ...(name === 'createStream' ? [] : ['key'])));
      const replies = bench.replies();
      const results = replies.filter((line) => line.startsWith(`0 _result ${index + 2} null`));
      assert.equal(results.length, 1, name);
      lines.push(...replies);
    }
    bench.receive(client.command({ messageStreamId: 1 }, 'publish', 5, null, 'key', 'live'));
    const published = bench.replies();
    lines.push(...published);
    assert.deepEqual(
      lines.filter((line) => line.startsWith('1 ')),
      ['1 onStatus status NetStream.Publish.Start'],
    );
    assert.deepEqual(
      published.filter((line) => line.includes('_result') || line.includes('_error')),
      [],
      'no result for publish, whatever its transaction',
    );
  });

  it('says nothing to HaishinKit on the id of its stream while it publishes, whatever it calls', () => {
    const bench = publishing();
    const { client } = bench;
    bench.receive(client.data(1, '@setDataFrame', 'onMetaData', new WireEcmaArray({ width: 640 })));
    bench.receive(client.audio(1, 0, AAC_HEADER), client.video(1, 0, ACCESS_UNIT));
    bench.receive(client.call('FCPublish', 7, 'key'), client.call('_checkbw', 8), userControl(6, 1));
    assert.deepEqual(
      bench.replies().filter((line) => line.startsWith('1 ')),
      [],
    );
  });

  it('serves HaishinKit, which plays: Reset and Start, and no result for play', () => {
    const bench = connected();
    const { client } = bench;
    bench.receive(client.call('createStream', 2)).forget();
    bench.receive(client.command({ messageStreamId: 1 }, 'play', 3, null, 'key', -2000));
    assert.deepEqual(bench.replies(), PLAY_REPLIES);
  });

  it('refuses HaishinKit a publish by onStatus on its stream, and by nothing else', () => {
    const bench = connected({ decisions: 'left to the test' });
    const { client, session } = bench;
    bench.receive(client.call('createStream', 2)).forget();
    bench.receive(client.command({ messageStreamId: 1 }, 'publish', 3, null, 'key', 'live'));
    session.rejectPublish('NetStream.Publish.BadName', 'taken');
    assert.deepEqual(bench.replies(), ['1 onStatus error NetStream.Publish.BadName']);
  });
});

describe('RtmpServerSession, for RootEncoder', () => {
  /** Types that it reads. */
  const KNOWN_TYPES = new Set([1, 2, 3, 4, 5, 6, 8, 9, 15, 16, 17, 18, 19, 20, 22]);

  /** All that a publishing RootEncoder is sent, in chunks of `chunkSizeBytes`; the reader refuses interleaved ones. */
  function conversation(chunkSizeBytes: number): ReturnType<ServerBench['takeReplies']> {
    const bench = greeted({ options: { chunkSizeBytes, ackWindowBytes: 8192 } });
    const { client } = bench;
    const flashVer = 'FMLE/3.0 (compatible; Lavf57.56.101)';
    const properties = { flashVer, fourCcList: FOUR_CC_LIST, audioCodecs: 3191, videoCodecs: 252 };
    bench.receive(client.connect('live', properties));
    bench.receive(client.call('releaseStream', 2, 'key'), client.call('FCPublish', 3, 'key'));
    bench.receive(client.call('createStream', 4), client.onStream(1, 'publish', 'key', 'live'));
    for (let timeMs = 0; timeMs < 400; timeMs += 40) bench.receive(client.video(1, timeMs, filled(3000)));
    bench.receive(userControl(6, 7), client.call('unheardOf', 9));
    bench.session.tick(60_000);
    bench.receive(client.call('FCUnpublish', 10, 'key'), client.call('deleteStream', 11, 1));
    return bench.takeReplies();
  }

  for (const chunkSizeBytes of [1, 100, 128, 4096]) {
    it(`serves RootEncoder in chunks of ${chunkSizeBytes}: message by message, each in one piece, of types that it knows [item 33]`, () => {
      const replies = conversation(chunkSizeBytes);
      const types = new Set(replies.map(({ typeId }) => typeId));
      assert.deepEqual(
        [...types].filter((typeId) => !KNOWN_TYPES.has(typeId)),
        [],
      );
      assert.deepEqual(
        [...types].sort((left, right) => left - right),
        [1, 3, 4, 5, 6, 20],
      );
      for (const { typeId, payload, chunkCount } of replies.slice(3)) {
        assert.equal(chunkCount, Math.ceil(payload.length / chunkSizeBytes), `type ${typeId}`);
      }
    });
  }

  it('answers the connect of RootEncoder message by message, each in one chunk', () => {
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

  it('keeps what it says to a player in one piece, too', () => {
    const bench = playing({ options: { chunkSizeBytes: 60 } });
    bench.session.publishEnded(1);
    bench.session.publishStarted(1);
    const counts = bench.takeReplies().map(({ payload, chunkCount }) => [payload.length, chunkCount]);
    for (const [lengthBytes = 0, chunkCount] of counts) assert.equal(chunkCount, Math.ceil(lengthBytes / 60));
    assert.ok(counts.some(([, chunkCount = 0]) => chunkCount > 1));
  });
});
