// The client session with servers that answer in other forms, in another order or more often than the text has it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WireEcmaArray, type WireValue } from '../../../support/amf-wire.ts';
import { chunk } from '../../../support/chunk-wire.ts';
import { serverCommand, serverHandshake, serverStatus } from '../../../support/client-wire.ts';
import { ClientHarness, CONNECT_RESULT, names, REQUEST } from './client-harness.ts';

const STARTED = { level: 'status', code: 'NetStream.Publish.Start', description: 'cam' };
const BAD_NAME = { level: 'error', code: 'NetStream.Publish.BadName', description: 'taken' };
const CREATED = serverCommand(0, '_result', 4, null, 1);

/** A session that asked to publish, with nothing of it answered. */
function asked(): ClientHarness {
  const harness = new ClientHarness().connect();
  harness.session.publish('cam');
  harness.messages();
  return harness;
}

describe('ClientSession, odd answers to connect', () => {
  for (const [what, values, description] of [
    ['a text alone', ['no room here'], 'no room here'],
    ['a text behind a null', [null, 'no room here'], 'no room here'],
    ['an info object in the place of the command object', [{ level: 'error', description: 'no' }], 'no'],
    ['a description and nothing else', [null, { description: 'no' }], 'no'],
    ['an ECMA array', [null, new WireEcmaArray({ level: 'error', description: 'no' })], 'no'],
    ['nothing', [], ''],
    ['numbers', [1, 2], ''],
  ] as const) {
    it(`takes an _error with ${what} for a refusal, and tells its text`, () => {
      const harness = new ClientHarness();
      harness.session.connect(REQUEST);
      const events = harness.receive(
        serverHandshake(),
        serverCommand(0, '_error', 1, ...(values as readonly WireValue[])),
      );
      assert.deepEqual(
        events.map(({ type }) => type),
        ['connect-rejected', 'closed'],
      );
      const [rejected] = events;
      assert.equal(rejected?.type === 'connect-rejected' && rejected.status.description, description);
    });
  }

  it('ignores answers with a transaction id that is no number of its own [item 52]', () => {
    for (const transactionId of [Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1.5, 2 ** 53]) {
      const harness = new ClientHarness();
      harness.session.connect(REQUEST);
      const refused = serverCommand(0, '_error', transactionId, null, BAD_NAME);
      assert.deepEqual(harness.receive(serverHandshake(), refused), []);
      assert.deepEqual(names(harness.receive(CONNECT_RESULT)), ['connected NetConnection.Connect.Success']);
    }
  });
});

describe('ClientSession, odd answers to createStream', () => {
  for (const [what, values] of [
    ['in the third place', [null, 1]],
    ['in the place of the command object', [1]],
    ['behind an undefined', [undefined, 1]],
    ['behind an object', [{}, 1]],
    ['in front of more values', [null, 1, 'more', 2]],
  ] as const) {
    it(`takes its id ${what} [item 61]`, () => {
      const harness = asked();
      harness.receive(serverCommand(0, '_result', 4, ...(values as readonly WireValue[])));
      assert.deepEqual(harness.said(), [[1, 'publish', 5, null, 'cam', 'live']]);
    });
  }

  it('takes any id of 32 bits, and gives that one back', () => {
    const harness = asked();
    harness.receive(serverCommand(0, '_result', 4, null, 0xfffffffe));
    harness.receive(serverStatus(0xfffffffe, 'NetStream.Publish.Start'));
    harness.messages();
    harness.session.closeStream();
    assert.deepEqual(harness.said(), [
      [0, 'FCUnpublish', 6, null, 'cam'],
      [0, 'deleteStream', 7, null, 0xfffffffe],
    ]);
  });

  for (const id of [0, -1, 1.5, Number.NaN, 2 ** 32, 'one', null, true] as const) {
    it(`ends where the id is ${String(id)} [item 52]`, () => {
      const harness = asked();
      assert.throws(() => harness.receive(serverCommand(0, '_result', 4, null, id)), {
        code: 'rtmp-command-malformed',
      });
      assert.deepEqual(names(harness.session.drainEvents()), ['closed']);
    });
  }

  it('keeps to the first answer, and publishes once', () => {
    const harness = asked();
    harness.receive(CREATED, serverCommand(0, '_result', 4, null, 2), serverCommand(0, '_error', 4, null));
    assert.deepEqual(harness.said(), [[1, 'publish', 5, null, 'cam', 'live']]);
    assert.equal(harness.session.state, 'connected');
  });
});

describe('ClientSession, odd answers to publish', () => {
  it('goes through the order of servers for FMLE: onFCPublish first, then the results [item 62]', () => {
    const harness = asked();
    const events = harness.receive(
      serverCommand(0, 'onFCPublish', 0, null, STARTED),
      serverCommand(0, '_result', 2, null, undefined),
      serverCommand(0, '_result', 3, null, null),
      CREATED,
      serverCommand(0, 'onFCPublish', 0, null, STARTED),
    );
    assert.deepEqual(names(events), ['command', 'command']);
    assert.equal(harness.session.isPublishing, false);
    assert.deepEqual(names(harness.receive(serverStatus(1, 'NetStream.Publish.Start'))), [
      'publish-started NetStream.Publish.Start',
    ]);
  });

  it('is refused where onFCPublish says so, and gives back the stream that comes after all', () => {
    const harness = asked();
    const events = harness.receive(serverCommand(0, 'onFCPublish', 0, null, BAD_NAME));
    assert.deepEqual(names(events), ['command', 'publish-rejected NetStream.Publish.BadName']);
    assert.deepEqual(harness.said(), []);
    assert.deepEqual(harness.receive(CREATED), []);
    assert.deepEqual(harness.said(), [[0, 'deleteStream', 5, null, 1]]);
    harness.session.publish('other');
    assert.equal(harness.said()[0]?.[1], 'releaseStream');
  });

  it('is refused where an onStatus says so before the stream is there', () => {
    const harness = asked();
    assert.deepEqual(names(harness.receive(serverStatus(0, 'NetStream.Publish.Denied'))), [
      'publish-rejected NetStream.Publish.Denied',
    ]);
    assert.equal(harness.session.state, 'connected');
  });

  it('is not refused by an error of another kind before the stream is there', () => {
    const harness = asked();
    const events = harness.receive(
      serverStatus(0, 'NetStream.FCPublish.Unknown', 'error'),
      serverStatus(0, 'NetConnection.Call.Failed', 'error'),
      serverCommand(0, 'onFCSubscribe', 0, null, BAD_NAME),
    );
    assert.deepEqual(names(events), [
      'status NetStream.FCPublish.Unknown',
      'status NetConnection.Call.Failed',
      'command',
    ]);
    harness.receive(CREATED);
    assert.deepEqual(harness.said(), [[1, 'publish', 5, null, 'cam', 'live']]);
  });

  for (const [what, values] of [
    ['an object', [null, STARTED]],
    ['an ECMA array', [null, new WireEcmaArray(STARTED)]],
    ['an object without a level', [null, { code: STARTED.code }]],
    ['an object in the place of the command object', [STARTED]],
    ['an object behind a name', [null, 'cam', STARTED]],
  ] as const) {
    it(`begins where NetStream.Publish.Start stands in ${what} [item 63]`, () => {
      const harness = asked();
      harness.receive(CREATED);
      const status = serverCommand(1, 'onStatus', 0, ...(values as readonly WireValue[]));
      assert.deepEqual(names(harness.receive(status)), ['publish-started NetStream.Publish.Start']);
    });
  }

  it('begins once, with other statuses before and behind it', () => {
    const harness = asked();
    harness.receive(CREATED);
    const events = harness.receive(
      serverStatus(1, 'NetStream.Record.Start'),
      serverStatus(1, 'NetStream.Publish.Start'),
      serverStatus(1, 'NetStream.Publish.Start'),
      serverStatus(1, 'NetStream.Publish.Idle'),
    );
    assert.deepEqual(names(events), [
      'status NetStream.Record.Start',
      'publish-started NetStream.Publish.Start',
      'status NetStream.Publish.Start',
      'status NetStream.Publish.Idle',
    ]);
  });
});

describe('ClientSession, odd answers to play', () => {
  const PLAYING = serverCommand(0, '_result', 2, null, 1);

  it('is refused where onFCSubscribe says so', () => {
    const harness = new ClientHarness().connect();
    harness.session.play('cam', -1000);
    const info = { level: 'status', code: 'NetStream.Play.StreamNotFound' };
    assert.deepEqual(names(harness.receive(serverCommand(0, 'onFCSubscribe', 0, null, info))), [
      'command',
      'play-rejected NetStream.Play.StreamNotFound',
    ]);
  });

  it('stops where onFCUnsubscribe says so, as librtmp does', () => {
    const harness = new ClientHarness().play();
    const info = { level: 'status', code: 'NetStream.Play.Stop' };
    assert.deepEqual(names(harness.receive(serverCommand(0, 'onFCUnsubscribe', 0, null, info))), [
      'command',
      'play-stopped NetStream.Play.Stop',
    ]);
  });

  it('begins with PublishNotify, with Reset before it, and with Start behind it', () => {
    const harness = new ClientHarness().connect();
    harness.session.play('cam');
    const events = harness.receive(
      PLAYING,
      serverStatus(1, 'NetStream.Play.Reset'),
      serverStatus(1, 'NetStream.Play.PublishNotify'),
      serverStatus(1, 'NetStream.Play.Start'),
    );
    assert.deepEqual(names(events), [
      'status NetStream.Play.Reset',
      'play-started NetStream.Play.PublishNotify',
      'status NetStream.Play.Start',
    ]);
  });
});

describe('ClientSession, type 3 chunks that begin a message', () => {
  /** The times of the media that a player hears: a type 0 chunk of `firstMs`, then one of type 3. */
  function heard(firstMs: number): number[] {
    const harness = new ClientHarness().play();
    const payload = Uint8Array.of(0xaf, 1, 2);
    const events = harness.receive(
      chunk({ format: 0, chunkStreamId: 4, timeMs: firstMs, typeId: 8, payload }),
      chunk({ format: 3, chunkStreamId: 4, payload }),
    );
    return events.map((event) => (event.type === 'media' ? event.timestampMs : -1));
  }

  it('are read by the text from a sender like FMLE [item 13]', () => {
    assert.deepEqual(heard(26), [26, 52]);
  });

  it('are read as the same time from a sender like old librtmp', () => {
    assert.deepEqual(heard(3_600_000), [3_600_000, 3_600_000]);
  });
});

describe('ClientSession, calls of the server', () => {
  it('answers ping with pong, and the bandwidth checks of two kinds of server with a result', () => {
    const harness = new ClientHarness().connect();
    const events = harness.receive(
      serverCommand(0, 'ping', 7, null),
      serverCommand(0, '_onbwcheck', 8, null, 'x'),
      serverCommand(0, 'onBWCheck', 9, null),
    );
    assert.deepEqual(events, []);
    assert.deepEqual(harness.said(), [
      [0, 'pong', 7, null],
      [0, '_result', 8, null, 0],
      [0, '_result', 9, null, 0],
    ]);
  });
});
