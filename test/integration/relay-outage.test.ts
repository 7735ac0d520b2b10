// What becomes of relays whose upstreams are silent, say no, or are not there at all.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { freePort } from '../../bench/support/ports.ts';
import { MAX_DEMAND_PULLS, MAX_EMPTY_PULLS_PER_SOURCE, MAX_PUSHES } from '../../src/upstreams/relay-deps.ts';
import { startGateway } from '../support/gateway-process.ts';
import type { Cleaner } from '../support/programs.ts';
import { TestClient } from '../support/test-client.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { until } from '../support/until.ts';
import { CLIENT, RelayRig } from '../upstreams/relay-rig.ts';
import { assertRising, framesOf, LivePublisher } from './relay-paced.ts';

function routedTo(ports: readonly number[], relay = {}) {
  return {
    upstreams: Object.fromEntries(
      ports.map((port, index) => [`u${index}`, { url: `rtmp://127.0.0.1:${port}/live`, maxFailures: 100 }]),
    ),
    routes: [{ action: 'relay', app: 'live', upstreams: ports.map((_, index) => `u${index}`) }],
    relay,
  } as const;
}

async function viewer(cleaner: Cleaner, port: number): Promise<TestClient> {
  const client = await TestClient.overTcp(cleaner, port, 'live');
  assert.equal((await client.play('s')).type, 'play-started');
  return client;
}

/** Takes connections, and says nothing. */
async function muteServer(
  cleaner: Cleaner,
): Promise<{ readonly port: number; readonly sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleaner.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

describe('A relay', () => {
  it('leaves an upstream that is silent for another, while viewers stay', async (t) => {
    const [first, second] = [await startGateway(t), await startTestGateway(t)];
    const [firstPort = 0] = first.ports;
    await LivePublisher.start(t, firstPort, 's');
    await LivePublisher.start(t, second.port, 's');
    const rig = await RelayRig.start(t, routedTo([firstPort, second.port]));
    const client = await viewer(t, rig.port);
    await client.waitUntil(() => framesOf(client, 'video').length > 5);
    process.kill(first.pid, 'SIGSTOP');
    const had = framesOf(client, 'video').length;
    const stoppedMs = performance.now();
    await client.waitUntil(() => framesOf(client, 'video').length > had + 20);
    t.diagnostic(`it went on ${Math.round(performance.now() - stoppedMs)} ms after the upstream stood still`);
    process.kill(first.pid, 'SIGKILL');
    assertRising(client);
    assert.match(String(rig.told('relay broke')[0]?.['reason']), /^rtmp-peer-silent/);
    assert.deepEqual(rig.dials, ['u0', 'u1']);
  });

  it('asks the next upstream in time where one waits for a publisher that does not come', async (t) => {
    const [empty, origin] = [await startTestGateway(t), await startTestGateway(t)];
    await LivePublisher.start(t, origin.port, 's');
    const rig = await RelayRig.start(t, routedTo([empty.port, origin.port], { startTimeoutMs: 1000 }));
    const client = await viewer(t, rig.port);
    await client.waitUntil(() => client.media.length > 5);
    assert.deepEqual(
      rig.told('relay broke').map(({ reason }) => reason),
      ['it sent nothing within 500 ms'],
    );
    assert.deepEqual(rig.dials, ['u0', 'u1']);
  });

  it('asks the next upstream where one has no such stream, and tells the viewer where none has', async (t) => {
    const origin = await startTestGateway(t);
    await LivePublisher.start(t, origin.port, 's');
    // Says StreamNotFound, for it has nowhere to fetch it from.
    const poor = await RelayRig.start(t, routedTo([await freePort()], { startTimeoutMs: 100 }));
    const rig = await RelayRig.start(t, routedTo([poor.port, origin.port]));
    const client = await viewer(t, rig.port);
    await client.waitUntil(() => client.media.length > 5);
    assert.deepEqual(rig.dials, ['u0', 'u1']);

    const lone = await RelayRig.start(t, routedTo([poor.port]));
    const refused = await TestClient.overTcp(t, lone.port, 'live');
    const answer = await refused.play('s');
    assert.equal('status' in answer ? answer.status.code : answer.type, 'NetStream.Play.StreamNotFound');
    assert.deepEqual(
      lone.told('relay ended').map(({ reason }) => reason),
      ['no upstream has it'],
    );
    assert.equal(lone.pool.status()[0]?.failureCount, 0, 'it answered');
  });

  it('ends what viewers see where no upstream comes back in time, and goes on when one does', async (t) => {
    const first = await startGateway(t);
    const [port = 0] = first.ports;
    await LivePublisher.start(t, port, 's');
    const rig = await RelayRig.start(t, routedTo([port], { startTimeoutMs: 600, retryTimeMs: 200 }));
    const client = await viewer(t, rig.port);
    await client.waitUntil(() => client.media.length > 5);
    const killedMs = performance.now();
    process.kill(first.pid, 'SIGKILL');
    await client.waitFor(({ type }) => type === 'play-stopped');
    const tookMs = performance.now() - killedMs;
    assert.ok(tookMs >= 550, `it went on for ${tookMs} ms`);
    const back = await startTestGateway(t, { listen: [`127.0.0.1:${port}`] });
    const had = client.media.length;
    await LivePublisher.start(t, back.port, 's');
    await client.waitUntil(() => client.media.length > had + 5);
    assertRising(client);
    assert.ok(rig.told('relay broke').length >= 2);
  });

  it('gives up a handshake that does not come, in the time of the upstream, and a dial at its stop', async (t) => {
    const mute = await muteServer(t);
    const given = routedTo([mute.port], { retryTimeMs: 60_000 });
    const rig = await RelayRig.start(t, {
      ...given,
      upstreams: { u0: { url: `rtmp://127.0.0.1:${mute.port}/live`, connectTimeoutMs: 200 } },
    });
    const answers: string[] = [];
    const ask = { app: 'live', streamName: 's', client: CLIENT, hopCount: 0 };
    assert.equal(rig.relays.demand(ask, (outcome) => answers.push(outcome)).type, 'waiting');
    await until(() => rig.told('relay broke').length === 1, 'the end of the try');
    const [{ reason, nextTryMs } = {}] = rig.told('relay broke');
    assert.match(String(reason), /^rtmp-handshake-timeout/);
    assert.equal(nextTryMs, 60_000);
    assert.equal(rig.pool.status()[0]?.failureCount, 1);
    await until(() => mute.sockets.size === 0, 'the end of the connection');
    await rig.relays.stop();
    assert.deepEqual(answers, ['none']);
    assert.equal(rig.relays.demand(ask, () => assert.fail()).type, 'local', 'nothing is fetched any more');

    const other = await RelayRig.start(t, routedTo([mute.port]));
    other.relays.demand({ ...ask, streamName: 't' }, () => undefined);
    const stopMs = performance.now();
    await other.relays.stop();
    assert.ok(performance.now() - stopMs < 3500);
    await until(() => mute.sockets.size === 0, 'the end of the dial');
    assert.equal(other.pool.status()[0]?.openCount, 0);
    assert.deepEqual(other.internalErrors, []);
  });

  it('forgets a viewer who leaves before the stream has come, and ends when nobody is left', async (t) => {
    const origin = await startTestGateway(t);
    const rig = await RelayRig.start(t, routedTo([origin.port], { keepTimeMs: 0, startTimeoutMs: 60_000 }));
    const client = await TestClient.overTcp(t, rig.port, 'live');
    client.session.play('s');
    client.wake();
    await until(() => rig.dialled.size === 1, 'the pull');
    client.kill();
    await until(() => rig.dialled.size === 0, 'its end');
    assert.deepEqual(
      rig.told('relay ended').map(({ reason }) => reason),
      ['nobody watches'],
    );
    assert.equal(rig.registry.size, 0);
  });

  it('is refused beyond so many at a time, and the others are not touched by that', async (t) => {
    const rig = await RelayRig.start(t, {
      ...routedTo([await freePort()]),
      relays: [{ direction: 'pull', app: 'live', stream: 'program', upstreams: ['u0'] }],
    });
    await until(() => rig.told('relay broke').length === 1, 'the end of the only dial');
    rig.pool.setDraining('u0', true);
    const ask = (streamName: string, host = 0) => ({
      app: 'live',
      streamName,
      client: { ...CLIENT, remoteAddress: `2001:db8:0:${host}::7` },
      hopCount: 0,
    });
    const hosts = MAX_DEMAND_PULLS / MAX_EMPTY_PULLS_PER_SOURCE;
    for (let number = 0; number < MAX_DEMAND_PULLS; number++) {
      assert.equal(
        rig.relays.demand(ask(`pulled${number}`, number % hosts), () => undefined).type,
        'waiting',
      );
    }
    assert.equal(rig.relays.demand(ask('one-more', hosts), assert.fail).type, 'none');
    assert.equal(rig.relays.demand(ask('pulled7'), () => undefined).type, 'waiting', 'one that is there');
    assert.deepEqual(rig.told('relay refused'), [
      {
        direction: 'pull',
        app: 'live',
        stream: 'one-more',
        reason: 'expected fewer than 1024 streams that are fetched for viewers',
      },
    ]);
    assert.match(
      JSON.stringify(rig.told('relay broke')[1]),
      /"reason":"expected one of its upstreams to be up/,
    );

    for (let number = 0; number <= MAX_PUSHES; number++) {
      const stream = rig.registry.publish('live', `pushed${number}`);
      assert.ok(typeof stream !== 'string');
      rig.relays.published(stream, ask(`pushed${number}`));
    }
    assert.equal(rig.counts.get('relay-push-started'), MAX_PUSHES);
    assert.equal(rig.counts.get('relay-push-refused'), 1);
    await rig.relays.stop();
    assert.equal(rig.counts.get('relay-push-ended'), MAX_PUSHES);
    assert.equal(rig.told('relay refused').at(-1)?.['stream'], `pushed${MAX_PUSHES}`);
    assert.equal(
      rig.counts.get('relay-pull-ended'),
      MAX_DEMAND_PULLS + 1,
      'that of the configuration is apart',
    );
    assert.deepEqual(rig.dials, ['u0']);
    assert.deepEqual(rig.internalErrors, []);
  });

  it('takes no place from others for one who asks for names that are not there', async (t) => {
    const rig = await RelayRig.start(t, routedTo([await freePort()]));
    rig.pool.setDraining('u0', true);
    const ask = (streamName: string, remoteAddress: string) => {
      const client = { ...CLIENT, remoteAddress };
      return rig.relays.demand({ app: 'live', streamName, client, hopCount: 0 }, () => undefined);
    };
    const asked = Array.from({ length: MAX_EMPTY_PULLS_PER_SOURCE }, (_, number) =>
      ask(`junk${number}`, '192.0.2.1'),
    );
    assert.equal(ask('one-more', '192.0.2.1').type, 'none');
    assert.equal(ask('wanted', '192.0.2.2').type, 'waiting');
    for (const demand of asked) if (demand.type === 'waiting') demand.withdraw();
    assert.equal(rig.counts.get('relay-pull-ended'), asked.length, 'they end with who asked for them');
    assert.equal(ask('one-more', '192.0.2.1').type, 'waiting');
  });
});
