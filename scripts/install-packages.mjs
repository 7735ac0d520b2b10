// Installs the npm packages of the lock file where they are missing or others: run by npm before start, test, check and
// the like. Plain JavaScript that an older Node runs as well, because the right Node comes with these packages.
// Where everything is in place it starts no process and is done in a few milliseconds.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const isStart = ['prestart', 'preculvert'].includes(process.env.npm_lifecycle_event);

/** The `packages` table of a lock file, null where there is no such file or it was cut short. */
function readPackages(path) {
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? null;
  } catch {
    return null;
  }
}

/** True where the names in a package's `os` or `cpu` field, one or several, let this machine in. */
function admits(names, value) {
  const list = [names ?? []].flat();
  if (list.length === 0) return true;
  if (list.includes(`!${value}`)) return false;
  return list.includes(value) || list.every((entry) => entry.startsWith('!'));
}

function isForThisMachine(entry) {
  return admits(entry.os, process.platform) && admits(entry.cpu, process.arch);
}

/** Why what is installed is not what the lock file says, in a few words; null where it is the same. */
function findDifference() {
  const wanted = readPackages(join(root, 'package-lock.json'));
  if (wanted === null) return 'package-lock.json cannot be read';
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  if (installed === null) return 'nothing is installed';
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.link === true) continue;
    const found = installed[path];
    if (found === undefined) {
      // WHY: npm leaves out what another system needs, other C libraries among it, and `npm ci --omit=dev`
      // what only the tests need. Neither keeps the gateway from starting.
      const mayBeAbsent =
        (entry.optional === true && !isNeeded(entry, path)) || (entry.dev === true && isStart);
      if (!mayBeAbsent) return `${path} is missing`;
    } else if (found.version !== entry.version || found.integrity !== entry.integrity) {
      return `${path} is ${found.version}, wanted ${entry.version}`;
    }
  }
  for (const path of Object.keys(installed)) {
    if (wanted[path] === undefined) return `${path} is not in the lock file`;
  }
  return null;
}

/** Of the optional packages only the Node binary of this machine is needed; it is listed for Linux alone. */
function isNeeded(entry, path) {
  return path.startsWith('node_modules/node-linux-') && isForThisMachine(entry);
}

const difference = findDifference();
if (difference !== null) {
  console.error(`Installing the npm packages (${difference}): npm ci`);
  const args = ['ci', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  if (!isStart) args.push('--include=dev');
  const npmScript = process.env.npm_execpath;
  const [command, firstArgs] =
    npmScript?.endsWith('.js') === true ? [process.execPath, [npmScript]] : ['npm', []];
  const run = spawnSync(command, [...firstArgs, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  if (run.error !== undefined || run.status !== 0) {
    console.error(run.error?.message ?? `${run.stdout}${run.stderr}`.trimEnd());
    console.error('npm ci failed: the packages of package-lock.json are not installed.');
    process.exit(1);
  }
}
