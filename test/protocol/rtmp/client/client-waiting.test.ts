// The client session that is given more at once than it reads at once: what waits has a bound, and nothing is lost.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientEvent } from '../../../../src/protocol/rtmp/client/client-events.ts';
import {
  MAX_WAITING_CLIENT_EVENTS,
  MAX_WAITING_VALUE_BYTES,
} from '../../../../src/protocol/rtmp/client/client-options.ts';
import { amf } from '../../../support/amf-wire.ts';
import { chunk } from '../../../support/chunk-wire.ts';
import { joinBytes, serverCommand, serverControl, serverMessage } from '../../../support/client-wire.ts';
import { splitEvery } from '../../../support/splits.ts';
import { ClientHarness } from './client-harness.ts';

/** `count` audio messages of `lengthBytes` that say their number, on the stream that plays. */
function sounds(count: number, lengthBytes = 4): Uint8Array {
  return joinBytes(
    ...Array.from({ length: count }, (_, index) => {
      const payload = Buffer.alloc(lengthBytes);
      payload.writeUInt32BE(index);
      return serverMessage(8, payload, { messageStreamId: 1 });
    }),
  );
}

/** The numbers of `sounds`. */
function numbersOf(events: readonly ClientEvent[]): number[] {
  return events.map((event) => (event.type === 'media' ? Buffer.from(event.payload).readUInt32BE() : -1));
}

/** A data message with this many empty objects, four bytes each. */
function objects(count: number): Uint8Array {
  const body = Buffer.alloc(4 * count);
  for (let at = 0; at < body.length; at += 4) body.writeUInt32BE(0x03000009, at);
  return serverMessage(18, joinBytes(amf('x'), body), { messageStreamId: 1 });
}

const UP_TO = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('ClientSession, input for more events than may wait', () => {
  it('stops at its limit, and reads on when the events were taken', () => {
    const harness = new ClientHarness().play();
    harness.session.receive(sounds(2 * MAX_WAITING_CLIENT_EVENTS + 1), 0);
    const first = harness.session.drainEvents();
    assert.equal(first.length, MAX_WAITING_CLIENT_EVENTS);
    const second = harness.session.drainEvents();
    assert.equal(second.length, MAX_WAITING_CLIENT_EVENTS);
    const third = harness.session.drainEvents();
    assert.deepEqual(
      numbersOf([...first, ...second, ...third]),
      UP_TO(2 * MAX_WAITING_CLIENT_EVENTS + 1),
      'all of them, in order',
    );
    assert.deepEqual(harness.session.drainEvents(), []);
  });

  it('stops behind 64 KiB of values, so that a few large messages do not become a hundred times as much', () => {
    const harness = new ClientHarness().play();
    const message = objects(15_000);
    harness.session.receive(joinBytes(...Array.from({ length: 9 }, () => message)), 0);
    const counts: number[] = [];
    for (let events = harness.session.drainEvents(); events.length > 0; ) {
      counts.push(events.length);
      events = harness.session.drainEvents();
    }
    assert.ok(2 * message.length > MAX_WAITING_VALUE_BYTES);
    assert.deepEqual(counts, [2, 2, 2, 2, 1]);
  });

  it('counts commands as values, and no media', () => {
    const harness = new ClientHarness().play();
    const command = serverCommand(0, 'hello', 0, null, 'x'.repeat(40_000));
    harness.session.receive(joinBytes(command, command, command), 0);
    assert.equal(harness.session.drainEvents().length, 2);
    assert.equal(harness.session.drainEvents().length, 1);
    harness.session.receive(sounds(3, 100_000), 0);
    assert.deepEqual(numbersOf(harness.session.drainEvents()), [0, 1, 2]);
  });

  it('makes the same events of it however it is cut', () => {
    const bytes = joinBytes(sounds(1500), objects(9000), objects(9000), sounds(1500));
    const whole = new ClientHarness().play();
    const wanted = whole.receive(bytes);
    assert.equal(wanted.length, 3002);
    for (const lengthBytes of [1, 1000, 65_537]) {
      const harness = new ClientHarness().play();
      const events = splitEvery(bytes, lengthBytes).flatMap((piece) => harness.receive(piece));
      assert.deepEqual(events, wanted);
    }
  });

  it('keeps what comes while events wait, and gives a driver up that takes none', () => {
    const harness = new ClientHarness().play();
    harness.session.receive(sounds(MAX_WAITING_CLIENT_EVENTS), 0);
    harness.session.receive(sounds(1), 0);
    assert.equal(harness.session.drainEvents().length, MAX_WAITING_CLIENT_EVENTS);
    assert.deepEqual(numbersOf(harness.session.drainEvents()), [0]);
    harness.session.receive(sounds(MAX_WAITING_CLIENT_EVENTS), 0);
    const more = sounds(1, 1_000_000);
    harness.session.receive(more, 0);
    assert.throws(() => harness.session.receive(more, 0), { code: 'rtmp-pending-input-exceeded' });
    assert.equal(harness.session.state, 'closed');
  });

  it('hands on all that came before a fault, then closed, then throws it', () => {
    const harness = new ClientHarness().play();
    const bytes = joinBytes(sounds(MAX_WAITING_CLIENT_EVENTS + 2), serverControl(1, '00000000'), sounds(1));
    harness.session.receive(bytes, 0);
    assert.equal(harness.session.drainEvents().length, MAX_WAITING_CLIENT_EVENTS);
    assert.equal(harness.session.state, 'connected');
    assert.deepEqual(
      harness.session.drainEvents().map(({ type }) => type),
      ['media', 'media', 'closed'],
    );
    assert.throws(() => harness.session.drainEvents(), { code: 'rtmp-chunk-size-invalid' });
    assert.deepEqual(harness.session.drainEvents(), []);
  });

  it('reads nothing further once it is closed', () => {
    const harness = new ClientHarness().play();
    harness.session.receive(sounds(MAX_WAITING_CLIENT_EVENTS + 2), 0);
    harness.session.close({ code: 'done', message: '' });
    assert.equal(harness.session.drainEvents().length, MAX_WAITING_CLIENT_EVENTS + 1);
    assert.deepEqual(harness.session.drainEvents(), []);
  });

  it('reads nothing behind a close of the server', () => {
    const harness = new ClientHarness().play();
    const events = harness.receive(sounds(2000), serverCommand(0, 'close', 0, null), sounds(1));
    assert.equal(events.length, 2001);
    assert.equal(events.at(-1)?.type, 'closed');
  });

  it('finds no message stalled while it is itself that does not read', () => {
    const harness = new ClientHarness({
      messageTimeoutMs: 1000,
      pingIntervalMs: 9000,
      pingTimeoutMs: 9000,
    }).play();
    const begun = chunk({ format: 0, chunkStreamId: 7, lengthBytes: 200, payload: new Uint8Array(128) });
    harness.session.tick(10_000);
    harness.session.receive(joinBytes(begun, sounds(MAX_WAITING_CLIENT_EVENTS)), 10_000);
    harness.session.tick(10_500);
    harness.session.tick(11_500);
    assert.equal(harness.drain().length, MAX_WAITING_CLIENT_EVENTS);
    harness.session.tick(12_499);
    assert.throws(() => harness.session.tick(12_500), { code: 'rtmp-message-stalled' });
  });
});
