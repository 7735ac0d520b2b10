// What a YAML file may say, and how each mistake in it is told, over a small schema.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadDefaults } from '../../src/config/load-settings.ts';
import { load, problemsOf, schema } from './small-schema.ts';

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
    assert.deepEqual(problemsOf({ file: 'ports:\n  - tls::443\n  - tls:443\n' }), [
      'c.yaml:3: ports[1]: expected a listener, found "tls:443" (there is no port; a port alone is written tls::1935)',
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
