// docs/configuration.md is generated and committed: what is committed must be what the schema says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { configurationPage } from '../../src/config/configuration-page.ts';
import { listKeys } from '../../src/config/key.ts';
import { configSchema } from '../../src/config/schema.ts';

const page = configurationPage(configSchema);

function committed(name: string): string {
  return readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');
}

describe('docs/configuration.md', () => {
  it('is in step with the schema; run `npm run docs` where it is not', () => {
    assert.equal(committed('configuration.md'), page);
  });

  it('names the JSON Schema that lies beside it', () => {
    assert.match(page, /\]\(culvert\.schema\.json\)/);
    assert.match(page, /^# yaml-language-server: \$schema=\.\/culvert\.schema\.json$/m);
    assert.ok(committed('culvert.schema.json').length > 0);
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
      page.includes(
        '| list | `:1935`, `:80`, `tls::443` | 1 to 64 entries | `CULVERT_LISTEN` | `--listen [tls:\\|any:]HOST:PORT` |',
      ),
    );
    assert.ok(/^\| Type \| Default \| One of +\| Environment +\| Flag +\|$/m.test(page));
    assert.ok(page.includes('| the value of `http.requestTimeout` |'));
    assert.ok(/^\| number \| `16000` +\| 1 to 1000000 \|/m.test(page));
    assert.ok(/^\| list \| none +\| 0 to 256 entries \|/m.test(page));
  });

  it('has as many cells in each row of a table as in its head', () => {
    let cellCount = 0;
    for (const row of page.split('\n')) {
      // A bar behind a backslash ends no cell.
      const cells = row.startsWith('| ') ? row.replaceAll('\\|', '').split('|').length : 0;
      if (cellCount > 0 && cells > 0) assert.equal(cells, cellCount, row);
      cellCount = cells;
    }
  });

  it('says which keys of a group by name are required, and gives those no default', () => {
    const [, section = ''] = page.split('### `certificates.NAME.certificate`\n');
    assert.match(section.split('### ', 1)[0] ?? '', /^\| Type \| Required \| Range +\|$/m);
  });
});
