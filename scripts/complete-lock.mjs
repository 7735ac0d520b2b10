// Completes package-lock.json after a change of dependencies: `npm install && node scripts/complete-lock.mjs`.
// The tools ship one package for each platform. A registry mirror that does not hold them all makes `npm install`
// leave those out of the lock, and `npm ci` then refuses it. This adds them back, by name and version, from what the
// packages that want them say. Each is optional and for another platform, so none is fetched.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OS_NAMES = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const CPU_NAMES = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x'];
const EXACT_VERSION = /^\d+\.\d+\.\d+$/;

const path = join(dirname(fileURLToPath(import.meta.url)), '..', 'package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8'));
let added = 0;

/** The C library that a platform package's name says it is built against. */
function libcOf(words) {
  if (words.some((word) => word.startsWith('musl'))) return { libc: ['musl'] };
  return words.some((word) => word.startsWith('gnu')) ? { libc: ['glibc'] } : {};
}

/** The lock's entry for a platform package that only its name is known of. */
function entryOf(name, version, owner) {
  const words = name.split('/').at(-1).split('-');
  const os = OS_NAMES.find((word) => words.includes(word));
  const cpu = CPU_NAMES.find((word) => words.includes(word));
  if (os === undefined || cpu === undefined || !EXACT_VERSION.test(version)) {
    throw new Error(`expected a platform package with an exact version, found ${name}@${version}`);
  }
  const engines = owner.engines === undefined ? {} : { engines: owner.engines };
  const dev = owner.dev === true ? { dev: true } : {};
  return { version, cpu: [cpu], ...dev, ...libcOf(words), optional: true, os: [os], ...engines };
}

for (const [at, owner] of Object.entries(lock.packages)) {
  if (at === '') continue;
  for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] !== undefined) continue;
    lock.packages[key] = entryOf(name, version, owner);
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`added ${added} platform packages`);
