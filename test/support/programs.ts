// Starts real programs for tests and ends them for certain: each has a time limit, keeps what it said, and is ended
// by its own process id only. Where the test process itself dies, the kernel ends them (setpriv --pdeathsig).
// What programs there are and how they are called is in publishers.ts and players.ts.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where a test's leftovers are put in order: a TestContext is one, and so is a Scope. */
export type Cleaner = {
  after(clean: () => void | Promise<void>): void;
};

/** Cleaning for things that outlive one test: made in a `before` hook, closed in the `after` hook. */
export class Scope implements Cleaner {
  readonly #cleanings: (() => void | Promise<void>)[] = [];

  after(clean: () => void | Promise<void>): void {
    this.#cleanings.push(clean);
  }

  /** Runs every cleaning, the last one first. */
  async close(): Promise<void> {
    for (let clean = this.#cleanings.pop(); clean !== undefined; clean = this.#cleanings.pop()) {
      await clean();
    }
  }
}

/** How a program ended. */
export type ProgramEnd = {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** True where the time limit ended it. */
  readonly wasTooLong: boolean;
  /** From its start to its end, by the clock of this machine. */
  readonly durationMs: number;
};

/** A program that was started. */
export type RunningProgram = {
  readonly title: string;
  readonly pid: number;
  /** The file it writes a received stream to; empty for programs that write none. */
  readonly outputPath: string;
  readonly ended: Promise<ProgramEnd>;
  /** The command and the last lines that it wrote to its error output, for messages. */
  describe(): string;
  /** What it wrote to its error output so far, the last 64 Ki characters. */
  output(): string;
  /** Asks it to end (SIGINT), and kills it where it does not within two seconds. */
  stop(): Promise<ProgramEnd>;
  /** Ends it at once (SIGKILL). */
  kill(): Promise<ProgramEnd>;
  /** Resolves once its error output matches, rejects where it ends or `limitMs` pass before. */
  waitForOutput(pattern: RegExp, limitMs: number): Promise<void>;
};

/** What to start. */
export type ProgramOptions = {
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The program is killed after this time. */
  readonly limitMs: number;
  readonly outputPath?: string;
  /** Variables of its environment, beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
};

const MAX_KEPT_OUTPUT_CHARS = 64 * 1024;
const TAIL_LINES = 15;
const STOP_GRACE_MS = 2000;
const SETPRIV = '/usr/bin/setpriv';

let ownFolder: string | null = null;

/** The folder for files of this test run: the one of scripts/run-tests.mjs, or one of this process. */
export function testFolder(): string {
  const given = process.env['TEST_FILES_FOLDER'];
  if (given !== undefined) {
    mkdirSync(given, { recursive: true });
    return given;
  }
  if (ownFolder === null) {
    const made = mkdtempSync(join(tmpdir(), 'culvert-test-'));
    ownFolder = made;
    process.on('exit', () => {
      if (process.env['TEST_KEEP_FILES'] === undefined) rmSync(made, { recursive: true, force: true });
    });
  }
  return ownFolder;
}

/** The same command, so that the kernel kills the process where this one dies before it. */
export function boundToThisProcess(command: string, args: readonly string[]): [string, string[]] {
  return existsSync(SETPRIV) ? [SETPRIV, ['--pdeathsig', 'KILL', command, ...args]] : [command, [...args]];
}

let nextFileNumber = 1;

/** A path in the test folder that no other test uses. */
export function newFilePath(name: string): string {
  const path = join(testFolder(), `${process.pid}-${nextFileNumber}-${name}`);
  nextFileNumber += 1;
  return path;
}

/** Resolves after `delayMs`. Tests with real programs wait for stream time this way, and for nothing else. */
export function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

function lastLines(text: string): string {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  return lines
    .slice(-TAIL_LINES)
    .map((line) => `    ${line}`)
    .join('\n');
}

/** Starts a program; `cleaner` ends it at the latest. Its standard input is empty, its standard output dropped. */
export function startProgram(cleaner: Cleaner, options: ProgramOptions): RunningProgram {
  const startMs = performance.now();
  const [command, args] = boundToThisProcess(options.command, options.args);
  const env = { ...process.env, ...options.env };
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  let end: ProgramEnd | null = null;
  let wasTooLong = false;
  const watchers = new Set<() => void>();

  const kill = (): void => {
    if (end === null) child.kill('SIGKILL');
  };
  const limit = setTimeout(() => {
    wasTooLong = true;
    kill();
  }, options.limitMs);

  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-MAX_KEPT_OUTPUT_CHARS);
    for (const watch of watchers) watch();
  });
  const ended = new Promise<ProgramEnd>((resolve) => {
    const finish = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
      clearTimeout(limit);
      end ??= { exitCode, signal, wasTooLong, durationMs: performance.now() - startMs };
      resolve(end);
      for (const watch of watchers) watch();
    };
    child.once('close', finish);
    child.once('error', (error) => {
      output += `${error.message}\n`;
      finish(null, null);
    });
  });

  const program: RunningProgram = {
    title: options.title,
    pid: child.pid ?? -1,
    outputPath: options.outputPath ?? '',
    ended,
    output: () => output,
    describe: () => {
      const state =
        end === null
          ? 'still runs'
          : `ended with ${end.signal ?? `code ${end.exitCode}`}${end.wasTooLong ? ', too long' : ''} after ${Math.round(end.durationMs)} ms`;
      return `${options.title} (${state}): ${options.command} ${options.args.join(' ')}\n${lastLines(output)}`;
    },
    stop: async () => {
      if (end === null) child.kill('SIGINT');
      const late = setTimeout(kill, STOP_GRACE_MS);
      const result = await ended;
      clearTimeout(late);
      return result;
    },
    kill: () => {
      kill();
      return ended;
    },
    waitForOutput: (pattern, limitMs) =>
      new Promise((resolve, reject) => {
        const settle = (error: Error | null): void => {
          clearTimeout(timer);
          watchers.delete(watch);
          if (error === null) resolve();
          else reject(error);
        };
        const watch = (): void => {
          if (pattern.test(output)) settle(null);
          else if (end !== null)
            settle(new Error(`It ended before it said ${pattern}. ${program.describe()}`));
        };
        const timer = setTimeout(
          () => settle(new Error(`It did not say ${pattern} within ${limitMs} ms. ${program.describe()}`)),
          limitMs,
        );
        watchers.add(watch);
        watch();
      }),
  };
  cleaner.after(async () => {
    await program.kill();
  });
  return program;
}

/** Runs a program to its end and gives what it wrote to both outputs. */
export async function runProgram(cleaner: Cleaner, options: ProgramOptions): Promise<ProgramEnd> {
  const program = startProgram(cleaner, options);
  const end = await program.ended;
  if (end.exitCode !== 0) throw new Error(program.describe());
  return end;
}
