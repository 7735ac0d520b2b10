// Brings the Debian packages of peers where apt-get may be used, as root or by sudo that asks nothing; elsewhere says
// which command to run.

import { spawnSync } from 'node:child_process';

const LOCK_TIMEOUT_S = 1200;

/** Installs packages. @throws Error with the command to run by hand */
export function installDebianPackages(packages: readonly string[]): void {
  const words = ['apt-get', 'install', '--yes', '--no-install-recommends', ...packages];
  const isRoot = process.getuid?.() === 0;
  const maySudo = !isRoot && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  if (isRoot || maySudo) {
    console.error(`Installing: ${words.join(' ')}`);
    const prefix = maySudo ? ['sudo', '-n'] : [];
    // WHY: RUNLEVEL=1 keeps the package from starting a server of its own.
    const setting = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1'];
    const [command = '', ...args] = [...prefix, ...setting, ...words];
    args.push('-o', `DPkg::Lock::Timeout=${LOCK_TIMEOUT_S}`);
    if (spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0) return;
  }
  throw new Error(
    `Not installed: ${packages.join(', ')}. Run this by hand: sudo apt-get update && sudo ${words.join(' ')}`,
  );
}
