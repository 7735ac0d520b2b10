// Asking clients to connect again: who is asked, in which words, and that our own client hears it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientEvent } from '../../../../src/protocol/rtmp/client/client-events.ts';
import { ClientSession } from '../../../../src/protocol/rtmp/client/client-session.ts';
import { readAmf, textOf, type WireObject } from '../../../support/amf-wire.ts';
import { bytesOf } from '../../../support/vectors.ts';
import { greeted, ServerBench } from './server-bench.ts';

/** A bench whose client connected with these properties. */
function connectedWith(properties: WireObject): ServerBench {
  const bench = greeted();
  return bench.receive(bench.client.connect('live', properties)).forget();
}

describe('RtmpServerSession, asking a client to connect again', () => {
  const said = (bench: ServerBench) =>
    bench
      .takeReplies()
      .map(({ messageStreamId, typeId, payload }) => [
        messageStreamId,
        typeId,
        readAmf(payload).map(textOf).join(' '),
      ]);
  const status = 'level: "status", code: "NetConnection.Connect.ReconnectRequest"';

  it('says where to and why, to a client that can [item 85]', () => {
    const bench = connectedWith({ capsEx: 1 });
    const request = { tcUrl: 'rtmp://other.example/live', description: 'moving' };
    assert.equal(bench.session.requestReconnect(request), true);
    const info = `{${status}, description: "moving", tcUrl: "rtmp://other.example/live"}`;
    assert.deepEqual(said(bench), [[0, 20, `"onStatus" 0 null ${info}`]]);
    assert.equal(bench.session.state, 'connected');
  });

  it('leaves the place out where it is the same [item 85]', () => {
    const bench = connectedWith({ capsEx: 15 });
    assert.equal(bench.session.requestReconnect(), true);
    const info = `{${status}, description: "Please connect again."}`;
    assert.deepEqual(said(bench), [[0, 20, `"onStatus" 0 null ${info}`]]);
  });

  for (const [name, properties] of [
    ['announced nothing', {}],
    ['announced other abilities', { capsEx: 14, videoFourCcInfoMap: { '*': 7 } }],
    ['announced them in another type', { capsEx: '1' }],
  ] as const) {
    it(`says nothing to a client that ${name} [item 85]`, () => {
      const bench = connectedWith(properties);
      assert.equal(bench.session.requestReconnect({ tcUrl: '/live' }), false);
      assert.equal(bench.session.hasOutput, false);
    });
  }

  it('says nothing before connect was accepted, and nothing once the session is closed [item 85]', () => {
    const bench = greeted({ decisions: 'left to the test' });
    bench.receive(bench.client.connect('live', { capsEx: 1 }));
    assert.equal(bench.session.requestReconnect(), false);
    assert.equal(bench.session.hasOutput, false);
    bench.session.acceptConnect();
    bench.forget();
    bench.session.close();
    assert.equal(bench.session.requestReconnect(), false);
    assert.equal(bench.session.hasOutput, false);
  });

  it('comes to our own client, whose publish goes on [item 85]', () => {
    const server = new ServerBench();
    const client = new ClientSession({ randomBytes: (lengthBytes) => new Uint8Array(lengthBytes).fill(7) });
    const heard: ClientEvent[] = [];
    const exchange = () => {
      for (let isMoving = true; isMoving; ) {
        const toServer = client.takeOutput(65_536);
        server.receive(...toServer);
        const toClient = server.session.takeOutput(65_536);
        for (const bytes of toClient) client.receive(bytes, 0);
        heard.push(...client.drainEvents());
        isMoving = toServer.length + toClient.length > 0;
      }
    };
    client.connect({ app: 'live', tcUrl: 'rtmp://localhost/live', properties: { capsEx: 1 } });
    exchange();
    client.publish('key');
    exchange();
    server.events();
    assert.equal(server.session.requestReconnect({ tcUrl: '//other.example/live' }), true);
    heard.length = 0;
    exchange();
    const [event, ...others] = heard;
    assert.ok(event?.type === 'reconnect-requested');
    assert.equal(event.tcUrl, 'rtmp://other.example/live');
    assert.deepEqual(others, []);
    client.sendVideo(0, bytesOf('9068766331010160'));
    exchange();
    assert.deepEqual(server.events(), ['video 1 @0 9068766331010160']);
  });
});
