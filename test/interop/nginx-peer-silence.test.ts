// Silence between the client session and Debian's nginx: who pings whom, and that each takes the other's answer. It
// takes two seconds of real time, since nginx has no other.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startNginx } from '../support/nginx.ts';
import { sleep } from '../support/programs.ts';
import { SessionClient } from '../support/session-client.ts';

it('client session and nginx keep a silent connection alive, whichever of them pings', async (t) => {
  const nginx = await startNginx(t, { server: 'ping 300ms; ping_timeout 300ms;' });
  // One player waits for the pings of nginx; the other is faster with its own, which nginx takes for a sign of life.
  const patient = await SessionClient.open(t, nginx.port, 'live');
  const quick = await SessionClient.open(t, nginx.port, 'live', { pingIntervalMs: 100, pingTimeoutMs: 100 });
  await Promise.all([patient.play('nothing'), quick.play('nothing')]);
  await sleep(2000);
  for (const client of [patient, quick]) {
    assert.equal(client.hasEnded, false, nginx.program.describe());
    assert.equal(client.session.state, 'connected');
  }

  // A nginx that is stopped in its tracks sends nothing, not even the end of the connection.
  process.kill(nginx.program.pid, 'SIGSTOP');
  const closed = await quick.waitFor('closed');
  assert.ok(closed.type === 'closed');
  assert.equal(closed.reason.code, 'rtmp-peer-silent');
  assert.equal(patient.session.state, 'connected');
});
