// A flood of hostile requests to the tunnel, as `npm run bench -- hostile` sends a million of: unknown ids, absurd numbers,
// bodies that are too long, noise instead of RTMP, crowds of sessions. The gateway is a process with its ordinary settings
// but for the times of life, so that what is left behind need not be waited for, and one cap.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runHostile } from '../../bench/load/hostile-run.ts';
import { NO_ANSWER } from '../../bench/load/hostile-tally.ts';
import { parseLoadOptions } from '../../bench/load/load-options.ts';
import { startGateway } from '../support/gateway-process.ts';
import type { MemoryBytes } from '../support/memory-probe.ts';
import { INSPECTED, MemoryProbe } from '../support/memory-probe.ts';

const REQUESTS = 20_000;
const MIB = 1024 * 1024;
/** LIMIT: of what lives; 2 MiB are measured, of a process that had hardly been asked anything before. */
const MAX_LIVE_GROWTH_BYTES = 8 * MIB;
const LIMIT_MS = 60_000;
/** What a hostile request may be answered; 200 is for sessions, whoever has them. */
const ALLOWED = new Set(['200', '400', '404', '408', '413', '429', '431', '503', NO_ANSWER]);
const SETTINGS = {
  CULVERT_TUNNEL_HANDSHAKE_TIMEOUT: '1s',
  CULVERT_TUNNEL_DETACHED_TIMEOUT: '1s',
  // So many are opened within that time on a busy machine, too.
  CULVERT_TUNNEL_MAX_HALF_OPEN_SESSIONS: '500',
};
/** Longer than those times, ms, with as much again for the wheel. */
const CALM_MS = '2500';

describe('a flood of hostile requests to the tunnel', () => {
  it('gets no answer but those it may get, leaves nothing behind, and costs no viewer a message', {
    timeout: LIMIT_MS,
  }, async (t) => {
    const gateway = await startGateway(t, { env: { ...INSPECTED, ...SETTINGS } });
    const probe = await MemoryProbe.open(gateway.pid, gateway.output());
    const weighings: Promise<MemoryBytes>[] = [];
    const counts = ['--requests', String(REQUESTS), '--settle-ms', '300', '--calm-ms', CALM_MS];
    const url = `rtmp://127.0.0.1:${gateway.ports[0]}/live/flooded`;
    const result = await runHostile(
      parseLoadOptions(['--url', url, '--mode', 'hostile', ...counts]),
      ({ type }) => {
        if (type === 'weigh') weighings.push(probe.measure());
      },
    );
    const weights = await Promise.all(weighings);
    probe.close();
    const liveMib = weights.map(({ live }) => Math.round(live / MIB));
    const { hostile } = result;
    assert.ok(hostile !== undefined);
    const pauses = `${Math.round(hostile.rtmpPauseMs)} ms over RTMP, ${Math.round(hostile.rtmptPauseMs)} ms over RTMPT`;
    t.diagnostic(
      `${hostile.requests} requests in ${Math.round(result.measuredMs)} ms; longest pauses ${pauses}`,
    );
    t.diagnostic(`live MiB: ${liveMib.join(', ')}`);

    assert.deepEqual(result.faultTexts, []);
    for (const scheme of ['rtmp', 'rtmpt'] as const) assert.ok(result[scheme].frames > 0, scheme);
    assert.ok(hostile.requests >= REQUESTS);
    const statuses = new Set(Object.values(hostile.answers).flatMap((counted) => Object.keys(counted)));
    for (const status of statuses) assert.ok(ALLOWED.has(status), `answered ${status}`);
    for (const status of ['200', '400', '404', '413', '429', '431', '503']) {
      assert.ok(statuses.has(status), `expected an answer ${status}, got ${[...statuses].join(', ')}`);
    }
    assert.equal(hostile.refusals.withoutHandshake, 503);
    assert.deepEqual(gateway.alarms(), []);
    assert.equal(MemoryProbe.withoutInspector(gateway.output()), '');
    const [before, after] = [weights[0]?.live ?? Number.NaN, weights.at(-1)?.live ?? Number.NaN];
    assert.ok(after - before <= MAX_LIVE_GROWTH_BYTES, `live MiB: ${liveMib.join(', ')}`);
  });
});
