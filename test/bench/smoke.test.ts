// The bench still runs: servers, the load program, and every message checked, in processes of their own. No test asserts
// a time.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { describe, it } from 'node:test';
import { SCHEMES } from '../../bench/load/scheme.ts';
import { ROOT_FOLDER } from '../support/gateway-process.ts';

const RUN_LIMIT_MS = 120_000;
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;
/** What clients and servers of this Node agree on where nobody says otherwise. */
const CIPHER = 'TLSv1.3 TLS_AES_256_GCM_SHA384';

/** Runs the bench to its end. */
function run(
  words: readonly string[],
): Promise<{ readonly status: unknown; readonly output: string; readonly said: string }> {
  const limits = { timeout: RUN_LIMIT_MS, killSignal: 'SIGTERM', maxBuffer: MAX_OUTPUT_BYTES } as const;
  return new Promise((resolve) => {
    const args = ['bench/run.ts', ...words];
    execFile(process.execPath, args, { cwd: ROOT_FOLDER, ...limits }, (error, output, said) => {
      resolve({ status: error === null ? 0 : error.code, output, said });
    });
  });
}

/** What a run came to: its exit code, and the JSON that it wrote. */
async function bench(...words: readonly string[]) {
  const { status, output, said } = await run([...words, '--json', '-']);
  const outcome = JSON.parse(output === '' ? 'null' : output);
  return { status, outcome, said };
}

/** Runs a case's smoke run, in which nothing may be wrong. */
async function smoke(...words: readonly string[]) {
  const { outcome, said } = await bench(...words, '--smoke');
  assert.equal(outcome?.isRight, true, said);
  return { ...outcome.result, said };
}

/** A folder that goes when the test is over. */
function temporaryFolder(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'culvert-bench-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

// Most of a smoke run is waiting: two at a time do not disturb each other.
describe('the bench', { concurrency: 2 }, () => {
  it('plays over all transports without losing or changing a message, and profiles that', async (test) => {
    const { measurements, said } = await smoke('play', '--profile', temporaryFolder(test));
    assert.match(said, /by itself, of \d+ ms not idle/);
    const [{ load }] = measurements;
    assert.deepEqual(load.faults, {});
    for (const scheme of SCHEMES) {
      const { viewers, frames } = load[scheme];
      assert.equal(viewers, 4, scheme);
      assert.ok(frames >= 4 * 60, `${frames} frames over ${scheme}`);
    }
    assert.deepEqual(load.ciphers, [CIPHER]);
  });

  it('plays through tunnels that poll, and that are held, beside a bare Fastify route', async () => {
    const { measurements } = await smoke('tunnel');
    assert.deepEqual(
      measurements.map(({ server }: { server: string }) => server),
      ['culvert', 'bare Fastify', 'culvert', 'bare Fastify'],
    );
    for (const { server, load } of measurements) {
      assert.ok((server === 'culvert' ? load.rtmpt : load.bare).requests > 0, server);
    }
  });

  it('takes publishers over RTMP and RTMPT, and finds what they sent at viewers', async () => {
    const [rtmp, reader, rtmpt] = (await smoke('fanin')).measurements;
    assert.deepEqual([rtmp.load.publishers, reader.load.bare.clients, rtmpt.load.publishers], [6, 6, 4]);
    for (const { load } of [rtmp, rtmpt]) {
      assert.equal(load.rtmp.viewers, 4);
      assert.ok(load.rtmp.frames >= 4 * 60, `${load.rtmp.frames} frames`);
    }
  });

  it('runs the floors, none of whose clients starves, and speaks TLS with them as with the gateway', async () => {
    const { measurements } = await smoke('floor');
    const servers = measurements.map(({ server }: { server: string }) => server);
    const written = ['bare write', 'bare TLS write', 'bare ws', 'bare wss'];
    const others = ['bare Fastify', 'bare TLS Fastify', 'bare pipe', 'bare reader'];
    assert.deepEqual([...new Set(servers)], [...written, ...others]);
    for (const { server, load } of measurements) {
      assert.equal(load.bare.bytes > 0, server !== 'bare reader', server);
      assert.deepEqual(load.ciphers, /TLS|wss/.test(server) ? [CIPHER] : [], server);
    }
  });

  it('plays what nginx has, spliced, merged, through tunnels, relayed, piped, and from itself', async () => {
    const { measurements, said } = await smoke('front');
    assert.match(said, /^medians, CPU-ms\/viewer-s +in front +nginx +together/m);
    assert.doesNotMatch(said, /left out/);
    assert.deepEqual(
      measurements.map(({ server, group }: { server: string; group: string }) => `${server}, ${group}`),
      [
        'culvert, 4 rtmp',
        'bare pipe, 4 rtmp',
        'nginx, 4 rtmp',
        'culvert, 4 rtmp, merged 20 ms',
        'culvert, 4 rtmpt',
        'nginx, 4 rtmpt',
        'culvert, 4 rtmp, relayed',
        'culvert, 4 rtmpt, relayed',
      ],
    );
    for (const { server, group, load, behind } of measurements) {
      const { frames } = load[server !== 'nginx' && group.startsWith('4 rtmpt') ? 'rtmpt' : 'rtmp'];
      assert.ok(frames >= 4 * 60, `${frames} frames, ${server}, ${group}`);
      assert.ok(behind.cpuShare >= 0, `${server}, ${group}`);
    }
  });

  it('joins over RTMP and RTMPT', async () => {
    const [rtmp, rtmpt] = (await smoke('join')).measurements;
    assert.deepEqual([rtmp.load.rtmp.joins, rtmpt.load.rtmpt.joins], [10, 10]);
  });

  it('weighs idle and playing viewers, and goes on while they come and go', async () => {
    const { outcome, said } = await bench('memory', '--smoke', '--churn-seconds', '2');
    assert.equal(outcome?.isRight, true, said);
    const { measurements } = outcome.result;
    assert.equal(measurements.length, 7);
    for (const { group, samples } of measurements) assert.ok(samples[0].resident > 0, group);
    const { rtmp, rtmpt } = measurements.at(-1).load;
    assert.ok(rtmp.joins > 10, `${rtmp.joins} joins`);
    assert.ok(rtmpt.joins > 10, `${rtmpt.joins} joins`);
  });

  it('measures from a publisher in the tunnel to viewers in the tunnel, and FFmpeg at both ends', async () => {
    const { measurements, figures } = await smoke('tunnel-latency');
    const [{ load }] = measurements;
    assert.deepEqual([load.rtmpt.viewers, load.rtmp.viewers], [2, 0]);
    assert.ok(load.rtmpt.frames >= 2 * 60, `${load.rtmpt.frames} frames`);
    const [, ...pairs] = figures;
    assert.deepEqual(
      pairs.map(({ publishOver }: { publishOver: string }) => publishOver),
      ['rtmp', 'rtmpt', 'rtmpt'],
    );
    for (const { frames, latencyP50Ms } of pairs) {
      assert.ok(frames > 10, `${frames} frames`);
      assert.ok(latencyP50Ms > 0);
    }
  });

  it('sends hostile requests beside viewers who miss nothing, and weighs the gateway', async () => {
    const [{ hostile, load, during }] = (await smoke('hostile')).measurements;
    assert.ok(hostile.requests >= 5000);
    assert.equal(during.length, 5);
    assert.ok(load.rtmp.frames > 0 && load.rtmpt.frames > 0);
  });

  it('does every piece of work of the codec right in a smoke run, without a package of the bench', async () => {
    const { faults, figures } = await smoke('core');
    assert.deepEqual(faults, []);
    assert.equal(figures.length, 16);
  });

  it('writes a page of what it measured, with what was written by hand', async (test) => {
    const folder = temporaryFolder(test);
    const path = join(folder, 'RESULTS.md');
    mkdirSync(join(folder, 'notes'));
    writeFileSync(join(folder, 'notes', 'join.md'), 'Joins wait for a keyframe.\n');
    await smoke('all', '--only', 'core,join', '--results', path);
    assert.ok(existsSync(join(folder, 'results', 'core.json')));
    const page = readFileSync(path, 'utf8');
    for (const text of ['- Machine: ', 'culvert 0.1.0', 'bench -- join --smoke', 'Joins wait', '## core']) {
      assert.ok(page.includes(text), `${text} in ${page}`);
    }
  });

  it('puts no smoke run onto a page of what was measured', async (test) => {
    const folder = temporaryFolder(test);
    const path = join(folder, 'RESULTS.md');
    const kept = JSON.stringify({ name: 'join', command: 'npm run bench -- join' });
    mkdirSync(join(folder, 'results'));
    writeFileSync(join(folder, 'results', 'join.json'), kept);
    const { status, said } = await bench('all', '--smoke', '--results', path);
    assert.equal(status, 2);
    assert.match(said, /^expected --smoke with a page of its own, got one with figures: /);
    assert.equal(readFileSync(join(folder, 'results', 'join.json'), 'utf8'), kept);
  });

  it('tells how it is called', async () => {
    const { status, output } = await run(['--help']);
    assert.equal(status, 0);
    assert.match(output, /^npm run bench -- CASE/);
  });

  for (const { words, message } of [
    {
      words: ['watch'],
      message:
        'expected a case (play, tunnel, tunnel-latency, fanin, floor, front, join, memory, hostile, core, all), got watch',
    },
    {
      words: ['play', '--peer', 'apache'],
      message: 'expected --peer none|nginx|node-media-server|all, got apache',
    },
    { words: ['play', '--viewers', '3'], message: 'expected an option that --help names, got --viewers' },
    { words: ['play', '--runs=0'], message: 'expected --runs 1 to 100, got 0' },
    { words: ['all', '--render'], message: 'expected --render with --results FILE, got it alone' },
  ]) {
    it(`says: ${message}`, async () => {
      const { status, said } = await bench(...words);
      assert.equal(status, 2);
      assert.equal(said.split('\n')[0], message);
    });
  }
});
