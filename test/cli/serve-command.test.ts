// The command line as a service manager sees it: what is printed, and which exit code comes back.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { startGateway } from '../support/gateway-process.ts';
import { sleep } from '../support/programs.ts';
import { TestClient } from '../support/test-client.ts';

const NODE = join(import.meta.dirname, '..', '..', 'node_modules', '.bin', 'node');
const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const LIMIT_MS = 20_000;

const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('CULVERT_')),
);

function culvert(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(NODE, [MAIN, ...words], {
    encoding: 'utf8',
    timeout: LIMIT_MS,
    env: environment,
  });
  return { exitCode: status, stdout, stderr };
}

/** `serve` on a TLS listener, with these settings. */
function culvertWith(env: Record<string, string>) {
  const words = [MAIN, 'serve', '--listen', 'tls:127.0.0.1:0'];
  const { status, stdout } = spawnSync(NODE, words, {
    encoding: 'utf8',
    timeout: LIMIT_MS,
    env: { ...environment, ...env },
  });
  return { exitCode: status, stdout };
}

describe('culvert', () => {
  it('says what commands there are when it is asked for help', () => {
    const { exitCode, stdout } = culvert('--help');
    assert.equal(exitCode, 0);
    assert.match(stdout, /serve {2,}/);
    assert.match(stdout, /config {2,}/);
    assert.match(stdout, /cert {2,}/);
  });

  it('says its version', () => {
    const { exitCode, stdout } = culvert('--version');
    assert.equal(exitCode, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
  });

  it('refuses an unknown command, and no command, with exit code 2', () => {
    const unknown = culvert('sevre');
    assert.equal(unknown.exitCode, 2);
    assert.match(unknown.stderr, /expected a command \(serve, config, cert\), found "sevre"/);
    assert.equal(culvert().exitCode, 2);
  });
});

describe('culvert serve', () => {
  it('lists its flags when it is asked for help, and starts nothing', () => {
    const { exitCode, stdout } = culvert('serve', '--help');
    assert.equal(exitCode, 0);
    assert.match(stdout, /--listen/);
    assert.match(stdout, /--log-level/);
  });

  it('refuses an unknown flag in one line that names the nearest, with exit code 2', () => {
    const { exitCode, stderr, stdout } = culvert('serve', '--lisen', '127.0.0.1:0');
    assert.equal(exitCode, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /--lisen.*--listen/);
    assert.equal(stderr.trimEnd().split('\n').length, 1);
  });

  it('refuses a listener that is none with exit code 2', () => {
    const { exitCode, stderr } = culvert('serve', '--listen', '127.0.0.1:99999');
    assert.equal(exitCode, 2);
    assert.match(stderr, /--listen: .*expected HOST:PORT.*127\.0\.0\.1:99999/);
  });

  it('names file, line and key of a wrong setting, with exit code 2', () => {
    const folder = mkdtempSync(join(tmpdir(), 'culvert-cli-'));
    after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'culvert.yaml');
    writeFileSync(file, 'tunnel:\n  idelHold: 500ms\n');
    const { exitCode, stderr } = culvert('serve', '--config', file);
    assert.equal(exitCode, 2);
    assert.match(
      stderr,
      /culvert\.yaml:2: tunnel\.idelHold: unknown key \(did you mean tunnel\.idleHold\?\)/,
    );
  });

  it('ends with exit code 1 and one clear line where its port is in use', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    after(() => holder.close());
    const address = holder.address();
    assert.ok(address !== null && typeof address === 'object');
    const child = spawn(NODE, [MAIN, 'serve', '--listen', `127.0.0.1:${address.port}`], { env: environment });
    after(() => child.kill('SIGKILL'));
    let output = '';
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString();
    });
    const exitCode = await new Promise((resolve) => child.once('close', resolve));
    assert.equal(exitCode, 1);
    const lines = output.trimEnd().split('\n');
    assert.equal(lines.length, 1, output);
    assert.match(output, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${address.port}: the port is in use`));
    assert.doesNotMatch(output, /\bat .*\.ts:/, 'a stack');
  });

  it('ends with exit code 2 where a certificate cannot be used, and says which and what to do', () => {
    const { exitCode, stdout } = culvertWith({ CULVERT_TLS_CERTIFICATE: '/no/such/file.pem' });
    assert.equal(exitCode, 2);
    assert.match(stdout, /tls\.certificate: \/no\/such\/file\.pem: expected .*, found .* \(.*\)/);
  });

  it('says in one line that it is ready, with the addresses it got and URLs to publish and play', async (t) => {
    const gateway = await startGateway(t, { listeners: 2 });
    const line = await gateway.waitForLine(({ msg }) => msg === 'ready', LIMIT_MS);
    const addresses = gateway.ports.map((port) => `127.0.0.1:${port}`);
    assert.deepEqual(line['addresses'], addresses);
    const urls = addresses.flatMap((address) => [
      `rtmp://${address}/live/stream`,
      `rtmpt://${address}/live/stream`,
    ]);
    assert.deepEqual(line['publish'], urls);
    assert.deepEqual(line['play'], urls);
    assert.deepEqual(
      line['webSocket'],
      addresses.map((address) => `ws://${address}/rtmp`),
    );
    assert.equal(await gateway.stop(), 0);
  });

  it('drains on a Ctrl-C that comes twice, as it does under npm, and ends at once on one that comes later', async (t) => {
    const patient = await startGateway(t);
    await TestClient.overTcp(t, patient.ports[0] ?? 0, 'live');
    process.kill(patient.pid, 'SIGINT');
    await patient.waitForLine(({ msg }) => msg === 'stopping', LIMIT_MS);
    process.kill(patient.pid, 'SIGINT');
    await patient.waitForLine(({ msg }) => msg === 'stopped', LIMIT_MS);
    assert.equal(await patient.stop(), 0);

    const hurried = await startGateway(t);
    // A tunnel that nobody polls is waited for: five seconds.
    await fetch(`http://127.0.0.1:${hurried.ports[0]}/open/1`, { method: 'POST', body: '\0' });
    process.kill(hurried.pid, 'SIGTERM');
    await hurried.waitForLine(({ msg }) => msg === 'stopping', LIMIT_MS);
    await sleep(1200);
    process.kill(hurried.pid, 'SIGTERM');
    assert.equal(await hurried.stop(), 1);
    assert.ok(!hurried.lines.some(({ msg }) => msg === 'stopped'));
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`stops on ${signal} with exit code 0, saying so`, async (t) => {
      const gateway = await startGateway(t);
      process.kill(gateway.pid, signal);
      await gateway.waitForLine(({ msg }) => msg === 'stopped', LIMIT_MS);
      assert.equal(await gateway.stop(), 0);
      assert.deepEqual(gateway.alarms(), []);
    });
  }

  it('takes settings from the environment, and flags over them', async (t) => {
    const env = { CULVERT_LOG_LEVEL: 'error', CULVERT_TUNNEL_IDENT: 'here' };
    const gateway = await startGateway(t, { env, args: ['--log-level', 'info'] });
    const reply = await fetch(`http://127.0.0.1:${gateway.ports[0]}/fcs/ident2`, { method: 'POST' });
    assert.equal(await reply.text(), 'here');
  });
});
