// On what and with what a result came about: without it a figure means nothing.

import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { HAS_PINNING, ROOT_FOLDER } from './pinned-process.ts';

/** The facts that stand in every result. */
export type MachineFacts = {
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  /** True where server and load program had a core each. */
  readonly isPinned: boolean;
  /** Runnable processes over the last minute, at the start: well above 0 the machine was not free. */
  readonly loadAverage: number;
  /** The commit, with "+" where the work tree differs from it in more than results. */
  readonly commit: string;
  readonly command: string;
  /** Variables that change the gateway's configuration. */
  readonly settings: Readonly<Record<string, string>>;
  readonly startedAt: string;
};

/** WHY: results that were written a moment ago do not make it another program. */
const SOURCE = ['.', ':!bench/RESULTS.md', ':!bench/results', ':!bench/notes'];

/** Gathers them. */
export function machineFacts(): MachineFacts {
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (name.startsWith('CULVERT_') && value !== undefined) settings[name] = value;
  }
  return {
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    isPinned: HAS_PINNING,
    loadAverage: loadavg()[0] ?? 0,
    commit: `${git('rev-parse', '--short=12', 'HEAD')}${git('status', '--porcelain', '--', ...SOURCE) === '' ? '' : '+'}`,
    command: `npm run bench -- ${process.argv.slice(2).join(' ')}`,
    settings,
    startedAt: new Date().toISOString(),
  };
}

function git(...args: readonly string[]): string {
  const run = spawnSync('git', args, { cwd: ROOT_FOLDER, encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim() : 'unknown';
}
