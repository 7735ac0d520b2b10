import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PAYLOAD } from '../streams/stream-rig.ts';
import { SessionRig, sendKey, type TestPeer } from './session-rig.ts';

describe('RtmpConnection, refusals', () => {
  it('refuses the second publisher of a name before it says anything of a start, and closes it a second later [item 64]', () => {
    const rig = new SessionRig();
    const first = rig.publisher('s');
    const second = rig.connected();
    const { say } = second;
    second.send(
      say.call('createStream', 2),
      say.onStream(1, 'publish', 's', 'live'),
      say.video(1, 0, PAYLOAD.key(9)),
    );
    assert.deepEqual(second.heard(), ['0 _result 2 null 1', '1 onStatus error NetStream.Publish.BadName']);
    assert.equal(second.connection.isSetUp, false);
    rig.clock.advance(900);
    assert.equal(second.link.isClosed, false);
    rig.clock.advance(200);
    assert.deepEqual(second.link.ends, ['closed rtmp-stream-refused']);
    assert.equal(first.link.isClosed, false);
    sendKey(first, 0, 1);
    assert.equal(rig.registry.size, 1);
  });

  it('leaves a refused publisher alone that found another name in time', () => {
    const rig = new SessionRig();
    rig.publisher('s');
    const second = rig.connected();
    const { say } = second;
    second.send(
      say.call('createStream', 2),
      say.onStream(1, 'publish', 's'),
      say.onStream(1, 'publish', 't'),
    );
    assert.deepEqual(second.statuses(), ['NetStream.Publish.BadName', 'NetStream.Publish.Start']);
    rig.clock.advance(5000);
    assert.equal(second.link.isClosed, false);
  });

  it('closes nobody for a refusal that a later publish made good, when that one ends', () => {
    const rig = new SessionRig();
    rig.publisher('s');
    const second = rig.connected();
    const { say } = second;
    second.send(say.call('createStream', 2), say.onStream(1, 'publish', 's'));
    rig.clock.advance(300);
    second.send(say.onStream(1, 'publish', 't'));
    rig.clock.advance(300);
    second.send(say.onStream(1, 'publish', false));
    assert.equal(second.connection.isSetUp, false);
    rig.clock.advance(5000);
    assert.equal(second.link.isClosed, false);
    second.link.drop();
    assert.deepEqual(reasonsOf(rig), ['peer-closed']);
  });

  it('closes nobody for a refusal beside a stream of theirs, when that one ends', () => {
    const rig = new SessionRig();
    rig.publisher('s');
    const second = rig.publisher('mine');
    second.send(second.say.call('createStream', 3), second.say.onStream(2, 'publish', 's'));
    second.send(second.say.call('deleteStream', 0, 1));
    rig.clock.advance(5000);
    assert.equal(second.link.isClosed, false);
  });

  it('counts the second that a client gets from the first of its refusals, and closes for the last', () => {
    const rig = new SessionRig();
    for (const name of ['s', 't']) rig.publisher(name);
    const second = rig.connected();
    const { say } = second;
    second.send(say.call('createStream', 2), say.onStream(1, 'publish', 's'));
    rig.clock.advance(900);
    second.send(say.onStream(1, 'publish', 't'));
    rig.clock.advance(200);
    assert.deepEqual(second.link.ends, ['closed rtmp-stream-refused']);
    assert.equal(rig.lines('session ended')[0]?.fields['detail'], 't is published by somebody else.');
  });

  it('takes in one piece a publish and more media behind it than may wait for an answer', () => {
    const rig = new SessionRig();
    const peer = rig.connected();
    const { say } = peer;
    peer.send(say.setChunkSize(65_536));
    const frames = Array.from({ length: 30 }, (_, index) =>
      say.video(1, index * 40, PAYLOAD.key(index, 60_000)),
    );
    const publish = [say.call('createStream', 2), say.onStream(1, 'publish', 's', 'live')];
    peer.send(Buffer.concat([...publish, ...frames]));
    assert.deepEqual(peer.link.ends, []);
    assert.deepEqual(peer.statuses(), ['NetStream.Publish.Start']);
  });

  it('says in the log why a refused client came to nothing, though it hung up itself', () => {
    const { rig } = refusedAndGone();
    assert.deepEqual(reasonsOf(rig), ['rtmp-stream-refused']);
  });

  it('says the true end of a connection whose second NetStream alone was refused', () => {
    const rig = new SessionRig();
    rig.publisher('s');
    const second = rig.connected();
    const { say } = second;
    second.send(
      say.call('createStream', 2),
      say.call('createStream', 3),
      say.onStream(1, 'publish', 'mine'),
      say.onStream(2, 'publish', 's'),
    );
    second.connection.drain();
    assert.deepEqual(reasonsOf(rig), ['drain']);
  });

  it('does not close twice what was gone before the second was over', () => {
    const { rig, second } = refusedAndGone();
    rig.clock.advance(5000);
    assert.deepEqual(second.link.ends, ['closed peer-closed']);
  });

  it('refuses publish and play where the server carries as many streams as it can', () => {
    const registry = {
      publish: () => 'too-many-streams' as const,
      watch: () => 'too-many-streams' as const,
      release: () => undefined,
    };
    const rig = new SessionRig({ registry: Object.assign(new SessionRig().registry, registry) });
    const peer = rig.connected();
    const { say } = peer;
    peer.send(say.call('createStream', 2), say.onStream(1, 'publish', 's'), say.onStream(1, 'play', 's'));
    assert.deepEqual(peer.statuses(), ['NetStream.Publish.BadName', 'NetStream.Play.Failed']);
    rig.clock.advance(2000);
    assert.deepEqual(peer.link.ends, ['closed rtmp-stream-refused']);
  });
});

/** A client that was refused the name of another, and hung up at once. */
function refusedAndGone(): { rig: SessionRig; second: TestPeer } {
  const rig = new SessionRig();
  rig.publisher('s');
  const second = rig.connected();
  second.send(second.say.call('createStream', 2), second.say.onStream(1, 'publish', 's'));
  second.link.drop();
  return { rig, second };
}

/** Reasons of the sessions that have ended, in order. */
function reasonsOf(rig: SessionRig): unknown[] {
  return rig.lines('session ended').map(({ fields }) => fields['reason']);
}
