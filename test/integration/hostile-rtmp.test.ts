// The table of hostile input against a gateway that runs as a process: each row costs whoever sends it his session at
// most. What a row sends and what is to become of it is in hostile-*-rows.ts.

import { after, before, describe, it } from 'node:test';
import { Scope } from '../support/programs.ts';
import { HostileRig } from './hostile-rig.ts';
import { HOSTILE_ROWS } from './hostile-rows.ts';

describe('the gateway, with a viewer who misses nothing', () => {
  const scope = new Scope();
  let rig: HostileRig;

  before(async () => {
    rig = await HostileRig.start(scope);
  });
  after(() => scope.close());

  for (const row of HOSTILE_ROWS) {
    const verb = row.ends === null ? 'bears' : 'ends';
    it(`${verb} a client that sends ${row.sends}`, (t) => rig.run(row, 'rtmp', t));
  }
});
