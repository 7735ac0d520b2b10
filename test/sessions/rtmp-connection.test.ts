import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headersAt, PAYLOAD } from '../streams/stream-rig.ts';
import { clientHandshake } from '../support/client-messages.ts';
import { splitEvery } from '../support/splits.ts';
import { SessionRig, sendInter, sendKey, type TestPeer } from './session-rig.ts';

const MEDIA = /^(key|inter|audio|video-header|audio-header|data) /;

function sendHeaders(peer: TestPeer): void {
  const { say } = peer;
  const metadata = say.data(1, '@setDataFrame', 'onMetaData', { title: 'one' });
  const audioHeader = say.audio(1, 0, PAYLOAD.audioHeader(1));
  peer.send(metadata, audioHeader, say.video(1, 0, PAYLOAD.videoHeader(1)));
}

describe('RtmpConnection, from handshake to media', () => {
  it('gives S0, S1 and S2 alone, and then what else there is', () => {
    const rig = new SessionRig();
    const peer = rig.peer();
    peer.link.isHeld = true;
    const { say } = peer;
    peer.send(clientHandshake(), say.connect('live'), say.call('createStream', 2));
    peer.link.pull();
    const [first, second] = peer.link.pulls;
    assert.deepEqual(
      first?.map(({ length }) => length),
      [3073],
    );
    assert.ok(second !== undefined && second.length > 1);
    assert.deepEqual(peer.heard(), [
      'handshake version 3',
      'window 2500000',
      'bandwidth 2500000 dynamic',
      'chunk size 60000',
      ...peerLines(rig),
      '0 _result 2 null 1',
    ]);
  });

  it('publishes and plays, with control in front of the log', () => {
    const rig = new SessionRig();
    const publisher = rig.connected();
    publisher.send(publisher.say.call('createStream', 2), publisher.say.onStream(1, 'publish', 's', 'live'));
    assert.deepEqual(publisher.heard().slice(-2), ['begin 1', '1 onStatus status NetStream.Publish.Start']);
    assert.equal(publisher.connection.isSetUp, true);
    sendHeaders(publisher);
    sendKey(publisher, 0, 1);
    const player = rig.connected();
    assert.equal(player.connection.isSetUp, false);
    player.send(player.say.call('createStream', 2), player.say.onStream(1, 'play', 's'));
    assert.equal(player.connection.isSetUp, true);
    assert.deepEqual(player.heard(), [
      '0 _result 2 null 1',
      'begin 1',
      '1 onStatus status NetStream.Play.Reset',
      '1 onStatus status NetStream.Play.Start',
      '1 data "|RtmpSampleAccess" true true',
      ...headersAt(0),
      'key 1 @0',
    ]);
    sendInter(publisher, 40, 2);
    assert.deepEqual(player.heard(), [], 'viewers are woken by the scheduler');
    rig.scheduler.run();
    assert.deepEqual(player.heard(), ['inter 2 @40']);
  });

  it('does the same fed byte by byte', () => {
    const rig = new SessionRig();
    const peer = rig.peer();
    const { say } = peer;
    const bytes = Buffer.concat([
      clientHandshake(),
      say.connect('live'),
      say.call('createStream', 2),
      say.onStream(1, 'publish', 's', 'live'),
      say.video(1, 0, PAYLOAD.key(1)),
    ]);
    for (const byte of splitEvery(bytes, 1)) peer.send(byte);
    assert.equal(peer.heard().at(-1), '1 onStatus status NetStream.Publish.Start');
    const player = rig.connected();
    player.send(player.say.call('createStream', 2), player.say.onStream(1, 'play', 's'));
    assert.equal(player.heard().at(-1), 'key 1 @0');
  });

  it('wakes the Link once for all that a read brought about', () => {
    const rig = new SessionRig();
    const peer = rig.peer();
    const { say } = peer;
    peer.send(
      clientHandshake(),
      say.connect('live'),
      say.call('createStream', 2),
      say.onStream(1, 'play', 's'),
    );
    assert.equal(peer.link.wakes, 1);
    peer.send(say.video(1, 0, PAYLOAD.key(1)));
    assert.equal(peer.link.wakes, 1, 'nothing to say, nothing to wake for');
  });

  it('gives viewers in step the very same array, and counts their bytes', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    sendKey(publisher, 0, 1);
    const players = [rig.player('s'), rig.player('s'), rig.player('s')];
    sendInter(publisher, 40, 2);
    rig.scheduler.run();
    const [first, second, third] = players.map(({ link }) => link.pulls[0]);
    assert.ok(first !== undefined);
    assert.equal(second, first);
    assert.equal(third, first);
  });

  it('tells of the end of a publish behind its last byte, and of the next one in front of its first', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    sendKey(publisher, 0, 1);
    const player = rig.player('s');
    player.link.isHeld = true;
    sendInter(publisher, 40, 2);
    publisher.send(publisher.say.call('deleteStream', 0, 1));
    const next = rig.publisher('s');
    sendKey(next, 0, 3);
    rig.scheduler.run();
    player.link.pull();
    assert.deepEqual(player.heard(), [
      'inter 2 @40',
      'eof 1',
      '1 onStatus status NetStream.Play.UnpublishNotify',
      'begin 1',
      '1 onStatus status NetStream.Play.PublishNotify',
      'key 3 @140',
    ]);
  });

  it('keeps that order however much is taken at a time', () => {
    for (const maxPullBytes of [1, 40, 100, 170, 200, 230, 260, 300, 350, 400, 500, 1000]) {
      const rig = new SessionRig();
      const publisher = rig.publisher('s');
      const player = rig.connected();
      player.link.maxPullBytes = maxPullBytes;
      sendHeaders(publisher);
      sendKey(publisher, 0, 1);
      player.send(player.say.call('createStream', 2), player.say.onStream(1, 'play', 's'));
      sendInter(publisher, 40, 2);
      publisher.link.drop();
      rig.scheduler.run();
      for (const chunks of player.link.pulls) {
        const lengthBytes = chunks.reduce((sum, { length }) => sum + length, 0);
        assert.ok(lengthBytes <= maxPullBytes || chunks.length === 1, `${lengthBytes} of ${maxPullBytes}`);
      }
      assert.deepEqual(player.heard(), [
        '0 _result 2 null 1',
        'begin 1',
        '1 onStatus status NetStream.Play.Reset',
        '1 onStatus status NetStream.Play.Start',
        '1 data "|RtmpSampleAccess" true true',
        ...headersAt(0),
        'key 1 @0',
        'inter 2 @40',
        'eof 1',
        '1 onStatus status NetStream.Play.UnpublishNotify',
      ]);
    }
  });

  it('takes no more than so many bytes, unless the first message is longer', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    sendHeaders(publisher);
    sendKey(publisher, 0, 1, 3000);
    for (let n = 2; n < 50; n++) sendInter(publisher, n * 40, n, 10 * n);
    const player = rig.connected();
    player.link.maxPullBytes = 600;
    player.send(player.say.call('createStream', 2), player.say.onStream(1, 'play', 's'));
    const sizes = player.link.pulls.map((chunks) => chunks.reduce((sum, { length }) => sum + length, 0));
    assert.equal(sizes.filter((lengthBytes) => lengthBytes > 600).length, 1);
    assert.equal(player.heard().filter((line) => /^(key|inter) /.test(line)).length, 49);
  });

  it('plays several streams on one connection, in turn where there is much of each', () => {
    const rig = new SessionRig();
    const publishers = [rig.publisher('a'), rig.publisher('b')];
    const player = rig.connected();
    const { say } = player;
    player.send(say.call('createStream', 2), say.call('createStream', 3));
    player.send(say.onStream(1, 'play', 'a'), say.onStream(2, 'play', 'b'));
    player.heard();
    player.link.isHeld = true;
    for (const [index, publisher] of publishers.entries()) {
      for (let n = 0; n < 20; n++) sendKey(publisher, n * 40, 100 * index + n, 1000);
    }
    player.link.maxPullBytes = 1200;
    player.link.pull();
    for (const chunks of player.link.pulls) assert.equal(chunks.length, 1, 'two do not fit');
    const lines = player.heard().filter((line) => MEDIA.test(line));
    assert.equal(lines.length, 40);
    const firstTen = lines.slice(0, 10);
    assert.equal(firstTen.filter((line) => line.endsWith(' on 2')).length, 5, firstTen.join('\n'));
  });

  it('keeps applications and instances apart', () => {
    const rig = new SessionRig();
    rig.publisher('s', 'live');
    rig.publisher('s', 'live/room');
    rig.publisher('s', 'other');
    assert.equal(rig.registry.size, 3);
  });

  it('seeks to the last keyframe, and says so before it [item 69]', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    publisher.send(publisher.say.video(1, 0, PAYLOAD.videoHeader(1)));
    sendKey(publisher, 40, 1);
    const player = rig.player('s');
    sendInter(publisher, 80, 2);
    rig.scheduler.run();
    player.heard();
    player.send(player.say.onStream(1, 'seek', 5000));
    assert.deepEqual(player.heard(), [
      'eof 1',
      '1 onStatus status NetStream.Seek.Notify',
      'begin 1',
      'video-header 1 @40',
      'key 1 @40',
      'inter 2 @80',
    ]);
  });

  it('pauses and goes on at the next keyframe', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    sendKey(publisher, 0, 1);
    const player = rig.player('s');
    player.send(player.say.onStream(1, 'pause', true, 0));
    sendInter(publisher, 40, 2);
    rig.scheduler.run();
    assert.deepEqual(player.heard(), ['1 onStatus status NetStream.Pause.Notify']);
    player.send(player.say.onStream(1, 'pause', false, 0));
    sendInter(publisher, 80, 3);
    sendKey(publisher, 120, 4);
    rig.scheduler.run();
    assert.deepEqual(player.heard(), ['begin 1', '1 onStatus status NetStream.Unpause.Notify', 'key 4 @120']);
  });

  it('drops and counts media that nobody publishes, and metadata that no player could read', () => {
    const rig = new SessionRig();
    const publisher = rig.publisher('s');
    sendKey(publisher, 0, 1);
    const player = rig.player('s');
    const { say } = publisher;
    publisher.send(
      say.video(0, 40, PAYLOAD.key(2)),
      say.video(2, 40, PAYLOAD.key(3)),
      say.data(1, 7, 'no name'),
    );
    publisher.send(say.data(1, '@setDataFrame', 'n'.repeat(64), 1), say.data(1, 'onMetaData', 'no object'));
    sendInter(publisher, 80, 4);
    rig.scheduler.run();
    assert.deepEqual(player.heard(), ['inter 4 @80']);
    publisher.link.drop();
    const { fields } = rig.lines('session ended')[0] ?? {};
    assert.deepEqual([fields?.['strayMedia'], fields?.['malformedData']], [2, 3]);
  });
});

/** The answer to connect, whose values are the server session's business. */
function peerLines(rig: SessionRig): string[] {
  const peer = rig.peer();
  peer.send(clientHandshake(), peer.say.connect('live'));
  return peer.heard().slice(4);
}
