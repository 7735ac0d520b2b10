// Precedence, sources, freezing and bounds between keys, over a small schema.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '../../src/config/config-error.ts';
import { NO_FLAGS, parseFlags } from '../../src/config/flags.ts';
import { loadDefaults, loadSettings } from '../../src/config/load-settings.ts';
import { type Given, keys, load, problemsOf, schema } from './small-schema.ts';

describe('loadSettings', () => {
  it('gives the defaults, in units and under names with units, where nothing is set', () => {
    assert.deepEqual(loadDefaults(schema), {
      mode: 'fast',
      ports: [':1'],
      limits: { waitMs: 2_000, totalMs: 10_000, bodyBytes: 1_024, nameLengthChars: 8, isStrict: false },
      auth: { token: '' },
      trust: { peers: [], most: 5, oldest: 'old', newest: 'new' },
      doors: { __proto__: null },
      rooms: { __proto__: null },
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
      'trust.peers': { type: 'default' },
      'trust.most': { type: 'default' },
      'trust.oldest': { type: 'default' },
      'trust.newest': { type: 'default' },
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

  it('orders words as the schema lists them, and tells one that exceeds another where it was set', () => {
    assert.deepEqual(problemsOf({ file: 'trust: {newest: middle}' }), []);
    assert.deepEqual(problemsOf({ file: 'trust: {oldest: middle, newest: middle}' }), []);
    assert.deepEqual(problemsOf({ file: 'trust:\n  newest: middle\n  oldest: new\n' }), [
      'c.yaml:3: trust.oldest: expected at most the middle of trust.newest, found new',
    ]);
    const both = { CULVERT_TRUST_OLDEST: 'new', CULVERT_TRUST_NEWEST: 'old' };
    assert.deepEqual(problemsOf({ env: both }), [
      'CULVERT_TRUST_OLDEST: trust.oldest: expected at most the old of trust.newest, found new',
    ]);
    const acrossSources = { file: 'trust: {oldest: new}', env: { CULVERT_TRUST_NEWEST: 'middle' } };
    assert.deepEqual(problemsOf(acrossSources), [
      'c.yaml:1: trust.oldest: expected at most the middle of trust.newest, found new',
    ]);
  });

  it('takes a plain number from a file, a variable and a flag', () => {
    const mostOf = (given: Given) => load(given).config.trust.most;
    assert.equal(mostOf({ file: 'trust: {most: 9}' }), 9);
    assert.equal(mostOf({ file: 'trust: {most: 9}', env: { CULVERT_TRUST_MOST: '8' } }), 8);
    assert.equal(mostOf({ env: { CULVERT_TRUST_MOST: '8' }, argv: ['--most', '7'] }), 7);
    const problem = (found: string) => `trust.most: expected a number of 1 to 9, found ${found}`;
    for (const [written, found] of [
      ['0', '0'],
      ['10', '10'],
      ['1.5', '1.5'],
      ['"5"', '"5"'],
      ['5B', '"5B"'],
      ['', 'nothing'],
    ] as const) {
      assert.deepEqual(problemsOf({ file: `trust: {most: ${written}}` }), [`c.yaml:1: ${problem(found)}`]);
    }
    for (const [text, found] of [
      ['10', '10'],
      ['-1', '"-1"'],
      ['5s', '"5s"'],
      ['1e0', '"1e0"'],
    ] as const) {
      const env = { CULVERT_TRUST_MOST: text };
      assert.deepEqual(problemsOf({ env }), [`CULVERT_TRUST_MOST: ${problem(found)}`]);
      assert.deepEqual(problemsOf({ argv: [`--most=${text}`] }), [`--most: ${problem(found)}`]);
    }
  });

  it('takes a list that may be empty from a file, and one of several ranges from a variable', () => {
    assert.deepEqual(load({ file: 'trust: {peers: []}' }).config.trust.peers, []);
    const { config } = load({ env: { CULVERT_TRUST_PEERS: '10.0.0.0/8, ::1' } });
    assert.deepEqual(config.trust.peers, ['10.0.0.0/8', '::1']);
    assert.deepEqual(problemsOf({ file: 'trust:\n  peers:\n    - 10.0.0.0/8\n    - 10.0.0.0/33\n' }), [
      'c.yaml:4: trust.peers[1]: expected an address, found "10.0.0.0/33" (the bits behind the slash must be a number of 0 to 32)',
    ]);
  });

  it('takes the file from CULVERT_CONFIG where no flag names one', () => {
    const read: string[] = [];
    const readFile = (path: string): string => {
      read.push(path);
      return '';
    };
    loadSettings(schema, { flags: NO_FLAGS, env: { CULVERT_CONFIG: 'a.yaml' }, readFile });
    const flags = { ...NO_FLAGS, configFile: 'b.yaml' };
    loadSettings(schema, { flags, env: { CULVERT_CONFIG: 'a.yaml' }, readFile });
    assert.deepEqual(read, ['a.yaml', 'b.yaml']);
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
