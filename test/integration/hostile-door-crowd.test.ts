// Ten thousand connections that say nothing, and thousands that stop amid their first words: while they come, stand and
// are closed by their timers, those who were there first miss nothing, and others still come in and play.

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { startGateway } from '../support/gateway-process.ts';
import { INSPECTED, type MemoryBytes, MemoryProbe } from '../support/memory-probe.ts';
import { sendSilentCrowd } from '../support/silent-crowd.ts';
import { TestClient } from '../support/test-client.ts';
import { Witness } from '../support/witness.ts';

const COUNT = 10_000;
/** Connections of each of the crowds that say something. */
const FURTHER_COUNT = 1000;

/** LIMIT: longer than each crowd takes to come on a busy machine, for all of it is to stand at a time. */
const STANDING_TIME = '6s';
const FURTHER_STANDING_TIME = '4s';

function settingsOf(time: string): Record<string, string> {
  return {
    CULVERT_LISTENERS_FIRST_BYTE_TIMEOUT: time,
    CULVERT_RTMP_HANDSHAKE_TIMEOUT: time,
    CULVERT_HTTP_HEADERS_TIMEOUT: time,
    // The newcomers leave without a word, and one of them its tunnel behind.
    CULVERT_SHUTDOWN_DRAIN_TIMEOUT: '100ms',
  };
}

/** LIMIT: how long viewers may wait for a frame, on a machine on which other tests run beside; 70 ms are measured. */
const MAX_PAUSE_MS = 500;
/** Frames that a newcomer sees. */
const NEWCOMER_FRAMES = 20;

const MIB = 1024 * 1024;
/** LIMIT: objects that live on: 300 bytes for each of ten thousand. */
const MAX_LIVE_GROWTH_BYTES = 3 * MIB;

/** Bytes that no protocol begins with. */
const UNKNOWN = Uint8Array.of(0x80);

/** What the crowds that say something say, and what they are closed for. */
const FURTHER = [
  ['P', 'connection-silent'],
  ['\x16', 'connection-tls-timeout'],
  ['G', 'http-timeout'],
  ['\x03', 'session-ended-rtmp-handshake-timeout'],
] as const;

/** Has a new client come in and play, and says how long that took. */
async function assertServed(t: TestContext, port: number, open: typeof TestClient.overTcp): Promise<void> {
  const startMs = performance.now();
  const newcomer = await open(t, port, 'live');
  const { type } = await newcomer.play('witness');
  assert.equal(type, 'play-started');
  await newcomer.waitUntil(() => newcomer.media.length >= NEWCOMER_FRAMES);
  t.diagnostic(
    `a newcomer saw ${NEWCOMER_FRAMES} frames after ${Math.round(performance.now() - startMs)} ms`,
  );
  newcomer.kill();
}

/** Asserts that viewers did not wait for long since the last call, and says how long. */
async function assertNoPause(t: TestContext, witness: Witness, meanwhile: string): Promise<void> {
  const { longestPauseMs } = await witness.check();
  t.diagnostic(`while they ${meanwhile} the witness waited for ${longestPauseMs} ms at most`);
  assert.ok(longestPauseMs <= MAX_PAUSE_MS, `${longestPauseMs} ms while they ${meanwhile}`);
}

async function assertCounted(gateway: GatewayProcess, expected: Record<string, number>): Promise<void> {
  assert.equal(await gateway.stop(), 0);
  const counted = gateway.lines.at(-1)?.['counted'] as Record<string, number>;
  for (const [name, count] of Object.entries(expected)) assert.equal(counted[name], count, name);
  assert.deepEqual(gateway.alarms(), []);
  assert.equal(MemoryProbe.withoutInspector(gateway.output()), '');
}

function mibOf({ resident, live }: MemoryBytes): string {
  return `${Math.round(resident / MIB)} resident, ${(live / MIB).toFixed(1)} live`;
}

describe('a crowd that says nothing', () => {
  it('holds nobody up while it comes, stands and goes, and leaves nothing behind', async (t) => {
    const gateway = await startGateway(t, { env: { ...settingsOf(STANDING_TIME), ...INSPECTED } });
    const port = gateway.ports[0] ?? assert.fail();
    const probe = await MemoryProbe.open(gateway.pid, gateway.output());
    // The first thousand, which are refused at once, have the gateway's code compiled.
    await sendSilentCrowd(t, port, FURTHER_COUNT, UNKNOWN).untilClosed();
    const witness = await Witness.start(t, port, { withTunnel: true });
    const before = await probe.measure();
    await witness.check();

    const crowd = sendSilentCrowd(t, port, COUNT);
    await crowd.untilStanding();
    await assertNoPause(t, witness, 'come');
    await assertServed(t, port, TestClient.overTcp);
    await assertServed(t, port, TestClient.overTunnel);
    await assertNoPause(t, witness, 'stand');
    await crowd.untilClosed();
    await assertNoPause(t, witness, 'are closed');

    const after = await probe.measure();
    probe.close();
    const text = `MiB before: ${mibOf(before)}; after: ${mibOf(after)}`;
    t.diagnostic(text);
    assert.ok(after.live - before.live <= MAX_LIVE_GROWTH_BYTES, text);
    await witness.end();
    await assertCounted(gateway, {
      'connection-silent': COUNT,
      'connection-unknown-protocol': FURTHER_COUNT,
    });
  });

  it('holds nobody up either where it stops amid its first words, whatever it speaks', async (t) => {
    const gateway = await startGateway(t, {
      listen: ['any:127.0.0.1:0'],
      env: { ...settingsOf(FURTHER_STANDING_TIME), CULVERT_TLS_HANDSHAKE_TIMEOUT: FURTHER_STANDING_TIME },
    });
    const port = gateway.ports[0] ?? assert.fail();
    const witness = await Witness.start(t, port, { withTunnel: true });
    const crowds = FURTHER.map(([words]) =>
      sendSilentCrowd(t, port, FURTHER_COUNT, Buffer.from(words, 'latin1')),
    );
    for (const crowd of crowds) await crowd.untilStanding();
    await assertNoPause(t, witness, 'come');
    await assertServed(t, port, TestClient.overTcp);
    for (const crowd of crowds) await crowd.untilClosed();
    await assertNoPause(t, witness, 'are closed');
    await witness.end();
    await assertCounted(gateway, Object.fromEntries(FURTHER.map(([, name]) => [name, FURTHER_COUNT])));
  });
});
