// HTTP clients who take their time, plain and in TLS: a request that is not whole in time is answered with 408, however it
// drips, and who goes on behind an answer that was the last is cut off. Viewers beside miss nothing.

import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Scope } from '../support/programs.ts';
import { openPlain, openTls, untilClosed } from './hostile-door-client.ts';
import { DoorRig } from './hostile-door-rig.ts';

const SETTINGS = { CULVERT_HTTP_HEADERS_TIMEOUT: '1s', CULVERT_HTTP_REQUEST_TIMEOUT: '2s' };

const KINDS = ['plain', 'tls'] as const;
type Kind = (typeof KINDS)[number];

const OPENING = 'POST /open/1 HTTP/1.1\r\nHost: h\r\n';

/** What comes, and what drips behind it every so often; nothing where that is empty. */
const SLOW: readonly (readonly [what: string, text: string, drop: string])[] = [
  ['a head that stops', 'GET / HTTP/1.1\r\nHo', ''],
  ['a head that drips', 'GET / HTTP/1.1\r\n', 'a: b\r\n'],
  ['a first line that drips', 'GET /', 'a'],
  ['a line of HTTP/0.9 without an end', 'GET /\r\n', ''],
  ['a body that stops', `${OPENING}Content-Length: 9\r\n\r\nx`, ''],
  ['a body that drips', `${OPENING}Content-Length: 9000\r\n\r\n`, 'x'],
  ['a chunk that stops', `${OPENING}Transfer-Encoding: chunked\r\n\r\nFF\r\nx`, ''],
  ['a chunk of 2^64 - 1 bytes', `${OPENING}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n`, 'x'],
  ['chunks that drip', `${OPENING}Transfer-Encoding: chunked\r\n\r\n`, '1\r\nx\r\n'],
  ['a trailer that drips', `${OPENING}Transfer-Encoding: chunked\r\n\r\n0\r\n`, 'a: b\r\n'],
];

const DRIP_MS = 100;
const FLOOD = Buffer.alloc(64 * 1024, 'x');

/** Sends `drop` every so often, until the connection is closed. */
function drip(socket: Socket, drop: string): void {
  const timer = setInterval(() => socket.writable && socket.write(drop), DRIP_MS);
  socket.once('close', () => clearInterval(timer));
}

describe('the gateway, asked in HTTP that takes its time [tunnel point 13]', () => {
  const scope = new Scope();
  let rig: DoorRig;

  before(async () => {
    rig = await DoorRig.start(scope, SETTINGS);
  });
  after(() => scope.close());

  function open(kind: Kind): Promise<Socket> {
    return kind === 'plain' ? openPlain({ port: rig.portOf(kind) }) : openTls(rig.portOf(kind));
  }

  for (const kind of KINDS) {
    it(`answers what is not whole in time with 408, on a listener of kind ${kind}`, async (t) => {
      const askSlowly = async ([what, text, drop]: (typeof SLOW)[number]): Promise<void> => {
        const socket = await open(kind);
        if (drop !== '') drip(socket, drop);
        const { received, wasClosed } = await untilClosed(socket, text);
        assert.ok(wasClosed, what);
        assert.match(received.toString(), /^HTTP\/1\.1 408 [^\0]+\r\n\r\n$/, what);
      };
      await Promise.all(SLOW.map(askSlowly));
      await rig.assertTold(kind, { 'http-timeout': SLOW.length }, t);
    });

    it(`cuts off a client that never stops sending, on a listener of kind ${kind}`, async (t) => {
      const socket = await open(kind);
      const flood = (): void => {
        while (socket.writable && socket.write(FLOOD));
      };
      socket.on('drain', flood);
      const closed = untilClosed(socket, 'HELLO\r\n\r\n');
      flood();
      const { wasClosed } = await closed;
      assert.ok(wasClosed);
      await rig.assertTold(kind, { 'http-malformed': 1 }, t);
    });
  }

  it('cuts off a client that does not close behind its last answer', async () => {
    const socket = connect({ port: rig.portOf('plain'), host: '127.0.0.1', allowHalfOpen: true });
    scope.after(() => void socket.destroy());
    socket.on('error', () => socket.destroy()).resume();
    socket.write('HELLO\r\n\r\n');
    drip(socket, 'x');
    await new Promise((resolve) => socket.once('close', resolve));
    await rig.assertTold('plain', { 'http-malformed': 1 });
  });

  it('has counted each by its reason, and nothing else', () => rig.assertCounted());
});
