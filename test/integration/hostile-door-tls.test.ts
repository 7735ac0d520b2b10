// Bad TLS handshakes, at listeners that speak it: broken off anywhere, followed by something else, or none at all. Each
// connection is closed for a reason that is counted, and viewers beside miss nothing. What clients do inside of TLS is in
// hostile-door-inside-tls.test.ts.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { ListenerKind } from '../../src/config/listener.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { Scope, sleep } from '../support/programs.ts';
import { exchange, openPlain, untilClosed } from './hostile-door-client.ts';
import { beginHandshake, clientHello, measureHandshake } from './hostile-door-handshake.ts';
import { DoorRig, KINDS } from './hostile-door-rig.ts';

const SETTINGS = { CULVERT_TLS_HANDSHAKE_TIMEOUT: '2s' };

/** Listeners that speak TLS. */
const TLS_KINDS = ['any', 'tls'] as const;
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

/** Time in ms in which the gateway has read what was sent: a reset drops what is not read yet. */
const READ_MS = 500;

/** What a client does whose handshake stops. */
type Stop = (socket: Socket) => void | Promise<void>;

/** It says no more, ends, or is reset; and what each is counted as. */
const ENDINGS: readonly (readonly [ErrorCode, Stop])[] = [
  ['connection-tls-timeout', () => undefined],
  ['connection-tls-failed', (socket) => void socket.end()],
  ['connection-tls-failed', (socket) => sleep(READ_MS).then(() => void socket.resetAndDestroy())],
];

const record = (type: number, hex: string): Buffer => {
  const body = Buffer.from(hex, 'hex');
  return Buffer.concat([Buffer.from([type, 3, 3, body.length >> 8, body.length & 0xff]), body]);
};
const times = (count: number, bytes: Uint8Array): Buffer => Buffer.alloc(count * bytes.length, bytes);

/** What comes behind a ClientHello that is right. */
const BEHIND_HELLO: readonly (readonly [string, Buffer])[] = [
  ['garbage', Buffer.from('ff00deadbeef'.repeat(20), 'hex')],
  ['a record longer than any', Buffer.concat([Buffer.from('160303ffff', 'hex'), Buffer.alloc(0xffff)])],
  ['data that nothing encrypts', record(0x17, '00'.repeat(64))],
  ['a message of the server’s', record(0x16, '0e000000')],
  ['a fatal alert', record(0x15, '0228')],
  ['warnings without end', times(1000, record(0x15, '015a'))],
  ['the end of TLS', record(0x15, '0100')],
  ['empty records without end', times(1000, record(0x16, ''))],
];

/** What begins as TLS does and is none. */
const NO_HELLO: readonly (readonly [string, Buffer])[] = [
  ['a record without a message', record(0x16, '')],
  ['a message of the server’s', record(0x16, '0e000000')],
  ['a hello whose length is a lie', record(0x16, '01ffffff0303')],
  ['a hello of no version', record(0x16, `010000260000${'00'.repeat(36)}`)],
  ['text behind the first byte', Buffer.from('\x16HTTP/1.1')],
];

const SSL2_HELLO = Buffer.from('802e0103010015000000100700c00300800100800600400200800400800000040000', 'hex');

describe('the door, and TLS handshakes that are none', () => {
  const scope = new Scope();
  let rig: DoorRig;

  before(async () => {
    rig = await DoorRig.start(scope, SETTINGS);
  });
  after(() => scope.close());

  for (const version of VERSIONS) {
    const options = { minVersion: version, maxVersion: version } as const;

    it(`ends a handshake of ${version} that stops anywhere`, async (t) => {
      const { helloBytes, allBytes } = await measureHandshake(rig.portOf('any'), options);
      const inHello = [1, 2, 5, 6, 9, 43, helloBytes - 1, helloBytes];
      const cuts = [...inHello, helloBytes + 1, helloBytes + 6, allBytes - 1];
      const stopAt = async (port: number, cut: number, stop: Stop): Promise<void> => {
        const socket = await beginHandshake(port, cut, options);
        await stop(socket);
        assert.ok((await untilClosed(socket)).wasClosed, `${cut} bytes`);
      };
      const stopAll = (kind: ListenerKind) =>
        ENDINGS.flatMap(([, stop]) => cuts.map((cut) => stopAt(rig.portOf(kind), cut, stop)));
      await Promise.all(TLS_KINDS.flatMap(stopAll));
      const told: Partial<Record<ErrorCode, number>> = {};
      for (const [code] of ENDINGS) told[code] = (told[code] ?? 0) + cuts.length;
      for (const kind of TLS_KINDS) await rig.assertTold(kind, told, t);
    });

    for (const [what, bytes] of BEHIND_HELLO) {
      it(`ends a client of ${version} that sends ${what} behind its hello`, async () => {
        const text = Buffer.concat([await clientHello(options), bytes]);
        for (const kind of TLS_KINDS) await assertFails(kind, text);
      });
    }
  }

  for (const [what, bytes] of NO_HELLO) {
    it(`ends ${what} in place of a hello`, async () => {
      for (const kind of TLS_KINDS) await assertFails(kind, bytes);
    });
  }

  it('ends a client that knows old versions only', async () => {
    const hello = await clientHello({
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    for (const kind of TLS_KINDS) await assertFails(kind, hello);
  });

  for (const kind of KINDS) {
    it(`knows no hello of SSL 2, on a listener of kind ${kind}`, async () => {
      const { received, wasClosed } = await exchange({ port: rig.portOf(kind) }, SSL2_HELLO);
      assert.ok(wasClosed);
      assert.equal(received.length, 0);
      await rig.assertTold(kind, { 'connection-unknown-protocol': 1 });
    });
  }

  it('has counted each by its reason, and nothing else', () => {
    // The handshakes that were measured said nothing inside.
    return rig.assertCounted();
  });

  /** Sends bytes and then the end, and asserts that the handshake is counted as failed. */
  async function assertFails(kind: ListenerKind, bytes: Uint8Array): Promise<void> {
    const socket = await openPlain({ port: rig.portOf(kind) });
    socket.end(bytes);
    assert.ok((await untilClosed(socket)).wasClosed);
    await rig.assertTold(kind, { 'connection-tls-failed': 1 });
  }
});
