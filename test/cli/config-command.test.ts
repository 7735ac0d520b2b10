// `culvert config`, run in process with a memory for its streams.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runConfigCommand } from '../../src/cli/config-command.ts';
import { jsonSchemaText } from '../../src/config/json-schema.ts';
import { defaultConfig, loadConfig, parseServeFlags } from '../../src/config/load-config.ts';
import { configSchema } from '../../src/config/schema.ts';

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
    assert.match(stdout, /^listen: \[":1935", ":80", "tls::443"\] # default$/m);
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
    assert.match(stdout, /^ {2}maxReply: 384KiB # default$/m);
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
    assert.match(stdout, /^ {2}--listen \[tls:\|any:\]HOST:PORT /m);
    for (const flag of ['--check FILE', '--schema'])
      assert.match(stdout, new RegExp(`^  ${flag} +[A-Z]`, 'm'));
  });
});

describe('culvert config --check', () => {
  const good = 'listen: [":1935"]\n';
  const bad = 'tunnel:\n  idelHold: 500ms\n  idleHold: 500\n';

  it('says of a good file that it is, and gives 0', () => {
    assert.deepEqual(run(['--check', 'a.yaml'], {}, { 'a.yaml': good }), {
      exitCode: 0,
      stdout: 'a.yaml: ok\n',
      stderr: '',
    });
  });

  it('prints every problem of a wrong file to standard error, and gives 2', () => {
    assert.deepEqual(run(['--check=a.yaml'], {}, { 'a.yaml': bad }), {
      exitCode: 2,
      stdout: '',
      stderr:
        'a.yaml:2: tunnel.idelHold: unknown key (did you mean tunnel.idleHold?)\n' +
        'a.yaml:3: tunnel.idleHold: expected a duration with its unit (500ms, 10s, 1m) of 0ms to 4s, found 500\n',
    });
  });

  it('does not look at the environment, wrong or right', () => {
    const env = { CULVERT_LOG_LEVEL: 'loud', CULVERT_NONSENSE: '1', CULVERT_CONFIG: 'other.yaml' };
    assert.deepEqual(run(['--check', 'a.yaml'], env, { 'a.yaml': good }), {
      exitCode: 0,
      stdout: 'a.yaml: ok\n',
      stderr: '',
    });
    const file = 'http: {requestTimeout: 10s}\n';
    const saved = { CULVERT_HTTP_HEADERS_TIMEOUT: '5s' };
    assert.equal(run(['--check', 'a.yaml'], saved, { 'a.yaml': file }).exitCode, 2);
  });

  it('tells what is allowed and of no use as a warning, and gives 0', () => {
    const files = { 'a.yaml': 'apps:\n  live:\ntrustedProxies: {proxyProtocol: ["::/0"]}\n' };
    const { exitCode, stdout, stderr } = run(['--check', 'a.yaml'], {}, files);
    assert.deepEqual([exitCode, stderr], [0, '']);
    const [trust = '', ...rest] = stdout.split('\n');
    assert.match(trust, /^warning: a\.yaml:3: trustedProxies\.proxyProtocol\[0\]: ::\/0 is every address/);
    assert.deepEqual(rest, ['warning: a.yaml:2: apps.live: it sets nothing', 'a.yaml: ok', '']);
  });

  it('checks several files, each by itself, and gives 2 where one is wrong', () => {
    const files = { 'a.yaml': good, 'b.yaml': bad, 'c.yaml': good };
    const { exitCode, stdout, stderr } = run(
      ['--check', 'a.yaml', '--check', 'b.yaml', '--check', 'c.yaml'],
      {},
      files,
    );
    assert.equal(exitCode, 2);
    assert.equal(stdout, 'a.yaml: ok\nc.yaml: ok\n');
    assert.equal(stderr.split('\n').length, 3);
    assert.equal(run(['--check', 'a.yaml', '--check', 'c.yaml'], {}, files).exitCode, 0);
  });

  it('says why a file cannot be read, and gives 2', () => {
    const { exitCode, stdout, stderr } = run(['--check', 'none.yaml']);
    assert.deepEqual([exitCode, stdout], [2, '']);
    assert.match(stderr, /^none\.yaml: cannot be read \(ENOENT/);
  });

  it('refuses to be without a file, and gives 2', () => {
    for (const argv of [['--check'], ['--check='], ['--check', '']]) {
      assert.deepEqual(run(argv), {
        exitCode: 2,
        stdout: '',
        stderr: '--check: expected a value, found nothing\n',
      });
    }
  });

  it('refuses other flags and arguments, and reads nothing then', () => {
    const files = { 'a.yaml': good };
    const { exitCode, stdout, stderr } = run(
      ['--check', 'a.yaml', '--listen', ':1', '--config', 'a.yaml', '--schema'],
      {},
      files,
    );
    assert.deepEqual([exitCode, stdout], [2, '']);
    assert.deepEqual(stderr.trimEnd().split('\n'), [
      '--config: expected no other flag beside --check, found one',
      '--listen: expected no other flag beside --check, found one',
      '--schema: expected no other flag beside --check, found one',
    ]);
    assert.deepEqual(run(['--check', 'a.yaml', 'b.yaml'], {}, files), {
      exitCode: 2,
      stdout: '',
      stderr: 'b.yaml: unknown argument\n',
    });
  });

  it('prints the help beside --help, whatever else there is', () => {
    const { exitCode, stdout } = run(['--check', 'a.yaml', '--listen', ':1', '--help']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^culvert config --check FILE/m);
  });
});

describe('culvert config --schema', () => {
  it('prints the JSON Schema of the file, whatever the environment says', () => {
    const { exitCode, stdout, stderr } = run(['--schema'], { CULVERT_LOG_LEVEL: 'loud' });
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.equal(stdout, jsonSchemaText(configSchema));
  });

  it('refuses other flags, and a value', () => {
    assert.deepEqual(run(['--schema', '--log-level', 'debug']), {
      exitCode: 2,
      stdout: '',
      stderr: '--log-level: expected no other flag beside --schema, found one\n',
    });
    assert.equal(run(['--schema=x']).stderr, '--schema: expected no value, found one\n');
  });
});
