// Every configuration of docs/front.md, those for servers that cannot be run here among them: it is one that the gateway
// takes, without a warning.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { ROOT_FOLDER } from '../support/gateway-process.ts';
import { newFilePath } from '../support/programs.ts';

const NODE = join(ROOT_FOLDER, 'node_modules', '.bin', 'node');
const PAGE = readFileSync(join(ROOT_FOLDER, 'docs', 'front.md'), 'utf8');
const BLOCKS = [...PAGE.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
/** One for each of the six servers, the choice, the pool and Culvert itself. */
const LEAST_BLOCKS = 9;

describe('The page of the front', () => {
  it('has configurations that are in order, all of them', async () => {
    assert.ok(BLOCKS.length >= LEAST_BLOCKS, `there are ${BLOCKS.length}`);
    const paths = BLOCKS.map((text) => {
      const path = newFilePath('front.yaml');
      writeFileSync(path, text);
      return path;
    });
    const checks = paths.flatMap((path) => ['--check', path]);
    const { stdout, stderr } = await promisify(execFile)(NODE, ['src/main.ts', 'config', ...checks], {
      cwd: ROOT_FOLDER,
    });
    assert.equal(stdout, paths.map((path) => `${path}: ok\n`).join(''));
    assert.equal(stderr, '');
  });
});
