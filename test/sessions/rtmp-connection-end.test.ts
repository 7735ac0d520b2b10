import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PAYLOAD } from '../streams/stream-rig.ts';
import { clientHandshake } from '../support/client-messages.ts';
import { SessionRig, sendInter, sendKey, type TestPeer } from './session-rig.ts';

/** Ways for a publisher to end, and whether its connection goes with it. */
const ENDS: readonly (readonly [string, boolean, (peer: TestPeer, rig: SessionRig) => void])[] = [
  ['deleteStream', false, (peer) => peer.send(peer.say.call('deleteStream', 0, 1))],
  ['closeStream', false, (peer) => peer.send(peer.say.onStream(1, 'closeStream'))],
  ['FCUnpublish', false, (peer) => peer.send(peer.say.call('FCUnpublish', 3, 's'))],
  ['publish without a name', false, (peer) => peer.send(peer.say.onStream(1, 'publish', false))],
  [
    'FCUnpublish, closeStream, deleteStream and the end of the connection together',
    true,
    (peer) => {
      const { say } = peer;
      peer.send(
        say.call('FCUnpublish', 3, 's'),
        say.onStream(1, 'closeStream'),
        say.call('deleteStream', 0, 1),
      );
      peer.link.drop();
    },
  ],
  ['the end of the connection', true, (peer) => peer.link.drop()],
  ['a reset', true, (peer) => peer.link.drop('peer-reset')],
  ['a protocol error', true, (peer) => peer.send(peer.say.setChunkSize(0))],
  ['silence', true, (_, rig) => rig.clock.advance(3 * 60_000)],
  ['a drain', true, (peer) => peer.connection.drain()],
  ['a second connect', true, (peer) => peer.send(peer.say.connect('live'))],
];

describe('RtmpConnection, ends of a publish', () => {
  for (const [name, isOver, end] of ENDS) {
    it(`releases the name and tells the viewers exactly once: ${name} [item 71]`, () => {
      const rig = new SessionRig();
      const publisher = rig.publisher('s');
      sendKey(publisher, 0, 1);
      const player = rig.player('s');
      // WHY: it stays alive by answering, so that silence ends the publisher alone.
      const keepAlive = (): void => player.send(player.say.call('_checkbw', 9));
      if (name === 'silence')
        for (let n = 0; n < 5; n++) rig.wheel.at(rig.clock.nowMs() + n * 40_000, keepAlive);
      end(publisher, rig);
      rig.scheduler.run();
      player.link.pull();
      assert.deepEqual(player.statuses(), ['NetStream.Play.UnpublishNotify']);
      assert.equal(publisher.link.isClosed, isOver);
      assert.equal(rig.ended.filter((ended) => ended === publisher.connection).length, isOver ? 1 : 0);
      assert.equal(publisher.connection.isSetUp, false);
      const next = rig.connected();
      next.send(next.say.call('createStream', 2), next.say.onStream(1, 'publish', 's'));
      assert.deepEqual(next.statuses(), ['NetStream.Publish.Start']);
      publisher.link.drop();
      sendKey(next, 0, 2);
      rig.scheduler.run();
      assert.deepEqual(player.heard().slice(-3), [
        'begin 1',
        '1 onStatus status NetStream.Play.PublishNotify',
        'key 2 @100',
      ]);
      next.link.drop();
      player.link.drop();
      assert.equal(rig.registry.size, 0);
      assert.equal(rig.ended.length, 3);
      assert.deepEqual(publisher.link.internalErrors, []);
    });
  }
});

describe('RtmpConnection, ends of a player', () => {
  for (const [name, end] of [
    ['deleteStream', (peer: TestPeer) => peer.send(peer.say.call('deleteStream', 0, 1))],
    ['closeStream', (peer: TestPeer) => peer.send(peer.say.onStream(1, 'closeStream'))],
    ['the end of the connection', (peer: TestPeer) => peer.link.drop()],
    ['a protocol error', (peer: TestPeer) => peer.send(peer.say.setChunkSize(0))],
    ['a drain', (peer: TestPeer) => peer.connection.drain()],
  ] as const) {
    it(`gives its place back, and is not woken any more: ${name}`, () => {
      const rig = new SessionRig();
      const publisher = rig.publisher('s');
      const player = rig.player('s');
      end(player);
      const { wakes } = player.link;
      sendKey(publisher, 0, 1);
      rig.scheduler.run();
      assert.equal(player.link.wakes, wakes);
      assert.equal(rig.registry.size, 1);
      publisher.link.drop();
      assert.equal(rig.registry.size, 0);
    });
  }

  it('leaves one stream for another on the same NetStream', () => {
    const rig = new SessionRig();
    const publishers = [rig.publisher('a'), rig.publisher('b')];
    const player = rig.player('a');
    player.send(player.say.onStream(1, 'play', 'b'));
    player.heard();
    for (const [index, publisher] of publishers.entries()) sendKey(publisher, 0, index);
    rig.scheduler.run();
    assert.deepEqual(player.heard(), ['key 1 @0']);
    publishers[0]?.link.drop();
    assert.equal(rig.registry.size, 1);
  });
});

describe('RtmpConnection, ends of a connection', () => {
  it('says why a protocol error ends it, where it is connected', () => {
    const rig = new SessionRig();
    const peer = rig.connected();
    peer.send(peer.say.setChunkSize(0));
    assert.deepEqual(peer.link.ends, ['failed rtmp-chunk-size-invalid', 'closed rtmp-chunk-size-invalid']);
    assert.deepEqual(peer.heard(), ['0 onStatus error NetConnection.Connect.Closed']);
  });

  it('says nothing to a stranger', () => {
    const rig = new SessionRig();
    const peer = rig.peer();
    peer.send(clientHandshake(), peer.say.call('createStream', 2));
    assert.deepEqual(peer.link.ends, [
      'failed rtmp-command-before-connect',
      'closed rtmp-command-before-connect',
    ]);
    assert.deepEqual(peer.heard(), ['handshake version 3']);
  });

  it('ends as it should where the error stands right behind the connect', () => {
    const rig = new SessionRig();
    const peer = rig.peer();
    const { say } = peer;
    peer.send(clientHandshake(), say.connect('live'), say.setChunkSize(0));
    assert.deepEqual(peer.link.ends, ['failed rtmp-chunk-size-invalid', 'closed rtmp-chunk-size-invalid']);
    assert.equal(peer.heard().at(-1), '0 onStatus error NetConnection.Connect.Closed');
    assert.deepEqual(
      rig.log.map(({ level, message }) => `${level} ${message}`),
      ['info session connected', 'info session ended'],
    );
  });

  it('ends a peer that asks and asks and never reads', () => {
    const rig = new SessionRig();
    const peer = rig.connected();
    peer.link.isHeld = true;
    for (let n = 0; n < 20_000 && !peer.link.isClosed; n++) {
      rig.clock.sleep(100);
      peer.send(peer.say.call('unknown', 5));
    }
    assert.deepEqual(peer.link.ends, ['failed rtmp-peer-not-reading', 'closed rtmp-peer-not-reading']);
    assert.deepEqual(peer.link.internalErrors, []);
  });

  it('tells publishers and players of a drain', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    const player = rig.player('s');
    for (const peer of [publisher, player]) peer.connection.drain();
    assert.deepEqual(publisher.statuses(), [
      'NetStream.Unpublish.Success',
      'NetConnection.Connect.AppShutdown',
    ]);
    assert.deepEqual(player.statuses(), [
      'NetStream.Play.UnpublishNotify',
      'NetConnection.Connect.AppShutdown',
    ]);
    assert.deepEqual(publisher.link.ends, ['closed drain']);
    assert.equal(rig.registry.size, 0);
    publisher.connection.drain();
    assert.deepEqual(rig.ended, [publisher.connection, player.connection]);
  });

  it('asks a client that can connect again to do so, and serves it until it leaves or is drained [item 85]', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    sendKey(publisher, 0, 1);
    const player = rig.peer();
    player.send(clientHandshake(), player.say.connect('live', { capsEx: 1 }));
    player.send(player.say.call('createStream', 2), player.say.onStream(1, 'play', 's'));
    player.heard();
    assert.equal(publisher.connection.askToReconnect(null), false);
    assert.equal(player.connection.askToReconnect(null), true);
    assert.deepEqual(player.statuses(), ['NetConnection.Connect.ReconnectRequest']);
    sendInter(publisher, 40, 2);
    rig.scheduler.run();
    assert.deepEqual(player.heard(), ['inter 2 @40']);
    assert.equal(player.connection.askToReconnect('rtmp://other.example/live'), true);
    player.connection.drain();
    assert.deepEqual(player.link.ends, ['closed drain']);
    assert.equal(player.connection.askToReconnect(null), false);
  });

  it('drains a connection whose answers nobody reads', () => {
    const rig = new SessionRig();
    const peer = rig.publisher('s');
    peer.link.isHeld = true;
    const [call] = [peer.say.call('unknown', 5)];
    while (!peer.link.isClosed && peer.link.endpoint.isSetUp) {
      peer.send(call);
      if (rig.lines('session ended').length > 0) break;
    }
    peer.connection.drain();
    assert.equal(rig.ended.length, 1);
    assert.deepEqual(peer.link.internalErrors, []);
  });

  it('takes in nothing further once it is over, and gives nothing', () => {
    const rig = new SessionRig();
    const peer = rig.publisher('s');
    peer.link.drop();
    peer.connection.receive(peer.say.video(1, 0, PAYLOAD.key(1)));
    assert.deepEqual(peer.connection.take(1000), []);
    peer.connection.closed({ code: 'peer-closed', message: 'again' });
    assert.equal(rig.ended.length, 1);
    assert.equal(rig.lines('session ended').length, 1);
  });

  it('decides nothing any more where the error comes behind the question', () => {
    const rig = new SessionRig();
    const peer = rig.connected();
    const { say } = peer;
    // An answer is as much longer as the name that was asked for.
    peer.send(say.call('', 5));
    const shortestBytes = peer.link.readPulled().length;
    peer.link.isHeld = true;
    let roomBytes = 1024 * 1024;
    for (; roomBytes > 2 * shortestBytes + 100; roomBytes -= shortestBytes + 1) {
      rig.clock.sleep(100);
      peer.send(say.call('u', 5));
    }
    rig.clock.sleep(1000);
    peer.send(say.call('u'.repeat(roomBytes - shortestBytes - 10), 5));
    assert.equal(peer.link.isClosed, false);
    // An acknowledgement of 16 bytes comes due with these.
    const window = say.message(5, Uint8Array.of(0, 0, 0x20, 0), { chunkStreamId: 2 });
    peer.send(window, say.message(99, new Uint8Array(20_000)), say.onStream(1, 'publish', 's'));
    assert.deepEqual(peer.link.ends, ['failed rtmp-peer-not-reading', 'closed rtmp-peer-not-reading']);
    assert.deepEqual(peer.link.internalErrors, []);
    assert.equal(rig.registry.size, 0);
  });

  it('stops at an error in the middle of what a read brought, and publishes nothing behind it', () => {
    const rig = new SessionRig();
    const peer = rig.publisher('s');
    peer.link.wake = () => {
      peer.link.wake = () => undefined;
      peer.link.fail({ code: 'rtmp-peer-not-reading', message: 'the carrier gave it up' });
    };
    const { say } = peer;
    const play = rig.player('s');
    assert.equal(play.link.isClosed, false);
    peer.send(
      say.call('createStream', 3),
      say.onStream(2, 'play', 's'),
      say.onStream(2, 'pause', true),
      say.onStream(3, 'publish', 't'),
    );
    assert.deepEqual(peer.link.internalErrors, []);
    play.link.drop();
    assert.equal(rig.registry.size, 0);
  });
});
