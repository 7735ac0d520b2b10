// Rows of the table of hostile input through the tunnel, where bytes come in the bodies of requests: the same ends, for
// the same reasons, and viewers over TCP and in the tunnel who miss nothing.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Scope } from '../support/programs.ts';
import { HostileRig } from './hostile-rig.ts';
import { HOSTILE_ROWS } from './hostile-rows.ts';

const ROWS = HOSTILE_ROWS.filter((row) => row.isTunnelled);

describe('the tunnel, with viewers who miss nothing', () => {
  const scope = new Scope();
  let rig: HostileRig;

  before(async () => {
    rig = await HostileRig.start(scope, { withTunnel: true });
  });
  after(() => scope.close());

  for (const row of ROWS) {
    const verb = row.ends === null ? 'bears' : 'ends';
    it(`${verb} a client that sends ${row.sends}`, (t) => rig.run(row, 'rtmpt', t));
  }

  it('ends a session whose body is longer than a body may be, and says so', async () => {
    const client = await rig.open('rtmpt');
    client.send(new Uint8Array(17 * 1024 * 1024));
    assert.equal(await client.isAnswered(), false);
    assert.equal((await rig.endOf(client, 'rtmpt'))['reason'], 'tunnel-body-too-large');
    await rig.assertUntouched();
  });
});
