// Dials that are given up, at every step of the way: they end at once, with the reason of who gave up, and leave no socket.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { Upstream } from '../../../src/config/routing.ts';
import { dialUpstream } from '../../../src/links/dial/dial-upstream.ts';
import { testCertificate } from '../../support/certificates.ts';
import { until } from '../../support/until.ts';
import {
  DialEndpoint,
  dialDeps,
  LoopbackServer,
  pass,
  socketCount,
  startBlackHole,
  untilSockets,
  upstreamWith,
} from './dial-rig.ts';

const DONE = { code: 'done', message: 'enough' } as const;
/** LIMIT: far more turns of the event loop than a dial on the loopback takes. */
const MAX_TURNS = 2000;

/** Dials, gives up once `isThere` says that it is there, and sees that nothing but `before` is left. */
async function assertGivesUp(
  t: TestContext,
  upstream: Upstream,
  isThere: () => boolean,
  before = 0,
): Promise<void> {
  const deps = dialDeps(t);
  const controller = new AbortController();
  const dial = dialUpstream(upstream, null, deps, controller.signal);
  const ended = dial.then(
    () => 'dialled',
    (error: unknown) => error,
  );
  await until(isThere);
  const startMs = performance.now();
  const reason = new Error('nobody wants it any more');
  controller.abort(reason);
  assert.equal(await ended, reason);
  assert.ok(performance.now() - startMs < 1000, 'at once');
  await untilSockets(before);
  assert.deepEqual(deps.caught, []);
}

/** A proxy that opens every way. */
function openWay(client: Socket): void {
  client.removeAllListeners('data');
  client.once('data', (head: Buffer) => {
    const port = Number(/:(\d+) /.exec(head.toString('latin1'))?.[1]);
    const onward = connect({ host: '127.0.0.1', port });
    onward.on('error', () => client.destroy());
    onward.on('close', () => client.destroy());
    client.on('close', () => onward.destroy());
    client.write('HTTP/1.1 200 OK\r\n\r\n');
    client.pipe(onward).pipe(client);
  });
}

describe('giving up a dial', () => {
  it('opens nothing where it was given up before', async (t) => {
    const server = await LoopbackServer.start(t);
    const upstream = upstreamWith({ url: `rtmp://127.0.0.1:${server.port}` });
    const reason = new Error('nobody wants it');
    const dial = dialUpstream(upstream, null, dialDeps(t), AbortSignal.abort(reason));
    await assert.rejects(dial, reason);
    await pass(20);
    assert.equal(server.count, 0);
    assert.equal(socketCount(), 0);
  });

  it('leaves nothing while nothing answers', async (t) => {
    const port = await startBlackHole(t);
    const before = socketCount();
    for (const transport of ['rtmp', 'rtmps']) {
      const upstream = upstreamWith({ url: `${transport}://127.0.0.1:${port}` });
      await assertGivesUp(t, upstream, () => socketCount() > before, before);
    }
  });

  it('leaves nothing while a proxy keeps it waiting', async (t) => {
    const proxy = await LoopbackServer.start(t);
    const httpProxy = `http://127.0.0.1:${proxy.port}`;
    const upstream = upstreamWith({ url: 'rtmp://10.0.0.1', httpProxy });
    await assertGivesUp(t, upstream, () => proxy.received.length > 0);
  });

  it('leaves nothing while TLS is not answered, through a proxy too', async (t) => {
    const server = await LoopbackServer.start(t);
    const url = `rtmps://127.0.0.1:${server.port}`;
    await assertGivesUp(t, upstreamWith({ url }), () => server.received.length > 0);
    const proxy = await LoopbackServer.start(t, openWay);
    const httpProxy = `http://127.0.0.1:${proxy.port}`;
    await assertGivesUp(
      t,
      upstreamWith({ url, httpProxy }),
      () => server.count === 2 && server.openCount === 1,
    );
  });

  it('leaves nothing in whichever turn of the event loop it is given up', async (t) => {
    const certificate = await testCertificate();
    const server = await LoopbackServer.start(t, (socket) => socket.resume(), { ...certificate });
    const proxy = await LoopbackServer.start(t, openWay);
    const { fingerprint256: fingerprint } = new X509Certificate(certificate.cert);
    const upstream = upstreamWith({
      url: `rtmps://127.0.0.1:${server.port}`,
      httpProxy: `http://127.0.0.1:${proxy.port}`,
      tls: { fingerprint },
      proxyProtocol: 'none',
    });
    const deps = dialDeps(t);
    let givenUp = 0;
    for (let turns = 0; turns < MAX_TURNS; turns++) {
      const controller = new AbortController();
      const dial = dialUpstream(upstream, null, deps, controller.signal);
      const link = dial.catch(() => null);
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      const opened = await link;
      opened?.close(DONE);
      if (opened !== null) break;
      givenUp++;
      await untilSockets(0);
    }
    assert.ok(givenUp > 5 && givenUp < MAX_TURNS, `${givenUp} dials were given up`);
    await untilSockets(0);
    assert.deepEqual(deps.caught, []);
  });

  it('does nothing to a Link once it is dialled', async (t) => {
    const server = await LoopbackServer.start(t);
    const controller = new AbortController();
    const upstream = upstreamWith({ url: `rtmp://127.0.0.1:${server.port}`, connectTimeoutMs: 100 });
    const link = await dialUpstream(upstream, null, dialDeps(t), controller.signal);
    controller.abort();
    await pass(250);
    const endpoint = new DialEndpoint();
    link.attach(endpoint);
    endpoint.messages = [Buffer.from('RTMP')];
    link.wake();
    await until(() => server.received.toString() === 'RTMP');
    assert.deepEqual(endpoint.heard, []);
    link.close(DONE);
  });
});

describe('giving up the dial of a tunnel', () => {
  it('leaves nothing while nothing answers', async (t) => {
    const port = await startBlackHole(t);
    const before = socketCount();
    const upstream = upstreamWith({ url: `rtmpt://127.0.0.1:${port}` });
    await assertGivesUp(t, upstream, () => socketCount() > before, before);
  });

  it('leaves nothing while TLS is not answered', async (t) => {
    const server = await LoopbackServer.start(t);
    const upstream = upstreamWith({ url: `rtmpts://127.0.0.1:${server.port}` });
    await assertGivesUp(t, upstream, () => server.received.length > 0);
  });

  it('leaves nothing while the open is not answered', async (t) => {
    const server = await LoopbackServer.start(t);
    const upstream = upstreamWith({ url: `rtmpt://127.0.0.1:${server.port}` });
    await assertGivesUp(t, upstream, () => server.received.length > 0);
  });

  it('leaves nothing while a proxy keeps it waiting', async (t) => {
    const proxy = await LoopbackServer.start(t);
    const httpProxy = `http://127.0.0.1:${proxy.port}`;
    const upstream = upstreamWith({ url: 'rtmpts://10.0.0.1', httpProxy });
    await assertGivesUp(t, upstream, () => proxy.received.length > 0);
  });

  it('leaves nothing while a proxy takes no connection', async (t) => {
    const port = await startBlackHole(t);
    const before = socketCount();
    const httpProxy = `http://127.0.0.1:${port}`;
    for (const transport of ['rtmpt', 'rtmpts']) {
      const upstream = upstreamWith({ url: `${transport}://10.0.0.1`, httpProxy });
      await assertGivesUp(t, upstream, () => socketCount() > before, before);
    }
  });

  it('leaves nothing while TLS is not answered behind a proxy', async (t) => {
    const server = await LoopbackServer.start(t);
    const proxy = await LoopbackServer.start(t, openWay);
    const httpProxy = `http://127.0.0.1:${proxy.port}`;
    const upstream = upstreamWith({ url: `rtmpts://127.0.0.1:${server.port}`, httpProxy });
    await assertGivesUp(t, upstream, () => server.received.length > 0);
  });
});
