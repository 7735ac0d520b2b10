// Patterns and templates of names: the texts that are taken. What they match is tested in test/upstreams.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isExact, MAX_PATTERN_CHARS, MAX_STARS, parseNamePattern } from '../../src/config/name-pattern.ts';
import { lastStarNumber, MAX_TEMPLATE_CHARS, parseNameTemplate } from '../../src/config/name-template.ts';

describe('parseNamePattern', () => {
  it('takes a pattern apart by segment and character', () => {
    assert.deepEqual(parseNamePattern('a*/😀?'), {
      segments: [
        ['a', '*'],
        ['😀', '?'],
      ],
      starCount: 1,
    });
    assert.equal(isExact(parseNamePattern('live/my show')), true);
    assert.equal(isExact(parseNamePattern('live/*')), false);
    assert.equal(isExact(parseNamePattern('cam-?')), false);
  });

  it('refuses what no name can be', () => {
    for (const [text, reason] of [
      ['', /slash/],
      ['/live', /slash/],
      ['live/', /slash/],
      ['a//b', /slash/],
      ['a**', /no \*\*/],
      ['a\nb', /control character/],
    ] as const) {
      assert.throws(() => parseNamePattern(text), reason, text);
    }
  });

  it('has as many stars and characters as the limits say', () => {
    assert.equal(parseNamePattern('*a'.repeat(MAX_STARS)).starCount, MAX_STARS);
    assert.throws(() => parseNamePattern('*a'.repeat(MAX_STARS + 1)), /more than 9 stars/);
    assert.ok(parseNamePattern('x'.repeat(MAX_PATTERN_CHARS)));
    assert.throws(() => parseNamePattern('x'.repeat(MAX_PATTERN_CHARS + 1)), /longer than 256/);
  });
});

describe('parseNameTemplate', () => {
  it('takes captures and dollar signs out of the text', () => {
    assert.deepEqual(parseNameTemplate('a$1/$9$$2'), [
      { type: 'text', text: 'a' },
      { type: 'capture', starNumber: 1 },
      { type: 'text', text: '/' },
      { type: 'capture', starNumber: 9 },
      { type: 'text', text: '$' },
      { type: 'text', text: '2' },
    ]);
    assert.equal(lastStarNumber(parseNameTemplate('$2$7$1')), 7);
    assert.equal(lastStarNumber(parseNameTemplate('$$7')), 0);
  });

  it('refuses what is no name, and a lone dollar sign', () => {
    for (const [text, reason] of [
      ['', /empty/],
      ['$', /behind a \$/],
      ['a$b', /behind a \$/],
      ['$0', /behind a \$/],
      ['$$$', /behind a \$/],
      ['/a', /slash/],
      ['a/', /slash/],
      ['a//b', /slash/],
      ['../a', /\.\./],
      ['a\u0000', /control character/],
      ['x'.repeat(MAX_TEMPLATE_CHARS + 1), /longer than 1024/],
    ] as const) {
      assert.throws(() => parseNameTemplate(text), reason, text);
    }
    assert.equal(parseNameTemplate('x'.repeat(MAX_TEMPLATE_CHARS)).length, 1);
  });
});
