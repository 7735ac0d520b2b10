// A gateway behind a gateway, reached by RTMPTS through squid's CONNECT, with a certificate that is verified: what is
// published at the first is played there a minute long without a gap, by FFmpeg, and to the byte by an emulated client.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../../bench/support/ports.ts';
import { makeCertificate } from '../support/certificates.ts';
import { startCountingProxy } from '../support/counting-proxy.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { mediaFile } from '../support/media.ts';
import { type Cleaner, newFilePath, Scope } from '../support/programs.ts';
import { type Squid, startSquid } from '../support/squid.ts';
import { TestClient } from '../support/test-client.ts';
import { frontBlock, HEADINGS, startAt, startFront } from './front-scene.ts';
import {
  assertEmulatedMinute,
  assertProgramMinute,
  type EmulatedMinute,
  MINUTE_LIFE_MS,
  type ProgramMinute,
  runEmulated,
  runPrograms,
  SOURCE_S,
} from './minute-scene.ts';

const LOG_LIMIT_MS = 5000;
/** Each client has two connections of a tunnel behind the proxy, at the most. */
const CLIENTS = 4;
const TUNNEL_CONNECTIONS = 2;
const CLIENT_ADDRESS = '127.0.0.5';

/** What the first gateway reaches the second one by. */
type Way = {
  readonly back: GatewayProcess;
  readonly squid: Squid;
  readonly squidPort: number;
  readonly certificatePath: string;
};

/** Starts the second gateway with a certificate of its own, and squid on the way there. */
async function startWay(cleaner: Cleaner, limitMs?: number): Promise<Way> {
  const certificatePath = await certificateFile();
  const back = await startGateway(cleaner, {
    listen: ['tls:127.0.0.1:0'],
    env: { CULVERT_TLS_CERTIFICATE: certificatePath },
  });
  const squidPort = await freePort();
  const squid = await startSquid(cleaner, squidPort, `http_port 127.0.0.1:${squidPort}\n`, limitMs);
  return { back, squid, squidPort, certificatePath };
}

/** The page's file, which trusts those that the certificates in `caPath` belong to. */
function chainYaml({ back, squidPort }: Way, caPath: string): string {
  return frontBlock(HEADINGS.chain, 'yaml', {
    'live.example.com': `127.0.0.1:${back.ports[0]}`,
    '10.0.0.8:3128': `127.0.0.1:${squidPort}`,
    '/etc/culvert/headquarters.pem': caPath,
  });
}

/** A new certificate for the loopback, and its key, in one file. */
async function certificateFile(): Promise<string> {
  const { cert, key } = await makeCertificate('localhost');
  const path = newFilePath('certificate.pem');
  writeFileSync(path, `${cert}\n${key}`);
  return path;
}

describe('A gateway behind a gateway, by RTMPTS through squid', () => {
  const scope = new Scope();
  let way: Way;
  let front: GatewayProcess;
  let sourcePath = '';
  let programs: PromiseSettledResult<ProgramMinute>;
  let emulated: PromiseSettledResult<EmulatedMinute>;

  before(async () => {
    way = await startWay(scope, MINUTE_LIFE_MS);
    front = await startFront(scope, chainYaml(way, way.certificatePath));
    sourcePath = await mediaFile(scope, 'h264-aac', SOURCE_S);
    const counted = await startCountingProxy(scope, front.ports[0] ?? 0);
    const proxy = { front: counted, back: counted, isForward: false };
    // WHY: settled, so that the failure of one fails its own test only.
    [programs, emulated] = await Promise.allSettled([
      runPrograms(scope, proxy, sourcePath, 'programs'),
      runEmulated(scope, proxy, 'emulated'),
    ]);
  });
  after(() => scope.close());

  it('takes and gives every frame of FFmpeg for a minute, without a gap', async () => {
    if (programs.status === 'rejected') throw programs.reason;
    await assertProgramMinute(way.back, programs.value, sourcePath, 'programs');
  });

  it('takes and gives numbered media for a minute, to the byte', () => {
    if (emulated.status === 'rejected') throw emulated.reason;
    assertEmulatedMinute(emulated.value);
  });

  it('goes by CONNECT alone, and leaves nothing above info at either end', () => {
    const requests = way.squid.requests();
    assert.ok(requests.length >= CLIENTS, `${requests.length} CONNECTs`);
    assert.ok(requests.length <= CLIENTS * TUNNEL_CONNECTIONS, `${requests.length} CONNECTs`);
    for (const { method, statusCode } of requests) assert.deepEqual([method, statusCode], ['CONNECT', 200]);
    assert.deepEqual(front.alarms(), []);
    assert.deepEqual(way.back.alarms(), []);
  });
});

describe('A gateway whose upstream has a certificate that nobody it knows has signed', () => {
  it('refuses its clients, and says in the log what it found and what to set', async (t) => {
    const way = await startWay(t);
    const front = await startFront(t, chainYaml(way, await certificateFile()));
    const client = await TestClient.overTcp(t, front.ports[0] ?? 0, 'live');
    const rejected = await client.waitFor(({ type }) => type === 'connect-rejected');
    assert.ok(rejected.type === 'connect-rejected');
    assert.equal(rejected.status.code, 'NetConnection.Connect.Rejected');
    assert.doesNotMatch(rejected.status.description, /certificate|headquarters|127\.0\.0\.1/);
    const line = await front.waitForLine(({ msg }) => msg === 'session ended', LOG_LIMIT_MS);
    assert.equal(line['reason'], 'upstream-unavailable');
    const detail = String(line['detail']);
    assert.match(detail, /^headquarters: expected rtmpts:\/\/127\.0\.0\.1:\d+ /);
    assert.match(detail, /certificate/);
    assert.match(detail, /tls\.ca/);
    assert.match(detail, /tls\.fingerprint/);
    assert.deepEqual(
      way.back.lines.filter(({ msg }) => msg === 'session connected'),
      [],
    );
  });
});

describe('A gateway behind a gateway, by RTMPS', () => {
  it('knows every client by its own address, where the first one is trusted', async (t) => {
    const certificatePath = await certificateFile();
    const trusted = frontBlock(HEADINGS.chain, 'yaml', { '10.0.0.2': '127.0.0.1' }, 2);
    const backPath = newFilePath('back.yaml');
    writeFileSync(backPath, trusted);
    const back = await startGateway(t, {
      listen: ['tls:127.0.0.1:0'],
      args: ['--config', backPath],
      env: { CULVERT_TLS_CERTIFICATE: certificatePath },
    });
    // On the loopback nobody public signed anything: tls.ca beside the URL.
    const url = `rtmps://127.0.0.1:${back.ports[0]}\n    tls:\n      ca: ${certificatePath}`;
    const front = await startFront(
      t,
      frontBlock(HEADINGS.chain, 'yaml', { 'rtmps://live.example.com': url }, 1),
    );
    const port = await startAt(t, CLIENT_ADDRESS, front.ports[0] ?? 0);
    for (const client of [
      await TestClient.overTcp(t, port, 'live'),
      await TestClient.overTunnel(t, port, 'live'),
    ]) {
      await client.waitFor(({ type }) => type === 'connected');
    }
    const connected = back.lines.filter(({ msg }) => msg === 'session connected');
    assert.equal(connected.length, 2);
    for (const line of connected) {
      const { transport, remoteAddress, proxyAddress } = line;
      assert.deepEqual([transport, remoteAddress, proxyAddress], ['rtmps', CLIENT_ADDRESS, '127.0.0.1']);
    }
    assert.deepEqual(front.alarms(), []);
    assert.deepEqual(back.alarms(), []);
  });
});
