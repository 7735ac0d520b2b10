// Links between the pages: each leads to a file that is there, and where it names a heading, to one that the page has.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { ROOT_FOLDER } from '../support/gateway-process.ts';

const PAGES: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'bench/README.md',
  ...readdirSync(join(ROOT_FOLDER, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** A page without its blocks of code, in which brackets and number signs mean something else. */
function readProse(path: string): string {
  return readFileSync(path, 'utf8').replaceAll(/^ *```.*?^ *```$/gms, '');
}

/** Names by which the headings of a page can be linked to, as GitHub makes them of their text. */
function anchorsOf(path: string): Set<string> {
  const headings = [...readProse(path).matchAll(/^#{1,6} (.+)$/gm)].map(([, text = '']) => text);
  return new Set(
    headings.map((text) =>
      text
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** What is wrong with a link of a page; null where nothing is. Links out of the project are not followed. */
function problemOf(page: string, target: string): string | null {
  if (/^[a-z]+:/.test(target)) return null;
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? join(ROOT_FOLDER, page) : join(ROOT_FOLDER, dirname(page), file);
  if (!existsSync(path)) return `${target}: there is no ${relative(ROOT_FOLDER, path)}`;
  return anchor === undefined || anchorsOf(path).has(anchor) ? null : `${target}: there is no such heading`;
}

describe('The pages', () => {
  for (const page of PAGES) {
    it(`link to nothing that is not there, in ${page}`, () => {
      const prose = readProse(join(ROOT_FOLDER, page));
      const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
      const problems = targets.map((target) => problemOf(page, target));
      assert.deepEqual(
        problems.filter((problem) => problem !== null),
        [],
      );
    });
  }

  it('are all in the table of the README', () => {
    const readme = readProse(join(ROOT_FOLDER, 'README.md'));
    const missing = PAGES.filter((page) => page.startsWith('docs/') && !readme.includes(`](${page})`));
    assert.deepEqual(missing, []);
  });
});
