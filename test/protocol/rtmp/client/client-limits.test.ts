// What a client bears of messages that are of no use: at the limit it goes on, one over it the connection ends.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FLOOD_RATES } from '../../../../src/protocol/rtmp/limits.ts';
import { amf } from '../../../support/amf-wire.ts';
import { joinBytes, serverControl, serverMessage } from '../../../support/client-wire.ts';
import { ClientHarness } from './client-harness.ts';

/** A message that does not parse: its string runs past its end. */
const BROKEN = Uint8Array.of(2, 255, 255);

const ON_STREAM = { messageStreamId: 1 };

/** An FLV tag of data as it stands in an aggregate. */
function dataTag(payload: Uint8Array): Uint8Array {
  const head = Buffer.alloc(11);
  head[0] = 18;
  head.writeUIntBE(payload.length, 1, 3);
  return joinBytes(head, payload, new Uint8Array(4));
}

function times(count: number, bytes: Uint8Array): Uint8Array {
  return joinBytes(...Array.from({ length: count }, () => bytes));
}

describe('ClientSession, against messages of no use', () => {
  for (const [what, message, kind, cost] of [
    ['commands that do not parse', serverMessage(20, BROKEN), 'malformed messages', 1],
    ['control messages that do not parse', serverControl(3, '0000'), 'malformed messages', 1],
    ['user control messages that do not parse', serverControl(4, '00'), 'malformed messages', 1],
    ['aggregates of nothing', serverMessage(22, BROKEN, ON_STREAM), 'malformed messages', 1],
    ['messages of an unknown type', serverMessage(99, BROKEN, ON_STREAM), 'stray messages', 1],
    ['media of another stream', serverMessage(9, BROKEN, { messageStreamId: 7 }), 'stray messages', 1],
    ['aggregates of another stream', serverMessage(22, BROKEN, { messageStreamId: 7 }), 'stray messages', 1],
    ['data that do not parse', serverMessage(18, BROKEN, ON_STREAM), 'data messages', 10],
  ] as const) {
    it(`drops ${what} at once up to its limit, counts them, and ends past it`, () => {
      const { atOnce, perSecond } = FLOOD_RATES[kind];
      const count = atOnce / cost;
      const harness = new ClientHarness().play();
      assert.deepEqual(harness.receive(times(count, message)), []);
      assert.equal(harness.session.droppedMessages, count);
      assert.equal(harness.session.state, 'connected');
      harness.nowMs = (1000 * cost) / perSecond;
      assert.deepEqual(harness.receive(message), [], 'time allows one more');
      assert.throws(() => harness.receive(message), { code: 'rtmp-flood' });
      assert.equal(harness.session.state, 'closed');
    });
  }

  it('takes time from ticks too', () => {
    const harness = new ClientHarness().play();
    const broken = serverMessage(20, BROKEN);
    harness.receive(times(100, broken));
    harness.session.tick(50_000);
    harness.nowMs = 50_000;
    assert.deepEqual(harness.receive(times(50, broken)), []);
    assert.throws(() => harness.receive(broken), { code: 'rtmp-flood' });
  });

  it('bears media of a stream just closed that the server had under way', () => {
    const harness = new ClientHarness().play();
    harness.session.closeStream();
    harness.receive(times(1000, serverMessage(9, BROKEN, ON_STREAM)));
    assert.equal(harness.session.state, 'connected');
  });

  it('ends where the server sends tiny chunks only', () => {
    const { atOnce } = FLOOD_RATES['tiny chunks'];
    const first = serverMessage(9, new Uint8Array(0), ON_STREAM);
    for (const [count, isTaken] of [
      [atOnce - 10, true],
      [atOnce + 1, false],
    ] as const) {
      const harness = new ClientHarness().play();
      const flood = joinBytes(first, new Uint8Array(count - 1).fill(0xc5));
      if (isTaken) assert.equal(harness.receive(flood).length, count);
      else assert.throws(() => harness.receive(flood), { code: 'rtmp-flood' });
    }
  });

  it('charges an aggregate for each tiny part', () => {
    const aggregate = serverMessage(22, times(1000, dataTag(amf('a'))), ON_STREAM);
    const harness = new ClientHarness().play();
    const rounds = Math.floor(FLOOD_RATES['tiny chunks'].atOnce / 1000);
    for (let round = 0; round < rounds; round++) assert.equal(harness.receive(aggregate).length, 1000);
    assert.throws(() => harness.receive(aggregate), { code: 'rtmp-flood' });
  });

  it('drops data of one aggregate past 256 KiB, and no sound behind them', () => {
    const harness = new ClientHarness().play();
    const data = dataTag(amf('x', 'y'.repeat(65_000)));
    const sound = Uint8Array.of(8, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xaf, 0, 0, 0, 12);
    const events = harness.receive(serverMessage(22, joinBytes(times(6, data), sound), ON_STREAM));
    assert.deepEqual(
      events.map(({ type }) => type),
      ['data', 'data', 'data', 'data', 'media'],
    );
    assert.equal(harness.session.droppedMessages, 1);
  });
});
