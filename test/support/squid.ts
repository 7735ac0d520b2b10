// Debian's Squid, the proxy that companies put between their people and the network: one process in the foreground on the
// loopback, without a cache and without look-ups of names, with a folder of its own. As root it is run as Debian's user
// for it.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilListening } from '../../bench/support/ports.ts';
import { type Cleaner, type RunningProgram, startProgram } from './programs.ts';

const SQUID = '/usr/sbin/squid';
const SETPRIV = '/usr/bin/setpriv';
/** Debian's user and group of it. */
const USER = 'proxy';
/** Where Linux shows it. */
const SHARED_MEMORY = '/dev/shm';
const LIFE_LIMIT_MS = 60_000;

/** A request that squid has answered, or a CONNECT that is over. */
export type SquidRequest = {
  readonly method: string;
  readonly url: string;
  readonly statusCode: number;
  /** ADDRESS:PORT of the connection that the request came by. */
  readonly client: string;
  /** ADDRESS:PORT of squid's own end of the connection that it went on by. */
  readonly toServer: string;
};

/** A running squid. */
export type Squid = {
  readonly program: RunningProgram;
  /** What its access log tells so far, in order. */
  requests(): SquidRequest[];
};

/**
 * Starts squid with `config`, whose `http_port` is `port` of the loopback, and waits until it listens; `cleaner` ends it
 * at the latest, or `limitMs` do.
 */
export async function startSquid(
  cleaner: Cleaner,
  port: number,
  config: string,
  limitMs: number = LIFE_LIMIT_MS,
): Promise<Squid> {
  if (!existsSync(SQUID)) throw new Error(`${SQUID} is missing: apt-get install squid`);
  // WHY not in the folder of the tests: nobody but its owner may look into that, and squid is not root.
  const folder = mkdtempSync(join(tmpdir(), 'culvert-squid-'));
  cleaner.after(() => rmSync(folder, { recursive: true, force: true }));
  const configPath = join(folder, 'squid.conf');
  writeFileSync(configPath, `${processText(folder)}${config}`);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const path of [folder, configPath]) chownSync(path, idOf('-u'), idOf('-g'));
  // WHY: its shared memory has this name, and what one that was killed has left would keep the next from starting.
  const service = `culvert${randomBytes(4).toString('hex')}`;
  cleaner.after(() => removeSharedMemory(service));
  const words = [SQUID, '-N', '-n', service, '-d', '1', '-f', configPath];
  const [command = SQUID, ...args] = isRoot ? [...asUser(), ...words] : words;
  const program = startProgram(cleaner, { title: 'squid', command, args, limitMs });
  await untilListening(port, program.ended, () => program.describe());
  return { program, requests: () => requestsIn(join(folder, 'access.log')) };
}

function removeSharedMemory(service: string): void {
  const names = existsSync(SHARED_MEMORY) ? readdirSync(SHARED_MEMORY) : [];
  for (const name of names)
    if (name.startsWith(`${service}-`)) rmSync(join(SHARED_MEMORY, name), { force: true });
}

/** WHY it says again who dies with this process: the kernel forgets that when a process changes its user. */
function asUser(): string[] {
  return [SETPRIV, '--pdeathsig', 'KILL', '--reuid', USER, '--regid', USER, '--clear-groups'];
}

function idOf(option: '-u' | '-g'): number {
  return Number(execFileSync('id', [option, USER], { encoding: 'utf8' }));
}

function processText(folder: string): string {
  return `pid_filename ${folder}/squid.pid
coredump_dir ${folder}
cache_log ${folder}/cache.log
logformat culvert %rm %ru %>Hs %>a:%>p %<la:%<lp
access_log stdio:${folder}/access.log culvert
visible_hostname squid.test
http_access allow all
cache deny all
cache_mem 0
shutdown_lifetime 0
pinger_enable off
hosts_file none
dns_nameservers 127.0.0.1
udp_incoming_address 127.0.0.1
`;
}

/** A connection that ended without a request, as that of who waits for squid to listen, has a line with a dash. */
function requestsIn(path: string): SquidRequest[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const told = lines.filter((line) => !line.startsWith('- '));
  return told.map((line) => {
    const [method = '', url = '', status, client = '', toServer = ''] = line.split(' ');
    return { method, url, statusCode: Number(status), client, toServer };
  });
}
