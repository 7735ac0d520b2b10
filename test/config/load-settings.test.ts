// The machinery over a small schema of its own: precedence, positions, every kind of problem, secrets.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Type } from 'typebox';
import { ConfigError } from '../../src/config/config-error.ts';
import { configYaml } from '../../src/config/config-yaml.ts';
import { configurationPage } from '../../src/config/configuration-page.ts';
import { parseFlags } from '../../src/config/flags.ts';
import { listKeys } from '../../src/config/key.ts';
import { loadDefaults, loadSettings } from '../../src/config/load-settings.ts';
import {
  characters,
  choice,
  duration,
  group,
  size,
  text,
  textList,
  toggle,
} from '../../src/config/setting.ts';

const schema = Type.Object({
  mode: choice(['fast', 'careful'], 'fast', 'How it works.'),
  ports: textList(
    { default: [':1'], minItems: 1, maxItems: 2, syntax: 'listener', expects: 'a listener' },
    { flag: { name: '--port', value: 'LISTENER' }, description: 'Where.' },
  ),
  limits: group(
    {
      wait: duration(
        { default: '2s', from: '100ms', to: '1m' },
        { description: 'How long.', atMost: 'limits.total' },
      ),
      total: duration({ default: '10s', from: '100ms', to: '1m' }, 'How long in all.'),
      body: size({ default: '1KiB', from: '1B', to: '1MiB' }, 'How much.'),
      nameLength: characters({ default: 8, minimum: 1, maximum: 10 }, 'How many.'),
      isStrict: toggle(false, 'How strict.'),
    },
    'The limits.',
  ),
  auth: group(
    {
      token: text(
        { default: '', minLength: 0, maxLength: 6 },
        { secret: true, flag: { name: '--token', value: 'TOKEN' }, description: 'What lets in.' },
      ),
    },
    'Who may come in.',
  ),
});
const keys = listKeys(schema);

type Given = { file?: string; env?: Record<string, string>; argv?: string[] };

function load({ file, env = {}, argv = [] }: Given) {
  const flags = parseFlags(file === undefined ? argv : ['--config', 'c.yaml', ...argv], keys);
  return loadSettings(schema, { flags, env, readFile: () => file ?? '' });
}

function problemsOf(given: Given): string[] {
  try {
    load(given);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message.split('\n');
  }
  return [];
}

describe('loadSettings', () => {
  it('gives the defaults, in units and under names with units, where nothing is set', () => {
    assert.deepEqual(loadDefaults(schema), {
      mode: 'fast',
      ports: [':1'],
      limits: { waitMs: 2_000, totalMs: 10_000, bodyBytes: 1_024, nameLengthChars: 8, isStrict: false },
      auth: { token: '' },
    });
  });

  it('types each property by its kind', () => {
    const config = loadDefaults(schema);
    const mode: 'fast' | 'careful' = config.mode;
    const ports: readonly string[] = config.ports;
    const numbers: number[] = [config.limits.waitMs, config.limits.bodyBytes, config.limits.nameLengthChars];
    const isStrict: boolean = config.limits.isStrict;
    assert.deepEqual([mode, ports.length, numbers.length, isStrict], ['fast', 1, 3, false]);
  });

  it('lets the file override defaults, the environment the file, and flags the environment', () => {
    const file = 'ports: [":2"]\nmode: careful\nlimits:\n  wait: 3s\n  body: 2KiB\n';
    const env = { CULVERT_PORTS: ':3', CULVERT_LIMITS_WAIT: '4s' };
    const { config, sources } = load({ file, env, argv: ['--port', ':4', '--port=:5'] });
    assert.deepEqual(config.ports, [':4', ':5']);
    assert.equal(config.limits.waitMs, 4_000);
    assert.equal(config.limits.bodyBytes, 2_048);
    assert.deepEqual(sources, {
      mode: { type: 'file', path: 'c.yaml', lineNumber: 2 },
      ports: { type: 'flag', name: '--port' },
      'limits.wait': { type: 'environment', name: 'CULVERT_LIMITS_WAIT' },
      'limits.total': { type: 'default' },
      'limits.body': { type: 'file', path: 'c.yaml', lineNumber: 5 },
      'limits.nameLength': { type: 'default' },
      'limits.isStrict': { type: 'default' },
      'auth.token': { type: 'default' },
    });
  });

  it('freezes everything it gives, and leaves the schema alone', () => {
    const { config, sources } = load({});
    assert.ok(Object.isFrozen(config) && Object.isFrozen(config.limits) && Object.isFrozen(config.ports));
    assert.ok(Object.isFrozen(sources) && Object.isFrozen(sources.mode));
    assert.equal(Object.isFrozen(schema.properties.ports), false);
    assert.notEqual(loadDefaults(schema).ports, config.ports);
  });

  it('lists the problems of every source, overridden values included', () => {
    const given = {
      file: 'limits:\n  wait: 3\n',
      env: { CULVERT_LIMITS_WAIT: '1h' },
      argv: ['--port', 'x'],
    };
    assert.deepEqual(problemsOf(given), [
      'c.yaml:2: limits.wait: expected a duration with its unit (500ms, 10s, 1m) of 100ms to 1m, found 3',
      'CULVERT_LIMITS_WAIT: limits.wait: expected a duration with its unit (500ms, 10s, 1m) of 100ms to 1m, found "1h"',
      '--port: ports[0]: expected a listener, found "x" (there is no port; a port alone is written :1935)',
    ]);
  });

  it('refuses a value that exceeds the one it must not exceed, where the setting that was made stands', () => {
    assert.deepEqual(problemsOf({ file: 'limits: {wait: 11s}' }), [
      'c.yaml:1: limits.wait: expected at most the 10s of limits.total, found 11s',
    ]);
    assert.deepEqual(problemsOf({ env: { CULVERT_LIMITS_TOTAL: '1s' } }), [
      'CULVERT_LIMITS_TOTAL: limits.total: expected at least the 2s of limits.wait, found 1s',
    ]);
    assert.deepEqual(problemsOf({ file: 'limits: {wait: 10s}' }), []);
  });

  it('says which file cannot be read, and keeps the cause', () => {
    const cause = new Error('ENOENT: no such file');
    const flags = parseFlags(['--config', 'none.yaml'], keys);
    const readFile = () => {
      throw cause;
    };
    assert.throws(
      () => loadSettings(schema, { flags, env: {}, readFile }),
      (error) =>
        error instanceof ConfigError &&
        error.cause === cause &&
        error.message === 'none.yaml: cannot be read (ENOENT: no such file)',
    );
  });
});

describe('a configuration file', () => {
  it('may be empty, only comments, or have empty sections', () => {
    for (const file of ['', '# nothing\n', '---\n', 'limits:\nauth:\n  # token: x\n', '\uFEFFmode: fast\n']) {
      assert.deepEqual(load({ file }).config, loadDefaults(schema), JSON.stringify(file));
    }
  });

  it('takes values at both ends of their range and none beyond', () => {
    for (const [key, good, bad] of [
      ['wait', ['100ms', '10s'], ['99ms', '60001ms']],
      ['body', ['1', '1MiB', '"1MiB"'], ['0', '1048577', '-1', '1.5', '.nan', '.inf']],
      ['nameLength', ['1', '10'], ['0', '11', '2.5', '"5"']],
    ] as const) {
      for (const value of good)
        assert.deepEqual(problemsOf({ file: `limits: {${key}: ${value}}` }), [], value);
      for (const value of bad) {
        assert.match(problemsOf({ file: `limits: {${key}: ${value}}` }).join(), /: expected a/, value);
      }
    }
  });

  it('names unknown keys with their line and the nearest known one', () => {
    const file = 'mdoe: fast\nlimits:\n  wiat: 1s\n  colour: red\nlimit:\n  wait: 1s\nwait: 2s\n1: x\n';
    assert.deepEqual(problemsOf({ file }), [
      'c.yaml:1: mdoe: unknown key (did you mean mode?)',
      'c.yaml:3: limits.wiat: unknown key (did you mean limits.wait?)',
      'c.yaml:4: limits.colour: unknown key',
      'c.yaml:5: limit: unknown key (did you mean limits?)',
      'c.yaml:7: wait: unknown key (did you mean limits.wait?)',
      'c.yaml:8: 1: unknown key',
    ]);
  });

  it('takes no key by its dotted path, and no name that objects inherit', () => {
    assert.deepEqual(problemsOf({ file: '"limits.wait": 1s\n__proto__: {a: 1}\nconstructor: 1\n' }), [
      'c.yaml:1: "limits.wait": unknown key (did you mean limits.wait?)',
      'c.yaml:2: __proto__: unknown key',
      'c.yaml:3: constructor: unknown key',
    ]);
  });

  it('refuses values of a wrong type with what was found', () => {
    const file = [
      'mode: cerful',
      'ports: ":1"',
      'limits:',
      '  wait: [1s]',
      '  body: {a: 1}',
      '  isStrict: yes',
      '  nameLength:',
    ].join('\n');
    assert.deepEqual(problemsOf({ file }), [
      'c.yaml:1: mode: expected one of fast, careful, found "cerful" (did you mean careful?)',
      'c.yaml:2: ports: expected a list of 1 to 2 entries, each a listener, found ":1"',
      'c.yaml:4: limits.wait: expected a duration with its unit (500ms, 10s, 1m) of 100ms to 1m, found a list of 1',
      'c.yaml:5: limits.body: expected a size (64KiB, 1MB, or a number of bytes) of 1B to 1MiB, found a mapping',
      'c.yaml:6: limits.isStrict: expected true or false, found "yes"',
      'c.yaml:7: limits.nameLength: expected a number of characters of 1 to 10, found nothing',
    ]);
  });

  it('names the entry of a list that is wrong, with its own line, and refuses too few and too many', () => {
    assert.deepEqual(problemsOf({ file: 'ports:\n  - :1\n  - tls::443\n' }), [
      'c.yaml:3: ports[1]: expected a listener, found "tls::443" (TLS listeners are not available in this version)',
    ]);
    assert.deepEqual(problemsOf({ file: 'ports: []\n' }), [
      'c.yaml:1: ports: expected a list of 1 to 2 entries, each a listener, found an empty list',
    ]);
    assert.deepEqual(problemsOf({ file: 'ports: [":1", ":2", ":3"]\n' }), [
      'c.yaml:1: ports: expected a list of 1 to 2 entries, each a listener, found a list of 3',
    ]);
    assert.deepEqual(problemsOf({ file: 'ports:\n  - 80\n  -\n' }), [
      'c.yaml:2: ports[0]: expected a listener, found 80',
      'c.yaml:3: ports[1]: expected a listener, found nothing',
    ]);
  });

  it('refuses a value where a group belongs, at the top too', () => {
    assert.deepEqual(problemsOf({ file: 'limits: 5\n' }), [
      'c.yaml:1: limits: expected a mapping of keys to values, found a single value',
    ]);
    assert.deepEqual(problemsOf({ file: '- mode\n' }), [
      'c.yaml:1: expected a mapping of keys to values, found a list',
    ]);
  });

  it('tells errors of YAML itself with their line', () => {
    assert.deepEqual(problemsOf({ file: 'mode: fast\nmode: careful\n' }), [
      'c.yaml:2: Map keys must be unique',
    ]);
    assert.match(problemsOf({ file: 'mode: fast\n  body: 1\n' }).join(), /^c\.yaml:\d: /);
    assert.deepEqual(problemsOf({ file: 'mode: fast\n---\nmode: careful\n' }), [
      'c.yaml:2: expected one YAML document, found several',
    ]);
  });

  it('follows aliases, and takes no list that contains itself', () => {
    const file = 'ports: [&port ":7"]\nlimits: &all {wait: 1s}\n';
    assert.deepEqual(load({ file: `${file}mode: fast` }).config.ports, [':7']);
    assert.deepEqual(load({ file: 'limits: {wait: &time 3s, total: *time}' }).config.limits.totalMs, 3_000);
    assert.match(
      problemsOf({ file: 'ports: &ports [*ports]' }).join(),
      /expected a listener, found a mapping/,
    );
  });
});

describe('the environment', () => {
  it('gives booleans, numbers, sizes and lists as text', () => {
    const { limits, ports } = load({
      env: {
        CULVERT_LIMITS_IS_STRICT: 'true',
        CULVERT_LIMITS_NAME_LENGTH: '3',
        CULVERT_LIMITS_BODY: '2048',
        CULVERT_PORTS: ':1, [::1]:2',
      },
    }).config;
    assert.deepEqual([limits.isStrict, limits.nameLengthChars, limits.bodyBytes], [true, 3, 2_048]);
    assert.deepEqual(ports, [':1', '[::1]:2']);
  });

  it('counts a variable that is set to nothing as not set, and looks at no other prefix', () => {
    const { sources } = load({ env: { CULVERT_MODE: '', CULVERT_NONSENSE: ' ', PATH: '/bin', MODE: 'x' } });
    assert.deepEqual(sources.mode, { type: 'default' });
  });

  it('refuses unknown variables with the nearest known one', () => {
    assert.deepEqual(problemsOf({ env: { CULVERT_LIMIT_WAIT: '1s', CULVERT_XYZ: '1' } }), [
      'CULVERT_LIMIT_WAIT: unknown environment variable (did you mean CULVERT_LIMITS_WAIT?)',
      'CULVERT_XYZ: unknown environment variable',
    ]);
  });

  it('passes over what Kubernetes and Docker set for a service of that name', () => {
    const env = {
      CULVERT_SERVICE_HOST: '10.0.0.1',
      CULVERT_SERVICE_PORT: '1935',
      CULVERT_SERVICE_PORT_RTMP: '1935',
      CULVERT_PORT: 'tcp://10.0.0.1:1935',
      CULVERT_PORT_1935_TCP: 'tcp://10.0.0.1:1935',
      CULVERT_PORT_1935_TCP_ADDR: '10.0.0.1',
      CULVERT_EDGE_SERVICE_HOST: '10.0.0.2',
      CULVERT_EDGE_PORT: 'tcp://10.0.0.2:80',
    };
    assert.deepEqual(problemsOf({ env }), []);
    assert.deepEqual(problemsOf({ env: { CULVERT_PORT: ':80' } }), [
      'CULVERT_PORT: unknown environment variable (did you mean CULVERT_PORTS?)',
    ]);
  });
});

describe('a secret', () => {
  const leaked = /hunter/;

  it('is loaded like any other value, and masked where the configuration is printed', () => {
    const { config, sources } = load({ file: 'auth:\n  token: hunter\n' });
    assert.equal(config.auth.token, 'hunter');
    const printed = configYaml(keys, config, sources);
    assert.match(printed, /token: "\*\*\*" # c\.yaml:2/);
    assert.doesNotMatch(printed, leaked);
  });

  it('is printed as empty where it is not set, and marked in the docs', () => {
    assert.match(configYaml(keys, loadDefaults(schema), null), /token: ""\n/);
    assert.match(configurationPage(schema), /\| yes: it is never printed \|/);
  });

  it('is masked in problems of every source', () => {
    const lines = [
      ...problemsOf({ file: 'auth: {token: hunter2}' }),
      ...problemsOf({ env: { CULVERT_AUTH_TOKEN: 'hunter2' } }),
      ...problemsOf({ file: '', env: {} }),
    ];
    assert.deepEqual(lines, [
      'c.yaml:1: auth.token: expected a text of 0 to 6 characters, found ***',
      'CULVERT_AUTH_TOKEN: auth.token: expected a text of 0 to 6 characters, found ***',
    ]);
    assert.deepEqual(problemsOf({ argv: ['--token=hunter2'] }), [
      '--token: auth.token: expected a text of 0 to 6 characters, found ***',
    ]);
  });

  it('stays out of the problems of a file or a command line that is wrong around it', () => {
    for (const file of [
      'auth: hunter',
      'auth: [hunter]',
      'auth: {token: !hunter x}',
      'auth: {token: *hunter}',
      'auth: {token: &hunter}',
      'auth: {token: "\\qhunter}',
      'auth: {token: @hunter}',
      'auth: {token: %hunter}',
      'auth:\n  token: hunter: x',
      'auth:\n  token: "a"hunter',
      'auth:\n  token: |hunter',
      'auth: {token: {hunter: 1}}',
      'auth: {token: }hunter}',
    ]) {
      const lines = problemsOf({ file });
      assert.ok(lines.length > 0, file);
      assert.doesNotMatch(lines.join('\n'), leaked, file);
    }
    for (const argv of [['--token', '--hunter'], ['--tokn=hunter'], ['--help=hunter']]) {
      assert.throws(
        () => parseFlags(argv, keys),
        (error) => error instanceof ConfigError && !leaked.test(error.message),
        argv.join(' '),
      );
    }
  });
});
