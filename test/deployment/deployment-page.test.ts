// docs/deployment.md says what the files say.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pairsOf, readStages, restsOf } from './dockerfile-reader.ts';
import { ROOT_FOLDER, readProjectFile, unknownVariables } from './project-facts.ts';
import { readUnit, serviceValue } from './unit-reader.ts';

const page = readProjectFile('docs/deployment.md');
const compose = readProjectFile('docker-compose.yml');
const image = readStages(readProjectFile('Dockerfile')).at(-1) ?? assert.fail('no stage');
const unit = readUnit(readProjectFile('docs/culvert.service'));

describe('docs/deployment.md', () => {
  it('names only settings that there are, and files that are there', () => {
    assert.ok(page.includes('CULVERT_'));
    assert.deepEqual(unknownVariables(page.replaceAll('CULVERT_…', '')), []);
    const links = [...page.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, path]) => path ?? '');
    assert.ok(links.length > 0);
    for (const path of links) assert.ok(existsSync(join(ROOT_FOLDER, 'docs', path)), path);
  });

  it('tells of every folder, file and variable that the compose file takes from the machine', () => {
    const names = [...compose.matchAll(/\$\{([A-Z_]+):-/g), ...compose.matchAll(/\.\/([\w.]+)/g)];
    assert.ok(names.length >= 6, names.join());
    for (const [, name] of names) assert.match(page, new RegExp(`\`${name}/?\``));
  });

  it('gives the limits, listeners and user that the files have', () => {
    const nofile = serviceValue(unit, 'LimitNOFILE') ?? '';
    assert.ok(compose.includes(`nofile: ${nofile}`));
    assert.ok(page.includes(`--ulimit nofile=${nofile}`));
    assert.ok(page.includes(`${Number(nofile).toLocaleString('en')};`), 'in words');
    assert.ok(page.includes(`\`CULVERT_LISTEN\`** (\`${pairsOf(image, 'ENV').get('CULVERT_LISTEN')}\`)`));
    const [uid] = restsOf(image, 'USER').at(-1)?.split(':') ?? [];
    assert.ok(page.includes(`**The gateway runs as user ${uid}**`));
  });

  it('gives one time to stop, the same everywhere', () => {
    const seconds = /^(\d+)s$/.exec(serviceValue(unit, 'TimeoutStopSec') ?? '')?.[1] ?? '';
    assert.match(compose, new RegExp(`stop_grace_period: ${seconds}s\\n`));
    assert.ok(page.includes(`--stop-timeout ${seconds} `));
    assert.ok(page.includes(`are ${seconds} seconds`));
  });
});
