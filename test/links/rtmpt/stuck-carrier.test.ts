import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startTunnel } from './tunnel-harness.ts';

const MESSAGE = 'm'.repeat(1024 * 1024);
/** More than the socket buffers of both sides take on a loopback. */
const MESSAGE_COUNT = 24;

describe('a connection whose client does not read', () => {
  it('is ended some time after its session, and not before', async (t) => {
    const harness = await startTunnel(t, { maxReplyBytes: 64 * 1024 * 1024 });
    const reader = await harness.client();
    const stuck = await harness.client();
    const id = await reader.open();
    stuck.socket.pause();
    for (let count = 0; count < MESSAGE_COUNT; count++) {
      harness.endpoints[0]?.queueMedia(MESSAGE);
      stuck.post(`/idle/${id}/${count}`);
    }
    await harness.until(() => harness.endpoints[0]?.media.length === 0);
    const reply = await reader.ask(`/close/${id}/1`);
    assert.match(reply, /^HTTP\/1\.1 200 /);
    harness.wheel.advance(9_000);
    assert.equal(stuck.socket.destroyed, false);
    harness.wheel.advance(1_100);
    stuck.socket.resume();
    await stuck.closed();
    assert.match(await reader.ask('/open/1'), /^HTTP\/1\.1 200 /, 'the other connection lives on');
  });
});
