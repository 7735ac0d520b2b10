// The client session and a server that falls silent, or stops in the middle of a message.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientSessionOptions } from '../../../../src/protocol/rtmp/client/client-options.ts';
import { ClientSession } from '../../../../src/protocol/rtmp/client/client-session.ts';
import { joinBytes, serverControl, serverHandshake, serverMessage } from '../../../support/client-wire.ts';
import { ClientHarness, CONNECT_RESULT, names, REQUEST } from './client-harness.ts';

const QUICK = { pingIntervalMs: 1000, pingTimeoutMs: 400, messageTimeoutMs: 2000 };
const PONG = serverControl(4, '000700000000');

/** A connected session whose watch began at 10,000 ms. */
function watched(options: Partial<ClientSessionOptions> = {}): ClientHarness {
  const harness = new ClientHarness({ ...QUICK, ...options }).connect();
  harness.session.tick(10_000);
  return harness;
}

/** Ticks at every deadline up to `untilMs` as a driver does; gives the times at which something was said. */
function drive(harness: ClientHarness, untilMs: number): number[] {
  const saidAtMs: number[] = [];
  for (let nowMs = harness.session.nextDeadlineMs(); nowMs !== null && nowMs <= untilMs; ) {
    harness.session.tick(nowMs);
    if (harness.messages().length > 0) saidAtMs.push(nowMs);
    nowMs = harness.session.nextDeadlineMs();
  }
  return saidAtMs;
}

describe('ClientSession, silence', () => {
  it('pings a silent server once, with its time, and is content with any byte', () => {
    const harness = watched();
    harness.session.tick(10_999);
    assert.deepEqual(harness.said(), []);
    harness.session.tick(11_000);
    assert.deepEqual(harness.said(), [[4, '000600002af8']]);
    harness.session.tick(11_399);
    assert.deepEqual(harness.said(), []);
    assert.deepEqual(harness.receive(PONG.subarray(0, 1)), []);
    harness.session.tick(11_400);
    harness.session.tick(12_399);
    assert.deepEqual(harness.said(), []);
    harness.session.tick(12_400);
    assert.deepEqual(harness.said(), [[4, '000600003070']]);
    assert.equal(harness.session.state, 'connected');
  });

  it('ends where the server sends nothing at all behind the ping', () => {
    const harness = watched();
    harness.session.tick(11_000);
    assert.throws(() => harness.session.tick(11_400), {
      name: 'RtmpError',
      code: 'rtmp-peer-silent',
      message: 'expected any byte within 1400 ms, got none',
    });
    assert.equal(harness.session.state, 'closed');
    assert.deepEqual(harness.session.drainEvents(), [
      {
        type: 'closed',
        reason: { code: 'rtmp-peer-silent', message: 'expected any byte within 1400 ms, got none' },
      },
    ]);
    assert.equal(harness.session.nextDeadlineMs(), null);
  });

  it('is driven by its deadlines alone: at once when connected, then often enough', () => {
    const harness = new ClientHarness(QUICK).connect();
    assert.equal(harness.session.nextDeadlineMs(), 0);
    harness.session.tick(5000);
    assert.equal(harness.session.nextDeadlineMs(), 5100);
    assert.deepEqual(drive(harness, 6000), [6000]);
    assert.throws(() => drive(harness, 6600), { code: 'rtmp-peer-silent' });
  });

  it('waits 60 s with its ping and 60 s more, where nothing else is asked for', () => {
    const session = new ClientSession({ randomBytes: (lengthBytes) => new Uint8Array(lengthBytes) });
    session.connect(REQUEST);
    session.receive(joinBytes(serverHandshake(), CONNECT_RESULT), 0);
    session.tick(0);
    assert.equal(session.nextDeadlineMs(), 15_000);
    session.takeOutput(Number.POSITIVE_INFINITY);
    session.tick(59_999);
    assert.equal(session.waitingOutputBytes, 0);
    session.tick(60_000);
    assert.ok(session.waitingOutputBytes > 0);
    session.tick(119_999);
    assert.throws(() => session.tick(120_000), { code: 'rtmp-peer-silent' });
  });

  it('watches while it publishes and while it plays alike', () => {
    for (const goal of ['publish', 'play'] as const) {
      const harness = new ClientHarness(QUICK)[goal]();
      harness.session.tick(0);
      assert.deepEqual(drive(harness, 1000), [1000]);
      if (goal === 'publish') harness.session.sendAudio(0, new Uint8Array(1));
      assert.throws(() => harness.session.tick(1400), { code: 'rtmp-peer-silent' }, goal);
    }
  });

  it('watches for nothing before connect was accepted: that has times of its own', () => {
    const harness = new ClientHarness({ ...QUICK, connectTimeoutMs: 50_000 });
    harness.session.connect(REQUEST);
    harness.session.tick(0);
    harness.receive(serverHandshake());
    harness.session.tick(0);
    harness.messages();
    harness.session.tick(49_999);
    assert.deepEqual(harness.messages(), []);
    harness.receive(CONNECT_RESULT);
    assert.equal(harness.session.nextDeadlineMs(), 0);
  });

  it('asks at once whether the server answers pings, and is as quick as it may be then alone', () => {
    const times = { pingIntervalMs: 30_000, pingTimeoutMs: 30_000, answeredPingMs: 1000 };
    for (const isAnswering of [false, true]) {
      const harness = watched(times);
      assert.deepEqual(harness.said(), [[4, '000600002710']]);
      if (isAnswering) harness.receive(PONG);
      assert.equal(harness.session.nextDeadlineMs() === 0, isAnswering);
      harness.session.tick(10_100);
      assert.deepEqual(harness.said(), [], 'it is asked once');
      const [pingMs, endMs] = isAnswering ? [11_100, 12_100] : [40_000, 70_000];
      harness.session.tick(pingMs - 1);
      assert.deepEqual(harness.said(), []);
      harness.session.tick(pingMs);
      assert.equal(harness.said().length, 1);
      harness.session.tick(endMs - 1);
      assert.throws(() => harness.session.tick(endMs), { code: 'rtmp-peer-silent' });
    }
  });

  it('never pings where the interval is infinite, and never gives up where the timeout is', () => {
    const never = Number.POSITIVE_INFINITY;
    const silent = watched({ pingIntervalMs: never });
    silent.session.tick(1e9);
    assert.deepEqual(silent.messages(), []);
    const patient = watched({ pingTimeoutMs: never });
    patient.session.tick(1e9);
    patient.session.tick(2e9);
    assert.equal(patient.messages().length, 1);
    assert.equal(patient.session.state, 'connected');
  });
});

describe('ClientSession, a message that stands still', () => {
  const media = serverMessage(9, new Uint8Array(300), { messageStreamId: 1 });

  /** Ticks every 500 ms from `fromMs` on while the server pings every time, until it throws or `untilMs` is there. */
  function pinged(harness: ClientHarness, fromMs: number, untilMs: number): void {
    for (let nowMs = fromMs; nowMs <= untilMs; nowMs += 500) {
      harness.receive(serverControl(4, '000600000001'));
      harness.messages();
      harness.session.tick(nowMs);
    }
  }

  it('ends where a message is begun and goes on no more, though other messages come [item 27]', () => {
    const harness = watched();
    harness.receive(media.subarray(0, 100));
    assert.throws(() => pinged(harness, 10_000, 20_000), {
      code: 'rtmp-message-stalled',
      message: 'expected progress on a message that was begun within 2000 ms, got none',
    });
    assert.deepEqual(names(harness.session.drainEvents()), ['closed']);
  });

  it('goes on where the message does, however slowly', () => {
    const harness = watched();
    for (let at = 0; at < 16; at += 1) {
      harness.receive(media.subarray(at, at + 1));
      harness.session.tick(10_000 + at * 1300);
    }
    assert.equal(harness.session.state, 'connected');
  });
});
