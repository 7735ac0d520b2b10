// What a configuration that was read again may change without a restart.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadConfigFile } from '../../src/config/load-config.ts';
import { needsRestart } from '../../src/config/reload-check.ts';

function configOf(text: string) {
  return loadConfigFile('c.yaml', () => text).config;
}

describe('needsRestart', () => {
  const inForce = configOf('upstreams: {a: {url: rtmp://a}, b: {url: rtmp://b, drain: true}}');

  it('is false where nothing was changed, or which upstreams are drained', () => {
    const same = configOf('upstreams:\n  a: {url: rtmp://a}\n  b: {url: rtmp://b, drain: true}\n');
    assert.equal(needsRestart(inForce, same), false);
    const changed = configOf(
      'upstreams: {a: {url: rtmp://a, drain: true}, b: {url: rtmp://b, drain: false}}',
    );
    assert.equal(needsRestart(inForce, changed), false);
  });

  it('is true where anything else was', () => {
    for (const text of [
      'upstreams: {a: {url: rtmp://a}}',
      'upstreams: {a: {url: rtmp://a}, b: {url: rtmp://c, drain: true}}',
      'upstreams: {a: {url: rtmp://a}, b: {url: rtmp://b, drain: true}}\nrelay: {keepTime: 0ms}',
    ])
      assert.equal(needsRestart(inForce, configOf(text)), true, text);
  });
});
