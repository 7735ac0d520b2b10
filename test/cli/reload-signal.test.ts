// SIGHUP while the gateway starts, as a service manager may send it: it does not end the process.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it, type TestContext } from 'node:test';
import { ROOT_FOLDER } from '../support/gateway-process.ts';
import { boundToThisProcess, newFilePath, sleep } from '../support/programs.ts';

const NODE = join(ROOT_FOLDER, 'node_modules', '.bin', 'node');
const LIMIT_MS = 20_000;
const LOOK_MS = 2;

/** Bit of SIGHUP, the first signal, in the masks of the kernel. */
const SIGHUP_BIT = 1n;

/** True where the process has a handler of its own for SIGHUP, which ends it otherwise. */
function catchesSighup(pid: number): boolean {
  const [, mask = '0'] = /^SigCgt:\s*([\da-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (BigInt(`0x${mask}`) & SIGHUP_BIT) !== 0n;
}

/**
 * Starts a gateway that waits for its configuration, and is not ready before somebody writes it. Gives the messages of its
 * log, which grow.
 */
function spawnGateway(t: TestContext) {
  const configPath = newFilePath('culvert.yaml');
  assert.equal(spawnSync('mkfifo', [configPath]).status, 0);
  const words = ['src/main.ts', 'serve', '--listen', '127.0.0.1:0', '--config', configPath];
  const [command, args] = boundToThisProcess(NODE, words);
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith('CULVERT_'));
  const child = spawn(command, args, {
    cwd: ROOT_FOLDER,
    env: Object.fromEntries(env),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => {
    child.kill('SIGKILL');
    // WHY: who writes to a pipe that nobody reads would wait for ever.
    closeSync(openSync(configPath, 'r+'));
  });
  const messages: string[] = [];
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line: { msg: string } = JSON.parse(text);
    messages.push(line.msg);
  });
  return { child, pid: child.pid ?? assert.fail(), configPath, messages };
}

describe('SIGHUP to a gateway that starts', () => {
  it('does not end it, however often it comes: it becomes ready, and stops in order', {
    timeout: LIMIT_MS,
  }, async (t) => {
    const { child, pid, configPath, messages } = spawnGateway(t);
    while (!catchesSighup(pid)) await sleep(LOOK_MS);
    for (let times = 0; times < 20; times++) {
      process.kill(pid, 'SIGHUP');
      await sleep(LOOK_MS);
      assert.deepEqual([child.exitCode, child.signalCode], [null, null]);
    }
    await writeFile(configPath, 'logLevel: info\n');
    while (!messages.includes('ready')) {
      assert.deepEqual([child.exitCode, child.signalCode], [null, null]);
      await sleep(LOOK_MS);
    }
    // The pipe that it read its configuration from would never end a second time.
    child.kill('SIGHUP');
    while (!messages.includes('reading the certificates again')) await sleep(LOOK_MS);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'close'), [0, null]);
  });
});
