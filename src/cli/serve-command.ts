// `culvert serve`: runs the gateway until a signal stops it.

import type { DestinationStream, Logger } from 'pino';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import { giveAdvice } from '../config/advice.ts';
import { ConfigError } from '../config/config-error.ts';
import { CONFIG_FILE_VARIABLE } from '../config/environment-reader.ts';
import type { Flags } from '../config/flags.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { loadConfig, parseServeFlags, serveFlagsHelp } from '../config/load-config.ts';
import { needsRestart } from '../config/reload-check.ts';
import type { Config } from '../config/schema.ts';
import type { Gateway } from '../gateway.ts';
import { createGateway } from '../gateway.ts';
import type { OpenListener } from '../links/door/listeners.ts';
import { UnusableCertificatesError } from '../links/tls/certificate-error.ts';
import type { CommandIo } from './config-command.ts';
import { ExitCode } from './exit-code.ts';
import { PROCESS_CLOCK, PROCESS_SCHEDULER } from './process-clock.ts';

/** What `serve` needs of the process beyond what every command does. */
export type ServeIo = CommandIo & {
  /** True where stdout is a terminal: the log is then written for people. */
  readonly isTerminal: boolean;
  /** Calls back once, on the first signal to stop. */
  readonly onStopSignal: (callback: (signal: string) => Promise<void>) => void;
  /** How many files and connections the process may have open; null where the system does not tell. */
  readonly maxOpenFiles: () => number | null;
  /** False for a file that is gone once it was read, as a pipe is; to read it again would wait for ever. */
  readonly isReadableAgain: (path: string) => boolean;
  /** Calls back on each signal to read again what can change. */
  readonly onReloadSignal: (callback: (signal: string) => Promise<void>) => void;
};

const USAGE =
  'culvert serve [FLAGS]\n\nRuns the gateway until SIGTERM or SIGINT; SIGHUP has it read its certificates again, and of its file which upstreams to drain.\n\n';

/** A name to put into the URLs that are printed. */
const EXAMPLE_PATH = 'live/stream';

/** Runs the command. Gives the exit code: 0 after a stop, 2 for a wrong setting, 1 for anything else. */
export async function runServeCommand(argv: readonly string[], io: ServeIo): Promise<number> {
  let loaded: LoadedConfig;
  let flags: Flags;
  try {
    flags = parseServeFlags(argv);
    if (flags.wantsHelp) {
      io.stdout.write(USAGE + serveFlagsHelp());
      return ExitCode.Done;
    }
    loaded = loadConfig({ flags, env: io.env, readFile: io.readFile });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return ExitCode.WrongSetting;
  }
  const { config, sources } = loaded;
  const log = createLog(config.logLevel, io);
  const gateway = createGateway(config, {
    log,
    clock: PROCESS_CLOCK,
    scheduler: PROCESS_SCHEDULER,
    epochMs: Date.now,
    maxOpenFiles: io.maxOpenFiles(),
  });
  for (const advice of giveAdvice(loaded)) log.warn(advice);
  const stopped = stoppedBySignal(gateway, log, io);
  io.onReloadSignal(async (signal) => {
    log.info({ signal }, 'reading the certificates again');
    await gateway.reload(readAgain(flags, config, log, io));
  });
  try {
    const opened = await gateway.start(sources.listen.type === 'default');
    log.info({ addresses: opened.map(({ address }) => address), ...urlsOf(opened) }, 'ready');
  } catch (error) {
    log.fatal(error instanceof Error ? error.message : String(error));
    await gateway.stop();
    return error instanceof UnusableCertificatesError ? ExitCode.WrongSetting : ExitCode.Failed;
  }
  return stopped;
}

/** What the file says now; null where there is none, where it cannot be read a second time, or where it is wrong. */
function readAgain(flags: Flags, inForce: Config, log: Logger, io: ServeIo): Config | null {
  const path = flags.configFile ?? io.env[CONFIG_FILE_VARIABLE] ?? '';
  if (path === '' || !io.isReadableAgain(path)) return null;
  try {
    const { config } = loadConfig({ flags, env: io.env, readFile: io.readFile });
    if (needsRestart(inForce, config)) {
      log.warn('the configuration was changed in more than drain of upstreams: that needs a restart');
    }
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log.warn(`nothing of the configuration is taken again: ${error.message}`);
    return null;
  }
}

/** Stops the gateway on the first signal; gives the exit code when it has stopped. */
function stoppedBySignal(gateway: Gateway, log: Logger, io: ServeIo): Promise<number> {
  return new Promise((resolve, reject) => {
    io.onStopSignal(async (signal) => {
      log.info({ signal }, 'stopping');
      try {
        await gateway.stop();
        log.info({ counted: Object.fromEntries(gateway.counters) }, 'stopped');
        resolve(ExitCode.Done);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}

function createLog(level: string, io: ServeIo): Logger {
  const options = { level, base: null };
  const destination: DestinationStream = { write: (line: string) => void io.stdout.write(line) };
  return io.isTerminal
    ? pino(options, pretty({ sync: true, singleLine: true, translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l' }))
    : pino(options, destination);
}

/** Where to publish and play, for each listener and transport; a WebSocket's URL names no stream. */
function urlsOf(opened: readonly OpenListener[]) {
  const places = opened.flatMap(({ kind, address }) => {
    const reachable = address.replace(/^(\[::\]|0\.0\.0\.0):/, 'localhost:');
    const endings = { plain: [''], tls: ['s'], any: ['', 's'] }[kind];
    return endings.map((s) => ({ s, reachable }));
  });
  const urls = places.flatMap(({ s, reachable }) => [
    `rtmp${s}://${reachable}/${EXAMPLE_PATH}`,
    `rtmpt${s}://${reachable}/${EXAMPLE_PATH}`,
  ]);
  const webSocket = places.map(({ s, reachable }) => `ws${s}://${reachable}/rtmp`);
  return { publish: urls, play: urls, webSocket };
}
