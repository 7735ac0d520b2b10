// Pulls from one of several upstreams: which one is asked, and when the next.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startRawUpstream } from '../support/raw-upstream.ts';
import { TestClient } from '../support/test-client.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { until } from '../support/until.ts';
import { RelayRig } from '../upstreams/relay-rig.ts';
import { assertRising, framesOf, LivePublisher } from './relay-paced.ts';

function routedTo(ports: readonly number[], relay = {}) {
  return {
    upstreams: Object.fromEntries(
      ports.map((port, index) => [`u${index}`, { url: `rtmp://127.0.0.1:${port}/live` }]),
    ),
    routes: [{ action: 'relay', app: 'live', upstreams: ports.map((_, index) => `u${index}`) }],
    relay,
  } as const;
}

describe('A pull from one of several upstreams', { concurrency: true }, () => {
  it('counts one as down that takes connections and says nothing, and loses no further time by it', async (t) => {
    const mute = await startRawUpstream(t, { handshake: null });
    const origin = await startTestGateway(t);
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) await LivePublisher.start(t, origin.port, name);
    const rig = await RelayRig.start(t, routedTo([mute.port, origin.port], { startTimeoutMs: 1000 }));
    const tookMs: number[] = [];
    for (const name of names) {
      const client = await TestClient.overTcp(t, rig.port, 'live');
      const askedMs = performance.now();
      assert.equal((await client.play(name)).type, 'play-started');
      tookMs.push(Math.round(performance.now() - askedMs));
    }
    t.diagnostic(`one after the other took ${tookMs.join(', ')} ms`);
    assert.deepEqual(rig.dials, ['u0', 'u1', 'u0', 'u1', 'u0', 'u1', 'u1', 'u1']);
    assert.equal(rig.pool.status()[0]?.isUp, false);
    assert.match(String(rig.told('relay broke')[0]?.['reason']), /^it sent nothing within 500 ms/);
  });

  for (const saysGoodbye of [true, false]) {
    it(`finds a publisher who moved to another one, ${saysGoodbye ? 'with' : 'without'} a goodbye`, async (t) => {
      const [first, second] = [await startTestGateway(t), await startTestGateway(t)];
      const publisher = await LivePublisher.start(t, first.port, 's');
      const rig = await RelayRig.start(t, routedTo([first.port, second.port], { startTimeoutMs: 1000 }));
      const client = await TestClient.overTcp(t, rig.port, 'live');
      assert.equal((await client.play('s')).type, 'play-started');
      await client.waitUntil(() => framesOf(client, 'video').length > 5);
      if (saysGoodbye) publisher.stop();
      else publisher.pause();
      await LivePublisher.start(t, second.port, 's');
      const had = framesOf(client, 'video').length;
      const movedMs = performance.now();
      await client.waitUntil(() => framesOf(client, 'video').length > had + 5);
      t.diagnostic(`viewers went on ${Math.round(performance.now() - movedMs)} ms after the move`);
      assertRising(client);
      assert.deepEqual(rig.dials, ['u0', 'u1']);
      assert.deepEqual(
        rig.told('relay flowing').map(({ upstream }) => upstream),
        ['u0', 'u1'],
        'the log says who serves',
      );
    });
  }

  it('leaves one with a publisher that pauses alone where no other is to be had', async (t) => {
    const [first, second] = [await startTestGateway(t), await startTestGateway(t)];
    const publisher = await LivePublisher.start(t, first.port, 's');
    const rig = await RelayRig.start(t, routedTo([first.port, second.port], { startTimeoutMs: 300 }));
    rig.pool.setDraining('u1', true);
    const client = await TestClient.overTcp(t, rig.port, 'live');
    assert.equal((await client.play('s')).type, 'play-started');
    await client.waitUntil(() => framesOf(client, 'video').length > 5);
    publisher.pause();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const had = framesOf(client, 'video').length;
    publisher.goOn();
    await client.waitUntil(() => framesOf(client, 'video').length > had + 5);
    assert.deepEqual(rig.dials, ['u0']);
    assert.equal(client.events.filter(({ type }) => type === 'play-stopped').length, 0);
  });

  it('waits at one of them for its publisher, and leaves it to ask another, not to wait for the next try', async (t) => {
    const [first, second] = [await startTestGateway(t), await startTestGateway(t)];
    const { upstreams } = routedTo([first.port, second.port]);
    const rig = await RelayRig.start(t, {
      upstreams,
      relays: [{ direction: 'pull', app: 'live', stream: 's', upstreams: ['u0', 'u1'] }],
      relay: { startTimeoutMs: 400, retryTimeMs: 60_000 },
    });
    await until(() => rig.dials.length === 2, 'the second one');
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(rig.dialled.size, 1);
    await LivePublisher.start(t, second.port, 's');
    await until(() => rig.told('relay flowing').length === 1, 'the stream', 2000);
    assert.deepEqual(rig.dials, ['u0', 'u1']);
  });
});
