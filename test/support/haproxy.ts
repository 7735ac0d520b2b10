// Debian's HAProxy, in front of the gateway: one process in the foreground, with a configuration in a folder of its own.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { untilListening } from '../../bench/support/ports.ts';
import { type Cleaner, type RunningProgram, sleep, startProgram, testFolder } from './programs.ts';

const HAPROXY = '/usr/sbin/haproxy';
const LIFE_LIMIT_MS = 60_000;
const LOG_LIMIT_MS = 5000;
const LOG_STEP_MS = 25;

/** A running HAProxy. */
export type Haproxy = {
  readonly program: RunningProgram;
  /** Resolves once its log (`option tcplog`) has told of a connection from each of these ports, rejects where it does not. */
  toldOfClients(ports: Iterable<number>): Promise<void>;
};

/**
 * Starts HAProxy with that configuration and waits until it listens on `port`; `cleaner` ends it at the latest, or
 * `limitMs` do.
 */
export async function startHaproxy(
  cleaner: Cleaner,
  port: number,
  config: string,
  limitMs: number = LIFE_LIMIT_MS,
): Promise<Haproxy> {
  if (!existsSync(HAPROXY)) throw new Error(`${HAPROXY} is missing: apt-get install haproxy`);
  const folder = mkdtempSync(join(testFolder(), 'haproxy-'));
  cleaner.after(() => rmSync(folder, { recursive: true, force: true }));
  const configPath = join(folder, 'haproxy.cfg');
  writeFileSync(configPath, config);
  const program = startProgram(cleaner, {
    title: 'haproxy',
    command: HAPROXY,
    args: ['-db', '-f', configPath],
    limitMs,
  });
  await untilListening(port, program.ended, () => program.describe());
  return { program, toldOfClients: (ports) => waitForClients(program, [...ports]) };
}

/** WHY it waits: a line is written when a connection has ended on both sides, which is after the client's own end. */
async function waitForClients(program: RunningProgram, wanted: readonly number[]): Promise<void> {
  let missing = wanted;
  for (let waitedMs = 0; waitedMs < LOG_LIMIT_MS; waitedMs += LOG_STEP_MS) {
    const told = portsOf(program.output());
    missing = wanted.filter((port) => !told.has(port));
    if (missing.length === 0) return;
    await sleep(LOG_STEP_MS);
  }
  throw new Error(`It told of no client with the ports ${missing.join(', ')}. ${program.describe()}`);
}

/** `127.0.0.1:54321 [23/Nov/2026:…] culvert culvert/culvert1 …`, a connection a line; `culvert~` where it had TLS. */
function portsOf(log: string): Set<number> {
  const lines = log.matchAll(/127\.0\.0\.\d+:(\d+) \[[^\]]+\] culvert~? /g);
  return new Set([...lines].map((match) => Number(match[1])));
}
