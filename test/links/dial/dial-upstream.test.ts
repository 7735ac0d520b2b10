// Dials over plain TCP: what the Link is, what it keeps, what its failures say, and what they leave.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { freePort } from '../../../bench/support/ports.ts';
import { dialUpstream } from '../../../src/links/dial/dial-upstream.ts';
import { filled } from '../../support/chunk-wire.ts';
import { MEMORY_FACTS } from '../../support/memory-link.ts';
import { until } from '../../support/until.ts';
import {
  DialEndpoint,
  dialDeps,
  faultOf,
  LoopbackServer,
  pass,
  socketCount,
  startBlackHole,
  untilSockets,
  upstreamWith,
} from './dial-rig.ts';

const DONE = { code: 'done', message: 'enough' } as const;
const URL_SECRETS = 'u5er:S3cret@';

describe('dialling an upstream over TCP', () => {
  it('gives a Link with the facts of the connection, which carries both ways', async (t) => {
    const server = await LoopbackServer.start(t, (socket) => socket.write('welcome'));
    const deps = dialDeps(t);
    const link = await dialUpstream(
      upstreamWith({ url: `rtmp://127.0.0.1:${server.port}/live` }),
      null,
      deps,
    );
    const { localPort, ...facts } = link.facts;
    assert.deepEqual(facts, {
      transport: 'rtmp',
      remoteAddress: '127.0.0.1',
      remotePort: server.port,
      proxyAddress: null,
      tlsVersion: null,
      userAgent: null,
    });
    assert.ok(localPort > 0);
    const endpoint = new DialEndpoint();
    link.attach(endpoint);
    endpoint.messages = [Buffer.from('one'), Buffer.from('two')];
    link.wake();
    await until(() => endpoint.text === 'welcome' && server.received.toString() === 'onetwo');
    link.close(DONE);
    await until(() => endpoint.heard.length === 1);
    assert.deepEqual(endpoint.heard, ['closed done']);
    assert.deepEqual(deps.caught, []);
  });

  it('loses nothing of what comes before the Link is attached, and reads no more than a buffer of it', async (t) => {
    const bytes = filled(24 * 1024 * 1024);
    let waitingBytes = () => 0;
    const server = await LoopbackServer.start(t, (socket) => {
      socket.end(bytes);
      waitingBytes = () => socket.writableLength;
    });
    const upstream = upstreamWith({ url: `rtmp://127.0.0.1:${server.port}` });
    const link = await dialUpstream(upstream, null, dialDeps(t));
    await pass(200);
    assert.ok(waitingBytes() > 1024 * 1024, `${waitingBytes()} bytes wait with the upstream`);
    const endpoint = new DialEndpoint();
    let lengthBytes = 0;
    const parts: Uint8Array[] = [];
    endpoint.receive = (part) => {
      parts.push(part);
      lengthBytes += part.length;
    };
    link.attach(endpoint);
    await until(() => endpoint.heard.length === 1);
    assert.equal(lengthBytes, bytes.length);
    assert.ok(Buffer.concat(parts).equals(bytes));
    assert.deepEqual(endpoint.heard, ['closed peer-closed']);
  });

  it('delivers nothing to a Link that is paused before it is attached, until it is resumed', async (t) => {
    const server = await LoopbackServer.start(t, (socket) => socket.write('welcome'));
    const link = await dialUpstream(
      upstreamWith({ url: `rtmp://127.0.0.1:${server.port}` }),
      null,
      dialDeps(t),
    );
    link.pause();
    const endpoint = new DialEndpoint();
    link.attach(endpoint);
    await pass(100);
    assert.equal(endpoint.text, '');
    link.resume();
    await until(() => endpoint.text === 'welcome');
    link.close(DONE);
  });

  it('tells the end of a connection that was reset before the Link was attached', async (t) => {
    const server = await LoopbackServer.start(t, (socket) => {
      setTimeout(() => socket.resetAndDestroy(), 50);
    });
    const link = await dialUpstream(
      upstreamWith({ url: `rtmp://127.0.0.1:${server.port}` }),
      null,
      dialDeps(t),
    );
    await untilSockets(0);
    const endpoint = new DialEndpoint();
    link.attach(endpoint);
    await until(() => endpoint.heard.length > 0);
    assert.deepEqual(endpoint.heard, ['closed peer-reset']);
  });

  it('leaves nothing of a Link that is closed and was never attached', async (t) => {
    const server = await LoopbackServer.start(t);
    const link = await dialUpstream(
      upstreamWith({ url: `rtmp://127.0.0.1:${server.port}` }),
      null,
      dialDeps(t),
    );
    assert.ok(socketCount() > 0);
    link.close(DONE);
    await untilSockets(0);
  });

  it('says who refused it, without user, password and query', async (t) => {
    const port = await freePort();
    const url = `rtmp://${URL_SECRETS}127.0.0.1:${port}/live?key=S3cret`;
    const fault = await faultOf(dialUpstream(upstreamWith({ url }), null, dialDeps(t)));
    assert.equal(fault.code, 'refused');
    const place = `127.0.0.1:${port}`;
    assert.equal(
      fault.message,
      `expected rtmp://${place}/live to take a connection, found connect ECONNREFUSED ${place}`,
    );
    await untilSockets(0);
  });

  it('says which name has no address', async (t) => {
    const fault = await faultOf(
      dialUpstream(upstreamWith({ url: 'rtmp://nowhere.invalid' }), null, dialDeps(t)),
    );
    assert.equal(fault.code, 'dns');
    assert.match(
      fault.message,
      /^expected rtmp:\/\/nowhere\.invalid:1935 to take a connection, found getaddrinfo E/,
    );
    await untilSockets(0);
  });

  it('gives up at connectTimeout where nothing answers at all, and leaves nothing', async (t) => {
    const port = await startBlackHole(t);
    const before = socketCount();
    const upstream = upstreamWith({ url: `rtmp://127.0.0.1:${port}`, connectTimeoutMs: 400 });
    const startMs = performance.now();
    const fault = await faultOf(dialUpstream(upstream, null, dialDeps(t)));
    const tookMs = performance.now() - startMs;
    assert.equal(fault.code, 'timeout');
    assert.equal(
      fault.message,
      `expected rtmp://127.0.0.1:${port} to take a connection within 400 ms, found no end of it`,
    );
    assert.ok(tookMs >= 395 && tookMs < 1500, `it took ${tookMs} ms`);
    await untilSockets(before);
  });

  it('dials two hundred times in a row, and nothing stays', async (t) => {
    const server = await LoopbackServer.start(t);
    const deps = dialDeps(t);
    const upstream = upstreamWith({ url: `rtmp://127.0.0.1:${server.port}`, proxyProtocol: 'v2' });
    const controller = new AbortController();
    for (let count = 0; count < 200; count++) {
      const link = await dialUpstream(upstream, MEMORY_FACTS, deps, controller.signal);
      link.close(DONE);
    }
    assert.equal(server.count, 200);
    await untilSockets(0);
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    assert.deepEqual(deps.caught, []);
  });
});

describe('the PROXY header of a dial', () => {
  async function headerOf(
    t: Parameters<typeof dialDeps>[0],
    proxyProtocol: 'v1' | 'v2',
    client: Parameters<typeof dialUpstream>[1],
  ): Promise<Buffer> {
    const server = await LoopbackServer.start(t);
    const upstream = upstreamWith({ url: `rtmp://127.0.0.1:${server.port}`, proxyProtocol });
    const link = await dialUpstream(upstream, client, dialDeps(t));
    const endpoint = new DialEndpoint();
    link.attach(endpoint);
    endpoint.messages = [Buffer.from('RTMP')];
    link.wake();
    await until(() => server.received.toString('latin1').endsWith('RTMP'));
    link.close(DONE);
    return server.received;
  }

  it('names client and listener in front of everything else, in version 1', async (t) => {
    const header = await headerOf(t, 'v1', MEMORY_FACTS);
    assert.equal(header.toString('latin1'), 'PROXY TCP4 192.0.2.7 127.0.0.1 50000 1935\r\nRTMP');
  });

  it('names them in version 2', async (t) => {
    const header = await headerOf(t, 'v2', MEMORY_FACTS);
    const rest = '2111000cc00002077f000001c350078f';
    assert.equal(header.toString('hex'), `0d0a0d0a000d0a515549540a${rest}52544d50`);
  });

  it('keeps the family of a client of IPv6, though the upstream is reached by IPv4', async (t) => {
    const header = await headerOf(t, 'v1', { ...MEMORY_FACTS, remoteAddress: '2001:db8::7' });
    assert.equal(header.toString('latin1'), 'PROXY TCP6 2001:db8::7 ::1 50000 1935\r\nRTMP');
  });

  it('names nobody where it is for nobody', async (t) => {
    assert.equal((await headerOf(t, 'v1', null)).toString('latin1'), 'PROXY UNKNOWN\r\nRTMP');
    const header = await headerOf(t, 'v2', null);
    assert.equal(header.toString('hex'), '0d0a0d0a000d0a515549540a2000000052544d50');
  });
});
