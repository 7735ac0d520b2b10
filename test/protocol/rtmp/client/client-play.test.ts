// The client session as a player: createStream to deleteStream, and what comes between.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientEvent } from '../../../../src/protocol/rtmp/client/client-events.ts';
import { serverCommand, serverControl, serverMessage, serverStatus } from '../../../support/client-wire.ts';
import { ClientHarness, names } from './client-harness.ts';

const CREATED = serverCommand(0, '_result', 2, null, 1);

/** A media message on message stream 1. */
function media(typeId: number, timestampMs: number, ...payload: number[]): Uint8Array {
  return serverMessage(typeId, Uint8Array.from(payload), { messageStreamId: 1, timestampMs });
}

/** Media events as [kind, time, ...payload]. */
function mediaOf(events: readonly ClientEvent[]): unknown[] {
  return events.map((event) =>
    event.type === 'media' ? [event.kind, event.timestampMs, ...event.payload] : event.type,
  );
}

describe('ClientSession, playing', () => {
  it('announces its window and buffer, creates a stream, plays, and says its buffer again', () => {
    const harness = new ClientHarness().connect();
    harness.session.play('cam?tok=1');
    assert.deepEqual(harness.said(), [
      [5, '002625a0'],
      [4, '00030000000000000bb8'],
      [0, 'createStream', 2, null],
    ]);
    assert.deepEqual(harness.receive(CREATED), []);
    assert.deepEqual(harness.said(), [
      [1, 'play', 3, null, 'cam?tok=1', -2000],
      [4, '00030000000100000bb8'],
    ]);
    assert.deepEqual(
      names(
        harness.receive(
          serverControl(4, '000000000001'),
          serverStatus(1, 'NetStream.Play.Reset'),
          serverStatus(1, 'NetStream.Play.Start'),
        ),
      ),
      ['status NetStream.Play.Reset', 'play-started NetStream.Play.Start'],
    );
    assert.equal(harness.session.nextDeadlineMs(), null);
    assert.equal(harness.session.isPublishing, false);
  });

  it('subscribes before it plays what must be live', () => {
    const harness = new ClientHarness({ bufferLengthMs: 100 }).connect();
    harness.session.play('cam', -1000);
    assert.deepEqual(harness.said().slice(1), [
      [4, '00030000000000000064'],
      [0, 'createStream', 2, null],
      [0, 'FCSubscribe', 3, null, 'cam'],
    ]);
    harness.receive(CREATED);
    assert.deepEqual(harness.said()[0], [1, 'play', 4, null, 'cam', -1000]);
  });

  it('asks for a recording from a time on', () => {
    const harness = new ClientHarness().connect();
    harness.session.play('film', 5000);
    harness.messages();
    harness.receive(CREATED);
    assert.deepEqual(harness.said()[0], [1, 'play', 3, null, 'film', 5000]);
  });

  it('announces its window once', () => {
    const harness = new ClientHarness().play();
    harness.session.closeStream();
    harness.session.play('other');
    assert.deepEqual(
      harness.messages().map((message) => message.typeId),
      [20, 4, 20],
    );
  });

  it('starts on PublishNotify as on Start, and tells of a second one as a status', () => {
    const harness = new ClientHarness().connect();
    harness.session.play('cam');
    const events = harness.receive(
      CREATED,
      serverStatus(1, 'NetStream.Play.PublishNotify'),
      serverStatus(1, 'NetStream.Play.Start'),
    );
    assert.deepEqual(names(events), [
      'play-started NetStream.Play.PublishNotify',
      'status NetStream.Play.Start',
    ]);
  });

  it('hands on audio and video with their times', () => {
    const harness = new ClientHarness().play();
    const events = harness.receive(
      media(9, 0, 0x17, 0),
      media(8, 21, 0xaf, 1),
      media(8, 0xfffffe),
      media(9, 40, 0x27, 1),
    );
    assert.deepEqual(mediaOf(events), [
      ['video', 0, 0x17, 0],
      ['audio', 21, 0xaf, 1],
      ['audio', 0xfffffe],
      ['video', 40, 0x27, 1],
    ]);
  });

  it('hands on payloads that stay as they are when more comes', () => {
    const harness = new ClientHarness().play();
    const bytes = media(9, 0, 1, 2, 3);
    const [event] = harness.receive(bytes);
    bytes.fill(0xff);
    for (let i = 0; i < 100; i++) harness.receive(media(9, i, 9, 9, 9));
    assert.deepEqual(mediaOf(event === undefined ? [] : [event]), [['video', 0, 1, 2, 3]]);
  });

  it('hands on media on message stream 0, as some servers send it, and what comes before Play.Start', () => {
    const harness = new ClientHarness().connect();
    harness.session.play('cam');
    const onZero = serverMessage(8, Uint8Array.of(0xaf), { messageStreamId: 0 });
    assert.deepEqual(mediaOf(harness.receive(CREATED, onZero, media(9, 1, 0x17))), [
      ['audio', 0, 0xaf],
      ['video', 1, 0x17],
    ]);
  });

  it('drops media on message stream 0 that comes before its stream is created, and counts it', () => {
    const harness = new ClientHarness().connect();
    harness.session.play('cam');
    const onZero = serverMessage(9, Uint8Array.of(0x17, 1), { messageStreamId: 0 });
    assert.deepEqual(harness.receive(onZero), []);
    assert.equal(harness.session.droppedMessages, 1);
    assert.deepEqual(mediaOf(harness.receive(CREATED, onZero)), [['video', 0, 0x17, 1]]);
    assert.equal(harness.session.droppedMessages, 1);
  });

  it('drops media of another message stream, and media before and after playing', () => {
    const harness = new ClientHarness().connect();
    assert.deepEqual(harness.receive(media(8, 0, 1)), []);
    harness.session.play('cam');
    const other = serverMessage(8, Uint8Array.of(1), { messageStreamId: 2 });
    assert.deepEqual(harness.receive(CREATED, other), []);
    harness.session.closeStream();
    assert.deepEqual(harness.receive(media(8, 0, 1), media(18, 0, 5)), []);
    assert.equal(harness.session.droppedMessages, 4);
  });

  it('drops message types that it does not know, and counts them', () => {
    const harness = new ClientHarness().play();
    assert.deepEqual(harness.receive(media(7, 0, 1), media(19, 0, 1), media(99, 0)), []);
    assert.equal(harness.session.droppedMessages, 3);
  });
});
