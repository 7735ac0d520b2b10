#!/usr/bin/env node
// The process edge: argv, environment, signals and exit codes meet the commands here and nowhere else.

import { readFileSync, statSync } from 'node:fs';
import closeWithGrace from 'close-with-grace';
import { ExitCode } from './cli/exit-code.ts';

// WHY: first of all, for a SIGHUP that nobody listens to ends the process, and loading a command takes a while. One that
// comes so early asks for nothing: what it would have read again is about to be read.
let onReload = async (_signal: string): Promise<void> => undefined;
process.on('SIGHUP', (signal) => void onReload(signal));

const HELP = `culvert COMMAND [FLAGS]

Commands:
  serve    run the gateway
  config   print the configuration in force and where each value came from, or check a file
  cert     make a self-signed certificate and its key

culvert COMMAND --help tells the flags of each; culvert --version the version.
`;

const io = {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  readFile: (path: string) => readFileSync(path, 'utf8'),
  isReadableAgain: (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() !== false,
  isTerminal: process.stdout.isTTY === true,
  maxOpenFiles: () => openFilesOf(process.report.getReport()),
  onStopSignal: (callback: (signal: string) => Promise<void>) => {
    let firstSignal: NodeJS.Signals | null = null;
    let firstMs = 0;
    // WHY: the gateway bounds its own draining; this only ends a stop that hangs, and stops on an error of ours.
    const { close } = closeWithGrace(
      { delay: STOP_LIMIT_MS, logger: undefined, skip: ['beforeExit', 'SIGHUP', ...STOP_SIGNALS] },
      async ({ err }) => {
        if (err !== undefined) process.stderr.write(`culvert: ${err.stack ?? err.message}\n`);
        await callback(firstSignal ?? 'error');
        process.exitCode = err === undefined ? ExitCode.Done : ExitCode.Failed;
      },
    );
    for (const stopSignal of STOP_SIGNALS) {
      process.on(stopSignal, (signal) => {
        if (firstSignal === null) {
          firstSignal = signal;
          firstMs = performance.now();
          close();
        } else if (performance.now() - firstMs > ECHO_MS) process.exit(ExitCode.Failed);
      });
    }
  },
  onReloadSignal: (callback: (signal: string) => Promise<void>) => {
    onReload = callback;
  },
};

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** WHY: one Ctrl-C comes twice under npm, which passes on what the terminal has sent to all. Later ones are meant. */
const ECHO_MS = 1000;

/** LIMIT: longer than the longest drain that can be configured, 10 minutes. */
const STOP_LIMIT_MS = 11 * 60 * 1000;

// WHY: a log whose reader has gone away is no reason to stop carrying streams.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await run(process.argv.slice(2));

async function run([command, ...argv]: readonly string[]): Promise<number> {
  switch (command) {
    case 'serve':
      return (await import('./cli/serve-command.ts')).runServeCommand(argv, io);
    case 'config':
      return (await import('./cli/config-command.ts')).runConfigCommand(argv, io);
    case 'cert':
      return (await import('./cli/cert-command.ts')).runCertCommand(argv, io);
    case '--version':
    case 'version':
      process.stdout.write(`${version()}\n`);
      return ExitCode.Done;
    case '--help':
    case '-h':
    case 'help':
      process.stdout.write(HELP);
      return ExitCode.Done;
    default:
      process.stderr.write(
        command === undefined
          ? HELP
          : `culvert: expected a command (serve, config, cert), found ${JSON.stringify(command)}\n`,
      );
      return ExitCode.WrongSetting;
  }
}

/** The limit of open files that Node has raised as far as it may; null where the report does not tell. */
function openFilesOf(report: object): number | null {
  const limits: unknown = Reflect.get(report, 'userLimits');
  const openFiles: unknown =
    typeof limits === 'object' && limits !== null && Reflect.get(limits, 'open_files');
  const soft: unknown = typeof openFiles === 'object' && openFiles !== null && Reflect.get(openFiles, 'soft');
  return typeof soft === 'number' ? soft : null;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest ? String(manifest.version) : 'unknown';
}
