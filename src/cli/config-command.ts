// `culvert config`: prints what `culvert serve` with the same flags would run with, and where each value came
// from; or checks files, or prints the JSON Schema of the file. Starts nothing.

import { giveAdvice } from '../config/advice.ts';
import { ConfigError } from '../config/config-error.ts';
import { configYaml } from '../config/config-yaml.ts';
import type { Environment } from '../config/environment-reader.ts';
import type { CommandFlag, Flags } from '../config/flags.ts';
import { listKeysInForce } from '../config/groups-by-name.ts';
import { jsonSchemaText } from '../config/json-schema.ts';
import { loadConfig, loadConfigFile, parseServeFlags, serveFlagsHelp } from '../config/load-config.ts';
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

const CHECK_FLAG = '--check';
const SCHEMA_FLAG = '--schema';

/** Flags that stand alone: what they do depends on no setting. */
const COMMAND_FLAGS: readonly CommandFlag[] = [
  { name: CHECK_FLAG, value: 'FILE', description: 'Check a file by itself, without environment and flags.' },
  { name: SCHEMA_FLAG, value: null, description: 'Print the JSON Schema of the file, for editors.' },
];

const USAGE = `culvert config [FLAGS]
culvert config --check FILE [--check FILE]...
culvert config --schema

Prints the configuration in force, and where each value came from; or checks files, for a pipeline, and ends with
exit code 2 where one of them is wrong; or prints the JSON Schema of the file.

`;

/** Runs the command with what follows its name in `argv`. Gives the exit code: 0, or 2 for a wrong setting. */
export function runConfigCommand(argv: readonly string[], io: CommandIo): number {
  try {
    const flags = parseServeFlags(argv, COMMAND_FLAGS);
    if (flags.wantsHelp) {
      io.stdout.write(USAGE + serveFlagsHelp(COMMAND_FLAGS));
      return ExitCode.Done;
    }
    const alone = COMMAND_FLAGS.find(({ name }) => flags.ofCommand.has(name))?.name;
    if (alone !== undefined) refuseOthers(flags, alone);
    if (alone === CHECK_FLAG) return checkFiles(flags.ofCommand.get(CHECK_FLAG) ?? [], io);
    if (alone === SCHEMA_FLAG) {
      io.stdout.write(jsonSchemaText(configSchema));
      return ExitCode.Done;
    }
    const { config, sources } = loadConfig({ flags, env: io.env, readFile: io.readFile });
    io.stdout.write(configYaml(listKeysInForce(configSchema, config), config, sources));
    return ExitCode.Done;
  } catch (error) {
    return tellProblems(error, io);
  }
}

/** Writes what is wrong with a configuration; any other error is thrown again. */
function tellProblems(error: unknown, io: CommandIo): number {
  if (!(error instanceof ConfigError)) throw error;
  io.stderr.write(`${error.message}\n`);
  return ExitCode.WrongSetting;
}

/** @throws ConfigError with each flag that stands beside `alone` */
function refuseOthers(flags: Flags, alone: string): void {
  const others = [
    ...(flags.configFile === null ? [] : ['--config']),
    ...flags.values.map(({ name }) => name),
    ...[...flags.ofCommand.keys()].filter((name) => name !== alone),
  ];
  if (others.length === 0) return;
  const expected = `no other flag beside ${alone}`;
  throw new ConfigError(
    others.map((at) => ({ type: 'value', at, key: null, expected, found: 'one', reason: null })),
  );
}

/** Checks each file by itself: what is wrong goes to standard error, the rest to standard output. */
function checkFiles(paths: readonly string[], io: CommandIo): number {
  const codes = paths.map((path) => {
    try {
      const advice = giveAdvice(loadConfigFile(path, io.readFile));
      io.stdout.write([...advice.map((text) => `warning: ${text}\n`), `${path}: ok\n`].join(''));
      return ExitCode.Done;
    } catch (error) {
      return tellProblems(error, io);
    }
  });
  return Math.max(...codes);
}
