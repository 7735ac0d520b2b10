// What the pages say of settings: each key and each variable that they name is one, and what they show of a file is a
// configuration that would be taken.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { listKeys } from '../../src/config/key.ts';
import { loadConfigFile } from '../../src/config/load-config.ts';
import { configSchema } from '../../src/config/schema.ts';
import { unknownVariables } from '../deployment/project-facts.ts';
import { ROOT_FOLDER } from '../support/gateway-process.ts';

const PAGES: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT_FOLDER, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

const KEYS = new Set(listKeys(configSchema).map(({ path }) => path));
const GROUPS = new Set(
  [...KEYS].filter((path) => path.includes('.')).map((path) => path.split('.')[0] ?? ''),
);

describe('The pages', () => {
  for (const page of PAGES) {
    const text = readFileSync(join(ROOT_FOLDER, page), 'utf8');

    it(`name only settings that there are, in ${page}`, () => {
      const named = [...text.matchAll(/`([a-z]\w*)\.([a-z]\w*)[`:]/g)];
      const unknown = named
        .filter(([, group = '', key = '']) => GROUPS.has(group) && !KEYS.has(`${group}.${key}`))
        .map(([found]) => found);
      assert.deepEqual(unknown, []);
      assert.deepEqual(unknownVariables(text.replaceAll('CULVERT_…', '')), []);
    });

    const files = [...text.matchAll(/^```yaml\n(# culvert\.yaml.*?)^```$/gms)].map(([, yaml = '']) => yaml);
    for (const [index, yaml] of files.entries()) {
      it(`show a configuration that would be taken, file ${index + 1} of ${page}`, () => {
        const { config } = loadConfigFile('culvert.yaml', () => yaml);
        assert.ok(config.listen.length > 0);
      });
    }
  }
});
