// The Dockerfile against the project it packs: no engine builds it here, so what it says is held to what is there.

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Stage } from './dockerfile-reader.ts';
import { copiesOf, isIgnored, pairsOf, readStages, restsOf, wordsOf } from './dockerfile-reader.ts';
import {
  DEFAULT_PORTS,
  DEFAULTS,
  MANIFEST,
  PLAIN_PORTS,
  pinnedNodeVersion,
  ROOT_FOLDER,
  readProjectFile,
  unknownVariables,
} from './project-facts.ts';

const text = readProjectFile('Dockerfile');
const ignore = readProjectFile('.dockerignore');
const stages = readStages(text);
const image = stages.at(-1) ?? assert.fail('no stage');
const build = stageOf('build');
const commands = stages.flatMap((stage) => restsOf(stage, 'RUN'));

function stageOf(name: string): Stage {
  return stages.find((stage) => stage.name === name) ?? assert.fail(`no stage ${name}`);
}

/** Every file below a path of the context, the path itself where it is a file. */
function filesBelow(path: string): string[] {
  if (statSync(join(ROOT_FOLDER, path)).isFile()) return [path];
  return globSync(`${path.replace(/\/$/, '')}/**/*.*`, { cwd: ROOT_FOLDER });
}

describe('the Dockerfile', () => {
  it('begins every stage with the Node that the lock file pins', () => {
    const version = pinnedNodeVersion();
    for (const { base } of stages) assert.match(base, new RegExp(`^node:${version.replaceAll('.', '\\.')}-`));
    const [, least] = /^>=(\d+)$/.exec(MANIFEST.engines.node) ?? [];
    assert.ok(Number(version.split('.')[0]) >= Number(least), `${version} for ${MANIFEST.engines.node}`);
  });

  it('copies only what is there and what .dockerignore lets in', () => {
    const copies = stages.flatMap(copiesOf).filter(({ from }) => from === null);
    assert.ok(copies.length > 0);
    for (const source of copies.flatMap(({ sources }) => sources)) {
      assert.ok(existsSync(join(ROOT_FOLDER, source)), source);
      const files = filesBelow(source);
      assert.ok(files.length > 0, source);
      assert.deepEqual(
        files.filter((file) => isIgnored(ignore, file)),
        [],
      );
    }
  });

  it('lets nothing in that is secret or of this machine', () => {
    const kept = [
      'certs/development-key.pem',
      'certs/live.key',
      'culvert.env',
      'culvert.yaml',
      'config/culvert.yaml',
      '.env',
      '.npmrc',
      '.git/config',
      'node_modules/ws/package.json',
      'dist/lib/main.js',
      'docker-compose.override.yml',
    ];
    assert.deepEqual(
      kept.filter((path) => !isIgnored(ignore, path)),
      [],
    );
  });

  it('takes from other stages only what they make', () => {
    const { compilerOptions } = JSON.parse(readProjectFile('tsconfig.build.json')) as {
      compilerOptions: { outDir: string };
    };
    const made = [
      ['build', `/build/${compilerOptions.outDir.split('/')[0]}/`],
      ['packages', '/build/node_modules/'],
    ];
    const taken = copiesOf(image).map(({ from, sources }) => [from, ...sources]);
    assert.deepEqual(taken, made);
    for (const [name = ''] of made) assert.deepEqual(restsOf(stageOf(name), 'WORKDIR'), ['/build']);
  });

  it('installs from the lock file and from nowhere else, without scripts of packages', () => {
    const installs = commands.filter((command) => /\bnpm (?!run )/.test(command));
    assert.equal(installs.length, 2);
    for (const command of installs) assert.match(command, /^npm ci .*--ignore-scripts\b/);
    assert.deepEqual(
      commands.filter((command) => /\b(curl|wget|apt|apt-get|git|npx)\b|:\/\//.test(command)),
      [],
    );
    const lock = JSON.parse(readProjectFile('package-lock.json')) as {
      packages: Record<string, { dev?: boolean; optional?: boolean; hasInstallScript?: boolean }>;
    };
    const scripted = Object.entries(lock.packages).filter(
      ([, { hasInstallScript }]) => hasInstallScript === true,
    );
    assert.deepEqual(scripted, [], 'packages whose scripts would be missed');
    const leftOut = Object.entries(lock.packages).filter(([, { dev, optional }]) => optional && !dev);
    assert.deepEqual(
      leftOut.filter(([path]) => !path.startsWith('node_modules/node-linux-')),
      [],
      'optional packages of production that the image would lack',
    );
    assert.ok(
      restsOf(stageOf('packages'), 'RUN').every((command) => command.includes('--omit=dev --omit=optional')),
    );
  });

  it('runs only scripts that package.json has, and brings the files they name', () => {
    const scripts = commands.flatMap((command) =>
      [...command.matchAll(/\bnpm run (\S+)/g)].map(([, name]) => name),
    );
    assert.deepEqual(scripts, ['build']);
    const copied = copiesOf(build).flatMap(({ sources }) => sources);
    const named = [...(MANIFEST.scripts['build'] ?? '').matchAll(/\S+\.(?:json|mjs)/g)].map(([name]) => name);
    assert.ok(named.length > 0);
    assert.deepEqual(
      named.filter((name) => !copied.includes(name)),
      [],
    );
  });

  it('starts by words, not by a shell, and ends by the signal that the gateway drains on', () => {
    assert.deepEqual(wordsOf(image, 'CMD'), ['serve']);
    assert.equal(wordsOf(image, 'ENTRYPOINT')[0], 'node');
    assert.deepEqual(restsOf(image, 'STOPSIGNAL'), ['SIGTERM']);
  });

  it('runs as an ordinary user, told by number, who owns the folder of the development certificate', () => {
    const user = restsOf(image, 'USER').at(-1) ?? '';
    assert.match(user, /^[1-9]\d*:[1-9]\d*$/);
    const [uid, gid] = user.split(':');
    const folder = restsOf(image, 'WORKDIR').at(-1) ?? '';
    const wanted = `install -d -o ${uid} -g ${gid} -m 0750 ${folder} ${folder}/${DEFAULTS.tls.developmentFolder}`;
    assert.deepEqual(restsOf(image, 'RUN'), [wanted]);
  });

  it('listens where the defaults do, exposes those ports, and sets nothing that is no setting', () => {
    const environment = pairsOf(image, 'ENV');
    assert.deepEqual(environment.get('CULVERT_LISTEN')?.split(','), DEFAULTS.listen);
    assert.deepEqual(restsOf(image, 'EXPOSE').join(' ').split(' '), DEFAULT_PORTS);
    assert.deepEqual(unknownVariables(text), []);
  });

  it('asks a plain listener whether it is alive', () => {
    const asked = wordsOf(image, 'HEALTHCHECK').join(' ');
    const [, port = ''] = /http:\/\/127\.0\.0\.1:(\d+)\//.exec(asked) ?? [];
    assert.ok(PLAIN_PORTS.includes(port), asked);
  });

  it('carries the version and the licence of package.json', () => {
    const labels = pairsOf(image, 'LABEL');
    assert.equal(labels.get('org.opencontainers.image.version'), MANIFEST.version);
    assert.equal(labels.get('org.opencontainers.image.licenses'), MANIFEST.license);
  });

  it('names no host, in whatever file of the deployment', () => {
    for (const path of ['Dockerfile', '.dockerignore', 'docker-compose.yml', 'docs/culvert.service']) {
      const urls = [...readFileSync(join(ROOT_FOLDER, path), 'utf8').matchAll(/\w+:\/\/[^\s'"`]+/g)];
      assert.deepEqual(
        urls.map(([url]) => url).filter((url) => !url.startsWith('http://127.0.0.1:')),
        [],
        path,
      );
    }
  });
});
