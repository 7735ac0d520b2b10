import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PAYLOAD } from '../streams/stream-rig.ts';
import { clientHandshake } from '../support/client-messages.ts';
import { SESSION_OPTIONS, SessionRig } from './session-rig.ts';

describe('RtmpConnection, deadlines', () => {
  it('gives up a handshake that is not done in time', () => {
    const rig = new SessionRig();
    const peer = rig.peer();
    peer.send(clientHandshake().subarray(0, 3000));
    rig.clock.advance(9900);
    assert.equal(peer.link.isClosed, false);
    rig.clock.advance(200);
    assert.deepEqual(peer.link.ends, ['closed rtmp-handshake-timeout']);
    assert.equal(rig.clock.waitingCalls, 0, 'the wheel stands still');
  });

  it('gives up a client that does not connect in time', () => {
    const rig = new SessionRig();
    const peer = rig.peer();
    peer.send(clientHandshake());
    rig.clock.advance(59_900);
    assert.equal(peer.link.isClosed, false);
    rig.clock.advance(200);
    assert.deepEqual(peer.link.ends, ['closed rtmp-connect-timeout']);
  });

  it('pings a silent client once, and keeps one that answers', () => {
    const rig = new SessionRig();
    const peer = rig.connected();
    for (let n = 0; n < 10; n++) {
      rig.clock.advance(76_000);
      assert.equal(peer.heard().filter((line) => line.startsWith('ping ')).length, 1, `round ${n}`);
      peer.send(peer.say.call('_checkbw', 0));
    }
    assert.equal(peer.link.isClosed, false);
  });

  it('pings after the silence that is set, from connect on, though the handshake had longer', () => {
    const times = { pingIntervalMs: 2000, pingTimeoutMs: 2000 };
    const rig = new SessionRig({ sessionOptions: { ...SESSION_OPTIONS, ...times } });
    const peer = rig.connected();
    rig.clock.advance(2600);
    assert.equal(peer.heard().filter((line) => line.startsWith('ping ')).length, 1);
    rig.clock.advance(2500);
    assert.deepEqual(peer.link.ends, ['closed rtmp-peer-silent']);
  });

  it('gives up a client that stays silent', () => {
    const rig = new SessionRig();
    const peer = rig.publisher('s');
    rig.clock.advance(119_000);
    assert.equal(peer.link.isClosed, false);
    rig.clock.advance(20_000);
    assert.deepEqual(peer.link.ends, ['closed rtmp-peer-silent']);
    assert.deepEqual(peer.statuses(), ['NetConnection.Connect.Closed']);
    assert.equal(rig.registry.size, 0);
  });

  it('gives up a client whose message stands still though it goes on talking', () => {
    const rig = new SessionRig();
    const peer = rig.publisher('s');
    peer.send(peer.say.video(1, 0, PAYLOAD.key(1, 1000)).subarray(0, 140));
    const { say } = peer;
    for (let n = 0; n < 10 && !peer.link.isClosed; n++) {
      rig.clock.advance(10_000);
      peer.send(say.call('_checkbw', 0));
    }
    assert.deepEqual(peer.link.ends, ['closed rtmp-message-stalled']);
  });

  it('keeps none of a connection that ends while it is pinged', () => {
    const rig = new SessionRig();
    const peer = rig.connected();
    peer.link.wake = () =>
      peer.link.fail({ code: 'rtmp-peer-not-reading', message: 'the carrier gave it up' });
    rig.clock.advance(80_000);
    assert.equal(peer.link.isClosed, true);
    rig.clock.advance(100);
    assert.equal(rig.clock.waitingCalls, 0);
  });

  it('keeps no deadline of a connection that is over', () => {
    const rig = new SessionRig();
    const peers = [rig.peer(), rig.connected(), rig.publisher('s')];
    for (const peer of peers) peer.link.drop();
    rig.clock.advance(60);
    assert.equal(rig.clock.waitingCalls, 0);
  });
});
