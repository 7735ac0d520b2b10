// `culvert config`, run in process with a memory for its streams.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runConfigCommand } from '../../src/cli/config-command.ts';
import { defaultConfig, loadConfig, parseServeFlags } from '../../src/config/load-config.ts';

type Run = { exitCode: number; stdout: string; stderr: string };

function run(argv: string[], env: Record<string, string> = {}, files: Record<string, string> = {}): Run {
  const written = { stdout: '', stderr: '' };
  const exitCode = runConfigCommand(argv, {
    env,
    stdout: {
      write: (text) => {
        written.stdout += text;
      },
    },
    stderr: {
      write: (text) => {
        written.stderr += text;
      },
    },
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
      return text;
    },
  });
  return { exitCode, ...written };
}

function readBack(yaml: string) {
  const flags = parseServeFlags(['--config', 'printed.yaml']);
  return loadConfig({ flags, env: {}, readFile: () => yaml }).config;
}

describe('culvert config', () => {
  it('prints all defaults as such', () => {
    const { exitCode, stdout, stderr } = run([]);
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.match(stdout, /^listen: \[":1935", ":80"\] # default$/m);
    assert.match(stdout, /^tunnel:\n {2}idleHold: 500ms # default$/m);
    for (const line of stdout.trimEnd().split('\n')) assert.match(line, /^(?:\w+:| *\w+: .+ # default)$/);
  });

  it('says of each value where it came from', () => {
    const { exitCode, stdout } = run(
      ['--config', 'culvert.yaml', '--listen', ':0', '--listen', '[::1]:80'],
      { CULVERT_LOG_LEVEL: 'debug' },
      { 'culvert.yaml': '# mine\ntunnel:\n  maxBody: 1MB\nlogLevel: warn\n' },
    );
    assert.equal(exitCode, 0);
    assert.match(stdout, /^listen: \[":0", "\[::1\]:80"\] # flag --listen$/m);
    assert.match(stdout, /^logLevel: debug # environment CULVERT_LOG_LEVEL$/m);
    assert.match(stdout, /^ {2}maxBody: 1000000B # culvert\.yaml:3$/m);
    assert.match(stdout, /^ {2}maxReply: 1MiB # default$/m);
  });

  it('prints the settings of single applications, and only those that are set', () => {
    const files = { 'culvert.yaml': 'apps:\n  live: {mergeTime: 350ms}\n  "2024":\n    gopCache: false\n' };
    const { exitCode, stdout } = run(['--config', 'culvert.yaml'], {}, files);
    assert.equal(exitCode, 0);
    const live = 'live:\\n    mergeTime: 350ms # culvert\\.yaml:2';
    const other = '"2024":\\n    gopCache: false # culvert\\.yaml:4';
    // Names that look like numbers come first in every object.
    assert.match(stdout, new RegExp(`^apps:\\n {2}${other}\\n {2}${live}\\n`, 'm'));
    assert.deepEqual(
      { ...readBack(stdout).apps },
      { live: { mergeTimeMs: 350 }, '2024': { gopCache: false } },
    );
  });

  it('prints a file that gives the same configuration', () => {
    assert.deepEqual(readBack(run([]).stdout), defaultConfig());
    const env = { CULVERT_TUNNEL_IDENT: 'a: "b" # c', CULVERT_STREAMS_GOP_CACHE: 'false' };
    const config = readBack(run(['--listen', 'localhost:0'], env).stdout);
    assert.equal(config.tunnel.ident, env.CULVERT_TUNNEL_IDENT);
    assert.equal(config.streams.gopCache, false);
    assert.deepEqual(config.listen, ['localhost:0']);
  });

  it('prints every problem to standard error and gives 2', () => {
    const file = 'listen: [":1935"]\n\ntunnel:\n  idelHold: 500ms\n  idleHold: 500\n';
    const { exitCode, stdout, stderr } = run(
      ['--config', 'culvert.yaml', '--log-level', 'loud'],
      { CULVERT_RTMP_PING_INTERVAL: '5' },
      { 'culvert.yaml': file },
    );
    assert.deepEqual([exitCode, stdout], [2, '']);
    assert.deepEqual(stderr.split('\n'), [
      'culvert.yaml:4: tunnel.idelHold: unknown key (did you mean tunnel.idleHold?)',
      'culvert.yaml:5: tunnel.idleHold: expected a duration with its unit (500ms, 10s, 1m) of 0ms to 4s, found 500',
      'CULVERT_RTMP_PING_INTERVAL: rtmp.pingInterval: expected a duration with its unit (500ms, 10s, 1m) of 100ms to 1h, found "5"',
      '--log-level: logLevel: expected one of trace, debug, info, warn, error, found "loud"',
      '',
    ]);
  });

  it('gives 2 for an unknown flag and for a file that cannot be read', () => {
    assert.deepEqual(run(['--lisen', ':1']), {
      exitCode: 2,
      stdout: '',
      stderr: '--lisen: unknown flag (did you mean --listen?)\n',
    });
    const { exitCode, stderr } = run(['--config', 'none.yaml']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /^none\.yaml: cannot be read \(ENOENT/);
  });

  it('prints its help', () => {
    const { exitCode, stdout } = run(['-h']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^culvert config \[FLAGS\]\n/);
    assert.match(stdout, /^ {2}--listen HOST:PORT /m);
  });
});
