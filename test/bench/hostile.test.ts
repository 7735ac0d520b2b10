// What judges the answers to hostile requests finds what is wrong with them; chance is the same in every run.

import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { AnyReplyReader } from '../../bench/load/any-reply-reader.ts';
import { FaultList } from '../../bench/load/fault-list.ts';
import { PLAIN_KINDS } from '../../bench/load/hostile-kinds.ts';
import { HostileLane } from '../../bench/load/hostile-lane.ts';
import { EndedSessions } from '../../bench/load/hostile-scene.ts';
import { SESSION_KINDS } from '../../bench/load/hostile-session-kinds.ts';
import { HostileTally, NO_ANSWER } from '../../bench/load/hostile-tally.ts';
import { PauseMeter } from '../../bench/load/pause-meter.ts';
import { SeededRandom } from '../../bench/load/seeded-random.ts';
import { verdictOf } from '../../bench/support/aim.ts';
import { answersTable, hostileAims, hostileFigures } from '../../bench/support/hostile-figures.ts';
import type { HostileMeasurement } from '../../bench/support/measure-hostile.ts';
import { everyTwoWaySplit } from '../support/splits.ts';
import { loadResult } from './measurements.ts';

const MIB = 1024 * 1024;
const NOT_FOUND = 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n';
const TOO_LARGE = 'HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno';
const ALLOWED: ReadonlySet<number> = new Set([404, 413]);

/** A server that does to each connection what is said; gives its port. */
async function serve(t: TestContext, handle: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

/** A lane to a port, and what it is counted by. */
function laneTo(t: TestContext, port: number) {
  const faults = new FaultList();
  const steps: number[] = [];
  const tally = new HostileTally(faults, 10, 4, () => steps.push(tally.requests));
  const lane = new HostileLane(() => ({ host: '127.0.0.1', port, localAddress: '127.0.0.7' }), tally);
  t.after(() => lane.drop());
  return { faults, steps, tally, lane };
}

/** So many requests that are no more than a word. */
function shotOf(requestCount: number) {
  return { pieces: [Buffer.from('ask')], requestCount, allowed: ALLOWED };
}

describe('AnyReplyReader', () => {
  it('reads replies of any status, with a body or without, whichever way they are split', () => {
    const bytes = Buffer.from(NOT_FOUND + TOO_LARGE);
    const wanted = [
      { statusCode: 404, body: '', isLast: false },
      { statusCode: 413, body: 'no', isLast: true },
    ];
    for (const pieces of everyTwoWaySplit(bytes)) {
      const reader = new AnyReplyReader();
      const replies = pieces.flatMap((piece) => reader.receive(Buffer.from(piece), piece.length));
      assert.deepEqual(replies, wanted);
    }
  });

  it('refuses what is no reply', () => {
    const bytes = Buffer.from('RTSP/1.0 200 OK\r\n\r\n');
    assert.throws(() => new AnyReplyReader().receive(bytes, bytes.length), /a reply that begins "RTSP/);
  });
});

describe('HostileLane', () => {
  it('counts answers by kind and status, comes from its own address, and tells the steps on the way', async (t) => {
    const addresses: (string | undefined)[] = [];
    const port = await serve(t, (socket) => {
      addresses.push(socket.remoteAddress);
      socket.on('data', () => socket.write(NOT_FOUND.repeat(4)));
    });
    const { faults, steps, tally, lane } = laneTo(t, port);
    for (let shot = 0; shot < 3; shot++) await lane.fire('a kind', shotOf(4));
    assert.deepEqual(tally.answers, { 'a kind': { 404: 12 } });
    assert.deepEqual([tally.requests, tally.isSpent, steps], [12, true, [4, 4, 8, 8]]);
    assert.deepEqual([faults.counts, addresses], [{}, ['127.0.0.7']]);
  });

  it('takes an answer that may not be for a fault', async (t) => {
    const failure = 'HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n';
    const port = await serve(t, (socket) => socket.on('data', () => socket.write(failure)));
    const { faults, lane } = laneTo(t, port);
    await lane.fire('a kind', shotOf(1));
    assert.deepEqual(faults.texts, ['answer: a kind: answered 500']);
  });

  it('takes it for a fault that the connection ends before the answers, but where it may', async (t) => {
    const port = await serve(t, (socket) => socket.on('data', () => socket.end(NOT_FOUND)));
    const { faults, tally, lane } = laneTo(t, port);
    await lane.fire('a kind', shotOf(3));
    assert.deepEqual(faults.counts, { unanswered: 2 });
    const replies = await lane.fire('another', { ...shotOf(3), mayEnd: true });
    assert.deepEqual([replies.length, faults.counts], [1, { unanswered: 2 }]);
    assert.deepEqual(tally.answers['another'], { 404: 1, [NO_ANSWER]: 2 });
  });

  it('connects anew behind an answer that is the last', async (t) => {
    let connections = 0;
    const port = await serve(t, (socket) => {
      connections++;
      socket.on('data', () => socket.write(TOO_LARGE));
    });
    const { faults, lane } = laneTo(t, port);
    for (let shot = 0; shot < 3; shot++) await lane.fire('a kind', shotOf(1));
    assert.deepEqual([connections, faults.counts], [3, {}]);
  });

  it('waits for no answer where the client goes away', async (t) => {
    const port = await serve(t, (socket) => socket.resume());
    const { faults, tally, lane } = laneTo(t, port);
    await lane.fire('a kind', { ...shotOf(2), isLeft: true });
    assert.deepEqual([tally.answers, faults.counts], [{ 'a kind': { [NO_ANSWER]: 2 } }, {}]);
  });
});

describe('a kind of hostile requests', () => {
  it('sends the same with the same seed', async () => {
    const sentBy = async (seed: number): Promise<string> => {
      const random = new SeededRandom(seed);
      const ended = new EndedSessions();
      const sent: string[] = [];
      const fire = async ({ pieces }: { readonly pieces: readonly Buffer[] }) => {
        for (const piece of pieces) sent.push(piece.toString('latin1', 0, 200));
        return [{ statusCode: 200, body: 'an-id\n', isLast: false }];
      };
      const scene = { random, ended, fire, drop: () => sent.push('drop'), fault: () => sent.push('fault') };
      for (const { run } of [...PLAIN_KINDS, ...SESSION_KINDS]) await run(scene);
      return sent.join('\n');
    };
    const [first, again, other] = await Promise.all([sentBy(5), sentBy(5), sentBy(6)]);
    assert.ok(first.length > 1000);
    assert.equal(first, again);
    assert.notEqual(first, other);
  });
});

describe('PauseMeter', () => {
  it('has the longest pause between its start and its stop, one that lasts then among them', () => {
    const meter = new PauseMeter();
    meter.read(0);
    meter.start(1000);
    for (const nowMs of [1010, 1050, 1060]) meter.read(nowMs);
    assert.equal(meter.longestMs, 40);
    meter.stop(1160);
    meter.read(9000);
    assert.equal(meter.longestMs, 100);
  });
});

describe('figures of hostile requests', () => {
  const weight = (mib: number) => ({ resident: mib * MIB, residentWithGarbage: mib * MIB, live: mib * MIB });
  const measured = (mib: readonly number[], requests = 1_000_000): HostileMeasurement => ({
    before: weight(mib[0] ?? 0),
    during: mib.slice(1, -1).map(weight),
    after: weight(mib.at(-1) ?? 0),
    serverCpuMs: 40_000,
    load: loadResult({ measuredMs: 50_000 }),
    hostile: {
      requests,
      answers: { 'unknown ids': { 404: 2, 429: 3 }, 'cut off': { [NO_ANSWER]: 4 } },
      refusals: { ofOneAddress: 429, withoutHandshake: 503 },
      rtmpPauseMs: 50,
      rtmptPauseMs: 60,
      ownDelayMs: 5,
    },
  });
  const verdictsOf = (mib: readonly number[], requests?: number) =>
    hostileAims([measured(mib, requests)]).map(verdictOf);

  it('are the cost of a request, and how many there were a second', () => {
    const { cpuUsPerRequest, requestsPerSecond } = hostileFigures([measured([30, 1, 1, 1, 1, 1, 31])]);
    assert.deepEqual([cpuUsPerRequest, requestsPerSecond], [40, 20_000]);
  });

  it('aim at live memory within 5 % and 5 MiB of what it was, and at an RSS that does not grow', () => {
    assert.deepEqual(verdictsOf([30, 90, 90, 40, 40, 40, 36]), ['met', 'met']);
    assert.deepEqual(verdictsOf([30, 90, 90, 40, 40, 40, 37]), ['MISSED', 'met']);
    assert.deepEqual(verdictsOf([30, 40, 40, 40, 40, 50, 36]), ['met', 'MISSED']);
  });

  it('have no aim for few requests', () => {
    assert.deepEqual(verdictsOf([30, 1, 1, 1, 1, 1, 90], 5000), []);
  });

  it('tell answers by kind and status', () => {
    const table = answersTable([measured([1, 1]), measured([1, 1])]).split('\n');
    assert.deepEqual(
      table.map((line) => line.trim().split(/ {2,}/)),
      [
        ['answers', '404', '429', 'no answer'],
        ['unknown ids', '4', '6'],
        ['cut off', '8'],
      ],
    );
  });
});
