// Ten thousand clients that leave at every moment of their way through a splice, to upstreams that serve, are slow, silent,
// broken or down: connections, deadlines and memory of the gateway are afterwards what they were. The gateway is a process
// with its ordinary settings but for the times.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { describe, it } from 'node:test';
import { freePort } from '../../bench/support/ports.ts';
import { startBlackHole } from '../links/dial/dial-rig.ts';
import { join } from '../support/chunk-wire.ts';
import { ClientMessages } from '../support/client-messages.ts';
import { serverHandshake } from '../support/client-wire.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { INSPECTED, type MemoryBytes, MemoryProbe } from '../support/memory-probe.ts';
import { type Cleaner, sleep } from '../support/programs.ts';
import { startTestGateway } from '../support/test-gateway.ts';
import { comeAndLeave, type Leave, type Moment } from './leaving-clients.ts';

/** The first half warms up, and what it leaves behind is what nothing may be added to. */
const CLIENTS = 10_000;
const AT_ONCE = 40;
/** One in so many comes by RTMPT. */
const CLIENTS_PER_TUNNEL = 3;

const MIB = 1024 * 1024;
const MAX_RESIDENT_GROWTH_BYTES = 20 * MIB;
/** LIMIT: objects that live: 200 bytes for each of five thousand. */
const MAX_LIVE_GROWTH_BYTES = MIB;
const SETTLE_LIMIT_MS = 10_000;
const HOLE_LIFE_MS = 280_000;
const LIMIT_MS = 280_000;

const ANSWER = new ClientMessages().call('_result', 1);
const VIDEO = new ClientMessages().video(1, 0, new Uint8Array(20_000).fill(0x27));
const PLAYED = join([ANSWER, VIDEO, VIDEO, VIDEO, VIDEO.subarray(0, VIDEO.length / 2)]);
const C0_C1_BYTES = 1537;
const HANDSHAKE_BYTES = 3073;

/** What each upstream does, by the application that leads to it, and when clients leave it. */
const UPSTREAMS: Readonly<Record<string, readonly Moment[]>> = {
  serving: [
    'accepted',
    'in its handshake',
    'shaken',
    'in its connect',
    'connecting',
    'answered',
    'publishing',
  ],
  playing: ['connecting', 'answered', 'publishing'],
  halting: ['connecting'],
  mute: ['connecting'],
  silent: ['connecting'],
  slow: ['connecting'],
  garbage: ['connecting', 'answered'],
  resetting: ['connecting', 'answered'],
  down: ['connecting', 'answered'],
  chained: ['connecting', 'answered', 'publishing'],
};

const ROWS = Object.entries(UPSTREAMS).flatMap(([app, moments]) =>
  moments.map((moment) => ({ app, moment })),
);

/** Says what its application promises, and keeps nothing. */
const BEHAVIOURS: Readonly<Record<string, (socket: Socket) => void>> = {
  serving: (socket) => void shake(socket, () => socket.write(ANSWER)),
  playing: (socket) => void shake(socket, () => socket.write(PLAYED)),
  halting: (socket) => void shake(socket, () => socket.write(ANSWER.subarray(0, 20))),
  mute: (socket) => void shake(socket, () => undefined),
  silent: (socket) => void socket.resume(),
  garbage: (socket) => void socket.resume().write(Buffer.alloc(4096, 0xff)),
  resetting: (socket) => void shake(socket, () => socket.resetAndDestroy()),
};

/** Shakes hands, and calls `onConnect` when the first bytes came behind that. */
function shake(socket: Socket, onConnect: () => void): void {
  let heardBytes = 0;
  socket.on('data', ({ length }: Buffer) => {
    const beforeBytes = heardBytes;
    heardBytes += length;
    if (beforeBytes < C0_C1_BYTES && heardBytes >= C0_C1_BYTES) socket.write(serverHandshake());
    if (beforeBytes <= HANDSHAKE_BYTES && heardBytes > HANDSHAKE_BYTES) onConnect();
  });
}

/** Starts them, and gives their URLs by application, with the connections that are open. */
async function startUpstreams(
  cleaner: Cleaner,
): Promise<{ urls: Record<string, string>; open: Set<Socket> }> {
  const urls: Record<string, string> = {};
  const open = new Set<Socket>();
  for (const [app, behave] of Object.entries(BEHAVIOURS)) {
    const server = createServer({ noDelay: true }, (socket) => {
      open.add(socket);
      socket.on('close', () => open.delete(socket)).on('error', () => socket.destroy());
      behave(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleaner.after(() => {
      for (const socket of open) socket.destroy();
      server.close();
    });
    urls[app] = `rtmp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  urls['down'] = `rtmp://127.0.0.1:${await freePort()}`;
  urls['slow'] = `rtmp://127.0.0.1:${await startBlackHole(cleaner, HOLE_LIFE_MS)}`;
  const behind = await startTestGateway(cleaner, {
    upstream: [urls['serving'] ?? ''],
    tunnel: { detachedTimeoutMs: 500 },
  });
  urls['chained'] = `rtmpt://127.0.0.1:${behind.port}`;
  return { urls, open };
}

async function startFront(cleaner: Cleaner, urls: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  const folder = await mkdtemp(joinPath(tmpdir(), 'culvert-leaks-'));
  cleaner.after(() => rm(folder, { recursive: true, force: true }));
  const path = joinPath(folder, 'culvert.yaml');
  const apps = Object.entries(urls);
  writeFileSync(
    path,
    [
      'upstreams:',
      ...apps.map(([app, url]) => `  ${app}: {url: "${url}"}`),
      'routes:',
      ...apps.map(([app]) => `  - {app: ${app}, action: splice, upstreams: [${app}]}`),
      // Those that fail are tried again and again, and not left alone.
      'upstreamHealth: {maxFailures: 100, downTime: 100ms, maxDownTime: 100ms}',
      'tunnel: {detachedTimeout: 500ms}',
    ].join('\n'),
  );
  return startGateway(cleaner, { args: ['--config', path], env: INSPECTED });
}

/** Has so many clients come and leave, some at a time; each gets its row by its number. */
async function run(port: number, from: number, count: number): Promise<void> {
  let next = from;
  const work = async (): Promise<void> => {
    while (next < from + count) {
      const number = next++;
      const row = ROWS[number % ROWS.length] ?? assert.fail();
      const turn = Math.floor(number / ROWS.length);
      const isTunnel = turn % CLIENTS_PER_TUNNEL === 0;
      const leave: Leave =
        (['end', 'reset', 'close'] as const)[Math.floor(turn / CLIENTS_PER_TUNNEL) % 3] ?? 'end';
      await comeAndLeave(port, { ...row, leave, isTunnel }, (number % 17) / 16);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** What a process has of the system and of the event loop, in words. */
async function heldBy({ pid }: GatewayProcess, probe: MemoryProbe): Promise<string> {
  const files = readdirSync(`/proc/${pid}/fd`).length;
  return `${files} files, ${JSON.stringify(await probe.resources())}`;
}

/** The same once it is `expected`, or the time for that is over. */
async function settled(gateway: GatewayProcess, probe: MemoryProbe, expected: string): Promise<string> {
  const untilMs = performance.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const held = await heldBy(gateway, probe);
    if (held === expected || performance.now() > untilMs) return held;
    await sleep(100);
  }
}

function mibOf([name, { resident, live }]: readonly [string, MemoryBytes]): string {
  return `${name} ${(resident / MIB).toFixed(1)} resident, ${(live / MIB).toFixed(2)} live`;
}

describe('ten thousand spliced clients that leave at every moment', () => {
  it('leave no connection, no deadline and no memory behind', { timeout: LIMIT_MS }, async (t) => {
    const { urls, open } = await startUpstreams(t);
    const gateway = await startFront(t, urls);
    const [port] = gateway.ports;
    assert.ok(port !== undefined);
    const probe = await MemoryProbe.open(gateway.pid, gateway.output());
    const idle = await heldBy(gateway, probe);
    const openAtFirst = open.size;
    const fresh = await probe.measure();
    const startedMs = performance.now();

    await run(port, 0, CLIENTS / 2);
    assert.equal(await settled(gateway, probe, idle), idle, 'behind the first half');
    const before = await probe.measure();
    await run(port, CLIENTS / 2, CLIENTS / 2);
    assert.equal(await settled(gateway, probe, idle), idle, 'behind the second half');
    const after = await probe.measure();
    probe.close();

    const tookS = Math.round((performance.now() - startedMs) / 1000);
    const text = Object.entries({ fresh, before, after }).map(mibOf).join('; ');
    t.diagnostic(`${CLIENTS} clients in ${tookS} s; ${idle}; MiB: ${text}`);
    assert.equal(open.size, openAtFirst, 'connections at the upstreams');
    assert.equal(MemoryProbe.withoutInspector(gateway.output()), '');
    assert.deepEqual(
      gateway.alarms().filter(({ msg }) => msg !== 'upstream down'),
      [],
    );
    assert.ok(after.resident - before.resident <= MAX_RESIDENT_GROWTH_BYTES, text);
    assert.ok(after.live - before.live <= MAX_LIVE_GROWTH_BYTES, text);
  });
});
