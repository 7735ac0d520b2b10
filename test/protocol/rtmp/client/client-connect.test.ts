// The client session from connect to its answer.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readAmf, WireEcmaArray } from '../../../support/amf-wire.ts';
import {
  joinBytes,
  serverCommand,
  serverControl,
  serverHandshake,
  serverStatus,
} from '../../../support/client-wire.ts';
import { ClientHarness, CONNECT_RESULT, names, REQUEST } from './client-harness.ts';

const REJECTION = {
  level: 'error',
  code: 'NetConnection.Connect.Rejected',
  description: '[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ',
};

describe('ClientSession, connect', () => {
  it('announces its chunk size and sends the properties that FFmpeg sends, in that order', () => {
    const harness = new ClientHarness();
    harness.session.connect({ ...REQUEST, app: 'live?a=b' });
    harness.receive(serverHandshake());
    const [chunkSize, connect, ...more] = harness.messages();
    assert.equal(chunkSize?.typeId, 1);
    assert.equal(chunkSize.chunkStreamId, 2);
    assert.deepEqual([...chunkSize.payload], [0, 0, 16, 0]);
    assert.equal(connect?.chunkStreamId, 3);
    assert.equal(connect.messageStreamId, 0);
    const values = readAmf(connect.payload);
    assert.deepEqual(values, [
      'connect',
      1,
      {
        app: 'live?a=b',
        type: 'nonprivate',
        flashVer: 'FMLE/3.0 (compatible; Culvert)',
        tcUrl: 'rtmp://example.org/live',
        fpad: false,
        capabilities: 15,
        audioCodecs: 4071,
        videoCodecs: 252,
        videoFunction: 1,
      },
    ]);
    assert.deepEqual(Object.keys(values[2] as object).slice(0, 4), ['app', 'type', 'flashVer', 'tcUrl']);
    assert.deepEqual(more, []);
  });

  it('sends further properties and arguments, and a flashVer of its own', () => {
    const harness = new ClientHarness();
    const properties = { swfUrl: 'rtmp://example.org/live', capabilities: 239 };
    harness.session.connect({ ...REQUEST, flashVer: 'LNX 9,0,124,2', properties, args: ['token', 7] });
    harness.receive(serverHandshake());
    const connect = harness.said()[1];
    const object = new Map(Object.entries(connect?.[3] ?? {}));
    assert.equal(object.get('flashVer'), 'LNX 9,0,124,2');
    assert.equal(object.get('capabilities'), 239);
    assert.equal(object.get('swfUrl'), 'rtmp://example.org/live');
    assert.deepEqual(connect?.slice(4), ['token', 7]);
  });

  it('announces no chunk size where it keeps to 128', () => {
    const harness = new ClientHarness({ outChunkSizeBytes: 128 });
    harness.session.connect(REQUEST);
    harness.receive(serverHandshake());
    assert.deepEqual(
      harness.said().map((said) => said[1]),
      ['connect'],
    );
  });

  it('tells what the server said when it accepts', () => {
    const harness = new ClientHarness();
    harness.session.connect(REQUEST);
    const [event, ...more] = harness.receive(serverHandshake(), CONNECT_RESULT);
    assert.ok(event?.type === 'connected');
    assert.equal(event.status.code, 'NetConnection.Connect.Success');
    assert.equal(event.status.level, 'status');
    assert.deepEqual((event.properties as { get(key: string): unknown }).get('fmsVer'), 'FMS/3,5,7,7009');
    assert.deepEqual(more, []);
    assert.equal(harness.session.state, 'connected');
  });

  it('takes a _result whose info is an ECMA array, or missing, for a yes', () => {
    for (const values of [
      [null, new WireEcmaArray({ level: 'status', code: 'NetConnection.Connect.Success' })],
      [null],
      [],
    ]) {
      const harness = new ClientHarness();
      harness.session.connect(REQUEST);
      assert.equal(
        harness.receive(serverHandshake(), serverCommand(0, '_result', 1, ...values))[0]?.type,
        'connected',
      );
    }
  });

  it('tells the whole refusal when the server refuses, and ends without an error', () => {
    const harness = new ClientHarness();
    harness.session.connect(REQUEST);
    const info = { ...REJECTION, ex: { code: 302, redirect: 'rtmp://other/live' } };
    const [rejected, closed, ...more] = harness.receive(
      serverHandshake(),
      serverCommand(0, '_error', 1, null, info),
      serverCommand(0, 'close', 0, null),
    );
    assert.ok(rejected?.type === 'connect-rejected');
    assert.equal(rejected.status.code, REJECTION.code);
    assert.equal(rejected.status.description, REJECTION.description);
    const ex = (rejected.status.info as { get(key: string): { get(key: string): unknown } }).get('ex');
    assert.equal(ex.get('redirect'), 'rtmp://other/live');
    assert.ok(closed?.type === 'closed');
    assert.equal(closed.reason.code, 'rtmp-connect-refused');
    assert.match(closed.reason.message, /NetConnection\.Connect\.Rejected.*need auth/);
    assert.deepEqual(more, []);
    assert.equal(harness.session.state, 'closed');
  });

  it('takes an error status in a _result, and in an onStatus, for a refusal', () => {
    for (const answer of [
      serverCommand(0, '_result', 1, null, REJECTION),
      serverStatus(0, 'NetConnection.Connect.InvalidApp', 'error'),
      serverCommand(0, '_error', 1),
    ]) {
      const harness = new ClientHarness();
      harness.session.connect(REQUEST);
      const events = harness.receive(serverHandshake(), answer);
      assert.deepEqual(
        events.map((event) => event.type),
        ['connect-rejected', 'closed'],
      );
    }
  });

  it('hands on an onStatus that refuses nothing, and goes on waiting', () => {
    const harness = new ClientHarness();
    harness.session.connect(REQUEST);
    const events = harness.receive(serverHandshake(), serverStatus(0, 'NetConnection.Connect.NetworkChange'));
    assert.deepEqual(names(events), ['status NetConnection.Connect.NetworkChange']);
    assert.equal(harness.session.state, 'connecting');
  });

  it('ignores answers to what it never asked, and a second answer to connect', () => {
    const harness = new ClientHarness();
    harness.session.connect(REQUEST);
    assert.deepEqual(harness.receive(serverHandshake(), serverCommand(0, '_result', 2, null, 1)), []);
    harness.receive(CONNECT_RESULT);
    assert.deepEqual(harness.receive(CONNECT_RESULT, serverCommand(0, '_error', 1, null, REJECTION)), []);
    assert.equal(harness.session.state, 'connected');
  });

  it('ends orderly when the server says close', () => {
    const harness = new ClientHarness().connect();
    assert.deepEqual(harness.receive(serverCommand(0, 'close', 0, null), CONNECT_RESULT), [
      { type: 'closed', reason: { code: 'peer-closed', message: 'the server sent close' } },
    ]);
  });

  it('takes messages of 64 KiB before connect is answered, and no more', () => {
    for (const [lengthBytes, isTaken] of [
      [65_536, true],
      [65_537, false],
    ] as const) {
      const harness = new ClientHarness();
      harness.receive(serverHandshake());
      const header = Uint8Array.of(
        4,
        0,
        0,
        0,
        lengthBytes >> 16,
        (lengthBytes >> 8) & 255,
        lengthBytes & 255,
        8,
        0,
        0,
        0,
        0,
      );
      if (isTaken) assert.deepEqual(harness.receive(header), []);
      else assert.throws(() => harness.receive(header), { code: 'rtmp-message-too-large' });
    }
  });

  it('takes messages up to its own limit once connected', () => {
    const harness = new ClientHarness({ maxMessageBytes: 1_000_000 }).connect();
    assert.deepEqual(harness.receive(Uint8Array.of(4, 0, 0, 0, 0x0f, 0x42, 0x40, 9, 1, 0, 0, 0)), []);
    const other = new ClientHarness({ maxMessageBytes: 1_000_000 }).connect();
    assert.throws(() => other.receive(Uint8Array.of(4, 0, 0, 0, 0x0f, 0x42, 0x41, 9, 1, 0, 0, 0)), {
      code: 'rtmp-message-too-large',
    });
    assert.deepEqual(names(other.session.drainEvents()), ['closed']);
  });

  it('says in its error what the server said, up to where the values of a login begin', () => {
    const description =
      '[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&salt=s1&challenge=c1';
    const harness = new ClientHarness();
    harness.session.connect(REQUEST);
    const info = { level: 'error', code: 'NetConnection.Connect.Rejected', description };
    const events = harness.receive(serverHandshake(), serverCommand(0, '_error', 1, null, info));
    const [rejected, closed] = events;
    assert.equal(rejected?.type === 'connect-rejected' && rejected.status.description, description);
    assert.deepEqual(closed?.type === 'closed' && closed.reason, {
      code: 'rtmp-connect-refused',
      message:
        'expected the server to accept connect, got NetConnection.Connect.Rejected: ' +
        '[ AccessManager.Reject ] : [ authmod=adobe ] : ',
    });
  });

  it('drops a command that cannot be read, and counts it', () => {
    const harness = new ClientHarness().connect();
    assert.deepEqual(harness.receive(serverControl(20, '02ffff61')), []);
    assert.equal(harness.session.droppedMessages, 1);
    assert.equal(harness.session.state, 'connected');
  });

  it('gives the same events whatever the server bytes are cut into', () => {
    const bytes = joinBytes(
      serverHandshake(),
      serverControl(5, '002625a0'),
      serverControl(6, '002625a002'),
      CONNECT_RESULT,
      serverControl(1, '00001000'),
      serverCommand(0, 'onBWDone', 0, null),
    );
    for (const pieceBytes of [1, 7, 1000]) {
      const harness = new ClientHarness();
      harness.session.connect(REQUEST);
      for (let at = 0; at < bytes.length; at += pieceBytes)
        harness.session.receive(bytes.subarray(at, at + pieceBytes), 0);
      assert.deepEqual(names(harness.session.drainEvents()), ['connected NetConnection.Connect.Success']);
      assert.deepEqual(
        harness.said().map((said) => (typeof said[1] === 'string' && said[0] === 0 ? said[1] : said[0])),
        [1, 'connect', 5, '_checkbw'],
      );
    }
  });
});
