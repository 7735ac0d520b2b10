// The gateway as its users run it: a process of its own, started from the command line, that says in its log when
// it is ready and where it listens. Its log lines are kept as parsed objects for assertions.

import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { boundToThisProcess, type Cleaner } from './programs.ts';

/** The root of the work tree. */
export const ROOT_FOLDER: string = join(import.meta.dirname, '..', '..');

/** One JSON line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly level: number; readonly msg: string };

/** Pino's number of the level `info`: what a peer does wrong is never logged above it. */
const LEVEL_INFO = 30;

/** A server that programs publish to and play from. */
export type TestServer = {
  /** URL of `path` (app/stream) over RTMP, by the first listener or another one. */
  rtmpUrl(path: string, listener?: number): string;
  /** The same over RTMPT. */
  rtmptUrl(path: string, listener?: number): string;
  /** The same with another scheme: rtmps, rtmpts, https. */
  url(scheme: string, path: string, listener?: number): string;
  /** Ports of its listeners. */
  readonly ports: readonly number[];
  /** Its log lines above `info`: warnings and errors. A peer that does wrong causes none. */
  alarms(): LogLine[];
};

/** A running gateway. */
export type GatewayProcess = TestServer & {
  readonly pid: number;
  /** Every log line so far, in order. */
  readonly lines: readonly LogLine[];
  /** Every line of its standard output so far, as it stood. */
  readonly texts: readonly string[];
  /** What it wrote that was no log line: warnings of Node, stacks of a crash. */
  output(): string;
  /** Resolves with the first line, past or coming, that fits; rejects after `limitMs`. */
  waitForLine(fits: (line: LogLine) => boolean, limitMs: number): Promise<LogLine>;
  /** Sends SIGTERM and gives the exit code; null where a signal ended it, SIGKILL after ten seconds among them. */
  stop(): Promise<number | null>;
};

/** How to start it. */
export type GatewayOptions = {
  /** How many plain listeners, each on a free port of the loopback; 1 where nothing is said. */
  readonly listeners?: number;
  /** Its listeners, as the configuration writes them, in place of those. */
  readonly listen?: readonly string[];
  /** Further words of the command line, behind the listeners. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

const READY_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 10_000;
const CLEAN_LIMIT_MS = 3000;
const TAIL_LINES = 20;

function parseLine(text: string): LogLine | null {
  if (!text.startsWith('{')) return null;
  try {
    const line: unknown = JSON.parse(text);
    return isLogLine(line) ? line : null;
  } catch {
    return null;
  }
}

function isLogLine(line: unknown): line is LogLine {
  return typeof line === 'object' && line !== null && 'level' in line && 'msg' in line;
}

/** Ports of the addresses ("127.0.0.1:1935", "[::1]:1935") that the line of readiness carries. */
function portsOf(line: LogLine): number[] {
  const addresses: unknown = line['addresses'];
  if (!Array.isArray(addresses)) throw new Error(`The ready line has no addresses: ${JSON.stringify(line)}`);
  return addresses.map((address) => Number(String(address).split(':').at(-1)));
}

let folder: Promise<string> | null = null;

/** A folder that the gateways of this process keep their development certificate in; it goes with the process. */
function certificateFolder(): Promise<string> {
  folder ??= mkdtemp(join(tmpdir(), 'culvert-certs-')).then((path) => {
    process.once('exit', () => rmSync(path, { recursive: true, force: true }));
    return path;
  });
  return folder;
}

/** The environment without settings of the gateway's own: whoever runs the tests may have some. */
function environmentOfTests(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CULVERT_')));
}

function waitForExit(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('close', (exitCode) => resolve(exitCode));
    child.once('error', () => resolve(null));
  });
}

/** Starts `culvert serve` and waits until it is ready; `cleaner` ends it at the latest. */
export async function startGateway(cleaner: Cleaner, options: GatewayOptions = {}): Promise<GatewayProcess> {
  const count = options.listeners ?? 1;
  const listen = options.listen ?? Array.from({ length: count }, () => '127.0.0.1:0');
  const listenArgs = listen.flatMap((listener) => ['--listen', listener]);
  const node = join(ROOT_FOLDER, 'node_modules', '.bin', 'node');
  const words = ['src/main.ts', 'serve', ...listenArgs, ...(options.args ?? [])];
  const [command, args] = boundToThisProcess(node, words);
  const child = spawn(command, args, {
    cwd: ROOT_FOLDER,
    env: {
      ...environmentOfTests(),
      // Beside a certificate of one's own it changes nothing, and the log would warn of that.
      CULVERT_TLS_DEVELOPMENT_FOLDER:
        options.env?.['CULVERT_TLS_CERTIFICATE'] === undefined ? await certificateFolder() : '',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: LogLine[] = [];
  const texts: string[] = [];
  const otherLines: string[] = [];
  const watchers = new Set<() => void>();
  let hasEnded = false;
  const exit = waitForExit(child).then((exitCode) => {
    hasEnded = true;
    for (const watch of watchers) watch();
    return exitCode;
  });
  const end = async (limitMs: number): Promise<number | null> => {
    if (!hasEnded) child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), limitMs);
    const exitCode = await exit;
    clearTimeout(late);
    return exitCode;
  };
  cleaner.after(async () => {
    // WHY: not at once by SIGKILL; a process that ends in order also leaves its measure of coverage.
    await end(CLEAN_LIMIT_MS);
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    texts.push(text);
    const line = parseLine(text);
    if (line === null) otherLines.push(text);
    else lines.push(line);
    for (const watch of watchers) watch();
  });
  createInterface({ input: child.stderr }).on('line', (text) => otherLines.push(text));

  const describe = (): string => {
    const texts = [...lines.map((line) => JSON.stringify(line)), ...otherLines].slice(-TAIL_LINES);
    return `The gateway ${hasEnded ? 'has ended' : 'runs'}; it said last:\n${texts.join('\n')}`;
  };
  const waitForLine = (fits: (line: LogLine) => boolean, limitMs: number): Promise<LogLine> =>
    new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        watchers.delete(watch);
        settle();
      };
      const watch = (): void => {
        const line = lines.find(fits);
        if (line !== undefined) finish(() => resolve(line));
        else if (hasEnded) finish(() => reject(new Error(`No such line came. ${describe()}`)));
      };
      const timer = setTimeout(() => {
        finish(() => reject(new Error(`No such line came within ${limitMs} ms. ${describe()}`)));
      }, limitMs);
      watchers.add(watch);
      watch();
    });

  const ports = portsOf(await waitForLine((line) => line.msg === 'ready', READY_LIMIT_MS));
  const addressOf = (listener = 0): string => `127.0.0.1:${ports[listener] ?? 'no-such-listener'}`;
  return {
    pid: child.pid ?? -1,
    ports,
    lines,
    texts,
    rtmpUrl: (path, listener) => `rtmp://${addressOf(listener)}/${path}`,
    rtmptUrl: (path, listener) => `rtmpt://${addressOf(listener)}/${path}`,
    url: (scheme, path, listener) => `${scheme}://${addressOf(listener)}/${path}`,
    output: () => otherLines.join('\n'),
    waitForLine,
    alarms: () => lines.filter((line) => line.level > LEVEL_INFO),
    stop: () => end(STOP_LIMIT_MS),
  };
}

/**
 * The server of the tests with real programs: a gateway, or what listens at TEST_SERVER_PORT of the
 * loopback, which tells a fault of ours from a habit of a program.
 */
export async function startTestServer(cleaner: Cleaner): Promise<TestServer> {
  const given = process.env['TEST_SERVER_PORT'];
  if (given === undefined) return startGateway(cleaner);
  const port = Number(given);
  return {
    ports: [port],
    alarms: () => [],
    rtmpUrl: (path) => `rtmp://127.0.0.1:${port}/${path}`,
    rtmptUrl: (path) => `rtmpt://127.0.0.1:${port}/${path}`,
    url: (scheme, path) => `${scheme}://127.0.0.1:${port}/${path}`,
  };
}
