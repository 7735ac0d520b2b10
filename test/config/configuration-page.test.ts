// docs/configuration.md is generated and committed: what is committed must be what the schema says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { configurationPage } from '../../src/config/configuration-page.ts';
import { listKeys } from '../../src/config/key.ts';
import { configSchema } from '../../src/config/schema.ts';

const page = configurationPage(configSchema);

describe('docs/configuration.md', () => {
  it('is in step with the schema; run `npm run docs` where it is not', () => {
    const committed = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');
    assert.equal(committed, page);
  });

  it('has each key with its environment name and description, once', () => {
    for (const key of listKeys(configSchema)) {
      assert.equal(page.split(`### \`${key.path}\`\n\n${key.setting.description}\n`).length, 2, key.path);
      assert.equal(page.split(`\`${key.environmentName}\``).length, 2, key.path);
    }
  });

  it('has type, default, range, bound and flag in a table', () => {
    assert.ok(page.includes('| duration | `500ms` | 0ms to 4s | `CULVERT_TUNNEL_IDLE_HOLD` |'));
    assert.ok(
      page.includes('| list | `:1935`, `:80` | 1 to 64 entries | `CULVERT_LISTEN` | `--listen HOST:PORT` |'),
    );
    assert.ok(/^\| Type \| Default \| One of +\| Environment +\| Flag +\|$/m.test(page));
    assert.ok(page.includes('| the value of `http.requestTimeout` |'));
  });
});
