// How many connections there may be, in all and from one address: the last one that may come is served, the next one is
// closed at once, and when some have left others are served again. Viewers who were there first miss nothing.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import type { ListenerKind } from '../../src/config/listener.ts';
import { Scope } from '../support/programs.ts';
import { exchange, openPlain, openTls } from './hostile-door-client.ts';
import { DoorRig, KINDS, WITNESS_CONNECTIONS } from './hostile-door-rig.ts';

const REQUEST = 'POST /idle/nobody/0 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n';

/** Connections that are let in beside the witness, in all or from one address. */
const PLACES = 6;
const ROUNDS = 3;

/** Who comes from elsewhere than the witness. */
const SOURCE = '127.0.0.2';
const OTHER_SOURCE = '127.0.0.3';

/** Opens a connection that stays, in TLS where a listener wants it, and has a request answered. */
async function enter(rig: DoorRig, kind: ListenerKind, localAddress?: string): Promise<Socket> {
  const port = rig.portOf(kind);
  const socket = await openPlain({ port, ...(localAddress === undefined ? {} : { localAddress }) });
  const client = kind === 'plain' ? socket : await openTls(port, { socket });
  client.write(REQUEST);
  const [answer]: Buffer[] = await once(client, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 404 /);
  rig.expectCount('tunnel-session-unknown', 1);
  return client;
}

/** Ends a connection in order; the gateway has seen it when this is done. */
async function leave(socket: Socket): Promise<void> {
  socket.end();
  await once(socket, 'close');
}

/** Asserts that a connection is closed unheard, and why. */
async function assertRefused(
  rig: DoorRig,
  kind: ListenerKind,
  code: 'connection-limit' | 'connection-source-limit',
  localAddress?: string,
): Promise<void> {
  const where = { port: rig.portOf(kind), ...(localAddress === undefined ? {} : { localAddress }) };
  const { received, wasClosed } = await exchange(where, Buffer.from(REQUEST));
  assert.ok(wasClosed);
  assert.equal(received.length, 0);
  await rig.assertTold(kind, { [code]: 1 });
}

/** The kind of listener of the n-th connection: each in turn. */
function kindOf(n: number): ListenerKind {
  return KINDS[n % KINDS.length] ?? assert.fail();
}

describe('the limits of connections', () => {
  const scope = new Scope();
  after(() => scope.close());

  it('hold for all of them together, over all listeners', async () => {
    const rig = await DoorRig.start(scope, {
      CULVERT_LISTENERS_MAX_CONNECTIONS: String(PLACES + WITNESS_CONNECTIONS),
    });
    for (let round = 0; round < ROUNDS; round++) {
      const inside: Socket[] = [];
      for (let n = 0; n < PLACES; n++) inside.push(await enter(rig, kindOf(n)));
      for (const kind of KINDS) await assertRefused(rig, kind, 'connection-limit');
      await leave(inside.shift() ?? assert.fail());
      inside.push(await enter(rig, kindOf(round)));
      await assertRefused(rig, kindOf(round), 'connection-limit');
      for (const socket of inside) await leave(socket);
    }
    await rig.assertCounted();
  });

  it('hold for each address by itself', async () => {
    const rig = await DoorRig.start(scope, {
      CULVERT_LISTENERS_MAX_CONNECTIONS_PER_SOURCE: String(PLACES),
    });
    for (let round = 0; round < ROUNDS; round++) {
      const inside: Socket[] = [];
      for (let n = 0; n < PLACES; n++) inside.push(await enter(rig, kindOf(n), SOURCE));
      for (const kind of KINDS) await assertRefused(rig, kind, 'connection-source-limit', SOURCE);
      inside.push(await enter(rig, kindOf(round), OTHER_SOURCE));
      await leave(inside.shift() ?? assert.fail());
      inside.push(await enter(rig, kindOf(round), SOURCE));
      await assertRefused(rig, kindOf(round), 'connection-source-limit', SOURCE);
      for (const socket of inside) await leave(socket);
    }
    await rig.assertCounted();
  });
});
