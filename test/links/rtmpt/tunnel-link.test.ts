import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RtmpError } from '../../../src/protocol/rtmp/rtmp-error.ts';
import {
  HANDSHAKE,
  type Harness,
  NOT_FOUND,
  type RawClient,
  replyOf,
  startTunnel,
} from './tunnel-harness.ts';

const LIMIT = { timeout: 10_000 };

// A session that has shaken hands, set up, with an idle held on `client`.
async function holdIdle(harness: Harness, client: RawClient): Promise<string> {
  const id = await client.open();
  assert.equal(await client.ask(`/send/${id}/0`, HANDSHAKE), replyOf('\x01'));
  const endpoint = harness.endpoints[0];
  assert.ok(endpoint);
  endpoint.isSetUp = true;
  client.post(`/idle/${id}/1`);
  await harness.until(() => endpoint.dueReads > 0);
  return id;
}

describe('TunnelLink, holding [tunnel point 6]', LIMIT, () => {
  it('holds an idle until the link is woken with bytes', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    await holdIdle(harness, client);
    harness.links[0]?.wake();
    assert.equal(client.unread, '');
    harness.endpoints[0]?.queue('media');
    harness.links[0]?.wake();
    assert.equal(await client.reply(), replyOf('\x01media'));
  });

  it('lets a held idle go when its time is over, with one deadline on the wheel', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const id = await holdIdle(harness, client);
    for (let round = 0; round < 3; round++) {
      assert.equal(harness.wheel.pendingCount, 1);
      harness.wheel.advance(499);
      assert.equal(client.unread, '');
      harness.wheel.advance(1);
      assert.equal(await client.reply(), replyOf('\x01'));
      client.post(`/idle/${id}/2`);
      const before = harness.endpoints[0]?.dueReads ?? 0;
      await harness.until(() => (harness.endpoints[0]?.dueReads ?? 0) > before);
    }
  });

  it('lets a held idle go when a send comes on another connection', async (t) => {
    const harness = await startTunnel(t);
    const first = await harness.client();
    const id = await holdIdle(harness, first);
    const second = await harness.client();
    const endpoint = harness.endpoints[0];
    assert.ok(endpoint);
    endpoint.onReceive = () => endpoint.queue('status');
    assert.equal(await second.ask(`/send/${id}/2`, 'publish'), replyOf('\x01status'));
    assert.equal(await first.reply(), replyOf('\x01'));
  });

  it('has media gather for as long as the configuration says, and a held idle with it', async (t) => {
    const harness = await startTunnel(t, { gatherTimeMs: 70 });
    const client = await harness.client();
    const id = await client.open();
    await client.ask(`/send/${id}/0`, HANDSHAKE);
    assert.equal(harness.links[0]?.gatherMs, 70);
    const endpoint = harness.endpoints[0];
    assert.ok(endpoint);
    endpoint.isGathering = true;
    endpoint.queueMedia('one');
    client.post(`/idle/${id}/1`);
    await harness.until(() => endpoint.dueReads > 0);
    endpoint.queueMedia('two');
    assert.equal(client.unread, '');
    harness.links[0]?.wake();
    assert.equal(await client.reply(), replyOf('\x01onetwo'));
  });

  it('drops the idle of a connection that dies, and loses no bytes by it', async (t) => {
    const harness = await startTunnel(t);
    const first = await harness.client();
    const id = await holdIdle(harness, first);
    first.socket.destroy();
    await harness.detached();
    harness.endpoints[0]?.queue('media');
    harness.links[0]?.wake();
    const second = await harness.client();
    assert.equal(await second.ask(`/idle/${id}/2`), replyOf('\x01media'));
    assert.deepEqual(harness.caught, []);
  });

  it('serves one session over a new connection for each request', async (t) => {
    const harness = await startTunnel(t);
    const id = await (await harness.client()).open();
    for (let round = 0; round < 5; round++) {
      const client = await harness.client();
      assert.equal(await client.ask(`/send/${id}/${round}`, String(round)), replyOf('\x01'));
      client.socket.end();
      await client.closed();
    }
    assert.deepEqual(harness.endpoints[0]?.received, ['0', '1', '2', '3', '4']);
  });

  it('serves many sessions over one connection, and ends them all with it', async (t) => {
    const harness = await startTunnel(t, { handshakeTimeoutMs: 60_000 });
    const client = await harness.client();
    const ids = [await client.open(), await client.open(), await client.open()];
    for (const id of ids) await client.ask(`/send/${id}/0`, id);
    assert.deepEqual(
      harness.endpoints.map((endpoint) => endpoint.received),
      ids.map((id) => [id]),
    );
    client.socket.destroy();
    await harness.detached();
    harness.wheel.advance(10_000);
    assert.deepEqual(
      harness.endpoints.map((endpoint) => endpoint.ends.at(-1)),
      Array<string>(3).fill('closed tunnel-detached'),
    );
  });
});

describe('TunnelLink, ending [tunnel point 12]', LIMIT, () => {
  it('ends detached after its last connection is gone', async (t) => {
    const harness = await startTunnel(t, { silenceTimeoutMs: 10_000_000, detachedTimeoutMs: 10_000 });
    const client = await harness.client();
    const id = await holdIdle(harness, client);
    harness.wheel.advance(3_000_000);
    assert.equal(await client.reply(), replyOf('\x01'));
    client.socket.destroy();
    await harness.detached();
    harness.wheel.advance(9999);
    assert.deepEqual(harness.endpoints[0]?.ends, []);
    harness.wheel.advance(1);
    assert.deepEqual(harness.endpoints[0]?.ends, ['failed tunnel-detached', 'closed tunnel-detached']);
    assert.equal(await (await harness.client()).ask(`/idle/${id}/3`), NOT_FOUND);
    assert.equal(harness.wheel.pendingCount, 0);
  });

  it('ends a session that never shakes hands', async (t) => {
    const harness = await startTunnel(t, { handshakeTimeoutMs: 5000 });
    const client = await harness.client();
    const id = await client.open();
    harness.wheel.advance(4999);
    assert.equal(await client.ask(`/send/${id}/0`, 'C0'), replyOf('\x01'));
    harness.wheel.advance(1);
    assert.equal(await client.ask(`/send/${id}/1`, 'C1'), NOT_FOUND);
    assert.deepEqual(harness.endpoints[0]?.ends, [
      'failed tunnel-handshake-timeout',
      'closed tunnel-handshake-timeout',
    ]);
  });

  it('ends a silent session though its connection stays', async (t) => {
    const harness = await startTunnel(t, { silenceTimeoutMs: 60_000 });
    const client = await harness.client();
    const id = await client.open();
    await client.ask(`/send/${id}/0`, HANDSHAKE);
    harness.wheel.advance(59_999);
    assert.deepEqual(harness.endpoints[0]?.ends, []);
    harness.wheel.advance(1);
    assert.deepEqual(harness.endpoints[0]?.ends, ['failed tunnel-silent', 'closed tunnel-silent']);
  });

  it('answers the request whose bytes were refused with the last words, then 00, then 404', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const id = await client.open();
    const endpoint = harness.endpoints[0];
    assert.ok(endpoint);
    endpoint.onReceive = () => {
      endpoint.queue('status: rejected');
      throw new RtmpError('rtmp-chunk-size-invalid', 'expected at least 1, got 0');
    };
    assert.equal(await client.ask(`/send/${id}/0`, 'bad'), replyOf('\x01status: rejected'));
    assert.equal(await client.ask(`/send/${id}/1`, 'more'), replyOf('\x00'));
    assert.equal(await client.ask(`/send/${id}/2`, 'more'), NOT_FOUND);
    assert.deepEqual(endpoint.ends, ['failed rtmp-chunk-size-invalid', 'closed rtmp-chunk-size-invalid']);
    assert.deepEqual(endpoint.received, ['bad']);
  });

  it('survives an endpoint that throws wherever it is called', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const id = await holdIdle(harness, client);
    const endpoint = harness.endpoints[0];
    assert.ok(endpoint);
    endpoint.onTake = () => {
      throw new Error('take is broken');
    };
    harness.links[0]?.wake();
    assert.equal(await client.reply(), replyOf('\x00'));
    assert.equal(await client.ask(`/idle/${id}/2`), NOT_FOUND);
    assert.deepEqual(endpoint.ends, ['failed internal-error', 'closed internal-error']);
    assert.deepEqual(harness.caught, ['take is broken', 'take is broken']);
  });

  it('carries the last words of a link that is closed from this side', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    const id = await holdIdle(harness, client);
    harness.endpoints[0]?.queue('unpublished');
    harness.links[0]?.close({ code: 'done', message: 'the stream ended' });
    assert.equal(await client.reply(), replyOf('\x01unpublished'));
    assert.deepEqual(harness.endpoints[0]?.ends, []);
    assert.equal(await client.ask(`/idle/${id}/2`), replyOf('\x00'));
    assert.deepEqual(harness.endpoints[0]?.ends, ['closed done']);
    harness.links[0]?.close({ code: 'drain', message: 'again' });
    harness.links[0]?.wake();
    assert.deepEqual(harness.endpoints[0]?.ends, ['closed done']);
  });

  it('tells a held idle and the endpoint when the server stops', async (t) => {
    const harness = await startTunnel(t);
    const client = await harness.client();
    await holdIdle(harness, client);
    const closing = harness.close();
    await closing;
    assert.deepEqual(harness.endpoints[0]?.ends, ['closed drain']);
    assert.equal(harness.wheel.pendingCount, 0);
  });
});
