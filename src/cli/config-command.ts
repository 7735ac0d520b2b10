// `culvert config`: prints what `culvert serve` with the same flags would run with, and where each value came
// from. Starts nothing.

import { ConfigError } from '../config/config-error.ts';
import { configYaml } from '../config/config-yaml.ts';
import type { Environment } from '../config/environment-reader.ts';
import { listKeysInForce } from '../config/groups-by-name.ts';
import { loadConfig, parseServeFlags, serveFlagsHelp } from '../config/load-config.ts';
import { configSchema } from '../config/schema.ts';
import { ExitCode } from './exit-code.ts';

/** What a command may touch of the process: process.env, process.stdout and process.stderr fit. */
export type CommandIo = {
  readonly env: Environment;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** Gives the text of the file at `path`; throws where there is none. */
  readonly readFile: (path: string) => string;
};

const USAGE =
  'culvert config [FLAGS]\n\nPrints the configuration in force, and where each value came from.\n\n';

/** Runs the command with what follows its name in `argv`. Gives the exit code: 0, or 2 for a wrong setting. */
export function runConfigCommand(argv: readonly string[], io: CommandIo): number {
  try {
    const flags = parseServeFlags(argv);
    if (flags.wantsHelp) {
      io.stdout.write(USAGE + serveFlagsHelp());
      return ExitCode.Done;
    }
    const { config, sources } = loadConfig({ flags, env: io.env, readFile: io.readFile });
    io.stdout.write(configYaml(listKeysInForce(configSchema, config), config, sources));
    return ExitCode.Done;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return ExitCode.WrongSetting;
  }
}
