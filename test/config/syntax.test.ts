// The syntaxes of the entries of lists: what is taken, and the patterns that stand for them in the JSON Schema.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SYNTAX_NAMES, type SyntaxName, syntaxPattern, syntaxProblem } from '../../src/config/syntax.ts';
import '../support/property-sizes.ts';

const host = fc.oneof(
  fc.constant(''),
  fc.ipV4(),
  fc.ipV6().map((text) => `[${text}]`),
  fc.domain(),
);
const portNumber = fc.integer({ min: 0, max: 99_999 }).map(String);
const prefix = fc.constantFrom('', 'tls:', 'any:', 'Tls:', 'ssl:');

const scheme = fc.constantFrom('rtmp://', 'rtmps://', 'RTMPT://', 'rtmpts://', 'http://');
const credentials = fc.constantFrom('', 'u@', 'u:p@', 'u:p@ss@', 'u%40:p%3A@', '@', 'u:%@');
const upstreamPort = fc.oneof(
  fc.constant(''),
  fc.nat({ max: 70_000 }).map((number) => `:${number}`),
);
const query = fc.constantFrom('', '?', '?a=b&c=/d@e', '? ');

/** Texts of a few of the pieces. */
function nameOf(...pieces: readonly string[]): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...pieces), { maxLength: 5 }).map((parts) => parts.join(''));
}

/** Texts of which many are of the syntax. */
const TEXTS: Readonly<Record<SyntaxName, fc.Arbitrary<string>>> = {
  listener: fc.tuple(prefix, host, portNumber).map(([kind, name, port]) => `${kind}${name}:${port}`),
  addressRange: fc
    .tuple(
      fc.oneof(fc.ipV4(), fc.ipV6()),
      fc.constantFrom('', '/0', '/8', '/032', '/64', '/128', '/129', '/'),
    )
    .map((parts) => parts.join('')),
  upstreamUrl: fc
    .tuple(
      scheme,
      credentials,
      host,
      upstreamPort,
      fc.constantFrom('', '/', '/live', '/a/é', '/a//b/', '/..', '/a b'),
      query,
    )
    .map((parts) => parts.join('')),
  upstreamLabel: fc.stringMatching(/^[A-Za-z0-9._ -]{0,66}$/),
  httpProxy: fc
    .tuple(
      fc.constantFrom('http://', 'HTTP://', 'https://'),
      credentials,
      host,
      upstreamPort,
      fc.constantFrom('', '/'),
    )
    .map((parts) => parts.join('')),
  clientTransport: fc.constantFrom('rtmp', 'rtmps', 'rtmpt', 'rtmpts', 'ws', 'wss', 'RTMP', 'http', ''),
  namePattern: nameOf('a', 'é', '*', '?', '/', ' ', '$', '\n'),
  nameTemplate: nameOf('a', '$1', '$$', '$', '/', ' ', '.', '0', '\u0085'),
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
      [
        'upstreamUrl',
        ['', 'origin', 'http://a', 'rtmp:/a', 'rtmp://', 'rtmp:///live', 'rtmp://a b', 'rtmp://a/b c'],
      ],
      ['upstreamLabel', ['', 'a b', 'a/b', 'a:1', 'é', 'x'.repeat(65)]],
      ['httpProxy', ['', 'a:1', 'https://a:1', 'socks://a:1', 'http://', 'http://a:1/b', 'http://a:1?b']],
      ['clientTransport', ['', 'RTMP', 'http', 'rtmpe', 'rtmp ']],
      ['namePattern', ['', '/a', 'a/', 'a//b', 'a\n']],
      ['nameTemplate', ['', '$', 'a$b', '$0', 'a\n']],
    ] as const) {
      for (const text of texts) assert.doesNotMatch(text, new RegExp(syntaxPattern(name)), text);
    }
  });
});
