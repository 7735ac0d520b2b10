// The command line of `serve` and `config`: --config, --help, a flag for each key that declares one, and those that a
// command has of its own. Splits and names; what a value must be is the checker's to say.

import { parseArgs } from 'node:util';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import type { Key } from './key.ts';
import { nearest } from './nearest.ts';
import type { Reading, Readings } from './source.ts';
import type { ValueChecker } from './value-checker.ts';

/** What one flag said about its key: all its values in order, as text. */
export type FlagValue = { readonly key: Key; readonly name: string; readonly texts: readonly string[] };

/** A flag that is no setting. `value` stands for its value in the help, and is null where it has none. */
export type CommandFlag = {
  readonly name: `--${string}`;
  readonly value: string | null;
  /** One sentence. */
  readonly description: string;
};

/** A parsed command line. */
export type Flags = {
  /** Value of --config; null where it was not given. */
  readonly configFile: string | null;
  readonly wantsHelp: boolean;
  readonly values: readonly FlagValue[];
  /** What was given of the command's own flags: all values of each in order, by its name; none for a switch. */
  readonly ofCommand: ReadonlyMap<string, readonly string[]>;
};

/** A command line that says nothing. */
export const NO_FLAGS: Flags = { configFile: null, wantsHelp: false, values: [], ofCommand: new Map() };

const CONFIG_FLAG = '--config';
const HELP_FLAG = '--help';
const OWN_FLAGS: readonly CommandFlag[] = [
  { name: CONFIG_FLAG, value: 'FILE', description: 'Read settings from a YAML file.' },
  { name: HELP_FLAG, value: null, description: 'Print this help (also -h).' },
];

/** Flags with a value, by name; the key is null for those that are no setting. */
function valueFlags(keys: readonly Key[], others: readonly CommandFlag[]): Map<string, Key | null> {
  const flags = new Map<string, Key | null>();
  for (const { name, value } of others) if (value !== null) flags.set(name, null);
  for (const key of keys) if (key.setting.flag !== undefined) flags.set(key.setting.flag.name, key);
  return flags;
}

type FlagToken = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];

type Judged =
  | { readonly type: 'value'; readonly name: string; readonly text: string }
  | { readonly type: 'switch'; readonly name: string }
  | { readonly type: 'problem'; readonly problem: ConfigProblem };

/** Judges one token. `at` is the argument that it came from, up to its "=". */
function judgeToken(
  token: FlagToken,
  at: string,
  withValue: ReadonlyMap<string, Key | null>,
  known: ReadonlySet<string>,
): Judged | null {
  if (token.kind === 'option-terminator') return null;
  if (token.kind === 'positional') return unknown('argument', at, null);
  const name = `--${token.name}`;
  const isBundle = token.rawName === '-h' && at !== '-h';
  if (!known.has(name) || isBundle) return unknown('flag', at, nearest(at, known));
  if (!withValue.has(name)) {
    return token.value === undefined ? { type: 'switch', name } : wrong(name, 'no value', 'one');
  }
  if (token.value === undefined || token.value === '') return wrong(name, 'a value', 'nothing');
  if (!token.inlineValue && token.value.startsWith('--')) {
    return wrong(name, 'a value', foundFlag(token.value, known));
  }
  return { type: 'value', name, text: token.value };
}

/**
 * Parses what follows the command's name. A flag given again adds to a list, and otherwise replaces what it
 * said before. With --help among the flags, wrong ones are passed over.
 * @throws ConfigError with each unknown flag, superfluous argument and missing value
 */
export function parseFlags(
  argv: readonly string[],
  keys: readonly Key[],
  commandFlags: readonly CommandFlag[] = [],
): Flags {
  const others = [...OWN_FLAGS, ...commandFlags];
  const withValue = valueFlags(keys, others);
  const known = new Set([...withValue.keys(), ...others.map((flag) => flag.name)]);
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    options: {
      ...Object.fromEntries(
        [...withValue.keys()].map((name) => [name.slice(2), { type: 'string' } as const]),
      ),
      help: { type: 'boolean', short: 'h' },
    },
  });
  // By argument, because `-abc` is three tokens and one mistake.
  const problems = new Map<number, ConfigProblem>();
  const texts = new Map<string, string[]>();
  for (const token of tokens) {
    // WHY: what follows an unknown flag is most likely its value, and no mistake of its own.
    if (token.kind === 'positional' && problems.has(token.index - 1)) continue;
    const judged = judgeToken(token, argv[token.index]?.split('=', 1)[0] ?? '', withValue, known);
    if (judged?.type === 'problem') problems.set(token.index, judged.problem);
    if (judged?.type === 'switch') texts.set(judged.name, []);
    if (judged?.type === 'value') texts.set(judged.name, [...(texts.get(judged.name) ?? []), judged.text]);
  }
  const wantsHelp = texts.has(HELP_FLAG);
  if (problems.size > 0 && !wantsHelp) throw new ConfigError([...problems.values()]);
  const values = [...texts].flatMap(([name, given]) => {
    const key = withValue.get(name);
    return key ? [{ key, name, texts: given }] : [];
  });
  const ofCommand = new Map([...texts].filter(([name]) => commandFlags.some((flag) => flag.name === name)));
  return { configFile: texts.get(CONFIG_FLAG)?.at(-1) ?? null, wantsHelp, values, ofCommand };
}

/** WHY: what only looks like a flag may be a mistyped secret, and is not shown. */
function foundFlag(text: string, known: ReadonlySet<string>): string {
  const name = text.split('=', 1)[0] ?? '';
  return known.has(name) ? `the flag ${name}` : 'what looks like a flag (write it with = where it is none)';
}

function wrong(name: string, expected: string, found: string): Judged {
  return {
    type: 'problem',
    problem: { type: 'value', at: name, key: null, expected, found, reason: null },
  };
}

function unknown(kind: 'flag' | 'argument', at: string, nearestName: string | null): Judged {
  return { type: 'problem', problem: { type: 'unknown', at, kind, key: null, nearest: nearestName } };
}

/** Reads the settings out of parsed flags. */
export function readFlagSettings(values: readonly FlagValue[], checker: ValueChecker): Readings {
  const readings: Reading[] = [];
  const problems: ConfigProblem[] = [];
  for (const { key, name, texts } of values) {
    const raw = key.setting.type === 'array' ? texts : (texts.at(-1) ?? '');
    const checked = checker.checkText(key, raw, () => name);
    if (checked.isValid) {
      readings.push({ key, value: checked.value, source: { type: 'flag', name } });
    } else {
      problems.push(...checked.problems);
    }
  }
  return { readings, problems };
}

/** One line a flag for a command's help: name, value, the first sentence of what it does. Ends with a newline. */
export function flagsHelp(keys: readonly Key[], commandFlags: readonly CommandFlag[] = []): string {
  const fromKeys = keys.flatMap(({ setting }) =>
    setting.flag === undefined ? [] : [{ ...setting.flag, description: setting.description }],
  );
  const rows = [...OWN_FLAGS.slice(0, 1), ...fromKeys, ...commandFlags, ...OWN_FLAGS.slice(1)].map(
    (flag) => ({
      usage: flag.value === null ? flag.name : `${flag.name} ${flag.value}`,
      description: flag.description.split(/(?<=[.;:])\s/, 1)[0]?.replace(/[;:]$/, '.') ?? '',
    }),
  );
  const usageChars = Math.max(...rows.map((row) => row.usage.length));
  return rows.map((row) => `  ${row.usage.padEnd(usageChars)}  ${row.description}\n`).join('');
}
