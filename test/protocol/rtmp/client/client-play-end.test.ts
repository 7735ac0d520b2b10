// The client session as a player that is refused, that pauses, or that ends.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serverCommand, serverControl, serverMessage, serverStatus } from '../../../support/client-wire.ts';
import { ClientHarness, names } from './client-harness.ts';

const CREATED = serverCommand(0, '_result', 2, null, 1);

/** A media message on message stream 1. */
function media(typeId: number, timestampMs: number, ...payload: number[]): Uint8Array {
  return serverMessage(typeId, Uint8Array.from(payload), { messageStreamId: 1, timestampMs });
}

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
