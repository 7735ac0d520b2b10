// What clients do once they are inside of TLS, or on their way in by the slowest of means: nothing that is known, TLS once
// more, new handshakes without end. Each is closed, and viewers beside miss nothing.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { ErrorCode } from '../../src/errors.ts';
import { clientHandshake } from '../support/client-messages.ts';
import { Scope } from '../support/programs.ts';
import { openTls, untilClosed } from './hostile-door-client.ts';
import { clientHello, dripHandshake } from './hostile-door-handshake.ts';
import { DoorRig } from './hostile-door-rig.ts';

const SETTINGS = {
  CULVERT_LISTENERS_FIRST_BYTE_TIMEOUT: '1s',
  CULVERT_RTMP_HANDSHAKE_TIMEOUT: '1s',
};

/** Listeners that speak TLS. */
const TLS_KINDS = ['any', 'tls'] as const;

const JUNK = Buffer.from('0102ff0a0d20007f', 'hex');

/** LIMIT: handshakes at a time; each is a millisecond of work for both ends. */
const AT_ONCE = 32;

/** Names of protocols that make a hello of over 16 KB; the one that is spoken is the last. */
const MANY_PROTOCOLS = [...Array.from({ length: 66 }, (_, n) => `${n}`.padEnd(250, 'x')), 'http/1.1'];

/** Handshakes that one client asks for; Node bears three in ten minutes. */
const RENEGOTIATIONS = 20;

/** What becomes inside of TLS of bytes that begin so and mean nothing. */
function codeOf(first: number): ErrorCode {
  if (first === 0x16) return 'connection-unknown-protocol';
  if (first >= 0x41 && first <= 0x5a) return 'http-malformed';
  return first < 0x20 ? 'rtmp-handshake-timeout' : 'connection-unknown-protocol';
}

/** Asks for one handshake after the other on a connection; gives how many were had until it was closed. */
async function renegotiate(client: TLSSocket): Promise<number> {
  client.setMaxListeners(RENEGOTIATIONS + 10);
  const closed = new Promise<false>((resolve) => client.once('close', () => resolve(false)));
  for (let count = 0; count < RENEGOTIATIONS; count++) {
    const isDone = new Promise<boolean>((resolve) => {
      client.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error === null));
    });
    if (!(await Promise.race([isDone, closed]))) return count;
  }
  return RENEGOTIATIONS;
}

describe('the door, with clients inside of TLS', () => {
  const scope = new Scope();
  let rig: DoorRig;

  before(async () => {
    rig = await DoorRig.start(scope, SETTINGS);
  });
  after(() => scope.close());

  for (const kind of TLS_KINDS) {
    it(`ends each first byte that junk follows, on a listener of kind ${kind}`, async () => {
      const told = new Map<ErrorCode, number>();
      const bytes = Array.from({ length: 256 }, (_, first) => first).values();
      const work = async (): Promise<void> => {
        for (const first of bytes) {
          const client = await openTls(rig.portOf(kind));
          const { received, wasClosed } = await untilClosed(client, Buffer.from([first, ...JUNK]));
          const code = codeOf(first);
          assert.ok(wasClosed, `${first}`);
          assert.equal(received.subarray(0, 12).toString(), code === 'http-malformed' ? 'HTTP/1.1 400' : '');
          told.set(code, (told.get(code) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      await rig.assertTold(kind, Object.fromEntries(told));
    });

    it(`ends TLS inside of TLS, on a listener of kind ${kind}`, async () => {
      const { received, wasClosed } = await untilClosed(await openTls(rig.portOf(kind)), await clientHello());
      assert.ok(wasClosed);
      assert.equal(received.length, 0);
      await rig.assertTold(kind, { 'connection-unknown-protocol': 1 });
    });

    it(`ends a client that has shaken hands and says nothing, on a listener of kind ${kind}`, async () => {
      assert.ok((await untilClosed(await openTls(rig.portOf(kind)))).wasClosed);
      await rig.assertTold(kind, { 'connection-silent': 1 });
    });

    it(`lets in a client whose hello of 16 KB comes byte by byte, on a listener of kind ${kind}`, async (t) => {
      const { client, saidBytes } = await dripHandshake(rig.portOf(kind), { ALPNProtocols: MANY_PROTOCOLS });
      assert.ok(saidBytes > 16 * 1024, `${saidBytes} bytes`);
      assert.equal(client.alpnProtocol, 'http/1.1');
      client.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
      const [answer]: Buffer[] = await once(client, 'data');
      assert.match(String(answer), /^HTTP\/1\.1 200 OK\r\n/);
      client.destroy();
      await rig.assertTold(kind, {}, t);
    });
  }

  for (const [what, said, code] of [
    ['has said nothing', '', null],
    ['is between two requests', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n', null],
    ['is amid a request', 'POST /open/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx', null],
    ['has a session', Buffer.from(clientHandshake()), 'peer-reset'],
  ] as const) {
    it(`closes one that ${what} and asks for new handshakes without end`, async () => {
      const client = await openTls(rig.portOf('tls'), { maxVersion: 'TLSv1.2' });
      const closed = untilClosed(client, said);
      const count = await renegotiate(client);
      assert.ok((await closed).wasClosed);
      assert.ok(count < RENEGOTIATIONS, `${count} were had`);
      await rig.assertTold('tls', code === null ? {} : { [code]: 1 });
    });
  }

  it('has counted each by its reason, and nothing else', () => rig.assertCounted());
});
