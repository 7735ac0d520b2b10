// Every item of test/support/conformance-items.ts has a test that says so in its name, and no name says an item that
// does not exist.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FURTHER_ITEMS, REQUIRED_ITEMS } from './support/conformance-items.ts';

const TEST_FOLDER = fileURLToPath(new URL('.', import.meta.url));
const OWN_NAME = 'conformance.test.ts';

/** A quoted text that holds an item's number, which is a test's name, or the end of one. */
const NAME = /(['"`])((?:(?!\1).)*\[item (?:(?!\1).)*)\1/g;
const NUMBERS_AT_THE_END = /^.*?((?: ?\[item \d+\])+)$/;

/** One name of a test, and where it stands. */
type NamedTest = { readonly file: string; readonly name: string; readonly items: readonly number[] };

const named = testNames();

describe('the conformance list', () => {
  it('is read from the names of the tests', () => {
    assert.ok(named.length > 100, `${named.length} names`);
  });

  it('has its numbers at the ends of names, where a reader looks for them', () => {
    const astray = named.filter(({ name }) => !NUMBERS_AT_THE_END.test(name));
    assert.deepEqual(
      astray.map(({ file, name }) => `${file}: ${name}`),
      [],
    );
  });

  it('knows every number that a name says', () => {
    const unknown = named.filter(({ items }) =>
      items.some((item) => !REQUIRED_ITEMS.has(item) && !FURTHER_ITEMS.has(item)),
    );
    assert.deepEqual(
      unknown.map(({ file, name }) => `${file}: ${name}`),
      [],
    );
  });

  it('has a test for every required item', () => {
    const proven = new Set(named.flatMap(({ items }) => items));
    const missing = [...REQUIRED_ITEMS].filter(([item]) => !proven.has(item));
    assert.deepEqual(
      missing.map(([item, text]) => `${item}: ${text}`),
      [],
    );
  });

  it('lists each item once, and none without words', () => {
    const numbers = [...REQUIRED_ITEMS.keys(), ...FURTHER_ITEMS.keys()].sort((left, right) => left - right);
    assert.deepEqual(
      numbers,
      Array.from({ length: numbers.length }, (_, index) => index + 1),
    );
    for (const text of [...REQUIRED_ITEMS.values(), ...FURTHER_ITEMS.values()])
      assert.match(text, /^.{10,}\.$/);
  });
});

function testNames(): NamedTest[] {
  const names: NamedTest[] = [];
  for (const file of readdirSync(TEST_FOLDER, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith('.ts') || file === OWN_NAME) continue;
    const lines = readFileSync(join(TEST_FOLDER, file), 'utf8').split('\n');
    for (const line of lines.filter((each) => !/^\s*(\/\/|\/?\*)/.test(each))) {
      for (const [, , name = ''] of line.matchAll(NAME)) {
        const items = [...name.matchAll(/\[item (\d+)\]/g)].map(([, digits]) => Number(digits));
        names.push({ file, name, items });
      }
    }
  }
  return names;
}
