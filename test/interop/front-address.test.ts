// What Debian's nginx with its RTMP module is told of the gateway's clients: their addresses by PROXY headers and in tcUrl,
// the application and the query that it is asked for, and checks that name nobody.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '../../bench/support/ports.ts';
import { mediaFile } from '../support/media.ts';
import { playWithFfmpeg } from '../support/players.ts';
import { publishWithFfmpeg } from '../support/publishers.ts';
import { TestClient } from '../support/test-client.ts';
import {
  clientsAt,
  frontBlock,
  HEADINGS,
  startAt,
  startFront,
  startFrontByFlag,
  startPageNginx,
  waitForClients,
} from './front-scene.ts';
import { assertEndedWell, endByItself } from './pairing.ts';

const DURATION_S = 4;
/** Players end by themselves within this time of the end of their stream. */
const END_LIMIT_MS = 6000;
const LOG_LIMIT_MS = 5000;
/** Three checks, a second from one to the next. */
const CHECKS_LIMIT_MS = 10_000;
const PUBLISHER_ADDRESS = '127.0.0.5';
const PLAYER_ADDRESS = '127.0.0.6';

describe('nginx that the gateway tells of its clients', { concurrency: true }, () => {
  it('shows the addresses of publisher and player by PROXY protocol 1, whatever they come by', async (t) => {
    const [open, proxied] = [await freePort(), await freePort()];
    const nginx = await startPageNginx(t, { open, proxied });
    const yaml = frontBlock(HEADINGS.nginx, 'yaml', { '10.0.0.5:1936': `127.0.0.1:${proxied}` });
    const gateway = await startFront(t, yaml);
    const sourcePath = await mediaFile(t, 'h264-aac', DURATION_S);
    const publishPort = await startAt(t, PUBLISHER_ADDRESS, gateway.ports[0] ?? 0);
    const playPort = await startAt(t, PLAYER_ADDRESS, gateway.ports[0] ?? 0);
    for (const [publishScheme, playScheme] of [
      ['rtmpts', 'rtmp'],
      ['rtmp', 'rtmpt'],
    ]) {
      const path = `live/${publishScheme}`;
      const player = playWithFfmpeg(t, `${playScheme}://127.0.0.1:${playPort}/${path}`);
      await waitForClients(nginx, publishScheme ?? '', 1);
      const publisher = publishWithFfmpeg(
        t,
        sourcePath,
        `${publishScheme}://127.0.0.1:${publishPort}/${path}`,
      );
      const clients = await waitForClients(nginx, publishScheme ?? '', 2);
      const addressOf = (isWanted: boolean) =>
        clients.find(({ isPublishing }) => isPublishing === isWanted)?.address;
      assert.equal(addressOf(true), PUBLISHER_ADDRESS);
      assert.equal(addressOf(false), PLAYER_ADDRESS);
      assertEndedWell(publisher, await publisher.ended);
      await endByItself(player, END_LIMIT_MS);
    }
    assert.deepEqual(gateway.alarms(), []);
  });

  it("is no upstream for version 2, which Debian's takes for a bad header", async (t) => {
    const [open, proxied] = [await freePort(), await freePort()];
    const nginx = await startPageNginx(t, { open, proxied });
    const place = { '10.0.0.5:1936': `127.0.0.1:${proxied}`, 'proxyProtocol: v1': 'proxyProtocol: v2' };
    const gateway = await startFront(t, frontBlock(HEADINGS.nginx, 'yaml', place));
    const client = await TestClient.overTcp(t, gateway.ports[0] ?? 0, 'live');
    const rejected = await client.waitFor(({ type }) => type === 'connect-rejected');
    assert.ok(rejected.type === 'connect-rejected');
    assert.equal(rejected.status.code, 'NetConnection.Connect.Rejected');
    await nginx.program.waitForOutput(/proxy_protocol: bad header/, LOG_LIMIT_MS);
    assert.deepEqual(await clientsAt(nginx, 'nobody'), []);
  });

  it('is checked by handshakes behind headers that name nobody', async (t) => {
    const [open, proxied] = [await freePort(), await freePort()];
    const nginx = await startPageNginx(t, { open, proxied });
    const place = {
      '10.0.0.5:1936': `127.0.0.1:${proxied}`,
      'proxyProtocol: v1': 'proxyProtocol: v1\n    check: rtmp\n    checkInterval: 1s\n    maxFailures: 1',
    };
    const gateway = await startFront(t, frontBlock(HEADINGS.nginx, 'yaml', place));
    // The first connection is of who waited for nginx to listen.
    await nginx.program.waitForOutput(/(?:client connected[\s\S]*){4}/, CHECKS_LIMIT_MS);
    const client = await TestClient.overTcp(t, gateway.ports[0] ?? 0, 'live');
    await client.waitFor(({ type }) => type === 'connected');
    assert.doesNotMatch(nginx.program.output(), /bad header|error/);
    assert.deepEqual(gateway.alarms(), []);
  });

  it("is told the client's address in tcUrl, where a parameter is named, and else what the client typed", async (t) => {
    const [open, proxied] = [await freePort(), await freePort()];
    const nginx = await startPageNginx(t, { open, proxied });
    const named = frontBlock(HEADINGS.parameter, 'yaml', { '10.0.0.5': `127.0.0.1:${open}` });
    for (const [yaml, parameter] of [
      [named, `\\?realIp=${PUBLISHER_ADDRESS}`],
      [named.replace(/ +addressParameter.*\n/, ''), ''],
    ]) {
      const gateway = await startFront(t, yaml ?? '');
      const port = await startAt(t, PUBLISHER_ADDRESS, gateway.ports[0] ?? 0);
      const client = await TestClient.overTcp(t, port, 'live');
      await client.waitFor(({ type }) => type === 'connected');
      const told = new RegExp(`tc_url='rtmp://127\\.0\\.0\\.1:${port}/live${parameter}'`);
      await nginx.program.waitForOutput(told, LOG_LIMIT_MS);
    }
  });

  it('is asked for the application and the query of the URL, where that names them', async (t) => {
    const [open, proxied] = [await freePort(), await freePort()];
    const nginx = await startPageNginx(t, { open, proxied });
    const gateway = await startFrontByFlag(t, `rtmp://127.0.0.1:${open}/live?vhost=a`);
    const client = await TestClient.overTunnel(t, gateway.ports[0] ?? 0, 'anything');
    await client.play('stream');
    await waitForClients(nginx, 'stream', 1);
    const output = nginx.program.output();
    assert.ok(output.includes(`tc_url='rtmp://127.0.0.1:${open}/live?vhost=a'`), output);
    assert.ok(output.includes(`app='live' args='vhost=a'`), output);
  });
});
