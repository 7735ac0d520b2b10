// The command line of `serve`, as text in and as settings out.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '../../src/config/config-error.ts';
import type { CommandFlag } from '../../src/config/flags.ts';
import { parseServeFlags, serveFlagsHelp } from '../../src/config/load-config.ts';

function problemsOf(...argv: string[]): string[] {
  return problemsWith([], argv);
}

function problemsWith(commandFlags: readonly CommandFlag[], argv: readonly string[]): string[] {
  try {
    parseServeFlags(argv, commandFlags);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message.split('\n');
  }
  return [];
}

function valuesOf(...argv: string[]): Record<string, readonly string[]> {
  return Object.fromEntries(parseServeFlags(argv).values.map(({ key, texts }) => [key.path, texts]));
}

describe('parseServeFlags', () => {
  it('gives nothing for an empty command line', () => {
    assert.deepEqual(parseServeFlags([]), {
      configFile: null,
      wantsHelp: false,
      values: [],
      ofCommand: new Map(),
    });
  });

  it('takes values after a blank and after an equals sign', () => {
    assert.equal(parseServeFlags(['--config', 'a.yaml']).configFile, 'a.yaml');
    assert.equal(parseServeFlags(['--config=a=b.yaml']).configFile, 'a=b.yaml');
    assert.deepEqual(valuesOf('--log-level=debug', '--listen', ':0'), {
      logLevel: ['debug'],
      listen: [':0'],
    });
  });

  it('collects a repeated --listen, in order, and keeps all values of other repeated flags for the last to win', () => {
    assert.deepEqual(valuesOf('--listen', ':1', '--log-level=info', '--listen=:2', '--log-level=debug'), {
      listen: [':1', ':2'],
      logLevel: ['info', 'debug'],
    });
    assert.equal(parseServeFlags(['--config', 'a', '--config', 'b']).configFile, 'b');
  });

  it('knows -h and --help', () => {
    assert.equal(parseServeFlags(['-h']).wantsHelp, true);
    assert.equal(parseServeFlags(['--help']).wantsHelp, true);
  });

  it('passes over wrong flags where help is asked for', () => {
    assert.equal(parseServeFlags(['--nonsense', '--help']).wantsHelp, true);
  });

  it('refuses unknown flags, one line each, with the nearest known one', () => {
    assert.deepEqual(problemsOf('--lisen', ':1', '-listen', '--colour=red', '-x', '-hx'), [
      '--lisen: unknown flag (did you mean --listen?)',
      '-listen: unknown flag (did you mean --listen?)',
      '--colour: unknown flag',
      '-x: unknown flag',
      '-hx: unknown flag',
    ]);
  });

  it('refuses arguments that belong to no flag, behind -- too', () => {
    assert.deepEqual(problemsOf('serve', '--', '--listen'), [
      'serve: unknown argument',
      '--listen: unknown argument',
    ]);
  });

  it('refuses a flag without its value, and a value where none belongs', () => {
    assert.deepEqual(problemsOf('--listen'), ['--listen: expected a value, found nothing']);
    assert.deepEqual(problemsOf('--log-level='), ['--log-level: expected a value, found nothing']);
    assert.deepEqual(problemsOf('--listen', '--log-level=debug'), [
      '--listen: expected a value, found the flag --log-level',
    ]);
    assert.deepEqual(problemsOf('--help=yes'), ['--help: expected no value, found one']);
  });
});

describe('parseServeFlags, for a command with flags of its own', () => {
  const own: readonly CommandFlag[] = [
    { name: '--check', value: 'FILE', description: 'Check a file.' },
    { name: '--schema', value: null, description: 'Print the schema.' },
  ];

  it('gives the values of each in order, and none for a switch', () => {
    const { ofCommand, configFile, values } = parseServeFlags(
      ['--check', 'a', '--listen', ':1', '--schema', '--check=b', '--config', 'c'],
      own,
    );
    assert.deepEqual(
      ofCommand,
      new Map([
        ['--check', ['a', 'b']],
        ['--schema', []],
      ]),
    );
    assert.equal(configFile, 'c');
    assert.deepEqual(
      values.map(({ name, texts }) => [name, texts]),
      [['--listen', [':1']]],
    );
    assert.deepEqual(parseServeFlags(['--listen', ':1'], own).ofCommand, new Map());
  });

  it('refuses them without their value, and one of them that is mistyped', () => {
    const problems = (...argv: string[]) => problemsWith(own, argv);
    assert.deepEqual(problems('--check'), ['--check: expected a value, found nothing']);
    assert.deepEqual(problems('--check', '--schema'), ['--check: expected a value, found the flag --schema']);
    assert.deepEqual(problems('--schema=x'), ['--schema: expected no value, found one']);
    assert.deepEqual(problems('--chekc', 'x'), ['--chekc: unknown flag (did you mean --check?)']);
    assert.deepEqual(problemsOf('--schema'), ['--schema: unknown flag']);
  });

  it('has a line for each in the help', () => {
    assert.match(
      serveFlagsHelp(own),
      /^ {2}--check FILE {19}Check a file\.\n {2}--schema {23}Print the schema\.\n/m,
    );
  });
});

describe('serveFlagsHelp', () => {
  it('has one line for each flag, the columns aligned', () => {
    const lines = serveFlagsHelp().trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => line.trim().split(/ {2,}/)[0]),
      ['--config FILE', '--listen [tls:|any:]HOST:PORT', '--upstream URL', '--log-level LEVEL', '--help'],
    );
    for (const line of lines) assert.match(line, /^ {2}--.{27} {2}[A-Z].*\.$/);
  });
});
