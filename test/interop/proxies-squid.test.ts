// A real squid between clients and the gateway, as a company's forward proxy, with what docs/proxies.md says of one: what
// ffmpeg publishes and plays through it arrives whole, by requests in absolute form and by CONNECT.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '../../bench/support/ports.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { playWithFfmpeg, playWithRtmpdump } from '../support/players.ts';
import { type Cleaner, sleep } from '../support/programs.ts';
import { FFMPEG_RTMPT_TAIL_FRAMES } from '../support/publishers.ts';
import { type Squid, startSquid } from '../support/squid.ts';
import {
  assertQuiet,
  assertScenePlays,
  CLIENT_ADDRESS,
  connectedLines,
  PROXY_ADDRESS,
  pageBlock,
} from './proxied-scene.ts';

const HEADING = 'Forward proxies, like squid';
const LOG_LIMIT_MS = 5000;
const LOG_STEP_MS = 25;
/** One who publishes and one who plays for four seconds make some sixty requests. */
const MANY_REQUESTS = 40;
/** Two are asked over at a time, and squid may make a new one before it has put away an old one. */
const FEW_CONNECTIONS = 4;
/** Nobody has to know this name: only the proxy would look it up. */
const UNKNOWN_HOST = 'culvert.invalid';

/** squid with its gateway, and the environment of programs that use it. */
type Front = {
  readonly gateway: GatewayProcess;
  readonly squid: Squid;
  readonly env: Readonly<Record<string, string>>;
};

/** Starts the gateway and squid, which asks it from an address of its own; `config` is more of squid's configuration. */
async function startFront(
  cleaner: Cleaner,
  options: { readonly config?: string; readonly gatewayEnv?: Readonly<Record<string, string>> } = {},
): Promise<Front> {
  const gateway = await startGateway(cleaner, { listen: ['any:127.0.0.1:0'], env: options.gatewayEnv ?? {} });
  const port = await freePort();
  const own = `http_port 127.0.0.1:${port}\ntcp_outgoing_address ${PROXY_ADDRESS}\n`;
  const squid = await startSquid(cleaner, port, `${own}${options.config ?? ''}`);
  return { gateway, squid, env: { http_proxy: `http://127.0.0.1:${port}` } };
}

/** What the page says an ffmpeg needs that is to go through CONNECT. */
function connectWords(): string[] {
  return pageBlock(HEADING, 'text').trim().split(' ');
}

/** An ffmpeg publishes and another one plays through squid, by RTMPT. */
async function assertPlaysByRtmpt(cleaner: Cleaner, { gateway, env }: Front): Promise<void> {
  const url = gateway.rtmptUrl('live/stream');
  await assertScenePlays(cleaner, {
    publishUrl: url,
    publisher: { env },
    received: { tailFrames: FFMPEG_RTMPT_TAIL_FRAMES },
    players: [() => playWithFfmpeg(cleaner, url, { env })],
  });
}

/** Addresses of one side of what squid did, each once. */
function sidesOf(squid: Squid, side: 'client' | 'toServer'): Set<string> {
  return new Set(squid.requests().map((request) => request[side]));
}

/** Waits until squid's log has so many CONNECTs, which have a line when they are over. */
async function waitForConnects(squid: Squid, count: number): Promise<void> {
  const connects = (): number => squid.requests().filter(({ method }) => method === 'CONNECT').length;
  for (let waitedMs = 0; connects() < count && waitedMs < LOG_LIMIT_MS; waitedMs += LOG_STEP_MS) {
    await sleep(LOG_STEP_MS);
  }
  assert.equal(connects(), count, squid.program.describe());
}

describe('The gateway behind squid [tunnel point 14]', { concurrency: false }, () => {
  it('takes and gives every frame by RTMPT, over a connection for each request, and takes clients for squid', async (t) => {
    const front = await startFront(t);
    await assertPlaysByRtmpt(t, front);
    const { gateway, squid } = front;
    for (const line of await connectedLines(gateway, 2)) {
      assert.equal(line['transport'], 'rtmpt');
      assert.equal(line['remoteAddress'], PROXY_ADDRESS);
      assert.equal(line['proxyAddress'], undefined);
    }
    const requests = squid.requests();
    assert.ok(requests.length > MANY_REQUESTS, `${requests.length} requests went through squid`);
    for (const { method, url, statusCode } of requests) {
      assert.equal(method, 'POST');
      assert.ok(url.startsWith(`http://127.0.0.1:${gateway.ports[0]}/`), url);
      assert.equal(statusCode, 200);
    }
    assert.equal(sidesOf(squid, 'client').size, 2, 'each ffmpeg has one connection to squid');
    // A few may have got a port that an earlier one had.
    const toServer = sidesOf(squid, 'toServer').size;
    assert.ok(
      toServer > requests.length * 0.9,
      `${toServer} connections to the gateway, not one for each request`,
    );
    assertQuiet(gateway);
  });

  it('knows its clients where squid is trusted and says whom it speaks for', async (t) => {
    const front = await startFront(t, {
      config: 'forwarded_for on\n',
      gatewayEnv: { CULVERT_TRUSTED_PROXIES_HTTP_PROXIES: PROXY_ADDRESS },
    });
    await assertPlaysByRtmpt(t, front);
    for (const line of await connectedLines(front.gateway, 2)) {
      const { remoteAddress, remotePort, proxyAddress } = line;
      assert.deepEqual([remoteAddress, remotePort, proxyAddress], [CLIENT_ADDRESS, 0, PROXY_ADDRESS]);
    }
    assertQuiet(front.gateway);
  });

  it('keeps one connection for each client with the settings of the page', async (t) => {
    const front = await startFront(t, { config: pageBlock(HEADING, 'squid') });
    await assertPlaysByRtmpt(t, front);
    const { gateway, squid } = front;
    assert.ok(squid.requests().length > MANY_REQUESTS);
    assert.equal(sidesOf(squid, 'client').size, 2);
    assert.ok(sidesOf(squid, 'toServer').size <= FEW_CONNECTIONS);
    assertQuiet(gateway);
  });

  it('takes and gives every frame by RTMPTS, through CONNECT', async (t) => {
    const { gateway, squid, env } = await startFront(t);
    const url = gateway.url('rtmpts', 'live/stream');
    const urlWords = connectWords();
    await assertScenePlays(t, {
      publishUrl: url,
      publisher: { env, urlWords },
      received: { tailFrames: FFMPEG_RTMPT_TAIL_FRAMES },
      players: [() => playWithFfmpeg(t, url, { env, urlWords })],
    });
    for (const line of await connectedLines(gateway, 2)) {
      assert.equal(line['transport'], 'rtmpts');
      assert.equal(line['remoteAddress'], PROXY_ADDRESS);
    }
    await waitForConnects(squid, 2);
    assertQuiet(gateway);
  });

  it('gives every frame by RTMPS, through CONNECT', async (t) => {
    const { gateway, squid, env } = await startFront(t);
    const url = gateway.url('rtmps', 'live/stream');
    await assertScenePlays(t, {
      publishUrl: gateway.rtmpUrl('live/stream'),
      players: [() => playWithFfmpeg(t, url, { env })],
    });
    const [, player] = await connectedLines(gateway, 2);
    assert.equal(player?.['transport'], 'rtmps');
    assert.equal(player?.['remoteAddress'], PROXY_ADDRESS);
    await waitForConnects(squid, 1);
    assertQuiet(gateway);
  });
});

describe('The gateway with a squid of its own in front', () => {
  it('takes and gives every frame by RTMPT, to programs that know of no proxy, and knows them', async (t) => {
    const gateway = await startGateway(t, { env: { CULVERT_TRUSTED_PROXIES_HTTP_PROXIES: PROXY_ADDRESS } });
    const port = await freePort();
    await startSquid(
      t,
      port,
      `http_port 127.0.0.1:${port} accel defaultsite=127.0.0.1
cache_peer 127.0.0.1 parent ${gateway.ports[0]} 0 no-query no-digest originserver
tcp_outgoing_address ${PROXY_ADDRESS}
`,
    );
    const url = `rtmpt://127.0.0.1:${port}/live/stream`;
    await assertScenePlays(t, {
      publishUrl: url,
      received: { tailFrames: FFMPEG_RTMPT_TAIL_FRAMES },
      players: [() => playWithFfmpeg(t, url), () => playWithRtmpdump(t, url, { live: true })],
    });
    for (const { remoteAddress, proxyAddress } of await connectedLines(gateway, 3)) {
      assert.deepEqual([remoteAddress, proxyAddress], [CLIENT_ADDRESS, PROXY_ADDRESS]);
    }
    // WHY no more: rtmpdump goes before its last request is answered, and squid then breaks it off, which has a line.
    assert.deepEqual(gateway.alarms(), []);
  });
});

describe('The gateway that ffmpeg takes for its proxy', () => {
  it('takes and gives every frame by requests in absolute form', async (t) => {
    const gateway = await startGateway(t);
    const env = { http_proxy: `http://127.0.0.1:${gateway.ports[0]}` };
    const url = `rtmpt://${UNKNOWN_HOST}/live/stream`;
    await assertScenePlays(t, {
      publishUrl: url,
      publisher: { env },
      received: { tailFrames: FFMPEG_RTMPT_TAIL_FRAMES },
      players: [() => playWithFfmpeg(t, url, { env })],
    });
    for (const line of await connectedLines(gateway, 2)) assert.equal(line['transport'], 'rtmpt');
    assertQuiet(gateway);
  });
});
