// The tunnel's client side against a whole gateway: live streams through it both ways, in plain and in TLS, through
// proxies, on connections that lose requests and replies, and at gateways that go away or fall silent.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { freePort } from '../../bench/support/ports.ts';
import { dialTunnel } from '../../src/links/tunnel-client/dial-tunnel.ts';
import type { TunnelClientLink } from '../../src/links/tunnel-client/tunnel-client-link.ts';
import type { TunnelClientOptions } from '../../src/links/tunnel-client/tunnel-client-options.ts';
import type { MediaEvent } from '../../src/protocol/rtmp/client/client-events.ts';
import { linkDeps } from '../links/tunnel-client/tunnel-rig.ts';
import { testCertificate } from '../support/certificates.ts';
import { type Fault, startFaultyProxy } from '../support/faulty-proxy.ts';
import { LinkClient } from '../support/link-client.ts';
import { newFilePath } from '../support/programs.ts';
import { startSquid } from '../support/squid.ts';
import { TestClient } from '../support/test-client.ts';
import { startTestGateway, TEST_MEDIA, type TestGateway } from '../support/test-gateway.ts';
import { until } from '../support/until.ts';

const FRAME_MS = 33;
const KEYFRAME_EVERY = 10;
const DONE = { code: 'done', message: 'enough' } as const;

/** A gateway with a plain listener and one with TLS, in this order. */
async function startBoth(
  t: TestContext,
  overrides: Parameters<typeof startTestGateway>[1] = {},
): Promise<TestGateway> {
  const { cert, key } = await testCertificate();
  const certificate = newFilePath('tunnel-client.pem');
  writeFileSync(certificate, `${cert.trimEnd()}\n${key}`, { mode: 0o600 });
  const listen = ['127.0.0.1:0', 'tls:127.0.0.1:0'];
  return startTestGateway(t, { listen, tls: { certificate }, ...overrides });
}

async function fingerprint(): Promise<string> {
  return new X509Certificate((await testCertificate()).cert).fingerprint256;
}

/** Dials the port. */
async function dial(
  t: TestContext,
  port: number,
  options: Partial<TunnelClientOptions> = {},
): Promise<TunnelClientLink> {
  const { wheel, guard, caught } = linkDeps(t);
  t.after(() => assert.deepEqual(caught, []));
  const address = { host: '127.0.0.1', port, isSecure: options.tls !== undefined };
  const link = await dialTunnel(address, { wheel, guard, ...options });
  t.after(() => {
    for (let time = 0; time < 2; time++) link.fail(DONE);
  });
  return link;
}

/** Sends sound and pictures with the numbers `from` to before `to`. */
function sendFrames({ session, link }: LinkClient, from: number, to: number, lengthBytes?: number): void {
  if (from === 0) {
    session.sendVideo(0, TEST_MEDIA.videoHeader);
    session.sendAudio(0, TEST_MEDIA.audioHeader);
  }
  for (let number = from; number < to; number++) {
    session.sendVideo(number * FRAME_MS, frame(number, lengthBytes));
    session.sendAudio(number * FRAME_MS, TEST_MEDIA.audio(number));
  }
  link.wake();
}

function frame(number: number, lengthBytes?: number): Uint8Array {
  return TEST_MEDIA.video(number % KEYFRAME_EVERY === 0, number, lengthBytes);
}

type Media = Pick<MediaEvent, 'kind' | 'timestampMs' | 'payload'>;

/** What a player of all frames up to `to` gets. */
function sentMedia(to: number, lengthBytes?: number): Media[] {
  const sent: Media[] = [
    { kind: 'video', timestampMs: 0, payload: TEST_MEDIA.videoHeader },
    { kind: 'audio', timestampMs: 0, payload: TEST_MEDIA.audioHeader },
  ];
  for (let number = 0; number < to; number++) {
    const timestampMs = number * FRAME_MS;
    sent.push({ kind: 'video', timestampMs, payload: frame(number, lengthBytes) });
    sent.push({ kind: 'audio', timestampMs, payload: TEST_MEDIA.audio(number) });
  }
  return sent;
}

function receivedMedia(media: readonly MediaEvent[]): Media[] {
  return media.map(({ kind, timestampMs, payload }) => ({ kind, timestampMs, payload }));
}

/** Publishes through one Link and plays through another: every frame has to come once, in order, unchanged. */
async function carry(
  inward: TunnelClientLink,
  outward: TunnelClientLink,
  frames: number,
  lengthBytes?: number,
): Promise<void> {
  const publisher = await LinkClient.connected(inward, 'live');
  assert.equal((await publisher.publish('s')).type, 'publish-started');
  sendFrames(publisher, 0, 1, lengthBytes);
  const player = await LinkClient.connected(outward, 'live');
  assert.equal((await player.play('s')).type, 'play-started');
  for (let number = 1; number < frames; number += KEYFRAME_EVERY - 1) {
    const to = Math.min(number + KEYFRAME_EVERY - 1, frames);
    sendFrames(publisher, number, to, lengthBytes);
    await player.waitUntil(() => player.ends.length > 0 || player.media.length >= 2 + 2 * to);
  }
  assert.deepEqual(player.ends, []);
  assert.deepEqual(publisher.ends, []);
  assert.deepEqual(receivedMedia(player.media), sentMedia(frames, lengthBytes));
}

function assertNoErrors({ log }: TestGateway): void {
  assert.deepEqual(
    log.filter(({ level }) => level === 'error'),
    [],
  );
}

describe('the tunnel client at a gateway', () => {
  for (const connections of [1, 2] as const) {
    for (const scheme of ['rtmpt', 'rtmpts'] as const) {
      it(`publishes and plays by ${scheme} with ${connections} connections: every message once, in order, unchanged`, async (t) => {
        const gateway = await startBoth(t);
        const port = gateway.ports[scheme === 'rtmpt' ? 0 : 1] ?? 0;
        const tls = { fingerprint256: await fingerprint() };
        const options = { connections, ...(scheme === 'rtmpt' ? {} : { tls }) };
        await carry(await dial(t, port, options), await dial(t, port, options), 200);
        assertNoErrors(gateway);
      });
    }
  }

  for (const connections of [1, 2] as const) {
    it(`plays from a server that holds nothing, with ${connections} connections, without a flood of idles`, async (t) => {
      const gateway = await startBoth(t, { tunnel: { idleHoldMs: 0, setupHoldMs: 0 } });
      const outward = await dial(t, gateway.port, { connections });
      await carry(await dial(t, gateway.port, { connections }), outward, 50);
      const { requests } = outward.diagnostics();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const idles = outward.diagnostics().requests - requests;
      assert.ok(idles >= 3 && idles <= 50, `${idles} idles in a second of silence`);
      assertNoErrors(gateway);
    });
  }

  it('carries long frames, and bodies that grow', async (t) => {
    const gateway = await startBoth(t);
    const inward = await dial(t, gateway.port);
    await carry(inward, await dial(t, gateway.port), 100, 100_000);
    assertNoErrors(gateway);
  });

  it('has a message at a player within the time that a round trip takes, not that of a poll', async (t) => {
    const { port } = await startBoth(t);
    const publisher = await LinkClient.connected(await dial(t, port), 'live');
    await publisher.publish('s');
    sendFrames(publisher, 0, 1);
    const player = await LinkClient.connected(await dial(t, port), 'live');
    await player.play('s');
    await player.waitUntil(() => player.media.length >= 4);
    const times: number[] = [];
    for (let number = 1; number <= 30; number++) {
      await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
      const startMs = performance.now();
      sendFrames(publisher, number, number + 1);
      await player.waitUntil(() => player.media.length >= 4 + 2 * number);
      times.push(performance.now() - startMs);
    }
    const medianMs = times.toSorted((left, right) => left - right)[15] ?? 0;
    t.diagnostic(`median ${medianMs.toFixed(1)} ms`);
    // The gateway gathers for 30 ms; a hold of its is 500 ms long.
    assert.ok(medianMs < 200, `median ${medianMs} ms`);
  });

  it('ends the publishing with a goodbye when it closes', async (t) => {
    const gateway = await startBoth(t);
    const publisher = await LinkClient.connected(await dial(t, gateway.port), 'live');
    await publisher.publish('s');
    sendFrames(publisher, 0, 5);
    const player = await TestClient.overTcp(t, gateway.port, 'live');
    await player.play('s');
    await player.waitUntil(() => player.media.length === 12);
    sendFrames(publisher, 5, 6);
    publisher.session.close({ code: 'done', message: 'enough' });
    publisher.link.close(DONE);
    await publisher.waitUntil(() => publisher.ends.length === 1);
    await player.waitFor(({ type }) => type === 'play-stopped');
    assert.equal(player.media.length, 14);
    assert.deepEqual(publisher.ends, [DONE]);
    assertNoErrors(gateway);
  });

  it('loses nothing of a player that pauses its Link and goes on', async (t) => {
    const gateway = await startBoth(t);
    const publisher = await LinkClient.connected(await dial(t, gateway.port), 'live');
    await publisher.publish('s');
    sendFrames(publisher, 0, 1);
    const player = await LinkClient.connected(await dial(t, gateway.port), 'live');
    await player.play('s');
    await player.waitUntil(() => player.media.length === 4);
    for (let number = 1; number < 60; number++) {
      if (number % 20 === 5) player.link.pause();
      const heard = player.media.length;
      sendFrames(publisher, number, number + 1);
      await new Promise((resolve) => setTimeout(resolve, 10));
      if (number % 20 >= 7 && number % 20 <= 15) assert.equal(player.media.length, heard);
      if (number % 20 === 15) player.link.resume();
    }
    await player.waitUntil(() => player.media.length === 2 + 2 * 60);
    assert.deepEqual(receivedMedia(player.media), sentMedia(60));
    assertNoErrors(gateway);
  });

  it('goes through squid, by CONNECT in TLS and forwarded in plain', async (t) => {
    const gateway = await startBoth(t);
    const [plain = 0, tlsPort = 0] = gateway.ports;
    const port = await freePort();
    const squid = await startSquid(t, port, `http_port 127.0.0.1:${port}\n`);
    const proxyUrl = `http://127.0.0.1:${port}`;
    const tls = { ca: (await testCertificate()).cert };
    await carry(await dial(t, tlsPort, { proxyUrl, tls }), await dial(t, plain, { proxyUrl }), 50);
    await until(() => squid.requests().length > 0);
    assert.ok(squid.requests().some(({ url }) => url.startsWith(`http://127.0.0.1:${plain}/send/`)));
    assertNoErrors(gateway);
  });
});

describe('the tunnel client on a bad line', () => {
  for (const connections of [1, 2] as const) {
    it(`loses and doubles nothing where requests and replies are lost, with ${connections} connections`, async (t) => {
      const gateway = await startBoth(t);
      const kinds: readonly Fault[] = ['request-lost', 'reply-lost', 'reply-halved'];
      const links: TunnelClientLink[] = [];
      const proxies = [await startFaultyProxy(t, gateway.port), await startFaultyProxy(t, gateway.port)];
      for (const proxy of proxies) {
        // Behind the requests that no server knows again: /open, three of the session, and those beside them.
        proxy.faultOf = (index) => (index > 8 && index % 7 === 0 ? (kinds[(index / 7) % 3] ?? null) : null);
        links.push(await dial(t, proxy.port, { connections, keepsReplies: true }));
      }
      const [inward, outward] = links;
      assert.ok(inward !== undefined && outward !== undefined);
      await carry(inward, outward, 400);
      for (const { faults } of proxies) {
        t.diagnostic(`${faults.length} faults`);
        assert.ok(faults.length >= 3, `${faults.length} faults`);
        assert.deepEqual(new Set(faults), new Set(kinds));
      }
      for (const link of links) assert.ok(link.diagnostics().repeatedRequests >= 3);
      assertNoErrors(gateway);
    });
  }

  it('ends once at a gateway that is stopped', async (t) => {
    const { gateway, port } = await startBoth(t);
    const client = await LinkClient.connected(await dial(t, port), 'live');
    await client.publish('s');
    await gateway.stop();
    await client.waitUntil(() => client.ends.length > 0);
    assert.match(client.ends.map(({ code }) => code).join(), /^peer-(closed|reset)$/);
  });

  it('ends once at a gateway that has ended the session: a silent one, found by the next send', async (t) => {
    const { port } = await startBoth(t, { tunnel: { silenceTimeoutMs: 1000 } });
    const client = await LinkClient.connected(await dial(t, port), 'live');
    client.link.pause();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    client.session.call('anything');
    client.link.resume();
    client.link.wake();
    await client.waitUntil(() => client.ends.length > 0);
    assert.deepEqual(
      client.ends.map(({ code }) => code),
      ['peer-closed'],
    );
  });

  for (const connections of [1, 2] as const) {
    it(`ends once on a line that has fallen silent, with ${connections} connections`, async (t) => {
      const gateway = await startBoth(t);
      const proxy = await startFaultyProxy(t, gateway.port);
      const options = { connections, replyTimeoutMs: 1000, keepsReplies: true };
      const client = await LinkClient.connected(await dial(t, proxy.port, options), 'live');
      await client.publish('s');
      proxy.fallSilent();
      await client.waitUntil(() => client.ends.length > 0);
      assert.equal(client.ends.length, 1);
      assert.equal(client.ends[0]?.code, 'peer-reset');
      assert.match(client.ends[0]?.message ?? '', /no reply within 1000 ms/);
    });
  }
});
