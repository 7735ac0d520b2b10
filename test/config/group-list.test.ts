// What a file may say of lists of groups, over a small schema.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Type } from 'typebox';
import { parse } from 'yaml';
import { ConfigError } from '../../src/config/config-error.ts';
import { configYaml } from '../../src/config/config-yaml.ts';
import { configurationPage } from '../../src/config/configuration-page.ts';
import { NO_FLAGS } from '../../src/config/flags.ts';
import { groupList } from '../../src/config/group-list.ts';
import { listKeysInForce } from '../../src/config/groups-by-name.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { choice, duration, group, size, text, textList } from '../../src/config/setting.ts';
import { schemaValidator } from './schema-validator.ts';

const schema = Type.Object({
  mode: choice(['fast', 'careful'], 'fast', 'How it works.'),
  stairs: groupList(
    {
      maxEntries: 3,
      plural: 'stairs',
      requires: ['to'],
      example: 'stairs:\n  - to: attic\n',
      note: 'Any stairs.',
    },
    {
      to: text({ default: '', minLength: 1, maxLength: 6 }, 'Where they lead.'),
      steps: size({ default: '1KiB', from: '1B', to: '1MiB' }, 'How many.'),
      doors: textList(
        { default: [], minItems: 1, maxItems: 2, syntax: 'listener', expects: 'a listener' },
        'Which doors.',
      ),
      word: text({ default: '', minLength: 1, maxLength: 6 }, { secret: true, description: 'The word.' }),
      rail: group({ wait: duration({ default: '1s', from: '1s', to: '9s' }, 'How long.') }, 'The rail.'),
    },
    'The stairs.',
  ),
});

function load(
  file: string,
  env: Record<string, string> = {},
  judge?: Parameters<typeof loadSettings<typeof schema>>[2],
) {
  const flags = { ...NO_FLAGS, configFile: 'c.yaml' };
  return loadSettings(schema, { flags, env, readFile: () => file }, judge);
}

function problemsOf(file: string, env: Record<string, string> = {}): string[] {
  try {
    load(file, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
}

const validate = schemaValidator(schema);

describe('lists of groups', () => {
  it('have what each entry sets and no more, in units, typed, with the line of each', () => {
    const file =
      'stairs:\n  - to: attic\n    steps: 2KiB\n    rail:\n      wait: 2s\n  - {to: b, doors: [":1"]}\n';
    const { config, sources } = load(file);
    assert.deepEqual(config.stairs, [
      { to: 'attic', stepsBytes: 2_048, rail: { waitMs: 2_000 } },
      { to: 'b', doors: [':1'] },
    ]);
    const stepsBytes: number | undefined = config.stairs[0]?.stepsBytes;
    assert.equal(stepsBytes, 2_048);
    assert.deepEqual(sources['stairs[0].rail.wait'], { type: 'file', path: 'c.yaml', lineNumber: 5 });
    assert.deepEqual(sources['stairs[1].to'], { type: 'file', path: 'c.yaml', lineNumber: 6 });
    assert.ok(Object.isFrozen(config.stairs) && Object.isFrozen(config.stairs[0]));
    assert.equal(validate(parse(file)), true);
  });

  it('may be none', () => {
    for (const file of ['', 'stairs:\n', 'stairs: []\n', 'stairs:\n  # - to: attic\n']) {
      assert.deepEqual(load(file).config.stairs, [], JSON.stringify(file));
      assert.equal(validate(parse(file) ?? {}), true);
    }
  });

  it('tell unknown keys and wrong values with the place of the entry', () => {
    const file = `stairs:
  - to: attic
    stesp: 1
  - to: basement
    steps: 0
    word: hunter2
  - to: x
    doors: [":1", "7"]
    rail: {wait: 1, wiat: 2s}
`;
    assert.deepEqual(problemsOf(file), [
      'c.yaml:3: stairs[0].stesp: unknown key (did you mean stairs[0].steps?)',
      'c.yaml:4: stairs[1].to: expected a text of 1 to 6 characters, found "basement"',
      'c.yaml:5: stairs[1].steps: expected a size (64KiB, 1MB, or a number of bytes) of 1B to 1MiB, found 0',
      'c.yaml:6: stairs[1].word: expected a text of 1 to 6 characters, found ***',
      'c.yaml:8: stairs[2].doors[1]: expected a listener, found "7" (there is no port; a port alone is written :1935)',
      'c.yaml:9: stairs[2].rail.wait: expected a duration with its unit (500ms, 10s, 1m) of 1s to 9s, found 1',
      'c.yaml:9: stairs[2].rail.wiat: unknown key (did you mean stairs[2].rail.wait?)',
    ]);
  });

  it('tell what is no list, no group, too many, and a key that is missing', () => {
    for (const [file, problem] of [
      ['stairs: {to: a}', 'c.yaml:1: stairs: expected a list of stairs, found a mapping'],
      ['stairs: attic', 'c.yaml:1: stairs: expected a list of stairs, found a single value'],
      [
        'stairs:\n  - attic',
        'c.yaml:2: stairs[0]: expected a mapping of keys to values, found a single value',
      ],
      ['stairs:\n  - [to]', 'c.yaml:2: stairs[0]: expected a mapping of keys to values, found a list'],
      [
        'stairs:\n  - to: a\n  - steps: 1',
        'c.yaml:3: stairs[1].to: expected a text of 1 to 6 characters, found nothing',
      ],
      ['stairs:\n  -\n', 'c.yaml:2: stairs[0].to: expected a text of 1 to 6 characters, found nothing'],
      [`stairs:\n${'  - {to: a}\n'.repeat(4)}`, 'c.yaml:5: stairs: expected at most 3 stairs, found 4'],
      ['steps: 1', 'c.yaml:1: steps: unknown key (did you mean stairs[].steps?)'],
    ] as const) {
      assert.equal(problemsOf(file)[0], problem);
      assert.equal(validate(parse(file)), false, file);
    }
  });

  it('are for the file alone', () => {
    assert.deepEqual(problemsOf('', { CULVERT_STAIRS: 'a', CULVERT_STAIRS_0_TO: 'a' }), [
      'CULVERT_STAIRS: unknown environment variable',
      'CULVERT_STAIRS_0_TO: unknown environment variable',
    ]);
  });

  it('may share their settings by alias', () => {
    const { stairs } = load('stairs:\n  - &one {to: a}\n  - *one\n').config;
    assert.deepEqual(stairs, [{ to: 'a' }, { to: 'a' }]);
  });

  it('are printed with where each value came from, secrets masked, and give the same list again', () => {
    const loaded = load('stairs:\n  - {to: a, word: hunter, rail: {wait: 2s}}\n  - {to: b, doors: [":1"]}\n');
    const keys = listKeysInForce(schema, loaded.config);
    assert.match(
      configYaml(keys, loaded.config, loaded.sources),
      /\nstairs:\n {2}- to: a # c\.yaml:2\n {4}word: "\*\*\*" # c\.yaml:2\n {4}rail:\n {6}wait: 2s # c\.yaml:2\n {2}- to: b # c\.yaml:3\n {4}doors: \[":1"\] # c\.yaml:3\n$/,
    );
    const shown = keys.filter(({ setting }) => setting.secret === undefined);
    const again = load(configYaml(shown, loaded.config, null)).config;
    assert.deepEqual(again.stairs, [
      { to: 'a', rail: { waitMs: 2_000 } },
      { to: 'b', doors: [':1'] },
    ]);
  });

  it('have a section for each key in the docs', () => {
    const page = configurationPage(schema);
    assert.ok(
      page.includes('## stairs\n\nThe stairs.\n\n```yaml\nstairs:\n  - to: attic\n```\n\nAny stairs.\n'),
    );
    assert.match(page, /^### `stairs\[\]\.to`\n\nWhere they lead\.\n\n\| Type \| Required \| Range +\|\n/m);
    assert.match(page, /^### `stairs\[\]\.rail\.wait`\n\nHow long\.\n\n\| Type +\| Default \| Range +\|\n/m);
  });
});

describe('what does not fit together', () => {
  it('stops the loading as a wrong value does, where there is no other problem', () => {
    const judge = () => [
      { type: 'value', at: 'c.yaml:1', key: 'mode', expected: 'more', found: 'less', reason: null } as const,
    ];
    assert.throws(
      () => load('mode: fast', {}, judge),
      /^ConfigError: c\.yaml:1: mode: expected more, found less$/,
    );
    assert.throws(
      () => load('mode: slow', {}, judge),
      /^ConfigError: c\.yaml:1: mode: expected one of fast, careful/,
    );
  });
});
