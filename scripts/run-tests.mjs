// Runs the tests: every test/**/*.test.ts in one run of Node's test runner with one summary at the end, the quick
// ones first and those with real sockets and real programs after them, a few files at a time. Words on the command
// line choose among them; `npm test -- --help` says how. Plain JavaScript: it starts itself again under the Node of
// node_modules where an older one runs it.

import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ProvenItems } from './proven-items.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const HELP = `npm test [-- [PATH|GLOB]... [--name PATTERN] [--coverage]]

  PATH, GLOB        test files, folders of them, or globs: test/protocol, 'test/**/chunk*.test.ts'
  --name PATTERN    only tests whose name matches this regular expression
  --coverage        measure the coverage of src/ and hold it to the gate: TEST_COVERAGE_LINES percent of lines
                    (90 where it is not set)

TEST_KEEP_FILES=1 keeps the streams that the tests made and received, and says where.`;

/** Folders whose tests open real sockets or start real programs: they run last, in this order. */
const HEAVY_FOLDERS = ['test/cli/', 'test/integration/', 'test/bench/', 'test/interop/'];
/** LIMIT: a file that takes longer hangs; the whole set is expected to take a few minutes. */
const MAX_FILE_MS = 300_000;
/** Time that the test files get to end their programs when the run is broken off. */
const ABORT_GRACE_MS = 500;
const DEFAULT_COVERAGE_LINES = 90;

/** The options of the command line. */
function parseArguments(words) {
  const options = { patterns: [], namePattern: null, coverage: false, help: false };
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index];
    if (word === '--help') options.help = true;
    else if (word === '--coverage') options.coverage = true;
    else if (word === '--name') {
      index += 1;
      options.namePattern = words[index] ?? null;
    } else if (word.startsWith('--name=')) options.namePattern = word.slice('--name='.length);
    else if (word.startsWith('-')) throw new Error(`Unknown option ${word}.\n\n${HELP}`);
    else options.patterns.push(word);
  }
  return options;
}

/** 0 for quick tests, then one number for each heavy folder. */
function weightOf(file) {
  return HEAVY_FOLDERS.findIndex((folder) => file.startsWith(folder)) + 1;
}

/** The chosen test files, relative to the root, quick ones first. */
function findFiles(patterns) {
  const globs = patterns.length === 0 ? ['test'] : patterns;
  const files = new Set();
  for (const pattern of globs) {
    const path = relative(root, join(root, pattern));
    const isFolder = fs.existsSync(join(root, path)) && fs.statSync(join(root, path)).isDirectory();
    const found = fs.globSync(isFolder ? `${path}/**/*.test.ts` : path, { cwd: root });
    if (found.length === 0) throw new Error(`No test file matches ${pattern}.`);
    for (const file of found) files.add(file);
  }
  return [...files].sort((a, b) => weightOf(a) - weightOf(b) || (a < b ? -1 : 1));
}

function startRun(options) {
  const filesFolder = fs.mkdtempSync(join(tmpdir(), 'culvert-test-'));
  process.env.TEST_FILES_FOLDER = filesFolder;
  process.on('exit', () => {
    if (process.env.TEST_KEEP_FILES === undefined) {
      fs.rmSync(filesFolder, { recursive: true, force: true });
    }
  });
  if (process.env.TEST_KEEP_FILES !== undefined) console.log(`Streams are kept in ${filesFolder}`);
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      abort.abort();
      setTimeout(() => process.exit(1), ABORT_GRACE_MS);
    });
  }

  const events = run({
    cwd: root,
    files: findFiles(options.patterns).map((file) => join(root, file)),
    concurrency: Math.min(Math.max(availableParallelism(), 2), 4),
    timeout: MAX_FILE_MS,
    signal: abort.signal,
    ...(options.namePattern === null ? {} : { testNamePatterns: [new RegExp(options.namePattern)] }),
    ...(options.coverage
      ? {
          coverage: true,
          coverageIncludeGlobs: ['src/**/*.ts'],
          lineCoverage: Number(process.env.TEST_COVERAGE_LINES ?? DEFAULT_COVERAGE_LINES),
        }
      : {}),
  });
  const proven = new ProvenItems();
  events.on('test:pass', (event) => proven.passed(event));
  events.on('test:fail', (event) => {
    if (event.todo === undefined || event.todo === false) process.exitCode = 1;
  });
  events.compose(new spec()).pipe(process.stdout);
  const isWhole = options.patterns.length === 0 && options.namePattern === null;
  if (isWhole) events.on('end', () => void failWhereUnproven(proven));
}

/** A required item that no test proves fails the run. */
async function failWhereUnproven(proven) {
  const { REQUIRED_ITEMS } = await import('../test/support/conformance-items.ts');
  const missing = proven.missingOf(REQUIRED_ITEMS);
  if (missing.length === 0) return;
  process.exitCode = 1;
  console.error(
    `\nNo test that passed proves these items of test/support/conformance-items.ts:\n${missing.join('\n')}`,
  );
}

/** True where this Node runs TypeScript as it is; otherwise the Node of node_modules takes over. */
function isRightNode() {
  return Number(process.versions.node.split('.')[0]) >= 24;
}

if (!isRightNode()) {
  const node = join(root, 'node_modules', '.bin', 'node');
  const again = spawnSync(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  process.exit(again.status ?? 1);
} else if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const options = parseArguments(process.argv.slice(2));
    if (options.help) console.log(HELP);
    else startRun(options);
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}
