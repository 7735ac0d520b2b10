// The image's own commands without an engine: what the Dockerfile copies in is laid out in a folder, built there, and
// what comes out is started and asked for its health in the image's words.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { before, describe, it, type TestContext } from 'node:test';
import { boundToThisProcess, testFolder } from '../support/programs.ts';
import { copiesOf, isIgnored, pairsOf, readStages, restsOf, wordsOf } from './dockerfile-reader.ts';
import { MANIFEST, ROOT_FOLDER, readProjectFile } from './project-facts.ts';

const LIMIT_MS = 120_000;
const NODE = join(ROOT_FOLDER, 'node_modules', '.bin', 'node');

const stages = readStages(readProjectFile('Dockerfile'));
const image = stages.at(-1) ?? assert.fail('no stage');
const build = stages.find(({ name }) => name === 'build') ?? assert.fail('no stage');
const [, entry = ''] = wordsOf(image, 'ENTRYPOINT');

/** The environment of the image, with the Node of the lock file in front and listeners on free ports. */
const environment = {
  ...Object.fromEntries(pairsOf(image, 'ENV')),
  PATH: `${join(ROOT_FOLDER, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`,
  CULVERT_LISTEN: '127.0.0.1:0',
};

/** Does the COPY lines of a stage for what comes from the context. */
function copyContext(folder: string): void {
  const ignore = readProjectFile('.dockerignore');
  for (const { sources, target } of copiesOf(build)) {
    for (const source of sources) {
      const name = source.endsWith('/') ? '' : (source.split('/').at(-1) ?? '');
      cpSync(join(ROOT_FOLDER, source), join(folder, target, name), {
        recursive: true,
        filter: (path) => !isIgnored(ignore, path.slice(ROOT_FOLDER.length + 1)),
      });
    }
  }
}

describe('the image', () => {
  let program = '';
  let started = '';

  before(() => {
    const folder = mkdtempSync(join(testFolder(), 'image-'));
    const context = join(folder, 'build');
    mkdirSync(context);
    copyContext(context);
    // What `npm ci` installs is what is installed here.
    symlinkSync(join(ROOT_FOLDER, 'node_modules'), join(context, 'node_modules'));
    for (const command of restsOf(build, 'RUN').filter((line) => !line.startsWith('npm ci'))) {
      const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
        cwd: context,
        env: environment,
        encoding: 'utf8',
        timeout: LIMIT_MS,
      });
      assert.equal(status, 0, `${command}: ${stdout}${stderr}`);
    }
    const [fromBuild] = copiesOf(image);
    const made = fromBuild?.sources[0]?.replace(/^\/build\//, '') ?? '';
    cpSync(join(context, made), join(folder, fromBuild?.target ?? ''), { recursive: true });
    symlinkSync(join(ROOT_FOLDER, 'node_modules'), join(folder, fromBuild?.target ?? '', 'node_modules'));
    program = join(folder, entry);
    started = mkdtempSync(join(folder, 'started-'));
  });

  it('has an entry point that says the version of package.json', () => {
    const { stdout } = spawnSync(NODE, [program, '--version'], { encoding: 'utf8', timeout: LIMIT_MS });
    assert.equal(stdout.trim(), MANIFEST.version);
  });

  it('serves, is healthy while it does and not after, and ends by its signal with exit code 0', async (t) => {
    const gateway = startEntry(t);
    const port = await gateway.port;
    assert.equal(checkHealth(port), 0);
    gateway.stop();
    assert.equal(await gateway.ended, 0);
    assert.equal(checkHealth(port), 1);
  });

  /** Starts what the image starts; `port` is that of its first listener. */
  function startEntry(t: TestContext) {
    const [command, args] = boundToThisProcess(NODE, [program, ...wordsOf(image, 'CMD')]);
    const child = spawn(command, args, {
      cwd: started,
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const port = new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const [, found] = /"addresses":\["127\.0\.0\.1:(\d+)"/.exec(line) ?? [];
        if (found !== undefined) resolve(found);
      });
      child.once('close', () => reject(new Error('it ended before it was ready')));
    });
    const [signal = ''] = restsOf(image, 'STOPSIGNAL');
    return { port, ended, stop: () => child.kill(signal as NodeJS.Signals) };
  }

  /** The exit code of the image's own check, asked of another port. */
  function checkHealth(port: string): number | null {
    const [, ...words] = wordsOf(image, 'HEALTHCHECK').map((word) => word.replace(/:\d+\//, `:${port}/`));
    return spawnSync(NODE, words, { timeout: LIMIT_MS, stdio: 'ignore' }).status;
  }
});
