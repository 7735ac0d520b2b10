// The way in for the composition root and the commands: Culvert's own schema, bound to the readers. A Config is
// deep frozen, and made anew for each reload.

import type { Overrides } from './config-type.ts';
import { type CommandFlag, type Flags, flagsHelp, NO_FLAGS, parseFlags } from './flags.ts';
import { listKeys } from './key.ts';
import { type ConfigInput, deepFreeze, type Loaded, loadDefaults, loadSettings } from './load-settings.ts';
import { routingProblems } from './routing-problems.ts';
import { type Config, configSchema } from './schema.ts';

/** A configuration in force, with the source of each value. */
export type LoadedConfig = Loaded<typeof configSchema>;

/**
 * Parses the command line of `serve`, or of a command with flags of its own beside those, without the command's name.
 * @throws ConfigError where it says what the command does not know
 */
export function parseServeFlags(argv: readonly string[], commandFlags: readonly CommandFlag[] = []): Flags {
  return parseFlags(argv, listKeys(configSchema), commandFlags);
}

/** The flags of `serve` and those that a command has of its own, one line each, for the command's help. */
export function serveFlagsHelp(commandFlags: readonly CommandFlag[] = []): string {
  return flagsHelp(listKeys(configSchema), commandFlags);
}

/**
 * Loads the configuration: defaults, under the file, under the environment, under the flags.
 * @throws ConfigError with every problem of every source
 */
export function loadConfig(input: ConfigInput): LoadedConfig {
  return loadSettings(configSchema, input, routingProblems);
}

/**
 * Loads what the file at `path` says, over the defaults and with nothing above it.
 * @throws ConfigError with every problem of the file, and where it cannot be read
 */
export function loadConfigFile(path: string, readFile: ConfigInput['readFile']): LoadedConfig {
  return loadConfig({ flags: { ...NO_FLAGS, configFile: path }, env: {}, readFile });
}

/** The configuration that is in force where nothing is set. */
export function defaultConfig(): Config {
  return loadDefaults(configSchema);
}

function overlay(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (typeof base !== 'object' || base === null || Array.isArray(base)) return over;
  const entries = Object.entries(over as object);
  const changed = entries.map(([name, value]) => [name, overlay(Reflect.get(base, name), value)]);
  const both = { ...base, ...Object.fromEntries(changed) };
  // Groups by name have no prototype.
  return Object.setPrototypeOf(both, Object.getPrototypeOf(base));
}

/** The defaults with some values replaced, by their names in the Config. Ranges are not checked: it is for tests. */
export function configWith(overrides: Overrides<Config>): Config {
  return deepFreeze(overlay(defaultConfig(), structuredClone(overrides)) as Config);
}
