// PROXY headers that are none, are too many, or come from nobody who may send one: each connection is closed, counted by
// its reason, and viewers beside miss nothing.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { Scope } from '../support/programs.ts';
import { openPlain, openTls, untilClosed } from './hostile-door-client.ts';
import { DoorRig, KINDS } from './hostile-door-rig.ts';

/** The loopback address that may send PROXY headers; the witness and others come from another one. */
const PROXY = '127.0.0.2';
const STRANGER = '127.0.0.3';

const SETTINGS = {
  CULVERT_TRUSTED_PROXIES_PROXY_PROTOCOL: PROXY,
  CULVERT_LISTENERS_FIRST_BYTE_TIMEOUT: '1s',
};

const SIGNATURE = '0d0a0d0a000d0a515549540a';

/** A header of version 2 from its bytes behind the signature. */
function v2(hex: string): Buffer {
  return Buffer.from(SIGNATURE + hex.replaceAll(' ', ''), 'hex');
}

const V1 = Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 5000 1935\r\n');
const V2 = v2('21 11 000c c0000207 c0000201 1388 078f');

/** What no proxy sends, and nobody waits for the rest of. */
const INVALID: readonly (readonly [string, Buffer])[] = [
  ['a line without an end', Buffer.from(`PROXY TCP4 ${'1'.repeat(4096)}`)],
  ['a line of UNKNOWN without an end', Buffer.from(`PROXY UNKNOWN ${'x'.repeat(200)}`)],
  ['a line that ends in LF alone', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 5000 1935\n')],
  ['a line of UDP', Buffer.from('PROXY UDP4 192.0.2.7 192.0.2.1 5000 1935\r\n')],
  ['IPv6 where IPv4 is said', Buffer.from('PROXY TCP4 2001:db8::7 2001:db8::1 5000 1935\r\n')],
  ['IPv4 where IPv6 is said', Buffer.from('PROXY TCP6 192.0.2.7 192.0.2.1 5000 1935\r\n')],
  ['a port that is none', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 65536 1935\r\n')],
  ['a header of 65,535 bytes', Buffer.concat([v2('21 11 ffff'), Buffer.alloc(0xffff)])],
  ['a header of version 1 in the form of 2', v2('11 11 000c c0000207 c0000201 1388 078f')],
  ['a command that is none', v2('22 11 000c c0000207 c0000201 1388 078f')],
  ['a family that is none', v2('21 41 000c c0000207 c0000201 1388 078f')],
  ['a header of UDP', v2('21 12 000c c0000207 c0000201 1388 078f')],
  ['a header too short for its addresses', v2('21 21 000c c0000207 c0000201 1388 078f')],
  ['two lines', Buffer.concat([V1, V1])],
  ['two headers', Buffer.concat([V2, V2])],
  ['a line behind a header', Buffer.concat([V2, V1])],
  ['a header behind a line', Buffer.concat([V1, V2])],
];

/** Where a header is cut: amid its start, amid the rest, in front of its last byte, behind it. */
const CUTS: readonly Buffer[] = [
  ...[1, 5, 6, 12, V1.length - 1, V1.length].map((cut) => V1.subarray(0, cut)),
  ...[1, 11, 12, 13, 15, 16, 20, V2.length - 1, V2.length].map((cut) => V2.subarray(0, cut)),
];

describe('the door, and PROXY headers', () => {
  const scope = new Scope();
  let rig: DoorRig;

  before(async () => {
    rig = await DoorRig.start(scope, SETTINGS);
  });
  after(() => scope.close());

  /** Sends each on a connection of its own, and asserts that all are closed without an answer. */
  async function assertClosed(
    kind: (typeof KINDS)[number],
    localAddress: string,
    starts: readonly Uint8Array[],
    told: { readonly code: ErrorCode; readonly count: number } | null,
    isEnded = false,
  ): Promise<void> {
    const send = async (bytes: Uint8Array): Promise<void> => {
      const socket = await openPlain({ port: rig.portOf(kind), localAddress });
      const closed = untilClosed(socket, bytes);
      if (isEnded) socket.end();
      const { received, wasClosed } = await closed;
      assert.ok(wasClosed, Buffer.from(bytes).toString('hex'));
      assert.equal(received.length, 0);
    };
    await Promise.all(starts.map(send));
    await rig.assertTold(kind, told === null ? {} : { [told.code]: told.count });
  }

  for (const kind of KINDS) {
    for (const [what, bytes] of INVALID) {
      it(`ends ${what}, on a listener of kind ${kind}`, async () => {
        await assertClosed(kind, PROXY, [bytes], { code: 'connection-proxy-invalid', count: 1 });
      });
    }

    it(`waits no longer for the rest of a header than for a first byte, on a listener of kind ${kind}`, async () => {
      await assertClosed(kind, PROXY, CUTS, { code: 'connection-silent', count: CUTS.length });
    });

    it(`lets go of a proxy that ends amid a header, as one that looks whether anybody is there, on a listener of kind ${kind}`, async () => {
      await assertClosed(kind, PROXY, CUTS, null, true);
    });

    it(`takes no header of anybody else, however short, on a listener of kind ${kind}`, async () => {
      const starts = [V1, V2, V1.subarray(0, 6), V2.subarray(0, 12), Buffer.concat([V2, V2])];
      const told = { code: 'connection-proxy-untrusted', count: starts.length } as const;
      await assertClosed(kind, STRANGER, starts, told);
    });
  }

  it('takes no header inside of TLS', async () => {
    for (const localAddress of [PROXY, STRANGER]) {
      const socket = await openPlain({ port: rig.portOf('tls'), localAddress });
      const client = await openTls(rig.portOf('tls'), { socket });
      assert.ok((await untilClosed(client, V1)).wasClosed);
      await rig.assertTold('tls', { 'connection-proxy-invalid': 1 });
    }
  });

  it('has counted each by its reason, and nothing else', () => rig.assertCounted());
});
