// Flash Player and AIR: a signed handshake, commands of type 17 where its object encoding is 3, and statuses that it
// waits for on the id of its stream.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { amf } from '../../../../support/amf-wire.ts';
import { join } from '../../../../support/chunk-wire.ts';
import { userControl } from '../../../../support/client-messages.ts';
import {
  digestAt,
  digestOf,
  signatureOf,
  signed,
  signedAnswer,
  unsignedAnswer,
  unsignedC1,
} from '../../handshake/handshake-vectors.ts';
import {
  asAmf3,
  CONNECT_REPLIES,
  connectResult,
  greeted,
  PLAY_REPLIES,
  PUBLISH_REPLIES,
  playLine,
  ServerBench,
  UNPUBLISHED,
} from '../server-bench.ts';
import { AAC_HEADER } from './publisher-replies.ts';

const FLASH_VERSION = 'WIN 32,0,0,465';
const WINDOW = Uint8Array.of(0, 0x26, 0x25, 0xa0);
const ON_STREAM = { chunkStreamId: 8, messageStreamId: 1 };

/** A Flash Player whose object encoding is 3, up to the answer of its connect. */
function connectedFlash(bench: ServerBench): ServerBench {
  const { client } = bench;
  const properties = { flashVer: FLASH_VERSION, objectEncoding: 3, swfUrl: undefined, pageUrl: null };
  bench.receive(client.connect('live', { ...properties, audioCodecs: 3575, videoCodecs: 252 }));
  assert.deepEqual(bench.events(), [
    `connect app "live" instance "" query "" tcUrl "rtmp://localhost/live" flashVersion "${FLASH_VERSION}" encoding 3`,
  ]);
  assert.deepEqual(bench.replies(), [...CONNECT_REPLIES.slice(0, 3), connectResult(3)]);
  bench.receive(client.message(5, WINDOW, { chunkStreamId: 2 }));
  bench.receive(client.commandAmf3({}, 'createStream', 2, null));
  assert.deepEqual(bench.replies(), ['amf3 0 _result 2 null 1']);
  return bench;
}

describe('RtmpServerSession, for Flash Player', () => {
  for (const layout of [8, 772] as const) {
    it(`signs the handshake of a Flash Player that signs in layout D${layout}, and serves it behind it [item 3]`, () => {
      const bench = new ServerBench();
      const c1 = signed(unsignedC1(), layout, 'client');
      bench.receive(Uint8Array.of(3), c1);
      const [answer] = bench.session.takeOutput(1);
      assert.ok(answer !== undefined);
      const s1 = answer.slice(1, 1537);
      const s2 = answer.slice(1537);
      const s1Digest = s1.slice(digestAt(s1, layout), digestAt(s1, layout) + 32);
      const c1Digest = c1.slice(digestAt(c1, layout), digestAt(c1, layout) + 32);
      assert.deepEqual(s1Digest, digestOf(s1, layout, 'server'));
      assert.deepEqual(s2.slice(1504), signatureOf(s2, c1Digest, 'server'));
      bench.receive(signedAnswer(unsignedAnswer(5, 9), s1Digest, 'client'));
      connectedFlash(bench);
    });
  }

  it('serves Flash Player that publishes, whose commands are type 17 with AMF0 values [item 54] [item 63]', () => {
    const bench = connectedFlash(greeted());
    const { client } = bench;
    bench.receive(client.commandAmf3(ON_STREAM, 'publish', 0, null, 'key', 'live'));
    assert.deepEqual(bench.replies(), PUBLISH_REPLIES.map(asAmf3));
    const metadata = join([Uint8Array.of(0), amf('@setDataFrame', 'onMetaData', { width: 320 })]);
    bench.receive(client.message(15, metadata, ON_STREAM), client.audio(1, 0, AAC_HEADER));
    assert.deepEqual(bench.events(), [
      'publish 1 "key" query "" live',
      'data 1 @0 set onMetaData {width: 320}',
      'audio 1 @0 af001210',
    ]);
    bench.receive(client.commandAmf3(ON_STREAM, 'publish', 0, null, false));
    bench.receive(client.commandAmf3({}, 'deleteStream', 0, null, 1));
    assert.deepEqual(bench.events(), ['unpublish 1']);
    assert.deepEqual(bench.replies(), [asAmf3(UNPUBLISHED)]);
  });

  it('serves Flash Player that plays: Begin, Reset and Start on the id of the stream [item 54] [item 68]', () => {
    const bench = connectedFlash(greeted());
    const { client } = bench;
    bench.receive(userControl(3, 1, 100));
    bench.receive(client.commandAmf3(ON_STREAM, 'play', 0, null, 'key'));
    assert.deepEqual(bench.events(), [playLine(1, 'key')]);
    assert.deepEqual(bench.replies(), PLAY_REPLIES.map(asAmf3));
    bench.receive(client.commandAmf3(ON_STREAM, 'pauseRaw', 0, null, true, 0));
    assert.deepEqual(bench.replies(), ['amf3 1 onStatus status NetStream.Pause.Notify']);
    bench.receive(client.commandAmf3(ON_STREAM, 'closeStream', 0, null)).replies();
    assert.deepEqual(bench.events().at(-1), 'stop 1');
  });

  it('serves a Flash Player that leaves out the format byte of type 17 [item 54]', () => {
    const bench = greeted();
    const { client } = bench;
    bench.receive(client.connect('live', { objectEncoding: 3 })).forget();
    bench.receive(client.message(17, amf('createStream', 2, null)));
    assert.deepEqual(bench.replies(), ['amf3 0 _result 2 null 1']);
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

  it('serves Flash Player, which turns pictures off before it plays and says transaction 0 for all of its stream', () => {
    const bench = connectedFlash(greeted());
    const { client } = bench;
    bench.receive(client.commandAmf3(ON_STREAM, 'receiveVideo', 0, null, false));
    assert.deepEqual(bench.replies(), []);
    bench.receive(client.commandAmf3(ON_STREAM, 'play', 0, null, 'key', -2000, -1, true));
    assert.deepEqual(bench.events(), [playLine(1, 'key'), 'filter 1 audio true video false paused false']);
  });
});
