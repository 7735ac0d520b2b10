// Patterns of names against names, and against a matcher that tries everything.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseNamePattern } from '../../src/config/name-pattern.ts';
import { matchBeginning, matchWhole } from '../../src/upstreams/name-match.ts';
import '../support/property-sizes.ts';

function capturesOf(pattern: string, name: string): readonly string[] | null {
  return matchWhole(parseNamePattern(pattern), name)?.captures ?? null;
}

/** The definition, by trying everything: all ways in which the stars can share the characters. */
function allCaptures(pattern: string, name: string): string[][] {
  if (pattern === '') return name === '' ? [[]] : [];
  const [first = '', rest] = [pattern[0], pattern.slice(1)];
  if (first !== '*') {
    const isMatch = name !== '' && (first === name[0] || (first === '?' && name[0] !== '/'));
    return isMatch ? allCaptures(rest, name.slice(1)) : [];
  }
  const reach = name.split('/', 1)[0]?.length ?? 0;
  return Array.from({ length: reach + 1 }, (_, length) => {
    return allCaptures(rest, name.slice(length)).map((others) => [name.slice(0, length), ...others]);
  }).flat();
}

describe('matchWhole', () => {
  it('takes a name letter for letter where the pattern has no star', () => {
    assert.deepEqual(capturesOf('live', 'live'), []);
    for (const name of ['Live', 'liv', 'lives', 'live/eu', '', ' live']) {
      assert.equal(capturesOf('live', name), null, name);
    }
    assert.deepEqual(capturesOf('a.c', 'a.c'), []);
    assert.equal(capturesOf('a.c', 'abc'), null);
    assert.deepEqual(capturesOf('(a|b)+[c]$1^\\', '(a|b)+[c]$1^\\'), []);
  });

  it('captures what each star stands for, nothing too, and not what a question mark does', () => {
    assert.deepEqual(capturesOf('*', 'cam'), ['cam']);
    assert.deepEqual(capturesOf('cam-*', 'cam-1'), ['1']);
    assert.deepEqual(capturesOf('cam-*', 'cam-'), ['']);
    assert.equal(capturesOf('cam-*', 'cam'), null);
    assert.deepEqual(capturesOf('*-*', 'a-b-c'), ['a', 'b-c']);
    assert.deepEqual(capturesOf('*_720p', 'show_720p_720p'), ['show_720p']);
    assert.deepEqual(capturesOf('cam-??', 'cam-07'), []);
    assert.equal(capturesOf('cam-??', 'cam-7'), null);
    assert.deepEqual(capturesOf('?*', 'é'), ['']);
  });

  it('keeps stars and question marks between slashes', () => {
    assert.equal(capturesOf('*', 'a/b'), null);
    assert.equal(capturesOf('a?b', 'a/b'), null);
    assert.deepEqual(capturesOf('*/*', 'a/b'), ['a', 'b']);
  });

  it('takes one character for a question mark however many units it has', () => {
    assert.deepEqual(capturesOf('?-*', '😀-x😀'), ['x😀']);
  });

  it('agrees with a matcher that tries everything', () => {
    const letters = (alphabet: readonly string[]) =>
      fc.array(fc.constantFrom(...alphabet), { maxLength: 9 }).map((parts) => parts.join(''));
    const isPattern = (text: string) => !/^\/|\/$|\/\/|\*\*|^$/.test(text);
    let matchCount = 0;
    fc.assert(
      fc.property(
        letters(['a', 'b', '*', '*', '?', '/']).filter(isPattern),
        letters(['a', 'a', 'b', '/']),
        (pattern, name) => {
          const expected = allCaptures(pattern, name);
          const captures = capturesOf(pattern, name);
          if (captures !== null) matchCount++;
          assert.equal(captures !== null, expected.length > 0, `${pattern} against ${name}`);
          if (captures !== null) {
            const isOne = expected.some((way) => JSON.stringify(way) === JSON.stringify(captures));
            assert.ok(isOne, `${pattern} against ${name} captures ${JSON.stringify(captures)}`);
          }
        },
      ),
      { numRuns: 5_000 },
    );
    assert.ok(matchCount > 200, `${matchCount} of 5000 matched`);
  });

  it('has no pattern that it takes long over', () => {
    const pattern = parseNamePattern(`${'*a'.repeat(9)}${'a'.repeat(200)}b`);
    const startedAt = process.hrtime.bigint();
    for (let round = 0; round < 20; round++) assert.equal(matchWhole(pattern, 'a'.repeat(1_024)), null);
    const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
    // What goes back behind more than one star takes longer than the age of the world.
    assert.ok(seconds < 30, `${seconds} s`);
  });
});

describe('matchBeginning', () => {
  const match = (pattern: string, path: string) => matchBeginning(parseNamePattern(pattern), path);

  it('takes the first parts of a path, and gives the rest', () => {
    assert.deepEqual(match('live', 'live'), { captures: [], rest: '' });
    assert.deepEqual(match('live', 'live/eu/1'), { captures: [], rest: 'eu/1' });
    assert.deepEqual(match('live/*', 'live/eu/1'), { captures: ['eu'], rest: '1' });
    assert.deepEqual(match('*', 'live/eu'), { captures: ['live'], rest: 'eu' });
  });

  it('takes no path that has fewer parts, or other ones', () => {
    for (const [pattern, path] of [
      ['live/*', 'live'],
      ['live', 'lives/eu'],
      ['live/eu', 'live/us'],
      ['*/eu', 'eu'],
    ] as const) {
      assert.equal(match(pattern, path), null, `${pattern} against ${path}`);
    }
  });
});
