// Commands that go both ways: calls, and what the server says unasked.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_PENDING_CALLS } from '../../../../src/protocol/rtmp/client/client-options.ts';
import { joinBytes, serverCommand, serverMessage } from '../../../support/client-wire.ts';
import { ClientHarness, names } from './client-harness.ts';

describe('ClientSession, calls', () => {
  it('calls and hands on the result or the error, by transaction id', () => {
    const harness = new ClientHarness().connect();
    const first = harness.session.call('add', 1, 2);
    const second = harness.session.call('fail');
    assert.deepEqual(harness.said(), [
      [0, 'add', first, null, 1, 2],
      [0, 'fail', second, null],
    ]);
    const events = harness.receive(
      serverCommand(0, '_error', second ?? 0, null, 'no'),
      serverCommand(0, '_result', first ?? 0, null, 3),
      serverCommand(0, '_result', first ?? 0, null, 4),
    );
    assert.deepEqual(events, [
      { type: 'call-result', transactionId: second, outcome: 'error', values: [null, 'no'] },
      { type: 'call-result', transactionId: first, outcome: 'result', values: [null, 3] },
    ]);
    assert.equal(harness.session.nextDeadlineMs(), null);
  });

  it('tells which call was not answered in time, and stays connected', () => {
    const harness = new ClientHarness({ commandTimeoutMs: 100 }).connect();
    const { session } = harness;
    const first = session.call('slow');
    assert.equal(session.nextDeadlineMs(), 0);
    session.tick(1000);
    const second = session.call('slower');
    session.tick(1050);
    assert.equal(session.nextDeadlineMs(), 1100);
    session.tick(1100);
    assert.deepEqual(session.drainEvents(), [
      { type: 'call-result', transactionId: first, outcome: 'timeout', values: [] },
    ]);
    assert.equal(session.nextDeadlineMs(), 1150);
    assert.deepEqual(harness.receive(serverCommand(0, '_result', first ?? 0, null, 1)), []);
    session.tick(1150);
    assert.deepEqual(session.drainEvents(), [
      { type: 'call-result', transactionId: second, outcome: 'timeout', values: [] },
    ]);
    assert.equal(session.state, 'connected');
  });

  it('lets no more than its limit of calls wait', () => {
    const { session } = new ClientHarness().connect();
    for (let i = 0; i < MAX_PENDING_CALLS; i++) session.call('f');
    assert.throws(() => session.call('f'), new Error(`${MAX_PENDING_CALLS} calls wait already`));
  });

  it('answers onBWDone with _checkbw, and _onbwcheck with a result', () => {
    const harness = new ClientHarness().connect();
    assert.deepEqual(
      harness.receive(
        serverCommand(0, 'onBWDone', 0, null, 8192),
        serverCommand(0, '_onbwcheck', 9, null, 'x'),
      ),
      [],
    );
    assert.deepEqual(harness.said(), [
      [0, '_checkbw', 2, null],
      [0, '_result', 9, null, 0],
    ]);
    assert.deepEqual(harness.receive(serverCommand(0, '_error', 2, null)), []);
  });

  it('hands on every other command of the server', () => {
    const harness = new ClientHarness().publish();
    const info = { code: 'NetStream.Publish.Start', description: 'cam' };
    const [first, second] = harness.receive(
      serverCommand(1, 'onFCPublish', 0, null, info),
      serverCommand(0, 'hello', 7, null, 'world'),
    );
    assert.ok(first?.type === 'command');
    assert.deepEqual([first.name, first.messageStreamId, first.transactionId], ['onFCPublish', 1, 0]);
    assert.deepEqual(second, {
      type: 'command',
      name: 'hello',
      transactionId: 7,
      messageStreamId: 0,
      values: [null, 'world'],
    });
    assert.deepEqual(harness.said(), []);
  });

  it('reads commands of type 17, with and without their leading byte', () => {
    const harness = new ClientHarness().connect();
    const body = serverCommand(0, 'hello', 7, null).subarray(12);
    for (const payload of [body, joinBytes(Uint8Array.of(0), body)]) {
      assert.deepEqual(names(harness.receive(serverMessage(17, payload))), ['command']);
    }
  });
});
