// Installs the programs that the tests run as real clients, servers and proxies: ffmpeg, rtmpdump, GStreamer with its RTMP
// and FLV elements and TLS, nginx with its RTMP module, HAProxy, Squid, curl, openssl. Uses apt-get where it may (as root,
// or by sudo without a password); elsewhere says which command to run and fails. Plain JavaScript that an older Node runs
// as well. Where nothing is missing it changes nothing.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Folder of libraries, as Debian names it for this machine. */
const LIBRARY_FOLDER = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;

/** Debian package -> the programs, GStreamer elements and files wanted from it. */
const NEEDED = [
  { debianPackage: 'ffmpeg', programs: ['ffmpeg', 'ffprobe'] },
  { debianPackage: 'rtmpdump', programs: ['rtmpdump'] },
  { debianPackage: 'gstreamer1.0-tools', programs: ['gst-launch-1.0', 'gst-inspect-1.0'] },
  { debianPackage: 'gstreamer1.0-plugins-good', elements: ['flvmux', 'flvdemux'] },
  {
    debianPackage: 'gstreamer1.0-plugins-bad',
    elements: ['rtmp2src', 'rtmp2sink', 'rtmpsrc'],
  },
  // TLS of the rtmp2 elements.
  { debianPackage: 'glib-networking', files: [`${LIBRARY_FOLDER}/gio/modules/libgiognutls.so`] },
  { debianPackage: 'curl', programs: ['curl'] },
  { debianPackage: 'openssl', programs: ['openssl'] },
  // By their files, for /usr/sbin is not on everybody's path.
  { debianPackage: 'haproxy', files: ['/usr/sbin/haproxy'] },
  { debianPackage: 'nginx', files: ['/usr/sbin/nginx'] },
  { debianPackage: 'squid', files: ['/usr/sbin/squid'] },
  { debianPackage: 'libnginx-mod-rtmp', files: ['/usr/lib/nginx/modules/ngx_rtmp_module.so'] },
];

/** How long apt-get waits for another apt or dpkg to finish. */
const LOCK_TIMEOUT_S = 1200;
const LOCK_RETRY_MS = 5000;

function isOnPath(program) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.some((folder) => existsSync(join(folder, program)));
}

function hasElement(element) {
  return spawnSync('gst-inspect-1.0', ['--exists', element], { stdio: 'ignore' }).status === 0;
}

/** The missing names, by the Debian package that brings them. */
function findMissing() {
  const missing = [];
  for (const { debianPackage, programs = [], elements = [], files = [] } of NEEDED) {
    const names = programs.filter((program) => !isOnPath(program));
    names.push(...elements.filter((element) => !hasElement(element)));
    names.push(...files.filter((file) => !existsSync(file)));
    if (names.length > 0) missing.push({ debianPackage, names });
  }
  return missing;
}

/** The words before `apt-get` that make it root's: none as root, sudo where it asks nothing, else null. */
function findPrivilege() {
  if (!isOnPath('apt-get')) return null;
  if (process.getuid?.() === 0) return [];
  const canSudo = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  return canSudo ? ['sudo', '-n'] : null;
}

function runAptGet(privilege, args) {
  const words = [
    ...privilege,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    // Keeps a server that comes with a package from being started, where there is no systemd.
    'RUNLEVEL=1',
    'apt-get',
    '-o',
    `DPkg::Lock::Timeout=${LOCK_TIMEOUT_S}`,
    ...args,
  ];
  const run = spawnSync(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  return { ok: run.status === 0, output: `${run.stdout ?? ''}${run.stderr ?? ''}`.trimEnd() };
}

/** Brings the package lists up to date. The lock of the lists knows no timeout of its own, so it is tried again. */
function updateLists(privilege) {
  const deadlineMs = Date.now() + LOCK_TIMEOUT_S * 1000;
  for (;;) {
    const run = runAptGet(privilege, ['update']);
    if (run.ok || !run.output.includes('Could not get lock') || Date.now() > deadlineMs) return run;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_RETRY_MS);
  }
}

function describeMissing(missing) {
  return missing.flatMap(({ names }) => names).join(', ');
}

const missing = findMissing();
if (missing.length > 0) {
  const debianPackages = missing.map(({ debianPackage }) => debianPackage);
  const install = ['install', '--yes', '--no-install-recommends', ...debianPackages];
  const privilege = findPrivilege();
  if (privilege === null) {
    console.error(`The tests need programs that are not installed: ${describeMissing(missing)}.`);
    console.error('They may not be installed from here. On Debian or Ubuntu, run this and start again:');
    console.error(`  sudo apt-get update && sudo apt-get ${install.join(' ')}`);
    process.exit(1);
  }
  console.log(`Installing the programs of the tests: apt-get ${install.join(' ')}`);
  const update = updateLists(privilege);
  const run = runAptGet(privilege, install);
  const stillMissing = findMissing();
  if (!run.ok || stillMissing.length > 0) {
    if (!update.ok) console.error(update.output);
    console.error(run.output);
    console.error(`Not installed: ${describeMissing(stillMissing)}. Run this by hand and start again:`);
    console.error(`  sudo apt-get update && sudo apt-get ${install.join(' ')}`);
    process.exit(1);
  }
}
