// The client session and a server that sends too much of what means nothing: what it costs has a bound.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_WAITING_ANSWERS } from '../../../../src/protocol/rtmp/client/client-options.ts';
import { amf } from '../../../support/amf-wire.ts';
import { joinBytes, serverControl, serverMessage } from '../../../support/client-wire.ts';
import { keptBytes } from '../../../support/kept-bytes.ts';
import { ClientHarness } from './client-harness.ts';

/** LIMIT: what comes and goes beside what is measured, bytes: a byte for each command. */
const NOISE_BYTES = 1_000_000;

/** `count` messages like the one in `bytes`, a chunk of its own on chunk stream 5: all but the first by type 3. */
function repeated(bytes: Uint8Array, count: number): Uint8Array {
  const again = joinBytes(Uint8Array.of(0xc5), bytes.subarray(12));
  const all = new Uint8Array(bytes.length + (count - 1) * again.length);
  all.set(bytes);
  for (let at = bytes.length; at < all.length; at += again.length) all.set(again, at);
  return all;
}

describe('ClientSession, floods', () => {
  it('keeps nothing of a million unknown commands, and answers none [item 72]', () => {
    const harness = new ClientHarness().connect();
    const flood = repeated(serverMessage(20, amf('x', 7)), 2000);
    let commands = 0;
    const grownBytes = keptBytes(() => {
      for (let round = 0; round < 500; round += 1) {
        harness.session.receive(round === 0 ? flood : flood.subarray(12 - 1).with(0, 0xc5), 50 * round);
        for (let count = -1; count !== commands; ) {
          count = commands;
          commands += harness.session.drainEvents().length;
        }
      }
    });
    assert.equal(commands, 1_000_000);
    assert.ok(grownBytes < NOISE_BYTES, `${grownBytes} bytes`);
    const acks = harness.messages().filter(({ typeId }) => typeId !== 3);
    assert.deepEqual(acks, []);
    assert.equal(harness.session.state, 'connected');
  });

  for (const [what, message] of [
    ['pings', serverControl(4, '000600000001')],
    ['onBWDone', serverMessage(20, amf('onBWDone', 0))],
    ['_onbwcheck', serverMessage(20, amf('_onbwcheck', 2))],
    ['ping commands', serverMessage(20, amf('ping', 2))],
  ] as const) {
    it(`ends where the server sends ${what} without reading the answers`, () => {
      const harness = new ClientHarness().connect();
      for (let i = 0; i < MAX_WAITING_ANSWERS; i += 1) harness.session.receive(message, 0);
      assert.throws(() => harness.session.receive(message, 0), { code: 'rtmp-peer-not-reading' });
      assert.equal(harness.session.state, 'closed');
    });
  }

  it('ends where the server changes its bandwidth again and again without reading the answers', () => {
    const harness = new ClientHarness().connect();
    const windows = ['0000ffff02', '0001ffff02'].map((hex) => serverControl(6, hex));
    assert.throws(
      () => {
        for (let i = 0; i <= MAX_WAITING_ANSWERS; i += 1) {
          harness.session.receive(windows[i % 2] ?? new Uint8Array(), 0);
        }
      },
      { code: 'rtmp-peer-not-reading' },
    );
  });

  it('counts no answer that was taken, though there is always more to take', () => {
    const harness = new ClientHarness().publish();
    const ping = serverControl(4, '000600000001');
    for (let i = 0; i < 50; i += 1) harness.session.sendAudio(0, new Uint8Array(10));
    for (let i = 0; i < 3 * MAX_WAITING_ANSWERS; i += 1) {
      harness.session.sendAudio(i, new Uint8Array(10));
      harness.session.receive(ping, 0);
      harness.session.takeOutput(1);
      harness.session.takeOutput(1);
    }
    assert.ok(harness.session.waitingOutputBytes > 0);
    assert.equal(harness.session.isPublishing, true);
  });
});
