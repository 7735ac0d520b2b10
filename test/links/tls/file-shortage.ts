// A Node that may open few files: what its script tries when there is none left fails with EMFILE, as in a gateway that
// has as many connections as it may have.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const OPEN_FILES = 100;
const LIMIT_MS = 30_000;
const ROOT = join(import.meta.dirname, '..', '..', '..');

const PREAMBLE = `
  import { closeSync, openSync, writeSync } from 'node:fs';
  const held = [];
  const spend = () => {
    try {
      for (;;) held.push(openSync('/dev/null'));
    } catch (error) {
      if (error.code !== 'EMFILE') throw error;
    }
  };
  const giveBack = () => held.splice(0).forEach((file) => closeSync(file));
  const tell = (value) => writeSync(1, JSON.stringify(value));
`;

/**
 * Runs a module of JavaScript to its end. In it `spend` opens files until there is none left, `giveBack` closes them,
 * and `tell` gives the value that this function returns.
 */
export function runShortOfFiles(script: string): unknown {
  const node = [process.execPath, '--input-type=module', '-e', PREAMBLE + script];
  const { stdout, stderr } = spawnSync('sh', ['-c', `ulimit -n ${OPEN_FILES} && exec "$0" "$@"`, ...node], {
    encoding: 'utf8',
    timeout: LIMIT_MS,
  });
  if (stdout === '') throw new Error(`nothing was told: ${stderr}`);
  return JSON.parse(stdout);
}

/** What an import names a file by that stands at `path` in the project. */
export function moduleAt(path: string): string {
  return JSON.stringify(pathToFileURL(join(ROOT, path)).href);
}
