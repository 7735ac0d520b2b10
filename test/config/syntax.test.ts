// The syntaxes of the entries of lists: what is taken, and the patterns that stand for them in the JSON Schema.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SYNTAX_NAMES, type SyntaxName, syntaxPattern, syntaxProblem } from '../../src/config/syntax.ts';

const host = fc.oneof(
  fc.constant(''),
  fc.ipV4(),
  fc.ipV6().map((text) => `[${text}]`),
  fc.domain(),
);
const portNumber = fc.integer({ min: 0, max: 99_999 }).map(String);
const prefix = fc.constantFrom('', 'tls:', 'any:', 'Tls:', 'ssl:');

/** Texts of which many are of the syntax. */
const TEXTS: Readonly<Record<SyntaxName, fc.Arbitrary<string>>> = {
  listener: fc.tuple(prefix, host, portNumber).map(([kind, name, port]) => `${kind}${name}:${port}`),
  addressRange: fc
    .tuple(
      fc.oneof(fc.ipV4(), fc.ipV6()),
      fc.constantFrom('', '/0', '/8', '/032', '/64', '/128', '/129', '/'),
    )
    .map((parts) => parts.join('')),
};

describe('syntaxProblem', () => {
  it('gives null for a text of the syntax, and else a reason that does not repeat the text', () => {
    assert.equal(syntaxProblem('listener', 'tls::443'), null);
    assert.equal(syntaxProblem('addressRange', '10.0.0.0/8'), null);
    assert.match(syntaxProblem('listener', '10.0.0.0/8') ?? '', /^there is no port/);
    assert.match(syntaxProblem('addressRange', 'tls::443') ?? '', /^there is no IPv4/);
  });
});

describe('syntaxPattern', () => {
  for (const name of SYNTAX_NAMES) {
    it(`matches every ${name} that is taken, in both kinds of regular expressions`, () => {
      const patterns = [new RegExp(syntaxPattern(name)), new RegExp(syntaxPattern(name), 'u')];
      let takenCount = 0;
      const texts = fc.oneof({ weight: 9, arbitrary: TEXTS[name] }, fc.string({ maxLength: 20 }));
      fc.assert(
        fc.property(texts, (text) => {
          if (syntaxProblem(name, text) !== null) return;
          takenCount++;
          for (const pattern of patterns) assert.match(text, pattern);
        }),
        { numRuns: 2_000 },
      );
      assert.ok(takenCount > 200, `${takenCount} of 2000 were taken`);
    });
  }

  it('matches nothing that is of another look', () => {
    for (const [name, texts] of [
      [
        'listener',
        ['', '1935', 'localhost', 'ssl::443', 'tls:443', '::1:80', ':80 ', ':', ':123456', 'a b:80', '*:80'],
      ],
      [
        'addressRange',
        ['', 'localhost', '10.0.0.0/', '10.0.0.0/1000', '[::1]', 'fe80::1%eth0', '10.0.0.*', ' ::1'],
      ],
    ] as const) {
      for (const text of texts) assert.doesNotMatch(text, new RegExp(syntaxPattern(name)), text);
    }
  });
});
