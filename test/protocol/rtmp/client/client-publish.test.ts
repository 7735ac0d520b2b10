// The client session as a publisher: createStream to publish, and the media behind it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { amf, WireEcmaArray } from '../../../support/amf-wire.ts';
import { serverCommand, serverMessage, serverStatus } from '../../../support/client-wire.ts';
import { ClientHarness, names } from './client-harness.ts';

const CREATED = serverCommand(0, '_result', 4, null, 1);

describe('ClientSession, publishing', () => {
  it('asks as FMLE asks: releaseStream, FCPublish, createStream, and then publish', () => {
    const harness = new ClientHarness().connect();
    harness.session.publish('cam?tok=1');
    assert.deepEqual(harness.said(), [
      [0, 'releaseStream', 2, null, 'cam?tok=1'],
      [0, 'FCPublish', 3, null, 'cam?tok=1'],
      [0, 'createStream', 4, null],
    ]);
    assert.deepEqual(harness.receive(CREATED), []);
    assert.deepEqual(harness.said(), [[1, 'publish', 5, null, 'cam?tok=1', 'live']]);
    assert.deepEqual(names(harness.receive(serverStatus(1, 'NetStream.Publish.Start'))), [
      'publish-started NetStream.Publish.Start',
    ]);
    assert.equal(harness.session.isPublishing, true);
    assert.deepEqual(harness.said(), []);
  });

  it('sends publish on chunk stream 8 and the rest of its commands on 3', () => {
    const harness = new ClientHarness().connect();
    harness.session.publish('cam', 'append');
    harness.receive(CREATED);
    const sent = harness.messages();
    assert.deepEqual(
      sent.map((message) => message.chunkStreamId),
      [3, 3, 3, 8],
    );
  });

  it('minds no answer to releaseStream and FCPublish, be it an error', () => {
    const harness = new ClientHarness().connect();
    harness.session.publish('cam');
    assert.deepEqual(
      harness.receive(
        serverCommand(0, '_error', 2, null, { level: 'error', code: 'NetConnection.Call.Failed' }),
        serverCommand(0, '_result', 3, null, undefined),
      ),
      [],
    );
    harness.receive(CREATED);
    assert.deepEqual(names(harness.receive(serverStatus(1, 'NetStream.Publish.Start'))), [
      'publish-started NetStream.Publish.Start',
    ]);
  });

  it('minds no _result to publish, and takes the status on message stream 0 or in an ECMA array', () => {
    const info = new WireEcmaArray({ level: 'status', code: 'NetStream.Publish.Start' });
    for (const status of [
      serverStatus(0, 'NetStream.Publish.Start'),
      serverCommand(1, 'onStatus', 0, null, info),
      serverCommand(1, 'onStatus', 5, info),
    ]) {
      const harness = new ClientHarness().connect();
      harness.session.publish('cam');
      assert.deepEqual(harness.receive(CREATED, serverCommand(1, '_result', 5, null)), []);
      assert.deepEqual(names(harness.receive(status)), ['publish-started NetStream.Publish.Start']);
    }
  });

  it('does not take the status of another message stream for its own', () => {
    const harness = new ClientHarness().connect();
    harness.session.publish('cam');
    const events = harness.receive(CREATED, serverStatus(9, 'NetStream.Publish.Start'));
    assert.deepEqual(names(events), ['status NetStream.Publish.Start']);
    assert.equal(harness.session.isPublishing, false);
  });

  it('sends audio, video and data with their times, each on its own chunk stream', () => {
    const harness = new ClientHarness().publish();
    const { session } = harness;
    const video = Uint8Array.from({ length: 10_000 }, (_, i) => i);
    const data = amf('@setDataFrame', 'onMetaData', { width: 2 });
    assert.equal(session.sendData(0, data), true);
    assert.equal(session.sendAudio(0, Uint8Array.of(0xaf, 1, 2)), true);
    assert.equal(session.sendVideo(33, video), true);
    assert.equal(session.sendAudio(0x1000020, new Uint8Array(0)), true);
    assert.equal(session.sendVideo(2 ** 32 + 66, video.subarray(0, 5)), true);
    const sent = harness.messages();
    assert.deepEqual(
      sent.map(({ typeId, chunkStreamId, messageStreamId, timestampMs }) => [
        typeId,
        chunkStreamId,
        messageStreamId,
        timestampMs,
      ]),
      [
        [18, 5, 1, 0],
        [8, 4, 1, 0],
        [9, 6, 1, 33],
        [8, 4, 1, 0x1000020],
        [9, 6, 1, 66],
      ],
    );
    assert.deepEqual(sent[0]?.payload, data);
    assert.deepEqual(sent[2]?.payload, video);
    assert.deepEqual(sent[3]?.payload, new Uint8Array(0));
  });

  it('keeps no view of a payload', () => {
    const harness = new ClientHarness().publish();
    const payload = Uint8Array.of(0x17, 1, 2, 3);
    harness.session.sendVideo(0, payload);
    payload.fill(0);
    assert.deepEqual(harness.messages()[0]?.payload, Uint8Array.of(0x17, 1, 2, 3));
  });

  it('says how much waits, and gives whole messages of about as much as is asked for', () => {
    const { session } = new ClientHarness().publish();
    for (let i = 0; i < 4; i++) session.sendAudio(i, new Uint8Array(100));
    const waitingBytes = session.waitingOutputBytes;
    assert.ok(waitingBytes >= 400 && waitingBytes < 460);
    assert.equal(session.takeOutput(1).length, 1);
    assert.equal(session.takeOutput(230).length, 2);
    assert.equal(session.takeOutput(0).length, 1);
    assert.equal(session.waitingOutputBytes, 0);
    assert.deepEqual(session.takeOutput(1000), []);
  });

  it('sends nothing before the server said that publishing started', () => {
    const harness = new ClientHarness().connect();
    const { session } = harness;
    const sendAll = (): boolean[] => [
      session.sendAudio(0, new Uint8Array(1)),
      session.sendVideo(0, new Uint8Array(1)),
      session.sendData(0, new Uint8Array(1)),
    ];
    assert.deepEqual(sendAll(), [false, false, false]);
    session.publish('cam');
    assert.deepEqual(sendAll(), [false, false, false]);
    harness.receive(CREATED);
    assert.deepEqual(sendAll(), [false, false, false]);
    harness.receive(serverStatus(1, 'NetStream.Publish.Start'));
    assert.deepEqual(sendAll(), [true, true, true]);
  });

  it('refuses a second stream while one is open', () => {
    const { session } = new ClientHarness().publish();
    assert.throws(() => session.publish('other'), new Error('a stream to publish is open already'));
    assert.throws(() => session.play('other'), new Error('a stream to publish is open already'));
    assert.equal(session.isPublishing, true);
  });

  it('drops media that the server sends to a publisher', () => {
    const harness = new ClientHarness().publish();
    const media = serverMessage(8, Uint8Array.of(0xaf, 1), { messageStreamId: 1 });
    assert.deepEqual(harness.receive(media), []);
    assert.equal(harness.session.droppedMessages, 1);
  });
});
