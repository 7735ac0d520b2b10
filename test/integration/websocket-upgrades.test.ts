// Upgrades that the gateway does not heed, on its own listeners: what the client is told, though it has sent on.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { until } from '../support/until.ts';
import { clientFrame, Opcode } from '../support/websocket-wire.ts';
import { openPlain, openTls, untilClosed } from './hostile-door-client.ts';
import { assertNoErrors, startPair } from './websocket-pair.ts';

const KINDS = ['plain', 'tls'] as const;
const OPEN = 'POST /open/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n\0';

/** An upgrade as a client writes it, but for what the row says. */
function upgrade({ path = '/rtmp', version = '13', subprotocol = 'rtmp' }): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: h',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Version: ${version}`,
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Sec-WebSocket-Protocol: ${subprotocol}`,
    '\r\n',
  ].join('\r\n');
}

async function open(t: TestContext, kind: (typeof KINDS)[number], ports: readonly number[]): Promise<Socket> {
  const [plain = 0, tls = 0] = ports;
  const socket = kind === 'plain' ? await openPlain({ port: plain }) : await openTls(tls);
  t.after(() => socket.destroy());
  return socket;
}

const REFUSED = [
  ['on another path', { path: '/elsewhere' }, 404, 'websocket-path-unknown'],
  ['for another subprotocol', { subprotocol: 'flv' }, 400, 'websocket-handshake-refused'],
  ['of another version', { version: '7' }, 400, 'websocket-handshake-refused'],
] as const;

describe('an upgrade that the gateway refuses', () => {
  for (const kind of KINDS) {
    for (const [what, request, statusCode, counter] of REFUSED) {
      it(`is answered with ${statusCode} ${what}, though its client has sent frames behind it (${kind})`, async (t) => {
        const { gateway, ports } = await startPair(t);
        const frame = clientFrame(Opcode.Binary, Buffer.alloc(100_000));
        for (let round = 1; round <= 5; round++) {
          const socket = await open(t, kind, ports);
          socket.pause();
          socket.write(upgrade(request));
          socket.write(frame);
          await until(() => gateway.counters.get(counter) === round);
          // These meet a connection whose other side has ended.
          socket.write(frame);
          await new Promise((resolve) => setTimeout(resolve, 10));
          const closing = untilClosed(socket);
          socket.resume();
          const { received, wasClosed } = await closing;
          assert.ok(wasClosed);
          assert.ok(
            received.toString('latin1').startsWith(`HTTP/1.1 ${statusCode} `),
            received.toString('latin1'),
          );
        }
      });
    }

    it(`does not begin while a poll in front of it is held: each is answered in its turn (${kind})`, async (t) => {
      const server = await startPair(t, { tunnel: { setupHoldMs: 300 } });
      const socket = await open(t, kind, server.ports);
      const parts: Buffer[] = [];
      socket.on('data', (part: Buffer) => parts.push(part));
      const text = (): string => Buffer.concat(parts).toString('latin1');
      socket.write(OPEN);
      await until(() => /\r\n\r\n[\w-]{22}\n$/.test(text()));
      const [, id] = /\r\n\r\n([\w-]{22})\n$/.exec(text()) ?? [];
      parts.length = 0;
      const poll = `POST /idle/${id}/0 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n\0`;
      await untilClosed(socket, poll + upgrade({}));
      assert.deepEqual(
        [...text().matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status),
        ['200', '400'],
      );
      assert.equal(server.gateway.counters.get('websocket-opened'), undefined);
      assert.equal(server.gateway.counters.get('http-malformed'), 1);
      assertNoErrors(server);
    });

    it(`begins where all that was asked before it is answered (${kind})`, async (t) => {
      const server = await startPair(t);
      const socket = await open(t, kind, server.ports);
      const parts: Buffer[] = [];
      socket.on('data', (part: Buffer) => parts.push(part));
      for (let round = 1; round <= 3; round++) {
        socket.write('GET /fcs/ident2 HTTP/1.1\r\nHost: h\r\n\r\n');
        await until(
          () => Buffer.concat(parts).toString('latin1').split('HTTP/1.1 404 ').length === round + 1,
        );
      }
      socket.write(upgrade({}));
      await until(() => Buffer.concat(parts).includes('HTTP/1.1 101 '));
      assert.equal(server.gateway.counters.get('websocket-opened'), 1);
      assertNoErrors(server);
    });
  }
});
