// The rules of the house that a linter cannot say: who may import whom, how long a file may be, and that every file
// and every export says what it is.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAX_LINES = 500;

type SourceFile = { readonly path: string; readonly text: string; readonly imports: readonly string[] };

/** Rings from the inside out; a file may import from its own ring and from those further in. */
const RINGS: readonly (readonly [RegExp, number])[] = [
  [/^src\/protocol\//, 0],
  [/^src\/(streams|apps|auth|config)\/|^src\/(errors|log)\.ts$/, 1],
  [/^src\/(links|sessions|upstreams|delivery|admin|cluster)\//, 2],
  [/^src\/gateway(-door|-relays|-upstreams)?\.ts$/, 3],
  [/^src\/(cli\/|main\.ts$)/, 4],
];

/** What each room inside of protocol/ may import of the others. */
const PROTOCOL_ROOMS: Readonly<Record<string, readonly string[]>> = {
  bytes: ['bytes'],
  amf: ['amf', 'bytes'],
  flv: ['flv', 'bytes'],
  rtmp: ['rtmp', 'flv', 'amf', 'bytes'],
  rtmpt: ['rtmpt', 'bytes'],
  proxy: ['proxy', 'bytes'],
  websocket: ['websocket', 'bytes'],
};

/** What ring 2 folders share: types and nothing else. */
const SHARED_BY_RING_2 = new Set(['src/links/link.ts', 'src/links/passage.ts']);

const files = sourceFiles('src');

describe('the house', () => {
  it('finds its source', () => {
    assert.ok(files.length > 50, `${files.length} files`);
  });

  for (const file of files) {
    it(`keeps its rules in ${file.path}`, () => {
      const ring = ringOf(file.path);
      for (const imported of file.imports) {
        assert.ok(ringOf(imported) <= ring, `imports ${imported}, which is further out`);
        assert.equal(roomProblem(file.path, imported), null);
      }
      assert.ok(file.text.split('\n').length <= MAX_LINES, `has more than ${MAX_LINES} lines`);
      assert.match(file.text.replace(/^#!.*\n/, ''), /^\/\/ \S/, 'has no header comment');
      assert.deepEqual(undocumentedExports(file.text), [], 'exports without a docstring');
      if (file.path !== 'src/main.ts') assert.equal(processUse(file.text), null, 'touches the process');
    });
  }

  it('copies payload by nothing but `set`, which the tests of the chunk decoder count', () => {
    const paths = ['src/protocol/rtmp/chunk-stream.ts', 'src/protocol/rtmp/chunk-decoder.ts'];
    const readers = files.filter(({ path }) => paths.includes(path));
    assert.equal(readers.length, paths.length);
    for (const { path, text } of readers) {
      assert.doesNotMatch(text, /\bconcat\(|\.slice\(|\.from\(|\.of\(|copyWithin|\.toSpliced|\.with\(/, path);
      // The four bytes of a repeated timestamp.
      const copies = text
        .split('\n')
        .filter((line) => line.includes('.copy(') && !line.includes('scratch.copy()'));
      assert.deepEqual(copies, [], path);
    }
  });

  it('keeps protocol/ free of input, output, clocks and randomness', () => {
    for (const file of files.filter(({ path }) => path.startsWith('src/protocol/'))) {
      const modules = specifiersOf(file.text).filter((name) => !name.startsWith('.'));
      assert.deepEqual(
        modules.filter((name) => name !== 'node:crypto'),
        [],
        file.path,
      );
      assert.doesNotMatch(
        file.text,
        /Date\.now|performance\.now|Math\.random|setTimeout|randomBytes\(\)/,
        file.path,
      );
    }
  });
});

function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => {
      const path = join(folder, name);
      const text = readFileSync(join(ROOT, path), 'utf8');
      const specifiers = specifiersOf(text).filter((name) => name.startsWith('.'));
      const imports = specifiers.map((name) => relative(ROOT, join(ROOT, dirname(path), name)));
      return { path, text, imports };
    });
}

function specifiersOf(text: string): string[] {
  return [...text.matchAll(/^(?:import|\}).* from '([^']*)'/gm)].map((match) => match[1] ?? '');
}

/** The first line of code that uses the global `process`, null where none does. */
function processUse(text: string): string | null {
  const code = text.split('\n').filter((line) => !/^\s*(\/\/|\/?\*)/.test(line));
  return code.find((line) => /(^|[^.\w])process\.\w/.test(line)) ?? null;
}

function ringOf(path: string): number {
  for (const [pattern, ring] of RINGS) if (pattern.test(path)) return ring;
  throw new Error(`${path} belongs to no ring`);
}

function roomProblem(path: string, imported: string): string | null {
  const [, ring, room = ''] = path.split('/');
  const [, importedRing, importedRoom = ''] = imported.split('/');
  if (ring === 'protocol' && !PROTOCOL_ROOMS[room]?.includes(importedRoom)) {
    return `protocol/${room} imports protocol/${importedRoom}`;
  }
  const isAcross = ringOf(path) === 2 && ringOf(imported) === 2 && ring !== importedRing;
  return isAcross && !SHARED_BY_RING_2.has(imported) ? `${ring} imports ${imported}` : null;
}

/** Names of exports that no docstring stands in front of; a type of the same name as its value needs none. */
function undocumentedExports(text: string): string[] {
  const lines = text.split('\n');
  const documented = new Set<string>();
  const missing: string[] = [];
  for (const [index, line] of lines.entries()) {
    const name = /^export (?:abstract |async )*(?:class|function|const|type|interface) (\w+)/.exec(line)?.[1];
    if (name === undefined) continue;
    if (lines[index - 1]?.trimEnd().endsWith('*/')) documented.add(name);
    else if (!documented.has(name)) missing.push(name);
  }
  return missing;
}
