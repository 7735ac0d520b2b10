// Live streams that are sent to upstreams: gateways of this project, in one process, over real sockets.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { AdobeAdmission } from '../../src/auth/adobe-admission.ts';
import { AdobeAuthenticator } from '../../src/auth/adobe-authenticator.ts';
import type { LiveStream } from '../../src/streams/live-stream.ts';
import type { Cleaner } from '../support/programs.ts';
import { startRawUpstream } from '../support/raw-upstream.ts';
import { TestClient } from '../support/test-client.ts';
import { startTestGateway, TEST_MEDIA } from '../support/test-gateway.ts';
import { until } from '../support/until.ts';
import { CLIENT, RelayRig } from '../upstreams/relay-rig.ts';
import { assertRising, framesOf, LivePublisher, numberOf } from './relay-paced.ts';

function sentTo(ports: readonly number[], push: 'one' | 'all', relay = {}) {
  return {
    upstreams: Object.fromEntries(
      ports.map((port, index) => [`u${index}`, { url: `rtmp://127.0.0.1:${port}` }]),
    ),
    routes: [{ action: 'relay', app: 'live', upstreams: ports.map((_, index) => `u${index}`), push }],
    relay,
  } as const;
}

/** A viewer that is there before the stream. */
async function viewer(cleaner: Cleaner, port: number, name: string, app = 'live'): Promise<TestClient> {
  const client = await TestClient.overTcp(cleaner, port, app);
  assert.equal((await client.play(name)).type, 'play-started');
  return client;
}

/** Carries connections to a port, and reads nothing of what comes while it is held. */
async function slowLine(cleaner: Cleaner, port: number) {
  const sockets = new Set<Socket>();
  const pairs = new Set<readonly [client: Socket, upstream: Socket]>();
  const server = createServer((client) => {
    const upstream = connect({ port, host: '127.0.0.1' });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    pairs.add([client, upstream]);
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleaner.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    hold: () => {
      for (const [client, upstream] of pairs) client.unpipe(upstream).pause();
    },
    goOn: () => {
      for (const [client, upstream] of pairs) client.pipe(upstream);
    },
    break: () => {
      for (const socket of sockets) socket.resetAndDestroy();
      sockets.clear();
      pairs.clear();
    },
  };
}

describe('A live stream that is sent to upstreams', () => {
  it('reaches one of two from its first frame on, in its own time, and ends there as it ends here', async (t) => {
    const origins = [await startTestGateway(t), await startTestGateway(t)];
    const watching = await Promise.all(origins.map(({ port }) => viewer(t, port, 's')));
    const rig = await RelayRig.start(
      t,
      sentTo(
        origins.map(({ port }) => port),
        'one',
      ),
    );
    const publisher = await LivePublisher.start(t, rig.port, 's');
    const [first, second] = watching;
    assert.ok(first !== undefined && second !== undefined);
    await first.waitUntil(() => framesOf(first, 'video').length > 20);
    publisher.stop();
    await first.waitFor(({ type }) => type === 'play-stopped');
    assert.deepEqual(
      framesOf(first, 'video').map(numberOf),
      Array.from({ length: publisher.sent }, (_, index) => index),
      'every frame, once, in order',
    );
    assert.deepEqual(
      framesOf(first, 'video').map(({ timestampMs }) => timestampMs),
      Array.from({ length: publisher.sent }, (_, index) => index * 40),
    );
    assert.equal(second.media.length, 0);
    await until(() => rig.dialled.size === 0, 'the end of the push');
    assert.deepEqual(
      rig.lines.map(({ message }) => message),
      ['relay started', 'relay flowing', 'relay ended'],
    );
    assert.equal(rig.registry.size, 0);
    assert.deepEqual(rig.internalErrors, []);
  });

  it('reaches all of several, one that is down later than the others, and no frame goes twice', async (t) => {
    const up = await startTestGateway(t);
    const later = await startTestGateway(t);
    const line = await slowLine(t, later.port);
    const watching = [await viewer(t, up.port, 's'), await viewer(t, later.port, 's')];
    const rig = await RelayRig.start(t, sentTo([up.port, line.port], 'all', { retryTimeMs: 200 }));
    await LivePublisher.start(t, rig.port, 's');
    await until(() => rig.dialled.size === 2, 'both');
    await Promise.all(
      watching.map((client) => client.waitUntil(() => framesOf(client, 'video').length > 10)),
    );
    line.break();
    const [steady, broken] = watching;
    assert.ok(steady !== undefined && broken !== undefined);
    await broken.waitFor(({ type }) => type === 'play-stopped');
    const had = framesOf(broken, 'video').length;
    await broken.waitUntil(() => framesOf(broken, 'video').length > had + 10);
    const resumed = framesOf(broken, 'video')[had];
    assert.equal(resumed?.payload[0], 0x17, 'it goes on at a keyframe');
    const numbers = framesOf(broken, 'video').map(numberOf);
    assert.deepEqual(
      numbers,
      [...new Set(numbers)].toSorted((a, b) => a - b),
      'no frame twice',
    );
    assertRising(broken);
    const steadily = framesOf(steady, 'video').map(numberOf);
    assert.deepEqual(
      steadily,
      Array.from({ length: steadily.length }, (_, index) => index),
    );
    assert.equal(rig.told('relay broke')[0]?.['nextTryMs'], 200);
  });

  it('goes on at the other upstream where one breaks, in the time of the stream', async (t) => {
    const origins = [await startTestGateway(t), await startTestGateway(t)];
    const [first, second] = origins;
    assert.ok(first !== undefined && second !== undefined);
    const line = await slowLine(t, first.port);
    const watching = await viewer(t, second.port, 's');
    const rig = await RelayRig.start(t, sentTo([line.port, second.port], 'one'));
    const publisher = await LivePublisher.start(t, rig.port, 's');
    await until(() => publisher.sent > 15, 'some frames');
    const brokenMs = performance.now();
    line.break();
    await watching.waitUntil(() => framesOf(watching, 'video').length > 5);
    t.diagnostic(`the other upstream had it ${Math.round(performance.now() - brokenMs)} ms after the break`);
    const [frame] = framesOf(watching, 'video');
    assert.ok(frame !== undefined && frame.payload[0] === 0x17, 'a keyframe first');
    assert.ok(numberOf(frame) >= 12, 'nothing is sent anew that the first one had');
    assert.deepEqual(rig.dials, ['u0', 'u1']);
  });

  it('tells of a name that is taken there, tries again, and gets through when it is free', async (t) => {
    const origin = await startTestGateway(t);
    const other = await LivePublisher.start(t, origin.port, 's');
    const rig = await RelayRig.start(t, sentTo([origin.port], 'one', { retryTimeMs: 200 }));
    await LivePublisher.start(t, rig.port, 's');
    await until(() => rig.told('relay broke').length === 2, 'two refusals');
    assert.deepEqual(
      rig.told('relay broke').map(({ reason, nextTryMs }) => [reason, nextTryMs]),
      [
        ['refused: NetStream.Publish.BadName', 200],
        ['refused: NetStream.Publish.BadName', 400],
      ],
    );
    other.stop();
    await until(() => rig.told('relay flowing').length === 1, 'the publish');
    assert.equal(rig.pool.status()[0]?.failureCount, 0, 'a refusal is no failure of the upstream');
  });

  it('jumps to a keyframe where an upstream is too slow, and holds back nobody', async (t) => {
    const origin = await startTestGateway(t);
    const line = await slowLine(t, origin.port);
    const far = await viewer(t, origin.port, 's');
    const relay = { maxQueueBytes: 512 * 1024 };
    const rig = await RelayRig.start(t, sentTo([line.port], 'one', relay));
    const publisher = await LivePublisher.start(t, rig.port, 's', { frameBytes: 300_000 });
    const near = await viewer(t, rig.port, 's');
    await far.waitUntil(() => framesOf(far, 'video').length > 3);
    line.hold();
    await until(() => publisher.sent > 75, 'more than sockets hold');
    line.goOn();
    await far.waitUntil(() => numberOf(framesOf(far, 'video').at(-1) ?? assert.fail()) > 80);
    publisher.stop();
    await until(() => rig.told('relay ended').length === 1, 'the end');
    const got = framesOf(far, 'video');
    const jumps = got.filter((frame, index) => {
      const before = got[index - 1];
      return before !== undefined && numberOf(frame) !== numberOf(before) + 1;
    });
    assert.ok(jumps.length > 0, 'it jumped');
    for (const { payload } of jumps) assert.equal(payload[0], 0x17, 'to a keyframe');
    assertRising(far);
    const [ended] = rig.told('relay ended');
    assert.equal(ended?.['skips'], jumps.length);
    assert.ok(Number(ended?.['skippedBytes']) > 600_000, `${ended?.['skippedBytes']} bytes`);
    const numbers = framesOf(near, 'video').map(numberOf);
    const [first = 0] = numbers;
    const whole = Array.from({ length: numbers.length }, (_, index) => first + index);
    assert.deepEqual(numbers, whole, 'others get all of it');
  });

  it('gives up an upstream that takes nothing for relay.writeTimeout, whatever that of splices is', async (t) => {
    const origin = await startTestGateway(t);
    const line = await slowLine(t, origin.port);
    const { port, log } = await startTestGateway(t, {
      ...sentTo([line.port], 'one', { writeTimeoutMs: 500, retryTimeMs: 200 }),
      splice: { writeTimeoutMs: 600_000 },
    });
    const told = (text: string) => log.filter(({ message }) => message === text);
    await LivePublisher.start(t, port, 's', { frameBytes: 300_000 });
    await until(() => told('relay flowing').length === 1, 'the publish');
    line.hold();
    await until(() => told('relay broke').length === 1, 'the end of patience');
    assert.match(JSON.stringify(told('relay broke')[0]?.fields), /rtmp-peer-not-reading: expected .* 500 ms/);
    line.goOn();
    await until(() => told('relay flowing').length === 2, 'the next connection');
  });

  it('goes on where the stream is published anew here', async (t) => {
    const origin = await startTestGateway(t);
    const far = await viewer(t, origin.port, 's');
    const rig = await RelayRig.start(t, sentTo([origin.port], 'one', { retryTimeMs: 100 }));
    for (let round = 0; round < 3; round++) {
      const had = framesOf(far, 'video').length;
      const publisher = await LivePublisher.start(t, rig.port, 's');
      await far.waitUntil(() => framesOf(far, 'video').length > had + 5);
      publisher.stop();
    }
    await until(() => rig.dialled.size === 0, 'the end');
    assertRising(far);
    assert.equal(rig.registry.size, 0);
  });

  it('names the client that publishes now to an upstream that is told of clients, and connects anew for it', async (t) => {
    const origin = await startTestGateway(t);
    for (const isTold of [true, false]) {
      const { upstreams, ...others } = sentTo([origin.port], 'one');
      const u0 = { ...upstreams['u0'], addressProperty: isTold ? 'realIp' : '' };
      const rig = await RelayRig.start(t, { ...others, upstreams: { u0 } });
      const name = isTold ? 'told' : 'untold';
      const publish = (remoteAddress: string): LiveStream => {
        const stream = rig.registry.publish('live', name);
        assert.ok(typeof stream !== 'string');
        rig.relays.published(stream, {
          app: 'live',
          streamName: name,
          client: { ...CLIENT, remoteAddress },
          hopCount: 0,
        });
        return stream;
      };
      const first = publish('192.0.2.1');
      await until(() => rig.told('relay flowing').length === 1, 'the publish');
      first.endPublish();
      publish('192.0.2.1').endPublish();
      const last = publish('192.0.2.2');
      let number = 0;
      const timer = setInterval(() => last.publishVideo(40 * number, TEST_MEDIA.video(true, number++)), 40);
      t.after(() => clearInterval(timer));
      const far = await viewer(t, origin.port, name);
      await far.waitUntil(() => framesOf(far, 'video').length > 3);
      assert.deepEqual(rig.dialledFor, isTold ? ['192.0.2.1', '192.0.2.2'] : ['192.0.2.1']);
      clearInterval(timer);
      await rig.relays.stop();
      assert.deepEqual(rig.internalErrors, []);
    }
  });

  it('logs in where an upstream asks for it, to publish and to play, and tells no key', async (t) => {
    const authenticator = new AdobeAuthenticator({
      passwordOf: (user) => (user === 'bob' ? 'secret-of-bob' : null),
      nowMs: () => performance.now(),
      randomBytes: (lengthBytes) => randomBytes(lengthBytes),
    });
    const admissions = new Map([['members', new AdobeAdmission(authenticator)]]);
    const origin = await startTestGateway(t, {}, admissions);
    const place = `127.0.0.1:${origin.port}/members?token=hidden`;
    const rig = await RelayRig.start(t, {
      upstreams: {
        known: { url: `rtmp://bob:secret-of-bob@${place}` },
        unknown: { url: `rtmp://bob:wrong-secret@${place}` },
      },
      relays: [
        { direction: 'push', app: 'live', stream: 'show', upstreams: ['known'], upstreamStream: 'key-1234' },
        {
          direction: 'push',
          app: 'live',
          stream: 'other',
          upstreams: ['unknown'],
          upstreamStream: 'key-1234',
        },
        { direction: 'pull', app: 'live', stream: 'back', upstreams: ['known'], upstreamStream: 'key-1234' },
      ],
    });
    await LivePublisher.start(t, rig.port, 'show');
    const back = await viewer(t, rig.port, 'back');
    await back.waitUntil(() => framesOf(back, 'video').length > 5);
    await LivePublisher.start(t, rig.port, 'other');
    await until(() => rig.told('relay broke').length === 1, 'the refusal');
    assert.equal(rig.told('relay broke')[0]?.['reason'], 'The server refused the user or the password.');
    assert.doesNotMatch(JSON.stringify(rig.lines), /secret|hidden|key-1234|bob/);
    await rig.relays.stop();
    assert.equal(rig.dialled.size, 0);
    assert.deepEqual(
      rig.pool.status().map(({ openCount }) => openCount),
      [0, 0],
    );
    assert.deepEqual(rig.internalErrors, []);
  });

  it('goes to an upstream and back by TLS and by requests in TLS', async (t) => {
    const origin = await startTestGateway(t, { listen: ['tls:127.0.0.1:0'] });
    const tls = { verify: false };
    const place = `127.0.0.1:${origin.port}/live`;
    const rig = await RelayRig.start(t, {
      upstreams: {
        direct: { url: `rtmps://${place}`, tls },
        tunnel: { url: `rtmpts://${place}`, tls },
      },
      relays: [
        { direction: 'push', app: 'live', stream: 'a', upstreams: ['direct'], upstreamStream: 'x' },
        { direction: 'pull', app: 'live', stream: 'b', upstreams: ['tunnel'], upstreamStream: 'x' },
        { direction: 'push', app: 'live', stream: 'b', upstreams: ['tunnel'], upstreamStream: 'y' },
        { direction: 'pull', app: 'live', stream: 'c', upstreams: ['direct'], upstreamStream: 'y' },
      ],
    });
    const publisher = await LivePublisher.start(t, rig.port, 'a');
    const last = await viewer(t, rig.port, 'c');
    await last.waitUntil(() => framesOf(last, 'video').length > 30);
    const numbers = framesOf(last, 'video').map(numberOf);
    const [first = 0] = numbers;
    const whole = Array.from({ length: numbers.length }, (_, index) => first + index);
    assert.deepEqual(numbers, whole);
    assertRising(last);
    publisher.stop();
    await last.waitFor(({ type }) => type === 'play-stopped');
    await rig.relays.stop();
    assert.deepEqual(
      rig.pool.status().map(({ openCount }) => openCount),
      [0, 0],
    );
    assert.deepEqual(rig.internalErrors, []);
  });

  it('counts an upstream that hangs up on one client, whose address it was told, as up for the others', async (t) => {
    const silent = await startRawUpstream(t, {
      handshake: null,
      onConnection: ({ socket }) => socket.resume().end(),
    });
    const { upstreams, ...others } = sentTo([silent.port], 'one', { retryTimeMs: 50, maxRetryTimeMs: 50 });
    for (const proxyProtocol of ['v1', 'none'] as const) {
      const u0 = { ...upstreams['u0'], url: silent.url, proxyProtocol };
      const rig = await RelayRig.start(t, { ...others, upstreams: { u0 } });
      await LivePublisher.start(t, rig.port, 's');
      await until(() => rig.told('relay broke').length >= 4, 'four tries');
      assert.equal(rig.pool.status()[0]?.isUp, proxyProtocol === 'v1');
      await rig.relays.stop();
    }
  });
});
