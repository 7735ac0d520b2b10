// Live streams that are fetched from upstreams: gateways of this project, in one process, over real sockets.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startGateway } from '../support/gateway-process.ts';
import type { Cleaner } from '../support/programs.ts';
import { TestClient } from '../support/test-client.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { until } from '../support/until.ts';
import { RelayRig } from '../upstreams/relay-rig.ts';
import { assertRising, framesOf, LivePublisher, numberOf } from './relay-paced.ts';

const VIEWERS = 50;
const SOON_MS = 2000;

function routedTo(ports: readonly number[], relay = {}) {
  const names = ports.map((_, index) => `u${index}`);
  return {
    upstreams: Object.fromEntries(
      ports.map((port, index) => [`u${index}`, { url: `rtmp://127.0.0.1:${port}/live` }]),
    ),
    routes: [{ action: 'relay', app: 'live', upstreams: names }],
    relay,
  } as const;
}

async function viewers(cleaner: Cleaner, port: number, name: string, count: number): Promise<TestClient[]> {
  const clients = await Promise.all(
    Array.from({ length: count }, () => TestClient.overTcp(cleaner, port, 'live')),
  );
  const answers = await Promise.all(clients.map((client) => client.play(name)));
  for (const { type } of answers) assert.equal(type, 'play-started');
  return clients;
}

describe('A live stream that is fetched for viewers', () => {
  it('costs the upstream one connection for 50 viewers, and comes to each from its first keyframe on', async (t) => {
    const origin = await startTestGateway(t);
    await LivePublisher.start(t, origin.port, 's');
    const rig = await RelayRig.start(t, routedTo([origin.port]));
    const watching = await viewers(t, rig.port, 's', VIEWERS);
    await Promise.all(
      watching.map((client) => client.waitUntil(() => framesOf(client, 'video').length >= 30)),
    );
    for (const client of watching) {
      const [first, ...others] = framesOf(client, 'video');
      assert.ok(first !== undefined);
      assert.equal(first.payload[0], 0x17, 'a keyframe first');
      for (const [index, frame] of others.entries())
        assert.equal(numberOf(frame), numberOf(first) + index + 1);
      assertRising(client);
    }
    assert.deepEqual(rig.dials, ['u0']);
    assert.equal(rig.pool.status()[0]?.openCount, 1);
    assert.deepEqual(rig.internalErrors, []);
  });

  it('goes on within 2 s on a keyframe, in time that rises, where the first of two upstreams dies', async (t) => {
    const [first, second] = [await startGateway(t), await startTestGateway(t)];
    const [firstPort = 0] = first.ports;
    await LivePublisher.start(t, firstPort, 's');
    // The clock of the other one stands elsewhere.
    await LivePublisher.start(t, second.port, 's', { startMs: 7_000_000 });
    const rig = await RelayRig.start(t, routedTo([firstPort, second.port]));
    const watching = await viewers(t, rig.port, 's', VIEWERS);
    await Promise.all(
      watching.map((client) => client.waitUntil(() => framesOf(client, 'video').length >= 20)),
    );

    const brokenMs = performance.now();
    process.kill(first.pid, 'SIGKILL');
    await until(() => rig.dials.length === 2, 'the second upstream');
    const had = watching.map((client) => framesOf(client, 'video').length);
    await Promise.all(
      watching.map((client, index) =>
        client.waitUntil(() => framesOf(client, 'video').length > (had[index] ?? 0) + 5),
      ),
    );
    const tookMs = performance.now() - brokenMs;
    assert.ok(tookMs < SOON_MS, `it took ${Math.round(tookMs)} ms`);
    t.diagnostic(`50 viewers went on ${Math.round(tookMs)} ms after the break`);
    for (const client of watching) {
      assertRising(client);
      const video = framesOf(client, 'video');
      const at = video.findIndex((frame, index) => {
        const before = video[index - 1];
        return before !== undefined && numberOf(frame) !== numberOf(before) + 1;
      });
      const [before, resumed] = [video[at - 1], video[at]];
      assert.ok(
        before !== undefined && resumed !== undefined,
        'the other upstream’s frames have other numbers',
      );
      assert.equal(resumed.payload[0], 0x17, 'it goes on at a keyframe');
      const gapMs = resumed.timestampMs - before.timestampMs;
      assert.ok(gapMs >= 40 && gapMs < SOON_MS, `${gapMs} ms of media time`);
      const heard = client.events.filter(({ type }) => type === 'play-stopped');
      assert.deepEqual(heard, [], 'nobody hears of an end');
    }
    assert.deepEqual(rig.dials, ['u0', 'u1']);
    assert.equal(rig.told('relay broke')[0]?.['nextTryMs'], 0);
    assert.deepEqual(rig.internalErrors, []);
  });

  it('is kept for a while after the last viewer, and then given back', async (t) => {
    const origin = await startTestGateway(t);
    await LivePublisher.start(t, origin.port, 's');
    const rig = await RelayRig.start(t, routedTo([origin.port], { keepTimeMs: 1000 }));
    const [viewer] = await viewers(t, rig.port, 's', 1);
    await viewer?.waitUntil(() => viewer.media.length > 5);
    const leftMs = performance.now();
    viewer?.kill();
    await until(() => rig.dialled.size === 0, 'the end of the pull');
    const keptMs = performance.now() - leftMs;
    assert.ok(keptMs >= 900 && keptMs < 3000, `kept for ${keptMs} ms`);
    assert.equal(rig.registry.size, 0);
    assert.deepEqual(
      rig.told('relay ended').map(({ reason }) => reason),
      ['nobody watches'],
    );
    assert.equal(rig.pool.status()[0]?.openCount, 0);
  });

  it('is refused where no upstream sends it in time, and where none is there', async (t) => {
    const origin = await startTestGateway(t);
    const rig = await RelayRig.start(t, routedTo([origin.port], { startTimeoutMs: 500, keepTimeMs: 0 }));
    const client = await TestClient.overTcp(t, rig.port, 'live');
    const answer = await client.play('nothing');
    assert.equal(answer.type, 'play-rejected');
    assert.equal('status' in answer ? answer.status.code : '', 'NetStream.Play.StreamNotFound');
    await until(() => rig.dialled.size === 0, 'the end of the pull');
    await origin.gateway.stop();
    const other = await TestClient.overTcp(t, rig.port, 'live');
    assert.equal((await other.play('nothing')).type, 'play-rejected');
    assert.equal(rig.registry.size, 0);
  });

  it('ends for viewers when its publisher leaves the upstream, and begins again when that comes back', async (t) => {
    const origin = await startTestGateway(t);
    const publisher = await LivePublisher.start(t, origin.port, 's');
    const rig = await RelayRig.start(t, routedTo([origin.port]));
    const [viewer] = await viewers(t, rig.port, 's', 1);
    assert.ok(viewer !== undefined);
    await viewer.waitUntil(() => viewer.media.length > 5);
    publisher.stop();
    await viewer.waitFor(({ type }) => type === 'play-stopped');
    const had = viewer.media.length;
    await LivePublisher.start(t, origin.port, 's');
    await viewer.waitUntil(() => viewer.media.length > had + 5);
    assertRising(viewer);
    assert.deepEqual(rig.dials, ['u0'], 'the connection stayed');
  });

  it('gives way to a publisher who comes here, and viewers stay', async (t) => {
    const origin = await startTestGateway(t);
    await LivePublisher.start(t, origin.port, 's');
    const rig = await RelayRig.start(t, routedTo([origin.port]));
    const [viewer] = await viewers(t, rig.port, 's', 1);
    assert.ok(viewer !== undefined);
    await viewer.waitUntil(() => viewer.media.length > 5);
    // Its route sends it on, too: the upstream refuses that, for the name is taken there.
    const publisher = await LivePublisher.start(t, rig.port, 's');
    await viewer.waitFor(({ type }) => type === 'play-stopped');
    const started = (): number => viewer.events.filter(({ type }) => type === 'play-started').length;
    await viewer.waitUntil(() => started() === 2);
    const had = viewer.media.length;
    await viewer.waitUntil(() => viewer.media.length > had + 5);
    const pulls = (): number => rig.dials.length - rig.dialledFor.filter((client) => client !== null).length;
    assert.equal(rig.told('relay gave way').length, 1);
    assert.equal(pulls(), 1, 'nothing is fetched meanwhile');
    publisher.stop();
    const stoppedMs = performance.now();
    await viewer.waitUntil(() => started() === 3);
    t.diagnostic(
      `the upstream’s was back ${Math.round(performance.now() - stoppedMs)} ms after the other left`,
    );
    const before = viewer.media.length;
    await viewer.waitUntil(() => viewer.media.length > before + 5);
    assertRising(viewer);
    assert.equal(pulls(), 2);
    viewer.kill();
  });

  it('is asked for at once where a viewer comes while the next try is far', async (t) => {
    const origin = await startTestGateway(t);
    const { port } = origin;
    await LivePublisher.start(t, port, 's');
    const rig = await RelayRig.start(t, routedTo([port], { startTimeoutMs: 1000, retryTimeMs: 60_000 }));
    await viewers(t, rig.port, 's', 1);
    await origin.gateway.stop();
    await until(() => rig.told('relay broke').length === 1, 'the break');
    assert.equal(rig.told('relay broke')[0]?.['nextTryMs'], 60_000);
    await startTestGateway(t, { listen: [`127.0.0.1:${port}`] });
    await LivePublisher.start(t, port, 's');
    await viewers(t, rig.port, 's', 1);
    assert.equal(rig.dials.length, 2);
  });

  it('is there without a viewer where the configuration says so, and comes back after an outage', async (t) => {
    const origin = await startTestGateway(t);
    await LivePublisher.start(t, origin.port, 'program');
    const rig = await RelayRig.start(t, {
      upstreams: { studio: { url: `rtmp://127.0.0.1:${origin.port}/live` } },
      relays: [
        { direction: 'pull', app: 'live', stream: 'show', upstreams: ['studio'], upstreamStream: 'program' },
      ],
      relay: { retryTimeMs: 200 },
    });
    await until(() => rig.counts.get('relay-pull-flowing') === 1, 'the stream');
    const [viewer] = await viewers(t, rig.port, 'show', 1);
    assert.ok(viewer !== undefined);
    await viewer.waitUntil(() => viewer.media.length > 5);
    for (const socket of rig.dialled) socket.resetAndDestroy();
    const had = viewer.media.length;
    await viewer.waitUntil(() => viewer.media.length > had + 10);
    assertRising(viewer);
    assert.deepEqual(rig.dials, ['studio', 'studio']);
    assert.deepEqual(
      rig.told('relay broke').map(({ nextTryMs }) => nextTryMs),
      [200],
    );
    await rig.relays.stop();
    assert.equal(rig.dialled.size, 0);
    assert.deepEqual(rig.internalErrors, []);
  });
});
