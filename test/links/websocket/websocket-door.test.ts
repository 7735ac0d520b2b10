// Requests that ask for a WebSocket, and what they are answered.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import WebSocket from 'ws';
import { isWebSocketUpgrade } from '../../../src/links/websocket/websocket-door.ts';
import { until } from '../../support/until.ts';
import { HANDSHAKE_FIELDS, PEER, type Rig, startDoor } from './websocket-rig.ts';

const NOT_FOUND = 'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/** Head of the answer to {@link HANDSHAKE_FIELDS}; the accepted key is the specification's example. [RFC6455 1.3] */
const SWITCHING =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n';

/** The whole answer to a request that is to be refused. */
async function refusal(
  rig: Rig,
  fields: Readonly<Record<string, string | null>>,
  line?: string,
): Promise<string> {
  const client = await rig.ask(fields, line);
  await until(() => client.isClosed);
  assert.deepEqual(rig.links, []);
  assert.deepEqual(rig.caught, []);
  await until(() => rig.wheel.pendingCount === 0);
  return client.text;
}

describe('WebSocketDoor', () => {
  it('answers a client that asks for RTMP with the least there is to say', async (t) => {
    const rig = await startDoor(t);
    const client = await rig.ask();
    await until(() => client.text.endsWith('\r\n\r\n'));
    assert.equal(client.text, `${SWITCHING}Sec-WebSocket-Protocol: rtmp\r\n\r\n`);
    assert.deepEqual(rig.counts, ['websocket-opened']);
  });

  for (const target of [
    '/rtmp',
    '/rtmp/',
    '/rtmp?token=x',
    '/rtmp/?a',
    'http://h:80/rtmp',
    'https://h/rtmp/?a',
  ]) {
    it(`takes ${target}`, async (t) => {
      const rig = await startDoor(t);
      const client = await rig.ask({}, `GET ${target} HTTP/1.1`);
      await until(() => client.text.startsWith(SWITCHING));
      assert.equal(rig.links.length, 1);
    });
  }

  for (const target of [
    '/',
    '/rtmp2',
    '/RTMP',
    '/rtmp/x',
    '/rtmp//',
    '//rtmp',
    '/%72tmp',
    '/live/a.flv',
    '*',
  ]) {
    it(`answers ${target} with 404, nothing else, and the end`, async (t) => {
      const rig = await startDoor(t);
      assert.equal(await refusal(rig, {}, `GET ${target} HTTP/1.1`), NOT_FOUND);
      assert.deepEqual(rig.counts, ['websocket-path-unknown']);
    });
  }

  for (const [what, fields, line, status] of [
    ['without a key', { 'Sec-WebSocket-Key': null }, undefined, '400 Bad Request'],
    ['with a key that is none', { 'Sec-WebSocket-Key': 'short' }, undefined, '400 Bad Request'],
    ['without a version', { 'Sec-WebSocket-Version': null }, undefined, '400 Bad Request'],
    ['of another version', { 'Sec-WebSocket-Version': '12' }, undefined, '400 Bad Request'],
    ['by POST', {}, 'POST /rtmp HTTP/1.1', '405 Method Not Allowed'],
    [
      'for protocols that cannot be read',
      { 'Sec-WebSocket-Protocol': 'rtmp,,rtmp' },
      undefined,
      '400 Bad Request',
    ],
  ] as const) {
    it(`answers a request ${what} with ${status}, and counts it`, async (t) => {
      const rig = await startDoor(t);
      assert.ok((await refusal(rig, fields, line)).startsWith(`HTTP/1.1 ${status}\r\n`));
      assert.deepEqual(rig.counts, ['websocket-handshake-refused']);
    });
  }

  it('tells which versions it speaks to one that asks for another [RFC6455 4.2.2]', async (t) => {
    const answer = await refusal(await startDoor(t), { 'Sec-WebSocket-Version': '99' });
    assert.match(answer, /\r\nSec-WebSocket-Version: 13, 8\r\n/);
  });

  for (const [offered, selected] of [
    [null, ''],
    ['rtmp', 'Sec-WebSocket-Protocol: rtmp\r\n'],
    ['flv, rtmp', 'Sec-WebSocket-Protocol: rtmp\r\n'],
    ['flv ,rtmp , x', 'Sec-WebSocket-Protocol: rtmp\r\n'],
  ] as const) {
    it(`serves who offers ${offered ?? 'no subprotocol'}`, async (t) => {
      const rig = await startDoor(t);
      const client = await rig.ask({ 'Sec-WebSocket-Protocol': offered });
      await until(() => client.text.endsWith('\r\n\r\n'));
      assert.equal(client.text, `${SWITCHING}${selected}\r\n`);
    });
  }

  for (const offered of ['flv', 'RTMP', 'xrtmp, rtmps']) {
    it(`refuses who offers ${offered} alone`, async (t) => {
      const rig = await startDoor(t);
      assert.equal(await refusal(rig, { 'Sec-WebSocket-Protocol': offered }), BAD_REQUEST);
      assert.deepEqual(rig.counts, ['websocket-handshake-refused']);
    });
  }

  it('agrees on no compression, whatever is offered', async (t) => {
    const rig = await startDoor(t);
    const { client } = await rig.client({ perMessageDeflate: true });
    assert.equal(client.extensions, '');
    assert.equal(client.protocol, 'rtmp');
  });

  it('tells who the peer is, and its program in 256 characters', async (t) => {
    const rig = await startDoor(t);
    await rig.ask({ 'User-Agent': `Player/1 ${'x'.repeat(300)}` });
    await until(() => rig.links.length === 1);
    assert.deepEqual(rig.links[0]?.facts, {
      ...PEER,
      transport: 'ws',
      userAgent: `Player/1 ${'x'.repeat(300)}`.slice(0, 256),
    });
    assert.equal(rig.links[0]?.gatherMs, 0);
  });

  it('calls it wss where the peer came by TLS', async (t) => {
    const rig = await startDoor(t, { peer: { ...PEER, tlsVersion: 'TLSv1.3' } });
    await rig.ask();
    await until(() => rig.links.length === 1);
    assert.deepEqual(rig.links[0]?.facts, {
      ...PEER,
      tlsVersion: 'TLSv1.3',
      transport: 'wss',
      userAgent: null,
    });
  });

  it('keeps a refused connection that takes no answer for a second', async (t) => {
    const rig = await startDoor(t, {
      // An answer that nobody reads stands before the refusal.
      onRequest: (_request, response) => void response.end(Buffer.alloc(24 * 1024 * 1024)),
    });
    const client = await rig.ask({ Connection: 'keep-alive', Upgrade: null });
    client.socket.pause();
    const again = Object.entries(HANDSHAKE_FIELDS).map(([name, value]) => `${name}: ${value}\r\n`);
    client.socket.write(`GET /nothing HTTP/1.1\r\n${again.join('')}\r\n`);
    await until(() => rig.counts.length === 1);
    const [socket] = rig.sockets;
    assert.equal(socket?.destroyed, false);
    rig.wheel.advance(999);
    assert.equal(socket?.destroyed, false);
    rig.wheel.advance(1);
    assert.equal(socket?.destroyed, true);
    await until(() => rig.wheel.pendingCount === 0);
  });

  it('survives a client that is gone before it is answered', async (t) => {
    const rig = await startDoor(t);
    for (const line of ['GET /nothing HTTP/1.1', 'GET /rtmp HTTP/1.1']) {
      const client = await rig.ask({ 'Sec-WebSocket-Key': 'short' }, line);
      client.socket.resetAndDestroy();
    }
    await until(() => rig.sockets.length === 2 && rig.sockets.every(({ destroyed }) => destroyed));
    assert.deepEqual(rig.links, []);
  });

  it('leaves every other request to HTTP, and asks for other upgrades as well', async (t) => {
    const rig = await startDoor(t, {
      onRequest: (request, response) => void response.end(`page ${request.headers.upgrade ?? 'alone'}`),
    });
    for (const [fields, expected] of [
      [{ Upgrade: 'h2c' }, 'page h2c'],
      [{ Upgrade: 'websocket, h2c' }, 'page websocket, h2c'],
      [{ Upgrade: null, Connection: null }, 'page alone'],
    ] as const) {
      const client = await rig.ask(fields);
      await until(() => client.text.endsWith(expected));
      assert.ok(client.text.startsWith('HTTP/1.1 200 OK\r\n'));
    }
    assert.deepEqual(rig.sockets, []);
  });

  it('serves a client of the library that names no subprotocol', async (t) => {
    const rig = await startDoor(t);
    const client = new WebSocket(`ws://127.0.0.1:${rig.port}/rtmp`);
    t.after(() => client.terminate());
    await until(() => rig.endpoints.length === 1 && client.readyState === WebSocket.OPEN);
    client.send(Buffer.from('hello'));
    await until(() => rig.endpoints[0]?.received.toString() === 'hello');
  });
});

describe('isWebSocketUpgrade', () => {
  for (const [what, line, fields, body] of [
    ['of HTTP/1.0', 'GET /rtmp HTTP/1.0', {}, ''],
    ['with a body', undefined, { 'Content-Length': '5' }, 'hello'],
    ['with a body in chunks', undefined, { 'Transfer-Encoding': 'chunked' }, '5\r\nhello\r\n0\r\n\r\n'],
  ] as const) {
    it(`ignores the upgrade in a request ${what} [RFC9110 7.8]`, async (t) => {
      const rig = await startDoor(t, {
        onRequest: (request, response) => {
          let read = '';
          request.on('data', (part) => {
            read += String(part);
          });
          request.on('end', () => response.end(`read ${read} of ${isWebSocketUpgrade(request)}`));
        },
      });
      const client = await rig.ask(fields, line, Buffer.from(body));
      await until(() => client.text.endsWith(`read ${body === '' ? '' : 'hello'} of false`));
      assert.ok(client.text.startsWith('HTTP/1.1 200 '));
      assert.deepEqual(rig.sockets, []);
    });
  }

  it('takes one that says that it has no body', async (t) => {
    const rig = await startDoor(t);
    const client = await rig.ask({ 'Content-Length': '0' });
    await until(() => client.text.startsWith(SWITCHING));
  });

  it('knows the token in any case', async (t) => {
    const seen: boolean[] = [];
    const rig = await startDoor(t, {
      onRequest: (request, response) => {
        seen.push(isWebSocketUpgrade(request));
        response.end();
      },
    });
    const taken = await rig.ask({ Upgrade: 'WebSocket' });
    await until(() => taken.text.startsWith(SWITCHING));
    const left = await rig.ask({ Upgrade: 'websockets' });
    await until(() => left.text.startsWith('HTTP/1.1 200'));
    assert.deepEqual(seen, [false]);
  });
});
