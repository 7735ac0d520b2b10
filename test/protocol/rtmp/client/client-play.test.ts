// The client session as a player: createStream to deleteStream, and what comes between.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientEvent } from '../../../../src/protocol/rtmp/client/client-events.ts';
import {
  amf0,
  joinBytes,
  serverCommand,
  serverControl,
  serverMessage,
  serverStatus,
  WireEcmaArray,
} from '../../../support/client-wire.ts';
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

/** An FLV tag as it stands in an aggregate. */
function tag(typeId: number, timestampMs: number, payload: Uint8Array): Uint8Array {
  const head = Buffer.alloc(11);
  head[0] = typeId;
  head.writeUIntBE(payload.length, 1, 3);
  head.writeUIntBE(timestampMs & 0xffffff, 4, 3);
  head[7] = timestampMs >>> 24;
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(11 + payload.length);
  return joinBytes(head, payload, tail);
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

describe('ClientSession, data messages', () => {
  it('hands on name, values and the body as it came', () => {
    const harness = new ClientHarness().play();
    const payload = amf0('onMetaData', new WireEcmaArray({ width: 1280 }), 'more');
    const [event] = harness.receive(serverMessage(18, payload, { messageStreamId: 1, timestampMs: 7 }));
    assert.ok(event?.type === 'data');
    assert.equal(event.name, 'onMetaData');
    assert.equal(event.timestampMs, 7);
    assert.deepEqual(event.payload, payload);
    assert.equal((event.values[0] as { get(key: string): unknown }).get('width'), 1280);
    assert.equal(event.values[1], 'more');
  });

  it('reads type 15 with and without its leading byte', () => {
    const harness = new ClientHarness().play();
    const payload = amf0('onCuePoint', 1);
    for (const body of [payload, joinBytes(Uint8Array.of(0), payload)]) {
      const [event] = harness.receive(serverMessage(15, body, { messageStreamId: 1 }));
      assert.ok(event?.type === 'data');
      assert.deepEqual([event.name, event.values], ['onCuePoint', [1]]);
      assert.deepEqual(new Uint8Array(event.payload), payload);
    }
  });

  it('drops what does not decode or has no name, and stays', () => {
    const harness = new ClientHarness().play();
    const bodies = [[0xff], [], [0x02, 0xff, 0xff, 1], [...amf0(5)], [...amf0(null, 'x')]];
    for (const body of bodies) assert.deepEqual(harness.receive(media(18, 0, ...body)), []);
    assert.equal(harness.session.droppedMessages, bodies.length);
    assert.equal(harness.session.state, 'connected');
  });

  it('tells that playing stopped when onPlayStatus says Complete, once', () => {
    const harness = new ClientHarness().play();
    const complete = amf0('onPlayStatus', { level: 'status', code: 'NetStream.Play.Complete' });
    const events = harness.receive(
      serverMessage(18, complete, { messageStreamId: 1 }),
      serverStatus(1, 'NetStream.Play.Stop'),
    );
    assert.deepEqual(names(events), [
      'data',
      'play-stopped NetStream.Play.Complete',
      'status NetStream.Play.Stop',
    ]);
  });

  it('leaves other onPlayStatus messages at the data they are', () => {
    const harness = new ClientHarness().play();
    const payload = amf0('onPlayStatus', { level: 'status', code: 'NetStream.Play.Switch' });
    assert.deepEqual(names(harness.receive(serverMessage(18, payload, { messageStreamId: 1 }))), ['data']);
  });
});

describe('ClientSession, aggregates', () => {
  it('takes them apart, with times that count from the first', () => {
    const harness = new ClientHarness().play();
    const body = joinBytes(
      tag(9, 0x1000000, Uint8Array.of(0x17, 1)),
      tag(8, 0x1000017, Uint8Array.of(0xaf)),
      tag(18, 0x1000020, amf0('onCuePoint', 1)),
      tag(8, 0xfffff6, new Uint8Array(0)),
    );
    assert.deepEqual(
      mediaOf(harness.receive(serverMessage(22, body, { messageStreamId: 1, timestampMs: 5000 }))),
      [['video', 5000, 0x17, 1], ['audio', 5023, 0xaf], 'data', ['audio', 4990]],
    );
    assert.equal(harness.session.droppedMessages, 0);
  });

  it('takes one whose last tag has no length behind it, and an empty one', () => {
    const harness = new ClientHarness().play();
    const body = tag(8, 9, Uint8Array.of(1)).subarray(0, 12);
    assert.deepEqual(mediaOf(harness.receive(media(22, 3, ...body), media(22, 0))), [['audio', 3, 1]]);
    assert.equal(harness.session.droppedMessages, 0);
  });

  it('keeps what came before a tag that is cut off, nested or of no known type', () => {
    const good = tag(8, 0, Uint8Array.of(1));
    const bad = [
      tag(9, 5, Uint8Array.of(1, 2, 3)).subarray(0, 13),
      tag(9, 5, new Uint8Array(0)).subarray(0, 10),
      tag(22, 5, good),
      tag(20, 5, amf0('close', 0, null)),
    ];
    for (const rest of bad) {
      const harness = new ClientHarness().play();
      assert.deepEqual(mediaOf(harness.receive(media(22, 1, ...good, ...rest, ...good))), [['audio', 1, 1]]);
      assert.equal(harness.session.droppedMessages, 1);
      assert.deepEqual(mediaOf(harness.receive(media(8, 2, 5))), [['audio', 2, 5]]);
    }
  });
});

describe('ClientSession, playing does not begin or ends', () => {
  for (const code of ['StreamNotFound', 'Failed', 'FileStructureInvalid', 'NoSupportedTrackFound']) {
    it(`tells of NetStream.Play.${code} and gives the stream back`, () => {
      const harness = new ClientHarness().connect();
      harness.session.play('cam');
      harness.receive(CREATED);
      harness.messages();
      const events = harness.receive(serverStatus(1, `NetStream.Play.${code}`));
      assert.deepEqual(names(events), [`play-rejected NetStream.Play.${code}`]);
      assert.deepEqual(harness.said(), [[0, 'deleteStream', 4, null, 1]]);
    });
  }

  it('takes an _error to createStream or play for a refusal', () => {
    const info = { level: 'error', code: 'NetStream.Failed' };
    for (const [parts, said] of [
      [[serverCommand(0, '_error', 2, null, info)], []],
      [
        [CREATED, serverCommand(1, '_error', 3, null, info)],
        ['play', 4, 'deleteStream'],
      ],
    ] as const) {
      const harness = new ClientHarness().connect();
      harness.session.play('cam');
      harness.messages();
      assert.deepEqual(names(harness.receive(...parts)), ['play-rejected NetStream.Failed']);
      assert.deepEqual(
        harness.said().map((entry) => (entry[0] === 4 ? 4 : entry[1])),
        said,
      );
    }
  });

  for (const code of ['NetStream.Play.Stop', 'NetStream.Play.UnpublishNotify', 'NetStream.Play.Complete']) {
    it(`tells that playing stopped on ${code}, and that it goes on when a publisher comes back`, () => {
      const harness = new ClientHarness().play();
      const events = harness.receive(
        serverStatus(1, code),
        serverStatus(1, code),
        media(8, 5, 1),
        serverStatus(1, 'NetStream.Play.PublishNotify'),
      );
      assert.deepEqual(names(events), [
        `play-stopped ${code}`,
        `status ${code}`,
        'media',
        'play-started NetStream.Play.PublishNotify',
      ]);
    });
  }

  it('goes on playing where a seek or something else fails', () => {
    const harness = new ClientHarness().play();
    const events = harness.receive(
      serverStatus(1, 'NetStream.Seek.Failed', 'error'),
      serverStatus(1, 'NetStream.Play.InsufficientBW', 'warning'),
      media(8, 0, 1),
    );
    assert.deepEqual(names(events), [
      'status NetStream.Seek.Failed',
      'status NetStream.Play.InsufficientBW',
      'media',
    ]);
  });

  it('tells of StreamEOF', () => {
    const harness = new ClientHarness().play();
    assert.deepEqual(harness.receive(serverControl(4, '000100000001')), [
      { type: 'stream-eof', messageStreamId: 1 },
    ]);
  });

  it('says deleteStream, and nothing of publishing, when the stream is closed', () => {
    const harness = new ClientHarness().play();
    harness.session.closeStream();
    assert.deepEqual(harness.said(), [[0, 'deleteStream', 4, null, 1]]);
  });

  it('ends when play is not answered in time', () => {
    const harness = new ClientHarness({ commandTimeoutMs: 200 }).connect();
    harness.session.play('cam');
    harness.receive(CREATED);
    harness.session.tick(0);
    assert.throws(() => harness.session.tick(200), {
      code: 'rtmp-peer-silent',
      message: 'expected an answer to play within 200 ms, got none',
    });
  });
});

describe('ClientSession, pause', () => {
  it('pauses and resumes on the message stream that plays', () => {
    const harness = new ClientHarness().play();
    assert.equal(harness.session.pause(true, 1234), true);
    assert.equal(harness.session.pause(false, 1234), true);
    assert.deepEqual(harness.said(), [
      [1, 'pause', 4, null, true, 1234],
      [1, 'pause', 5, null, false, 1234],
    ]);
    assert.deepEqual(names(harness.receive(serverStatus(1, 'NetStream.Pause.Notify'))), [
      'status NetStream.Pause.Notify',
    ]);
  });

  it('does nothing where nothing plays', () => {
    const harness = new ClientHarness().connect();
    assert.equal(harness.session.pause(true, 0), false);
    harness.session.play('cam');
    harness.messages();
    assert.equal(harness.session.pause(true, 0), false);
    assert.deepEqual(harness.said(), []);
    assert.equal(new ClientHarness().publish().session.pause(true, 0), false);
  });
});
