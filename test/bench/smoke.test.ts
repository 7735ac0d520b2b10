// The bench still runs: servers, the load program, and every message checked, in processes of their own. No test asserts
// a time.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ROOT_FOLDER } from '../support/gateway-process.ts';

const RUN_LIMIT_MS = 120_000;

/** What a run came to: its exit code, and the JSON that it wrote. */
function bench(...words: readonly string[]) {
  const run = spawnSync(process.execPath, ['bench/run.ts', ...words, '--json', '-'], {
    cwd: ROOT_FOLDER,
    encoding: 'utf8',
    timeout: RUN_LIMIT_MS,
    killSignal: 'SIGTERM',
  });
  const outcome = JSON.parse(run.stdout === '' ? 'null' : run.stdout);
  return { status: run.status, outcome, said: run.stderr };
}

/** Runs a case's smoke run, in which nothing may be wrong. */
function smoke(name: string) {
  const { outcome, said } = bench(name, '--smoke');
  assert.equal(outcome?.isRight, true, said);
  return outcome.result;
}

describe('the bench', () => {
  it('plays over RTMP and RTMPT in a smoke run without losing or changing a message', () => {
    const [{ load }] = smoke('play').measurements;
    assert.deepEqual(load.faults, {});
    for (const transport of [load.rtmp, load.rtmpt]) {
      assert.equal(transport.viewers, 4);
      assert.ok(transport.frames >= 4 * 60, `${transport.frames} frames`);
    }
  });

  it('plays through tunnels that poll, and that are held, beside a bare Fastify route', () => {
    const { measurements } = smoke('tunnel');
    assert.deepEqual(
      measurements.map(({ server }: { server: string }) => server),
      ['culvert', 'bare Fastify', 'culvert', 'bare Fastify'],
    );
    for (const { server, load } of measurements) {
      assert.ok((server === 'culvert' ? load.rtmpt : load.bare).requests > 0, server);
    }
  });

  it('takes publishers over RTMP and RTMPT, and finds what they sent at viewers', () => {
    const [rtmp, reader, rtmpt] = smoke('fanin').measurements;
    assert.deepEqual([rtmp.load.publishers, reader.load.bare.clients, rtmpt.load.publishers], [6, 6, 4]);
    for (const { load } of [rtmp, rtmpt]) {
      assert.equal(load.rtmp.viewers, 4);
      assert.ok(load.rtmp.frames >= 4 * 60, `${load.rtmp.frames} frames`);
    }
  });

  it('runs the four floors, none of whose clients starves', () => {
    const { measurements } = smoke('floor');
    const servers = measurements.map(({ server }: { server: string }) => server);
    assert.deepEqual([...new Set(servers)], ['bare write', 'bare Fastify', 'bare pipe', 'bare reader']);
    for (const { server, load } of measurements) {
      assert.equal(load.bare.bytes > 0, server !== 'bare reader', server);
    }
  });

  it('joins over RTMP and RTMPT', () => {
    const [rtmp, rtmpt] = smoke('join').measurements;
    assert.deepEqual([rtmp.load.rtmp.joins, rtmpt.load.rtmpt.joins], [10, 10]);
  });

  it('weighs idle and playing viewers, and goes on while they come and go', () => {
    const { outcome, said } = bench('memory', '--smoke', '--churn-seconds', '2');
    assert.equal(outcome?.isRight, true, said);
    const { measurements } = outcome.result;
    assert.equal(measurements.length, 6);
    for (const { group, samples } of measurements) assert.ok(samples[0].resident > 0, group);
    const [rtmp, rtmpt] = measurements.slice(4);
    assert.ok(rtmp.load.rtmp.joins > 20, `${rtmp.load.rtmp.joins} joins`);
    assert.ok(rtmpt.load.rtmpt.joins > 20, `${rtmpt.load.rtmpt.joins} joins`);
  });

  it('does every piece of work of the codec right in a smoke run, without a package of the bench', () => {
    const { faults, works } = smoke('core');
    assert.deepEqual(faults, []);
    assert.equal(works.length, 16);
  });

  it('writes a page of what several cases have come to', () => {
    const folder = mkdtempSync(join(tmpdir(), 'culvert-bench-results-'));
    try {
      const path = join(folder, 'RESULTS.md');
      const { outcome, said } = bench('all', '--smoke', '--only', 'core,join', '--results', path);
      assert.equal(outcome?.isRight, true, said);
      const page = readFileSync(path, 'utf8');
      for (const text of [
        '- Machine: ',
        '- Servers: culvert 0.1.0',
        'npm run bench -- join --smoke',
        '## core',
      ]) {
        assert.ok(page.includes(text), `${text} in ${page}`);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('says what it expects of a wrong command line', () => {
    const { status, said } = bench('play', '--peer', 'apache');
    assert.equal(status, 2);
    assert.match(said, /expected --peer none\|nginx\|node-media-server\|all, got apache/);
  });
});
