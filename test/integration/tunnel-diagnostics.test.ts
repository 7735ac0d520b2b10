// Why a tunnel was slow, in the last line of its session: a whole gateway, a publisher over TCP and a viewer who polls.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TestClient } from '../support/test-client.ts';
import { startTestGateway, TEST_MEDIA } from '../support/test-gateway.ts';

const FRAMES = 8;
const FRAME_BYTES = 32 * 1024;

describe('the last line of a session', () => {
  it('says of a tunnel how it was polled, and nothing of the kind of a socket', async (t) => {
    const { port, log, gateway } = await startTestGateway(t);
    const publisher = await TestClient.overTcp(t, port, 'live');
    await publisher.publish('s');
    const viewer = await TestClient.overTunnel(t, port, 'live');
    await viewer.play('s');
    publisher.session.sendVideo(0, TEST_MEDIA.videoHeader);
    for (let number = 0; number < FRAMES; number++) {
      publisher.session.sendVideo(number * 33, TEST_MEDIA.video(number === 0, number, FRAME_BYTES));
      publisher.wake();
    }
    await viewer.waitUntil(() => viewer.media.length === 1 + FRAMES);
    await gateway.stop();

    const ends = log.filter(({ message }) => message === 'session ended').map(({ fields }) => fields);
    const socket = ends.find((fields) => 'transport' in fields && fields.transport === 'rtmp');
    const tunnel = ends.find((fields) => 'transport' in fields && fields.transport === 'rtmpt');
    assert.ok(socket !== undefined && !('tunnel' in socket));
    assert.ok(tunnel !== undefined && 'tunnel' in tunnel);
    const figures: Record<string, unknown> = { ...(tunnel.tunnel ?? {}) };
    const { requests, requestsPerSecond, largestReplyBytes, meanRoundTripMs, longestHoldMs } = figures;
    assert.ok(Number(requests) >= 4, `${String(requests)} requests`);
    assert.ok(Number(requestsPerSecond) > 0);
    assert.ok(Number(largestReplyBytes) > FRAME_BYTES, `${String(largestReplyBytes)} bytes`);
    assert.ok(typeof meanRoundTripMs === 'number' && meanRoundTripMs >= 0);
    assert.ok(typeof longestHoldMs === 'number' && longestHoldMs >= 0 && longestHoldMs < 5000);
    assert.equal(figures['missingRequests'], 0);
    t.diagnostic(JSON.stringify(figures));
  });
});
