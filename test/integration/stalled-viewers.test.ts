// Half of a crowd stops reading, and costs the other half nothing: each of these has every frame, the gateway's memory
// stays bounded, and who stays away too long is given up, while who is back in time goes on at a keyframe. The gateway
// is a process of its own, so that its memory is its own.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LogLine } from '../support/gateway-process.ts';
import { startGateway } from '../support/gateway-process.ts';
import type { MemoryBytes } from '../support/memory-probe.ts';
import { INSPECTED, MemoryProbe } from '../support/memory-probe.ts';
import { sleep } from '../support/programs.ts';
import { Witness } from '../support/witness.ts';
import { Crowd } from './crowd.ts';

const MIB = 1024 * 1024;
const LIMIT_MS = 60_000;

/** What the log is set to hold: a group of pictures is 1.4 MiB. */
const LOG_BYTES = 2 * MIB;
const SETTINGS = { CULVERT_STREAMS_GOP_CACHE_BYTES: '2MiB', CULVERT_STREAMS_VIEWER_LAG_BYTES: '2MiB' };

/** LIMIT: what one stalled viewer may keep of the log: what a socket pulls at a time, or a reply of `tunnel.maxReply`, and
 * the slabs that begin and end in that. A tunnel that asks no more keeps nothing. */
const MAX_KEPT_BYTES = {
  socket: 256 * 1024 + 2 * 64 * 1024,
  'silent-tunnel': 0,
  'unread-tunnel': MIB + 2 * 64 * 1024,
};
/** LIMIT: what comes and goes in a process with two hundred clients: code that is compiled, buffers of requests. */
const COMES_AND_GOES_BYTES = 3 * MIB;
/** LIMIT: what the C library keeps of blocks that were given back. */
const KEPT_BY_ALLOCATOR_BYTES = 16 * MIB;

/** Groups of pictures of 1.4 MiB each: more than the buffers of two sockets on the loopback take, at their largest. */
const GROUPS_AWAY = 28;
/** Groups that show what is kept for those who stall: all of them would be more than is allowed. */
const GROUPS_OF_PROOF = 40;
/** Groups sent while the last of them are given up, and how often: together less than what watchers can look up. */
const MORE_GROUPS = 9;
const MORE_GROUPS_EVERY_MS = 800;

/** How many lines have each value of a field. */
function countBy(lines: readonly LogLine[], nameOf: (line: LogLine) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of lines) counts[nameOf(line)] = (counts[nameOf(line)] ?? 0) + 1;
  return counts;
}

function skipsOf(lines: readonly LogLine[]): number {
  return lines.reduce((sum, line) => sum + Number(line['skips']), 0);
}

function mibOf(samples: Readonly<Record<string, MemoryBytes>>): string {
  return Object.entries(samples)
    .map(
      ([name, { live, resident }]) =>
        `${name} ${(live / MIB).toFixed(1)} live, ${(resident / MIB).toFixed(1)} resident`,
    )
    .join('; ');
}

describe('a hundred viewers who stop reading [tunnel point 10]', () => {
  it('are bounded in bytes, are given up in time, and cost a hundred others not one frame [item 77]', {
    timeout: LIMIT_MS,
  }, async (t) => {
    const times = { CULVERT_RTMP_WRITE_TIMEOUT: '5s', CULVERT_TUNNEL_SILENCE_TIMEOUT: '5s' };
    const gateway = await startGateway(t, { env: { ...INSPECTED, ...SETTINGS, ...times } });
    const probe = await MemoryProbe.open(gateway.pid, gateway.output());
    const witness = await Witness.start(t, gateway.ports[0] ?? 0, { withTunnel: true });
    const crowd = await Crowd.gather(t, gateway, {
      healthy: { socket: 90, 'silent-tunnel': 10 },
      stalling: { socket: 80, 'silent-tunnel': 10, 'unread-tunnel': 10 },
    });
    await crowd.publish(4, crowd.everybody);
    const before = await probe.measure();
    const sentBefore = crowd.publisher.sentBytes;
    let peak = before;
    const givenUp = (): LogLine[] => crowd.endsOf(crowd.stalling);
    crowd.stall();
    await crowd.publish(GROUPS_OF_PROOF, crowd.healthy, async () => {
      crowd.askInVain();
      const sample = await probe.measure();
      if (sample.live > peak.live) peak = sample;
    });
    const sentMib = Math.round((crowd.publisher.sentBytes - sentBefore) / MIB);
    const grown = mibOf({ before, peak });
    const keptBytes = crowd.stalling.reduce((sum, { kind }) => sum + MAX_KEPT_BYTES[kind], 0);
    const allowedBytes = LOG_BYTES + keptBytes + COMES_AND_GOES_BYTES;
    assert.ok(sentMib * MIB > allowedBytes, 'so much is sent that it would show');
    assert.ok(peak.live - before.live <= allowedBytes, grown);
    assert.ok(peak.resident - before.resident <= allowedBytes + KEPT_BY_ALLOCATOR_BYTES, grown);

    for (let group = 0; group < MORE_GROUPS && givenUp().length < crowd.stalling.length; group++) {
      await sleep(MORE_GROUPS_EVERY_MS);
      await crowd.publish(1, crowd.healthy, () => crowd.askInVain());
    }
    await crowd.until(() => givenUp().length === crowd.stalling.length, 'end of those who stall');
    const { longestPauseMs } = await witness.check();
    crowd.assertPerfect(crowd.healthy);
    // A tunnel whose last reply fills its socket does not read; one whose last reply went out is silent.
    assert.deepEqual(
      countBy(givenUp(), ({ transport, reason }) =>
        transport === 'rtmpt' && reason === 'rtmp-peer-not-reading'
          ? 'rtmpt tunnel-silent'
          : `${transport} ${reason}`,
      ),
      { 'rtmp rtmp-peer-not-reading': 80, 'rtmpt tunnel-silent': 20 },
    );
    assert.equal(crowd.endsOf(crowd.healthy).length, 0);

    // Who reads again now finds the end, and in front of it what was sent, in order.
    crowd.goOn();
    const stalling = crowd.stalling.length;
    await crowd.until(() => crowd.faultsOf(crowd.stalling)['connection'] === stalling, 'closed connections');
    const lost = crowd.lostAtKeyframes(crowd.stalling);
    const faults = { connection: stalling, ...(lost > 0 ? { lost } : {}) };
    assert.deepEqual(crowd.faultsOf(crowd.stalling), faults, crowd.textsOf(crowd.stalling));
    await crowd.publish(1, crowd.healthy);
    crowd.assertPerfect(crowd.healthy);
    const after = await probe.measure();
    await witness.end();
    await crowd.leave();
    probe.close();
    const text = `${sentMib} MiB were sent; MiB: ${mibOf({ before, peak, after })}`;
    t.diagnostic(`${text}; longest pause of the witness ${longestPauseMs} ms`);
    assert.ok(after.live - before.live <= COMES_AND_GOES_BYTES, text);
    assert.equal(skipsOf(crowd.endsOf(crowd.healthy)), 0);
    assert.deepEqual(gateway.alarms(), []);
    assert.equal(MemoryProbe.withoutInspector(gateway.output()), '');
  });
});

describe('fifty viewers who read again in time [tunnel point 10]', () => {
  it('go on at a keyframe with the headers in force, on the connection they had', {
    timeout: LIMIT_MS,
  }, async (t) => {
    const gateway = await startGateway(t, { env: SETTINGS });
    const crowd = await Crowd.gather(t, gateway, {
      healthy: { socket: 40, 'silent-tunnel': 10 },
      stalling: { socket: 40, 'silent-tunnel': 5, 'unread-tunnel': 5 },
    });
    const { publisher, healthy, stalling, everybody } = crowd;
    await crowd.publish(2, everybody);
    crowd.stall();
    await crowd.publish(GROUPS_AWAY, healthy);
    publisher.changeVideoHeader();
    await crowd.publish(2, healthy, () => crowd.askInVain());
    assert.equal(crowd.endsOf(everybody).length, 0);

    crowd.goOn();
    await crowd.untilAllHave(stalling);
    await crowd.publish(2, everybody);
    assert.equal(crowd.endsOf(everybody).length, 0);
    crowd.assertPerfect(healthy);
    for (const { name, jumps } of stalling) assert.ok(jumps.length > 0, `${name} was not slow enough`);
    const lost = crowd.lostAtKeyframes(stalling);
    assert.deepEqual(crowd.faultsOf(stalling), { lost }, crowd.textsOf(stalling));

    await crowd.leave();
    t.diagnostic(`${lost} messages were left out`);
    for (const watcher of stalling)
      assert.equal(skipsOf(crowd.endsOf([watcher])), watcher.jumps.length, watcher.name);
    assert.equal(skipsOf(crowd.endsOf(healthy)), 0);
    assert.deepEqual(gateway.alarms(), []);
  });
});
