import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Link } from '../../../src/links/link.ts';
import { HANDSHAKE, replyOf, startTunnel } from './tunnel-harness.ts';

describe('TunnelLink, its diagnostics', { timeout: 10_000 }, () => {
  it('say how it is polled, by the clock of the wheel, and what came again', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const id = await client.open();
    const [link] = harness.links;
    const [endpoint] = harness.endpoints;
    assert.ok(link !== undefined && endpoint !== undefined);
    harness.wheel.advance(10);
    await client.ask(`/send/${id}/0`, HANDSHAKE);
    for (const number of [1, 2, 3]) {
      harness.wheel.advance(30);
      await client.ask(`/send/${id}/${number}`, 'bytes');
    }
    assert.equal(await client.ask(`/send/${id}/3`, 'bytes'), replyOf('\x01'));
    endpoint.isSetUp = true;
    client.post(`/idle/${id}/4`);
    await harness.until(() => endpoint.dueReads > 0);
    harness.wheel.advance(400);
    endpoint.queue('media');
    link.wake();
    assert.equal(await client.reply(), replyOf('\x01media'));
    assert.deepEqual(link.diagnostics?.(), {
      requests: 5,
      requestsPerSecond: 50,
      emptyIdleRatio: 0,
      meanHoldMs: 400,
      longestHoldMs: 400,
      meanRoundTripMs: 20,
      longestRoundTripMs: 30,
      largestReplyBytes: 5,
      fullReplies: 0,
      repeatedRequests: 1,
      earlyRequests: 0,
      missingRequests: 0,
      lateRequests: 0,
      delayedRequests: 0,
    });
  });

  it('tell the hold of an idle that is released by one ahead of its turn', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const id = await client.open();
    for (const number of [0, 1, 2, 3]) await client.ask(`/send/${id}/${number}`, HANDSHAKE);
    const [endpoint] = harness.endpoints;
    assert.ok(endpoint !== undefined);
    endpoint.isSetUp = true;
    client.post(`/idle/${id}/4`);
    await harness.until(() => endpoint.dueReads > 0);
    harness.wheel.advance(70);
    const second = await harness.client();
    second.post(`/send/${id}/6`, 'ahead');
    assert.equal(await client.reply(), replyOf('\x01'));
    const expected = { earlyRequests: 1, longestHoldMs: 70, emptyIdleRatio: 1, requests: 5 };
    assert.partialDeepStrictEqual(harness.links[0]?.diagnostics?.(), expected);
  });

  it('are there in full when the endpoint is told of the end, as an object of its own', async (t) => {
    const told: (object | null | undefined)[] = [];
    const harness = await startTunnel(t, {}, (link: Link) => {
      assert.equal(link.diagnostics?.(), null);
      link.attach({
        isSetUp: true,
        hasMore: false,
        receive: () => undefined,
        take: () => [],
        takeDue: () => [],
        takeAnswers: () => [],
        failed: () => undefined,
        closed: () => told.push(link.diagnostics?.()),
      });
    });
    const client = await harness.client();
    const id = await client.open();
    await client.ask(`/send/${id}/0`, HANDSHAKE);
    const before = harness.links[0]?.diagnostics?.();
    assert.equal(await client.ask(`/close/${id}/1`), replyOf('\x00'));
    assert.equal(told.length, 1);
    assert.partialDeepStrictEqual(told[0], { requests: 2 });
    assert.partialDeepStrictEqual(before, { requests: 1 });
  });
});
