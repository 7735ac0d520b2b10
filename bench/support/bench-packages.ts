// The npm packages of the bench: peers whose code runs in the bench's own process. They have a package.json and a lock
// file of their own beside this folder, so that nobody who runs or tests the gateway installs them.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT_FOLDER } from './pinned-process.ts';

/** The folder whose node_modules holds them. */
export const BENCH_FOLDER: string = join(ROOT_FOLDER, 'bench');

const NPM_ARGS = ['ci', '--prefix', BENCH_FOLDER, '--ignore-scripts', '--no-audit', '--no-fund'];

type LockedPackages = Readonly<Record<string, { readonly version?: string }>>;

/** Installs them where they are missing or others than the lock file says. @throws Error where npm fails */
export function installBenchPackages(): void {
  if (isInstalled()) return;
  console.error(`Installing the packages of the bench: npm ${NPM_ARGS.join(' ')}`);
  const npmScript = process.env['npm_execpath'];
  const [command, firstArgs] =
    npmScript?.endsWith('.js') === true ? [process.execPath, [npmScript]] : ['npm', []];
  const run = spawnSync(command, [...firstArgs, ...NPM_ARGS, '--loglevel=error'], {
    cwd: BENCH_FOLDER,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  if (run.status === 0) return;
  throw new Error(`npm ci failed: ${run.error?.message ?? `${run.stdout}${run.stderr}`.trimEnd()}`);
}

function isInstalled(): boolean {
  const wanted = lockedPackages(join(BENCH_FOLDER, 'package-lock.json'));
  const installed = lockedPackages(join(BENCH_FOLDER, 'node_modules', '.package-lock.json'));
  return Object.entries(wanted).every(([path, { version }]) => {
    return path === '' || installed[path]?.version === version;
  });
}

function lockedPackages(path: string): LockedPackages {
  if (!existsSync(path)) return {};
  const lock = JSON.parse(readFileSync(path, 'utf8')) as { readonly packages: LockedPackages };
  return lock.packages;
}
