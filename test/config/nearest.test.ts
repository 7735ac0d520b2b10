// Guesses at mistyped names.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { editDistance, nearest } from '../../src/config/nearest.ts';

describe('editDistance', () => {
  it('counts single edits, a swap of neighbours as one', () => {
    assert.equal(editDistance('', ''), 0);
    assert.equal(editDistance('', 'abc'), 3);
    assert.equal(editDistance('abc', ''), 3);
    assert.equal(editDistance('idelHold', 'idleHold'), 1);
    assert.equal(editDistance('kitten', 'sitting'), 3);
    assert.equal(editDistance('tunel', 'tunnel'), 1);
  });
});

describe('nearest', () => {
  it('gives the candidate with the fewest edits, letter case aside', () => {
    assert.equal(nearest('maxbody', ['maxReply', 'maxBody']), 'maxBody');
    assert.equal(nearest('--lisen', ['--config', '--listen']), '--listen');
  });

  it('gives nothing where no candidate is near enough to be a slip', () => {
    assert.equal(nearest('color', ['listen', 'logLevel']), null);
    assert.equal(nearest('ab', ['xy']), null);
    assert.equal(nearest('listen', []), null);
  });

  it('guesses at names of 100 characters and at no longer ones', () => {
    assert.equal(nearest('a'.repeat(100), ['a'.repeat(99)]), 'a'.repeat(99));
    assert.equal(nearest('a'.repeat(101), ['a'.repeat(100)]), null);
  });
});
