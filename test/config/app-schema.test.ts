// The part of Culvert's own schema that has settings by application.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MAX_APPS, MAX_NAME_LENGTH_CHARS } from '../../src/config/app-schema.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { listNamedGroups } from '../../src/config/groups-by-name.ts';
import { listKeys } from '../../src/config/key.ts';
import { loadConfig, parseServeFlags } from '../../src/config/load-config.ts';
import { configSchema } from '../../src/config/schema.ts';
import { isUsableName, parseAppPath } from '../../src/protocol/rtmp/server/stream-name.ts';

const apps = listNamedGroups(configSchema).find(({ path }) => path === 'apps');
assert.ok(apps !== undefined);

function loadFile(text: string) {
  const flags = parseServeFlags(['--config', 'culvert.yaml']);
  return loadConfig({ flags, env: {}, readFile: () => text });
}

describe('apps', () => {
  it('has settings of streams by application', () => {
    const { config, sources } = loadFile(
      'apps:\n  live:\n    mergeTime: 350ms\n    gopCache: false\n  auction: {mergeTime: 0ms, viewerLagBytes: 1MiB}\n',
    );
    assert.deepEqual(
      { ...config.apps },
      {
        live: { mergeTimeMs: 350, gopCache: false },
        auction: { mergeTimeMs: 0, viewerLagBytes: 1_048_576 },
      },
    );
    assert.deepEqual(sources['apps.live.mergeTime'], { type: 'file', path: 'culvert.yaml', lineNumber: 3 });
  });

  it('has each setting defined where all streams have it, with nothing of its own', () => {
    const streams = listKeys(configSchema);
    for (const { setting, segments } of apps.keysOf('live')) {
      const path = `streams.${segments.at(-1)}`;
      assert.equal(streams.find((key) => key.path === path)?.setting, setting, path);
    }
    assert.ok(!apps.keysOf('live').some(({ path }) => path.endsWith('maxNameLength')));
  });

  it('has no setting that another one bounds: the check of bounds knows nothing of what stands in for what', () => {
    const bounds = new Set(listKeys(configSchema).map(({ setting }) => setting.atMost));
    for (const { path, setting, segments } of apps.keysOf('live')) {
      assert.equal(setting.atMost, undefined, path);
      assert.ok(!bounds.has(`streams.${segments.at(-1)}`), path);
    }
  });

  it('takes the names that a client can connect to, and none else', () => {
    const pattern = new RegExp(apps.rule.pattern);
    const canConnect = (name: string): boolean =>
      parseAppPath(name, '').app === name && isUsableName(name, MAX_NAME_LENGTH_CHARS);
    const odd = fc.constantFrom(
      '.',
      '..',
      '/',
      '\\',
      ':',
      '?',
      '\u0000',
      '\u007f',
      '\u009f',
      '\u00a0',
      '\u2028',
      'a',
    );
    const names = fc.oneof(
      fc.array(odd, { maxLength: 6 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(names, (name) => assert.equal(pattern.test(name), canConnect(name))),
      { numRuns: 2_000, examples: [['\u2028:..'], ['..'], ['a\\..\\b'], ['...']] },
    );
    for (const length of [0, 1, MAX_NAME_LENGTH_CHARS, MAX_NAME_LENGTH_CHARS + 1]) {
      assert.equal(pattern.test('x'.repeat(length)), canConnect('x'.repeat(length)), `${length}`);
    }
  });

  it('says of a wrong name what it should be', () => {
    assert.throws(
      () => loadFile('apps:\n  live/eu: {mergeTime: 1s}\n'),
      /^ConfigError: culvert\.yaml:2: apps: expected the name of an application, of 1 to 1024 characters, without instance and query, and no \.\. alone or between backslashes and colons, found "live\/eu"$/,
    );
  });

  it('takes names up to streams.maxNameLength', () => {
    const file = (chars: number) =>
      `streams: {maxNameLength: 5}\napps: {${'x'.repeat(chars)}: {mergeTime: 1s}}`;
    assert.ok(loadFile(file(5)));
    assert.throws(
      () => loadFile(file(6)),
      /:2: apps: expected a name of at most 5 characters, as streams\.maxNameLength says, found "x{6}"$/,
    );
  });

  it('takes so many applications and none more', () => {
    const file = (count: number): string =>
      `apps:\n${Array.from({ length: count }, (_, n) => `  a${n}: {mergeTime: 1s}\n`).join('')}`;
    assert.equal(Object.keys(loadFile(file(MAX_APPS)).config.apps).length, MAX_APPS);
    assert.throws(() => loadFile(file(MAX_APPS + 1)), ConfigError);
  });
});
