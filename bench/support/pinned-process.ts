// Starts a program on one core, where there is taskset and more than one core, and ends it by its own id. The kernel
// ends it where this process dies first (setpriv --pdeathsig).

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** The root of the work tree. */
export const ROOT_FOLDER: string = join(import.meta.dirname, '..', '..');

/** Core of the server under test, and core of the load program. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** A program that runs. */
export type PinnedProcess = {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves with its exit code once it has ended; null where a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Its last words on the error output. */
  errorOutput(): string;
  /** SIGTERM, and SIGKILL where that takes too long. */
  stop(): Promise<void>;
};

const STOP_GRACE_MS = 5000;
const MAX_KEPT_CHARS = 8192;
const SETPRIV = '/usr/bin/setpriv';
const TASKSET = '/usr/bin/taskset';

/** True where server and load program get a core each. */
export const HAS_PINNING: boolean = existsSync(TASKSET) && availableParallelism() > 1;

/** Starts a program; its standard output is piped. The wrappers replace themselves, so that the id is the program's own. */
export function startPinned(
  core: number,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): PinnedProcess {
  const guard = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL'] : [];
  const pin = HAS_PINNING ? [TASKSET, '-c', String(core)] : [];
  const [first = '', ...rest] = [...guard, ...pin, command, ...args];
  const child = spawn(first, rest, { cwd: ROOT_FOLDER, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let errorOutput = '';
  let hasEnded = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errorOutput = (errorOutput + text).slice(-MAX_KEPT_CHARS);
  });
  const ended = new Promise<number | null>((resolve) => {
    const finish = (exitCode: number | null): void => {
      hasEnded = true;
      resolve(exitCode);
    };
    child.once('close', finish);
    child.once('error', (error) => {
      errorOutput += error.message;
      finish(null);
    });
  });
  const stop = async (): Promise<void> => {
    if (hasEnded) return;
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    await ended;
    clearTimeout(late);
  };
  return { child, pid: child.pid ?? -1, ended, errorOutput: () => errorOutput, stop };
}
