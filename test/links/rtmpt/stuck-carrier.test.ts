import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sleep } from '../../support/programs.ts';
import { type Harness, type RawClient, replyOf, startTunnel } from './tunnel-harness.ts';

const MESSAGE = 'm'.repeat(1024 * 1024);
/** More than the socket buffers of both sides take on a loopback. */
const MESSAGE_COUNT = 24;
/** What a slow client reads at a time: enough for the system of the other side to notice. */
const READ_BYTES = 6 * MESSAGE.length;
const SETTINGS = {
  maxReplyBytes: 64 * 1024 * 1024,
  handshakeTimeoutMs: 3_600_000,
  silenceTimeoutMs: 3_600_000,
};
const WRITE_TIMEOUT_MS = 30_000;
const PUBLISHED_AT_ONCE = 2000;
/** How long a server that serves on may take for so many. */
const LOOKS = 60;
const LOOK_EVERY_MS = 50;

/** A session whose client asks for more than its connection holds, and reads nothing of it. */
async function startStuck(harness: Harness, stuck: RawClient, id: string): Promise<void> {
  stuck.socket.pause();
  for (let count = 0; count < MESSAGE_COUNT; count++) {
    harness.endpoints[0]?.queueMedia(MESSAGE);
    stuck.post(`/idle/${id}/${count}`);
  }
  await harness.until(() => harness.endpoints[0]?.media.length === 0);
}

describe('a connection whose client does not read', () => {
  it('is ended some time after its session, and not before', async (t) => {
    const harness = await startTunnel(t, SETTINGS);
    const reader = await harness.client();
    const stuck = await harness.client();
    const id = await reader.open();
    await startStuck(harness, stuck, id);
    const reply = await reader.ask(`/close/${id}/1`);
    assert.match(reply, /^HTTP\/1\.1 200 /);
    harness.wheel.advance(9_000);
    assert.equal(stuck.socket.destroyed, false);
    harness.wheel.advance(1_100);
    stuck.socket.resume();
    await stuck.closed();
    assert.match(await reader.ask('/open/1'), /^HTTP\/1\.1 200 /, 'the other connection lives on');
  });

  it('is given up with its session where it takes nothing for too long [tunnel point 11]', async (t) => {
    const harness = await startTunnel(t, SETTINGS);
    const stuck = await harness.client();
    await startStuck(harness, stuck, await stuck.open());
    harness.wheel.advance(WRITE_TIMEOUT_MS - 1);
    assert.deepEqual(harness.endpoints[0]?.ends, []);
    // The system may have taken some after the connection was full: so much is looked at first.
    harness.wheel.advance(1);
    harness.wheel.advance(WRITE_TIMEOUT_MS);
    assert.deepEqual(harness.endpoints[0]?.ends, ['closed rtmp-peer-not-reading']);
    stuck.socket.resume();
    await stuck.closed();
    assert.deepEqual(harness.caught, []);
  });

  it('is served on while it publishes, until replies fill it, and then given up [tunnel point 11]', async (t) => {
    const harness = await startTunnel(t, { ...SETTINGS, maxRequestsPerSecond: 1_000_000 });
    const publisher = await harness.client();
    const id = await publisher.open();
    const [endpoint] = harness.endpoints;
    assert.ok(endpoint !== undefined);
    publisher.socket.pause();
    let sent = 0;
    for (let handled = -1; handled < endpoint.received.length; ) {
      handled = endpoint.received.length;
      const request = `POST /send/${id}/0 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nm`;
      publisher.send(request.repeat(PUBLISHED_AT_ONCE));
      sent += PUBLISHED_AT_ONCE;
      const isEnough = (): boolean => endpoint.received.length === sent;
      for (let looks = 0; looks < LOOKS && !isEnough(); looks++) await sleep(LOOK_EVERY_MS);
    }
    t.diagnostic(`${endpoint.received.length} requests were served`);
    assert.ok(endpoint.received.length > 1000 && endpoint.received.length < sent);
    assert.deepEqual(endpoint.ends, []);
    harness.wheel.advance(WRITE_TIMEOUT_MS);
    harness.wheel.advance(WRITE_TIMEOUT_MS);
    assert.deepEqual(endpoint.ends, ['closed rtmp-peer-not-reading']);
  });

  it('is kept for as long as it takes something now and then', async (t) => {
    const harness = await startTunnel(t, SETTINGS);
    const slow = await harness.client();
    await startStuck(harness, slow, await slow.open());
    for (let rounds = 0; rounds < 3; rounds++) {
      harness.wheel.advance(WRITE_TIMEOUT_MS - 1);
      const before = slow.unread.length;
      slow.socket.resume();
      await harness.until(() => slow.unread.length > before + READ_BYTES);
      slow.socket.pause();
      harness.wheel.advance(1);
      assert.deepEqual(harness.endpoints[0]?.ends, []);
    }
    slow.socket.resume();
    let mediaBytes = 0;
    while (mediaBytes < MESSAGE_COUNT * MESSAGE.length)
      mediaBytes += (await slow.reply()).split('m').length - 1;
    harness.wheel.advance(2 * WRITE_TIMEOUT_MS);
    assert.deepEqual(harness.endpoints[0]?.ends, []);
  });

  it('does not take a session with it that has another connection', async (t) => {
    const harness = await startTunnel(t, SETTINGS);
    const reader = await harness.client();
    const stuck = await harness.client();
    const id = await reader.open();
    await startStuck(harness, stuck, id);
    harness.wheel.advance(WRITE_TIMEOUT_MS);
    harness.wheel.advance(WRITE_TIMEOUT_MS);
    stuck.socket.resume();
    await stuck.closed();
    assert.deepEqual(harness.endpoints[0]?.ends, []);
    assert.equal(await reader.ask(`/send/${id}/99`, 'x'), replyOf('\x01'));
  });
});
