// A viewer who comes through the tunnel while the publisher pauses: what the log holds is there, and no poll is held for it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TestClient } from '../support/test-client.ts';
import { startTestGateway, TEST_MEDIA } from '../support/test-gateway.ts';

const FRAMES = 32;
const FRAME_BYTES = 64 * 1024;
const FRAME_MS = 33;
/** More than three of these holds are longer than a client of the tests waits, and two MiB are five replies. */
const IDLE_HOLD_MS = 4000;

describe('a late joiner through the tunnel', () => {
  it('gets all that waits reply behind reply, while nothing new is published [item 74]', async (t) => {
    const { port } = await startTestGateway(t, { tunnel: { idleHoldMs: IDLE_HOLD_MS } });
    const publisher = await TestClient.overTcp(t, port, 'live');
    await publisher.publish('paused');
    const witness = await TestClient.overTcp(t, port, 'live');
    await witness.play('paused');
    publisher.session.sendVideo(0, TEST_MEDIA.videoHeader);
    for (let number = 0; number < FRAMES; number++) {
      publisher.session.sendVideo(number * FRAME_MS, TEST_MEDIA.video(number === 0, number, FRAME_BYTES));
      publisher.wake();
    }
    await witness.waitUntil(() => witness.media.length === 1 + FRAMES);

    const viewer = await TestClient.overTunnel(t, port, 'live');
    await viewer.play('paused');
    await viewer.waitUntil(() => viewer.media.length === 1 + FRAMES);
    assert.equal(publisher.isOver, false);
  });
});
