// An upstream that is killed under its spliced clients: they end at once, with a status where they show one, and whoever
// comes next is taken by the other upstream of the pool, until the first one is back.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../../bench/support/ports.ts';
import type { ClientEvent } from '../../src/protocol/rtmp/client/client-events.ts';
import { assertReceived } from '../support/frames.ts';
import type { GatewayProcess, LogLine } from '../support/gateway-process.ts';
import { mediaFile } from '../support/media.ts';
import { type Nginx, startNginx } from '../support/nginx.ts';
import { playWithFfmpeg, playWithRtmpdump } from '../support/players.ts';
import { type Cleaner, type RunningProgram, Scope, sleep } from '../support/programs.ts';
import { publishWithFfmpeg } from '../support/publishers.ts';
import { TestClient } from '../support/test-client.ts';
import { clientsAt, frontBlock, HEADINGS, startFront, waitForClients } from './front-scene.ts';
import { endByItself, withOutputOf } from './pairing.ts';

const DURATION_S = 4;
const LIVE = { live: 'publish_notify on;', hasStatistics: true };
/** What clients may take to hear of the end, on a machine that is busy. */
const END_LIMIT_MS = 2000;
const PLAY_END_LIMIT_MS = 6000;
const LOG_LIMIT_MS = 5000;
/** Connects after which the killed one counts as down: it may fail three times, `upstreamHealth.maxFailures`. */
const CONNECTS = 3;
/** Tries for 20 s: after each that fails it is left alone for twice as long, ten seconds at the most. */
const TRY_EVERY_MS = 500;
const MAX_TRIES = 40;
/** What an FFmpeg says whose connection was closed. */
const FFMPEG_LOST =
  /Error (?:writing trailer|muxing)|Broken pipe|Connection reset|Input\/output error|End of file/;

/** How a client of the test saw the end. */
type SeenEnd = {
  readonly name: string;
  readonly statusCodes: readonly string[];
  readonly endedAfterMs: number;
};

/** Status codes of the connection that a client was told, in order. */
function statusCodesOf(events: readonly ClientEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'status' ? [event.status.code] : []));
}

describe('An upstream that is killed', () => {
  const scope = new Scope();
  const ends: SeenEnd[] = [];
  let gateway: GatewayProcess;
  let mainPort = 0;
  let main: Nginx;
  let spare: Nginx;
  let publisher: RunningProgram;
  let players: readonly RunningProgram[] = [];
  let killedMs = 0;
  let sourcePath = '';

  before(async () => {
    mainPort = await freePort();
    main = await startNginx(scope, { ...LIVE, port: mainPort });
    spare = await startNginx(scope, LIVE);
    const places = { '10.0.0.5': `127.0.0.1:${mainPort}`, '10.0.0.6': `127.0.0.1:${spare.port}` };
    gateway = await startFront(scope, frontBlock(HEADINGS.pool, 'yaml', places));
    const [port = 0] = gateway.ports;
    sourcePath = await mediaFile(scope, 'h264-aac', DURATION_S);

    const clients = [
      { name: 'by RTMP', client: await TestClient.overTcp(scope, port, 'live') },
      { name: 'by RTMPT', client: await TestClient.overTunnel(scope, port, 'live') },
      { name: 'by WebSocket', client: await TestClient.overWebSocket(scope, port, 'live') },
    ];
    for (const { client } of clients) await client.play('lost');
    players = [
      playWithFfmpeg(scope, gateway.rtmptUrl('live/lost')),
      playWithRtmpdump(scope, gateway.rtmpUrl('live/lost')),
    ];
    await waitForClients(main, 'lost', clients.length + players.length);
    publisher = publishWithFfmpeg(scope, sourcePath, gateway.rtmpUrl('live/lost'));
    for (const { client } of clients) await client.waitFor(({ type }) => type === 'media');

    killedMs = performance.now();
    await main.program.kill();
    await Promise.all(
      clients.map(async ({ name, client }) => {
        await client.waitUntil(() => client.isOver);
        const endedAfterMs = performance.now() - killedMs;
        ends.push({ name, statusCodes: statusCodesOf(client.events), endedAfterMs });
      }),
    );
  });
  after(() => scope.close());

  for (const name of ['by RTMP', 'by RTMPT', 'by WebSocket']) {
    it(`ends a client ${name} at once, with the status of a closed connection`, () => {
      const end = ends.find((seen) => seen.name === name);
      assert.ok(end !== undefined);
      assert.equal(end.statusCodes.at(-1), 'NetConnection.Connect.Closed', end.statusCodes.join(', '));
      assert.ok(end.endedAfterMs < END_LIMIT_MS, `it ended after ${end.endedAfterMs} ms`);
    });
  }

  it('ends the programs that publish and play', async () => {
    for (const program of [publisher, ...players]) {
      const late = setTimeout(() => void program.kill(), PLAY_END_LIMIT_MS);
      const { signal } = await program.ended;
      clearTimeout(late);
      assert.equal(signal, null, `it did not end by itself. ${program.describe()}`);
    }
    assert.match(publisher.output(), FFMPEG_LOST);
  });

  it('has a line for each client that names it and why', async () => {
    const ended = (): LogLine[] => gateway.lines.filter(({ msg }) => msg === 'session ended');
    await gateway.waitForLine(() => ended().length >= 6, LOG_LIMIT_MS);
    for (const line of ended()) {
      const text = JSON.stringify(line);
      assert.equal(line['upstream'], 'main', text);
      assert.match(String(line['reason']), /^upstream-(?:closed|reset)$/, text);
      assert.match(String(line['detail']), /the upstream main ended the connection/, text);
    }
  });

  it('leaves new clients to the other one, which they notice nothing of', async (t) => {
    const path = 'live/kept';
    const player = playWithFfmpeg(t, gateway.rtmptUrl(path));
    await waitForClients(spare, 'kept', 1);
    const program = publishWithFfmpeg(t, sourcePath, gateway.rtmpUrl(path));
    assert.equal((await program.ended).exitCode, 0, program.describe());
    await endByItself(player, PLAY_END_LIMIT_MS);
    withOutputOf(player, () => assertReceived(sourcePath, player.outputPath, { fromStart: true }));
  });

  it('counts as down after some, which the log says once', async (t) => {
    for (let count = 0; count < CONNECTS; count++) await connected(t);
    const down = gateway.lines.filter(({ msg }) => msg === 'upstream down');
    assert.equal(down.length, 1);
    assert.equal(down[0]?.['upstream'], 'main');
    assert.match(String(down[0]?.['reason']), /ECONNREFUSED|connection refused/i);
  });

  it('gets clients again once it is back', async (t) => {
    const back = await startNginx(t, { ...LIVE, port: mainPort });
    const isUp = (): boolean => gateway.lines.some(({ msg }) => msg === 'upstream up');
    let client = await connected(t);
    for (let tries = 1; !isUp() && tries < MAX_TRIES; tries++) {
      await sleep(TRY_EVERY_MS);
      client = await connected(t);
    }
    assert.ok(isUp(), 'no client was let try it');
    // The one that tried it is there.
    await client.play('back');
    await waitForClients(back, 'back', 1);
    assert.deepEqual(await clientsAt(spare, 'back'), []);
  });

  async function connected(cleaner: Cleaner): Promise<TestClient> {
    const client = await TestClient.overTcp(cleaner, gateway.ports[0] ?? 0, 'live');
    await client.waitFor(({ type }) => type === 'connected');
    return client;
  }
});
