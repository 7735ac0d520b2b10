// Clients that speak AMF3, as Flash Player does by default: they connect with typed objects, arrays and dates, publish and
// play by commands of type 17, and are answered in kind. What they send is written out from the specification. [AMF3 3]

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AmfValue } from '../../src/protocol/amf/amf-value.ts';
import { amf, readAmf, textOf } from '../support/amf-wire.ts';
import { join } from '../support/chunk-wire.ts';
import { ClientMessages, clientHandshake } from '../support/client-messages.ts';
import { TestClient } from '../support/test-client.ts';
import { startTestGateway, TEST_MEDIA } from '../support/test-gateway.ts';
import { bytesOf } from '../support/vectors.ts';
import { HostileClient } from './hostile-client.ts';

const FRAMES = 30;

/** AMF3 values behind AMF0's marker 11: a typed object {name: "bob"} of class app.User, an array, a date, a byte array. */
const TYPED_OBJECT = bytesOf('11 0a 13 11 6170702e55736572 09 6e616d65 06 07 626f62');
const ARRAY = bytesOf('11 09 07 01 04 01 05 3ff8000000000000 06 03 78');
const DATE = bytesOf('11 08 01 4277a56f0a400000');
const BYTE_ARRAY = bytesOf('11 0c 07 01 02 03');

/** {app: "live", tcUrl: "rtmp://x/live", objectEncoding: 3} as an AMF3 object of class Connect. */
const TYPED_CONNECT =
  bytesOf(`11 0a 33 0f ${hex('Connect')} 07 ${hex('app')} 0b ${hex('tcUrl')} 1d ${hex('objectEncoding')}
  06 09 ${hex('live')} 06 1b ${hex('rtmp://x/live')} 04 03`);

/** {width: 640, made: a date, sizes: [1, 2], shot: a byte array} as an AMF3 object without a class. */
const METADATA = bytesOf(`11 0a 0b 01 0b ${hex('width')} 04 8500 09 ${hex('made')} 08 01 4277a56f0a400000
  0b ${hex('sizes')} 09 05 01 04 01 04 02 09 ${hex('shot')} 0c 05 0102 01`);

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

/** A client that has shaken hands. */
async function open(port: number): Promise<HostileClient> {
  const client = await HostileClient.overTcp(port);
  client.send(clientHandshake());
  return client;
}

/** The statuses and results that came as type 17, in order, by their codes and names. */
function answersInKind({ answers }: HostileClient): string[] {
  return answers
    .filter(({ typeId }) => typeId === 17)
    .map(({ payload }) => {
      assert.equal(payload[0], 0, 'the format byte');
      return readAmf(payload.subarray(1)).map(textOf).join(' ');
    });
}

describe('clients that speak AMF3', () => {
  const say = new ClientMessages();
  const CONNECTS = {
    'in AMF0, with AMF3 arguments': say.command(
      {},
      'connect',
      1,
      { app: 'live', tcUrl: 'rtmp://x/live', objectEncoding: 3 },
      TYPED_OBJECT,
      ARRAY,
      DATE,
      BYTE_ARRAY,
    ),
    'by type 17, as a typed object': say.commandAmf3({}, 'connect', 1, TYPED_CONNECT, ARRAY, DATE),
  };
  for (const [how, connect] of Object.entries(CONNECTS)) {
    it(`connect ${how}, publish and play [item 54]`, async (t) => {
      const { port, log } = await startTestGateway(t);
      const onStream = { chunkStreamId: 8, messageStreamId: 1 };
      const player = await TestClient.overTcp(t, port, 'live');
      await player.play('s');

      const publisher = await open(port);
      t.after(() => publisher.end());
      publisher.send(join([connect, say.commandAmf3({}, 'createStream', 2, null)]));
      publisher.send(say.commandAmf3(onStream, 'publish', 0, null, 's', 'live'));
      await publisher.until(
        () => answersInKind(publisher).some((line) => line.includes('Publish.Start')),
        'a start',
      );
      const info = answersInKind(publisher).find((line) => line.startsWith('"onStatus"')) ?? '';
      assert.match(
        info,
        /^"onStatus" 0 null \{level: "status", code: "NetStream.Publish.Start", description: /,
      );
      assert.ok(answersInKind(publisher).includes('"_result" 2 null 1'));

      publisher.send(
        say.message(15, join([Uint8Array.of(0), amf('@setDataFrame', 'onMetaData', METADATA)]), onStream),
      );
      publisher.send(say.video(1, 0, TEST_MEDIA.videoHeader));
      for (let number = 0; number < FRAMES; number++) {
        publisher.send(say.video(1, number * 40, TEST_MEDIA.video(number === 0, number)));
      }
      await player.waitUntil(() => player.media.length === FRAMES + 1);
      const data = player.events.find((event) => event.type === 'data' && event.name === 'onMetaData');
      assert.ok(data?.type === 'data');
      const [metadata] = data.values;
      assert.ok(
        metadata !== null &&
          typeof metadata === 'object' &&
          'type' in metadata &&
          metadata.type === 'ecma-array',
      );
      const members: ReadonlyMap<string, AmfValue> = metadata.properties;
      assert.deepEqual(
        [...members.keys()],
        ['width', 'made', 'sizes'],
        'what players cannot read is left out',
      );
      assert.deepEqual([members.get('width'), members.get('sizes')], [640, [1, 2]]);

      const viewer = await open(port);
      t.after(() => viewer.end());
      viewer.send(join([connect, say.commandAmf3({}, 'createStream', 2, null)]));
      viewer.send(say.commandAmf3(onStream, 'play', 0, null, 's'));
      const videosOf = ({ answers }: HostileClient): number =>
        answers.filter(({ typeId }) => typeId === 9).length;
      await viewer.until(() => videosOf(viewer) === FRAMES + 1, 'the stream from its keyframe on');
      assert.deepEqual(
        log.filter(({ level }) => level === 'error'),
        [],
      );
    });
  }
});
