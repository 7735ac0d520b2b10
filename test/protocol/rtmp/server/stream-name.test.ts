import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import '../../../support/property-sizes.ts';
import {
  isUsableName,
  parseAppPath,
  parseStreamName,
  unquoteUrl,
} from '../../../../src/protocol/rtmp/server/stream-name.ts';

describe('names of applications and streams', () => {
  it('are usable without control characters and without .. as a part', () => {
    for (const name of ['a', 'a/b', 'a..b', '...', '..a', 'a b', '\u00a0', '日本', '😀', '%2e%2e', 'a:b']) {
      assert.equal(isUsableName(name, 16), true, JSON.stringify(name));
    }
    const bad = [
      '',
      '..',
      '../a',
      'a/..',
      'a/../b',
      'a\\..',
      'mp4:../a',
      '..\\a',
      '\0',
      'a\n',
      '\u001f',
      '\u007f',
      '\u0080',
      '\u009f',
    ];
    for (const name of bad) assert.equal(isUsableName(name, 16), false, JSON.stringify(name));
  });

  it('are as long as allowed, in UTF-16 code units', () => {
    assert.equal(isUsableName('x'.repeat(16), 16), true);
    assert.equal(isUsableName('x'.repeat(17), 16), false);
    assert.equal(isUsableName('😀'.repeat(8), 16), true);
    assert.equal(isUsableName('😀'.repeat(9), 16), false);
  });

  it('never keep slashes at their ends, a query, or the prefix flv:', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('/', '?', 'a', 'flv:', '.', '=') }), (text) => {
        const { streamName, query } = parseStreamName(text);
        assert.doesNotMatch(streamName, /^\/|\/$|\/\/|\?/);
        assert.ok(text.endsWith(query));
        const { app, instance } = parseAppPath(text, '');
        assert.doesNotMatch(app, /[/?]/);
        assert.doesNotMatch(instance, /^\/|\/$|\/\/|\?/);
      }),
    );
  });

  it('come from the tcUrl where the app names nothing', () => {
    assert.deepEqual(parseAppPath('', 'rtmps://h:443/live/room/?k=1'), {
      app: 'live',
      instance: 'room',
      query: 'k=1',
    });
    assert.deepEqual(parseAppPath('', 'rtmp://h'), { app: '', instance: '', query: '' });
    assert.deepEqual(parseAppPath('', 'h/live'), { app: '', instance: '', query: '' });
    assert.deepEqual(parseAppPath('', ''), { app: '', instance: '', query: '' });
  });

  it('lose the quotes around a tcUrl', () => {
    assert.equal(unquoteUrl(' "rtmp://h/live" '), 'rtmp://h/live');
    assert.equal(unquoteUrl('rtmp://h/live'), 'rtmp://h/live');
  });
});
