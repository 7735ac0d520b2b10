// What a file may say of groups by name, over a small schema.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { configYaml } from '../../src/config/config-yaml.ts';
import { configurationPage } from '../../src/config/configuration-page.ts';
import { listKeysInForce } from '../../src/config/groups-by-name.ts';
import { load, problemsOf, schema } from './small-schema.ts';

type Loaded = ReturnType<typeof load>;

function printed({ config, sources }: Loaded): string {
  return configYaml(listKeysInForce(schema, config), config, sources);
}

describe('groups by name', () => {
  it('have what the file sets and no more, in units, typed, with the line of each', () => {
    const { config, sources } = load({ file: 'rooms:\n  red:\n    body: 2KiB\n  "1.5": {isStrict: true}\n' });
    assert.deepEqual({ ...config.rooms }, { red: { bodyBytes: 2_048 }, '1.5': { isStrict: true } });
    const bodyBytes: number | undefined = config.rooms['red']?.bodyBytes;
    assert.equal(bodyBytes, 2_048);
    assert.deepEqual(sources['rooms.red.body'], { type: 'file', path: 'c.yaml', lineNumber: 3 });
    assert.equal(sources['rooms.red.isStrict'], undefined);
    assert.deepEqual(sources['rooms."1.5".isStrict'], { type: 'file', path: 'c.yaml', lineNumber: 4 });
    assert.equal(config.limits.bodyBytes, 1_024, 'nothing else changes');
  });

  it('may be none, and one may set nothing', () => {
    for (const file of ['', 'rooms:\n', 'rooms: {}\n', 'rooms:\n  red:\n', 'rooms: {red: {}}\n']) {
      assert.deepEqual(Object.keys(load({ file }).config.rooms), [], JSON.stringify(file));
    }
  });

  it('are deep frozen', () => {
    const { rooms } = load({ file: 'rooms: {red: {body: 1}}' }).config;
    assert.ok(Object.isFrozen(rooms) && Object.isFrozen(rooms['red']));
  });

  it('are for the file alone', () => {
    assert.deepEqual(problemsOf({ file: 'rooms: {red: {body: 1}}', env: { CULVERT_ROOMS_RED_BODY: '2' } }), [
      'CULVERT_ROOMS_RED_BODY: unknown environment variable',
    ]);
    const { config } = load({ file: 'rooms: {red: {body: 1}}', env: { CULVERT_LIMITS_BODY: '2' } });
    assert.deepEqual([config.rooms['red']?.bodyBytes, config.limits.bodyBytes], [1, 2]);
  });

  it('tell unknown keys with their line and the nearest, be it a key of another group', () => {
    const file =
      'rooms:\n  red:\n    bdoy: 1\n    wait: 1s\n    colour: 1\n    limits: {body: 1}\nroom:\npass: x\n';
    assert.deepEqual(problemsOf({ file }), [
      'c.yaml:3: rooms.red.bdoy: unknown key (did you mean rooms.red.body?)',
      'c.yaml:4: rooms.red.wait: unknown key (did you mean limits.wait?)',
      'c.yaml:5: rooms.red.colour: unknown key',
      'c.yaml:6: rooms.red.limits: unknown key',
      'c.yaml:7: room: unknown key (did you mean rooms?)',
      'c.yaml:8: pass: unknown key (did you mean rooms.NAME.pass?)',
    ]);
  });

  it('tell wrong values with their line, secrets masked', () => {
    const file =
      'rooms:\n  red: 5\n  a b:\n    body: 0\n    isStrict: [true]\n    pass: hunter2\n  blue: [body]\n';
    assert.deepEqual(problemsOf({ file }), [
      'c.yaml:2: rooms.red: expected a mapping of keys to values, found a single value',
      'c.yaml:4: rooms."a b".body: expected a size (64KiB, 1MB, or a number of bytes) of 1B to 1MiB, found 0',
      'c.yaml:5: rooms."a b".isStrict: expected true or false, found a list of 1',
      'c.yaml:6: rooms."a b".pass: expected a text of 0 to 6 characters, found ***',
      'c.yaml:7: rooms.blue: expected a mapping of keys to values, found a list',
    ]);
    assert.deepEqual(problemsOf({ file: 'rooms: [red]\n' }), [
      'c.yaml:1: rooms: expected a mapping of keys to values, found a list',
    ]);
  });

  it('take names that the pattern takes, as texts', () => {
    const file =
      'rooms:\n  a/b: {body: 1}\n  7: {body: 1}\n  true: {body: 1}\n  ~: {body: 1}\n  [a]: {body: 1}\n';
    const reason = '(what YAML takes for no text needs quotes)';
    assert.deepEqual(problemsOf({ file: file.replace('  [a]: {body: 1}\n', '') }), [
      'c.yaml:2: rooms: expected the name of a room, found "a/b"',
      `c.yaml:3: rooms: expected the name of a room, found 7 ${reason}`,
      `c.yaml:4: rooms: expected the name of a room, found true ${reason}`,
      `c.yaml:5: rooms: expected the name of a room, found nothing ${reason}`,
    ]);
    assert.deepEqual(problemsOf({ file: 'rooms:\n  ? [a]\n  : {body: 1}\n' }), [
      `c.yaml:2: rooms: expected the name of a room, found a mapping ${reason}`,
    ]);
    assert.match(problemsOf({ file: `rooms: {${'x'.repeat(200)}: {body: 1}}` }).join(), /found "x{79}…$/);
  });

  it('are as many as the limit says, and none more', () => {
    const rooms = (count: number): string =>
      `rooms:\n${Array.from({ length: count }, (_, n) => `  r${n}: {body: 1}\n`).join('')}`;
    assert.equal(Object.keys(load({ file: rooms(4) }).config.rooms).length, 4);
    assert.deepEqual(problemsOf({ file: rooms(6) }), ['c.yaml:6: rooms: expected at most 4 rooms, found 6']);
  });

  it('have names no longer than the key in force allows that bounds them', () => {
    const file = 'rooms:\n  12345678:\n  abcdefgh: {body: 1}\n  abcdefghi: {body: 1, isStrict: true}\n';
    const problem = (length: number) =>
      `expected a name of at most ${length} characters, as limits.nameLength says, found "abcdefghi"`;
    assert.deepEqual(problemsOf({ file: file.replace('12345678', '"12345678"') }), [
      `c.yaml:4: rooms: ${problem(8)}`,
    ]);
    for (const group of ['\n', ' {}\n', '\n    # body: 1\n', '\n    body: 1\n    isStrict: true\n']) {
      const given = `rooms:\n  red: {body: 1}\n  abcdefghi:${group}`;
      assert.deepEqual(
        problemsOf({ file: given }),
        [`c.yaml:3: rooms: ${problem(8)}`],
        JSON.stringify(group),
      );
    }
    const two = { file: 'rooms:\n  abcdefghi: &all {body: 1}\n  ihgfedcba: *all\n' };
    assert.deepEqual(problemsOf(two), [
      `c.yaml:2: rooms: ${problem(8)}`,
      `c.yaml:3: rooms: ${problem(8).replace('abcdefghi', 'ihgfedcba')}`,
    ]);
    const bounded = { file: 'rooms: {abcdefghi: {body: 1}}', env: { CULVERT_LIMITS_NAME_LENGTH: '9' } };
    assert.deepEqual(problemsOf(bounded), []);
  });

  it('have one name once', () => {
    assert.deepEqual(problemsOf({ file: 'rooms:\n  red: {body: 1}\n  "red": {body: 2}\n' }), [
      'c.yaml:3: Map keys must be unique',
    ]);
    assert.deepEqual(problemsOf({ file: 'rooms:\n  red:\n    body: 1\n    body: 2\n' }), [
      'c.yaml:4: Map keys must be unique',
    ]);
  });

  it('may share their settings by alias', () => {
    const { rooms } = load({ file: 'rooms:\n  red: &all {body: 7}\n  blue: *all\n' }).config;
    assert.deepEqual([rooms['red'], rooms['blue']], [{ bodyBytes: 7 }, { bodyBytes: 7 }]);
    assert.notEqual(rooms['red'], rooms['blue']);
    assert.ok(problemsOf({ file: 'rooms: &rooms {red: *rooms}' }).length > 0);
  });

  it('may have names by alias, each once', () => {
    const { config, sources } = load({ file: 'ports: [&name ":7"]\nrooms:\n  *name : {body: 7}\n' });
    assert.deepEqual({ ...config.rooms }, { ':7': { bodyBytes: 7 } });
    assert.deepEqual(sources['rooms.":7".body'], { type: 'file', path: 'c.yaml', lineNumber: 3 });
    assert.deepEqual(
      problemsOf({ file: 'mode: &name fast\nrooms:\n  fast: {body: 1}\n  *name : {body: 2}\n' }),
      ['c.yaml:4: Map keys must be unique'],
    );
    assert.deepEqual(problemsOf({ file: 'limits: {body: &seven 7}\nrooms:\n  *seven : {body: 1}\n' }), [
      'c.yaml:3: rooms: expected the name of a room, found 7 (what YAML takes for no text needs quotes)',
    ]);
    assert.match(
      problemsOf({ file: 'rooms: &rooms\n  ? *rooms\n  : {body: 1}\n' }).join(),
      /^c\.yaml:2: rooms: expected the name of a room, found a mapping/,
    );
  });

  it('are not merged: a plain << is refused, and one in quotes is a name', () => {
    const refused =
      'rooms: expected the name of a room, found << (merge keys are not supported; as a name it needs quotes)';
    assert.deepEqual(problemsOf({ file: 'rooms:\n  red: &all {body: 1}\n  <<: *all\n' }), [
      `c.yaml:3: ${refused}`,
    ]);
    assert.deepEqual(problemsOf({ file: '%YAML 1.1\n---\nrooms:\n  <<: {blue: {body: 1}}\n' }), [
      `c.yaml:4: ${refused}`,
    ]);
    for (const name of ['"<<"', "'<<'"]) {
      const loaded = load({ file: `rooms: {${name}: {body: 7}}` });
      assert.deepEqual({ ...loaded.config.rooms }, { '<<': { bodyBytes: 7 } }, name);
      assert.match(printed(loaded), /^ {2}"<<":\n/m);
    }
  });

  it('bear names that objects inherit', () => {
    const env = { CULVERT_LIMITS_NAME_LENGTH: '10' };
    const none = load({ file: 'rooms: {red: {body: 1}}', env }).config.rooms;
    for (const name of ['__proto__', 'toString']) assert.equal(none[name], undefined, name);
    const loaded = load({ file: 'rooms: {__proto__: {body: 1}, toString: {isStrict: true}}', env });
    const { rooms } = loaded.config;
    assert.deepEqual(Object.entries(rooms), [
      ['__proto__', { bodyBytes: 1 }],
      ['toString', { isStrict: true }],
    ]);
    assert.equal(Reflect.get({}, 'bodyBytes'), undefined);
    assert.equal(loaded.sources['rooms.__proto__.body']?.type, 'file');
    assert.match(printed(loaded), /^rooms:\n {2}__proto__:\n {4}body: 1B # c\.yaml:1\n/m);
  });
});

describe('groups by name, printed', () => {
  it('have what is set, with where it came from, and secrets masked', () => {
    const loaded = load({ file: 'rooms:\n  red: {body: 2KiB, pass: hunter}\n' });
    assert.match(
      printed(loaded),
      /^rooms:\n {2}red:\n {4}body: 2KiB # c\.yaml:2\n {4}pass: "\*\*\*" # c\.yaml:2\n/m,
    );
    assert.doesNotMatch(printed(load({})), /rooms/);
  });

  it('give the same groups again, whatever their names', () => {
    const isPossible = (name: string): boolean =>
      /^[^/\p{Cc}]+$/u.test(name) && name.length <= 8 && name.isWellFormed();
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).filter(isPossible);
    const names = fc.uniqueArray(fc.oneof(name, fc.constantFrom('<<', '1', 'null', '-', '"', '#', ': ')), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(names, (given) => {
        const file = `rooms: {${given.map((text) => `${JSON.stringify(text)}: {body: 7}`).join(', ')}}`;
        const loaded = load({ file });
        assert.deepEqual(Object.keys(loaded.config.rooms).sort(), given.toSorted());
        assert.deepEqual(load({ file: printed(loaded) }).config, loaded.config);
      }),
    );
  });
});

describe('groups by name, in the docs', () => {
  it('have a line for each key that another stands in for, and a section for each other', () => {
    const page = configurationPage(schema);
    assert.ok(
      page.includes('## rooms\n\nThe rooms.\n\n```yaml\nrooms:\n  red:\n    body: 1KiB\n```\n\nAny name.\n'),
    );
    assert.match(page, /^\| `rooms\.NAME\.body` +\| size +\| 1B to 1MiB +\| `limits\.body` +\|$/m);
    assert.match(page, /^### `doors\.NAME\.place`\n\nWhere it is\.\n\n\| Type \| Required \| Range +\|\n/m);
    assert.match(page, /^### `doors\.NAME\.isOpen`\n\nWhether it is open\.\n\n\| Type +\| Default \|\n/m);
    const [, doors = ''] = page.split('## doors\n');
    assert.ok(!(doors.split('## rooms\n')[0] ?? '').includes('The last column'));
    assert.match(page, /^### `rooms\.NAME\.pass`\n\nThe word\.\n\n\| Type \| Default \| Range +\| Secret/m);
  });
});
