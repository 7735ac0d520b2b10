// A key that is marked as a secret is printed nowhere.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '../../src/config/config-error.ts';
import { configYaml } from '../../src/config/config-yaml.ts';
import { configurationPage } from '../../src/config/configuration-page.ts';
import { parseFlags } from '../../src/config/flags.ts';
import { loadDefaults } from '../../src/config/load-settings.ts';
import { keys, load, problemsOf, schema } from './small-schema.ts';

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
