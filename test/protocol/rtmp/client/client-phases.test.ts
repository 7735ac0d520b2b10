// The client session before it is connected: handshake, decisions at the wrong time, timeouts.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ServerHandshake } from '../../../../src/protocol/rtmp/handshake/server-handshake.ts';
import { joinBytes, serverHandshake } from '../../../support/client-wire.ts';
import { ClientHarness, CONNECT_RESULT, names, REQUEST } from './client-harness.ts';

describe('ClientSession, handshake', () => {
  it('says C0 and C1 first, and nothing more until S1', () => {
    const { session } = new ClientHarness();
    session.connect(REQUEST);
    const output = session.takeOutput(1);
    assert.deepEqual(
      output.map((part) => part.length),
      [1537],
    );
    session.receive(serverHandshake().subarray(0, 1536), 0);
    assert.deepEqual(session.takeOutput(1), []);
    assert.equal(session.state, 'handshake');
  });

  it('sends C2 as soon as S1 is there, and connect once S2 is', () => {
    const { session } = new ClientHarness();
    session.connect(REQUEST);
    session.takeOutput(10_000);
    session.receive(serverHandshake().subarray(0, 1537), 0);
    assert.deepEqual(
      session.takeOutput(10_000).map((part) => part.length),
      [1536],
    );
    session.receive(serverHandshake().subarray(1537), 0);
    assert.equal(session.state, 'connecting');
    assert.equal(session.takeOutput(10_000).length, 2);
  });

  it('is idle after the handshake until connect is called', () => {
    const harness = new ClientHarness();
    harness.receive(serverHandshake());
    assert.equal(harness.session.state, 'idle');
    assert.deepEqual(harness.messages(), []);
    harness.session.connect(REQUEST);
    assert.equal(harness.session.state, 'connecting');
    assert.equal(harness.said()[1]?.[1], 'connect');
  });

  it('completes a signed handshake with our own server', () => {
    const { session } = new ClientHarness({ isHandshakeSigned: true, requireSigned: true });
    const server = new ServerHandshake({
      randomBytes: (length) => new Uint8Array(length).fill(9),
      rtmpe: true,
    });
    server.receive(joinBytes(...session.takeOutput(10_000)));
    session.receive(server.takeOutput() ?? new Uint8Array(), 0);
    server.receive(joinBytes(...session.takeOutput(10_000)));
    assert.equal(session.state, 'idle');
    assert.equal(server.isDone, true);
  });

  it('ends where a required signature is missing', () => {
    const { session } = new ClientHarness({ isHandshakeSigned: true, requireSigned: true });
    assert.throws(() => session.receive(serverHandshake(), 0), { code: 'rtmp-handshake-unsigned' });
    assert.equal(session.state, 'closed');
    assert.deepEqual(session.drainEvents(), [
      {
        type: 'closed',
        reason: { code: 'rtmp-handshake-unsigned', message: 'expected a signed S1, got an unsigned one' },
      },
    ]);
  });

  it('ends where something else than RTMP answers, and ignores what follows', () => {
    const harness = new ClientHarness();
    const answer = new TextEncoder().encode('HTTP/1.1 400 Bad Request');
    assert.throws(() => harness.receive(answer), { name: 'RtmpError', code: 'rtmp-version-unsupported' });
    assert.deepEqual(names(harness.session.drainEvents()), ['closed']);
    assert.deepEqual(harness.receive(serverHandshake()), []);
    assert.equal(harness.session.state, 'closed');
  });
});

describe('ClientSession, decisions at the wrong time', () => {
  it('refuses a second connect', () => {
    const { session } = new ClientHarness();
    session.connect(REQUEST);
    assert.throws(() => session.connect(REQUEST), /connect was called already/);
    assert.throws(() => new ClientHarness().connect().session.connect(REQUEST), /connect was called already/);
  });

  for (const state of ['handshake', 'idle', 'connecting'] as const) {
    it(`refuses to publish, play and call in state ${state}, and does nothing else`, () => {
      const harness = new ClientHarness();
      if (state === 'connecting') harness.session.connect(REQUEST);
      if (state !== 'handshake') harness.receive(serverHandshake());
      harness.messages();
      const { session } = harness;
      assert.equal(session.state, state);
      assert.throws(() => session.publish('cam'), new Error(`publish in state ${state}`));
      assert.throws(() => session.play('cam'), new Error(`play in state ${state}`));
      assert.throws(() => session.call('f'), new Error(`call in state ${state}`));
      assert.equal(session.sendVideo(0, new Uint8Array(1)), false);
      assert.equal(session.pause(true, 0), false);
      session.closeStream();
      assert.equal(session.waitingOutputBytes, 0);
    });
  }

  it('ignores every decision once closed, for the driver may not know yet', () => {
    const { session } = new ClientHarness().connect();
    session.close({ code: 'done', message: 'enough' });
    session.connect(REQUEST);
    session.publish('cam');
    session.play('cam');
    session.closeStream();
    session.tick(1e9);
    session.close({ code: 'done', message: 'again' });
    assert.equal(session.call('f'), null);
    assert.equal(session.sendAudio(0, new Uint8Array(1)), false);
    assert.equal(session.pause(false, 0), false);
    assert.equal(session.nextDeadlineMs(), null);
    assert.deepEqual(session.drainEvents(), [
      { type: 'closed', reason: { code: 'done', message: 'enough' } },
    ]);
    assert.deepEqual(session.takeOutput(1000), []);
  });
});

describe('ClientSession, timeouts', () => {
  it('gives up a handshake that is not done in time', () => {
    const { session } = new ClientHarness({ handshakeTimeoutMs: 500 });
    assert.equal(session.nextDeadlineMs(), 0);
    session.tick(10_000);
    assert.equal(session.nextDeadlineMs(), 10_500);
    session.receive(serverHandshake().subarray(0, 3072), 0);
    session.tick(10_499);
    assert.throws(() => session.tick(10_500), {
      code: 'rtmp-handshake-timeout',
      message: 'expected a whole handshake within 500 ms, got a part of it',
    });
    assert.deepEqual(names(session.drainEvents()), ['closed']);
    assert.equal(session.nextDeadlineMs(), null);
  });

  it('waits for nothing while it is idle and while it is connected', () => {
    const harness = new ClientHarness();
    harness.session.tick(0);
    harness.receive(serverHandshake());
    assert.equal(harness.session.nextDeadlineMs(), null);
    harness.session.connect(REQUEST);
    harness.receive(CONNECT_RESULT);
    assert.equal(harness.session.nextDeadlineMs(), null);
    harness.session.tick(1e9);
    assert.equal(harness.session.state, 'connected');
  });

  it('gives up a connect that is not answered in time, counted from when it was sent', () => {
    const harness = new ClientHarness({ connectTimeoutMs: 300 });
    const { session } = harness;
    session.connect(REQUEST);
    session.tick(1000);
    harness.receive(serverHandshake());
    assert.equal(session.nextDeadlineMs(), 0);
    session.tick(6000);
    assert.equal(session.nextDeadlineMs(), 6300);
    assert.throws(() => session.tick(6300), { code: 'rtmp-connect-timeout' });
    assert.equal(session.state, 'closed');
  });
});
