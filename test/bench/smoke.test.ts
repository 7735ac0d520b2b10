// The bench still runs: a gateway, its load program, and every message checked, in processes of their own.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { ROOT_FOLDER } from '../support/gateway-process.ts';

const RUN_LIMIT_MS = 120_000;

describe('the bench', () => {
  it('plays over RTMP and RTMPT in a smoke run without losing or changing a message', () => {
    const run = spawnSync(process.execPath, ['bench/run.ts', 'play', '--smoke', '--json', '-'], {
      cwd: ROOT_FOLDER,
      encoding: 'utf8',
      timeout: RUN_LIMIT_MS,
      killSignal: 'SIGTERM',
    });
    const outcome = JSON.parse(run.stdout === '' ? 'null' : run.stdout);
    assert.equal(outcome?.isRight, true, run.stderr);
    const [{ load }] = outcome.result.measurements;
    assert.deepEqual(load.faults, {});
    for (const transport of [load.rtmp, load.rtmpt]) {
      assert.equal(transport.viewers, 4);
      assert.ok(transport.frames >= 4 * 2 * 60, `${transport.frames} frames`);
    }
  });

  it('does every piece of work of the codec right in a smoke run, without a package of the bench', () => {
    const run = spawnSync(process.execPath, ['bench/run.ts', 'core', '--smoke', '--json', '-'], {
      cwd: ROOT_FOLDER,
      encoding: 'utf8',
      timeout: RUN_LIMIT_MS,
      killSignal: 'SIGTERM',
    });
    const outcome = JSON.parse(run.stdout === '' ? 'null' : run.stdout);
    assert.equal(outcome?.isRight, true, run.stderr);
    assert.deepEqual(outcome.result.faults, []);
    assert.equal(outcome.result.works.length, 16);
  });

  it('says what it expects of a wrong command line', () => {
    const run = spawnSync(process.execPath, ['bench/run.ts', 'play', '--peer', 'apache'], {
      cwd: ROOT_FOLDER,
      encoding: 'utf8',
      timeout: RUN_LIMIT_MS,
    });
    assert.equal(run.status, 2);
    assert.match(run.stderr, /expected --peer none\|nginx, got apache/);
  });
});
