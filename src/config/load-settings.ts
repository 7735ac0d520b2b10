// Defaults, file, environment and flags made into one frozen object, over any schema of setting.ts. Knows no key
// by name: load-config.ts binds it to Culvert's own schema.

import type { TObject } from 'typebox';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import type { ConfigOf, KeyOf } from './config-type.ts';
import { CONFIG_FILE_VARIABLE, type Environment, readEnvironmentSettings } from './environment-reader.ts';
import { expectation } from './expectation.ts';
import { type FileContents, type FileReadings, readFileSettings } from './file-reader.ts';
import { type Flags, NO_FLAGS, readFlagSettings } from './flags.ts';
import { listGroupLists } from './group-list.ts';
import { type GivenName, listNamedGroups } from './groups-by-name.ts';
import { type Key, listKeys, pathOf, type Segment } from './key.ts';
import { valueInUnits } from './setting.ts';
import { locateSource, type Reading, type Source } from './source.ts';
import { createValueChecker, describeFound, type ValueChecker } from './value-checker.ts';

/** What a configuration is made of; nothing else is looked at. */
export type ConfigInput = {
  readonly flags: Flags;
  readonly env: Environment;
  /** Gives the text of the file at `path`; throws where there is none. */
  readonly readFile: (path: string) => string;
};

/** A group by name that the file names and sets nothing of: `apps.live`. */
export type EmptyGroup = { readonly path: string; readonly source: Source };

/** What is in force, and where each value came from, by the path of its key in the file. */
export type Loaded<Schema extends TObject> = {
  readonly config: ConfigOf<Schema>;
  readonly sources: Readonly<Record<KeyOf<Schema>, Source>>;
  readonly emptyGroups: readonly EmptyGroup[];
};

const DEFAULT: Source = { type: 'default' };

/** Freezes `value` and all that hangs on it. Gives `value` itself. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const child of Object.values(value)) deepFreeze(child);
    Object.freeze(value);
  }
  return value;
}

function readFileOf(input: ConfigInput, contents: FileContents, checker: ValueChecker): FileReadings {
  const path = input.flags.configFile ?? input.env[CONFIG_FILE_VARIABLE] ?? '';
  if (path === '') return { readings: [], problems: [], names: [], entries: [] };
  let text: string;
  try {
    text = input.readFile(path);
  } catch (error) {
    const reason = `cannot be read (${error instanceof Error ? error.message : String(error)})`;
    throw new ConfigError([{ type: 'unreadable', at: path, reason }], { cause: error });
  }
  return readFileSettings(path, text, contents, checker);
}

/** Problems of keys that exceed the key they must not exceed; told where the one of the two stands that was set. */
function checkPairs(inForce: ReadonlyMap<string, Reading>): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const lower of inForce.values()) {
    const upper = inForce.get(lower.key.setting.atMost ?? '');
    if (upper === undefined || rankOf(lower) <= rankOf(upper)) continue;
    const [wrong, other, bound] =
      lower.source.type === 'default' ? [upper, lower, 'at least'] : [lower, upper, 'at most'];
    problems.push({
      type: 'value',
      at: locateSource(wrong.source),
      key: wrong.key.path,
      expected: `${bound} the ${String(valueInUnits(other.key.setting, other.value))} of ${other.key.path}`,
      found: String(valueInUnits(wrong.key.setting, wrong.value)),
      reason: null,
    });
  }
  return problems;
}

/** What orders the values of a key: a number itself, a word's place among the words. */
function rankOf({ key, value }: Reading): number {
  return key.setting.enum?.indexOf(String(value)) ?? Number(value);
}

/** Problems of names that are longer than the key which bounds them allows; told where the name stands. */
function checkNames(inForce: ReadonlyMap<string, Reading>, names: readonly GivenName[]): ConfigProblem[] {
  return names.flatMap(({ groups: { path, rule }, name, source }): ConfigProblem[] => {
    const limit = inForce.get(rule.lengthKey ?? '');
    if (limit === undefined || name.length <= Number(limit.value)) return [];
    return [
      {
        type: 'value',
        at: locateSource(source),
        key: path,
        expected: `a name of at most ${String(limit.value)} characters, as ${rule.lengthKey} says`,
        found: describeFound({}, name),
        reason: null,
      },
    ];
  });
}

/** A group that the file has, of those by name or in a list. */
type GivenGroup = {
  /** What it is one of: 'routes'. */
  readonly path: string;
  readonly keys: readonly Key[];
  readonly requires: readonly string[];
  readonly source: Source;
};

function groupsOf({ names, entries }: FileReadings): readonly GivenGroup[] {
  return [
    ...names.map(({ groups: { path, rule, keysOf }, name, source }) => {
      return { path, keys: keysOf(name), requires: rule.requires ?? [], source };
    }),
    ...entries.map(({ list: { path, rule, keysOf }, index, source }) => {
      return { path, keys: keysOf(index), requires: rule.requires, source };
    }),
  ];
}

/** Problems of groups that lack a key which each of their kind has to set; told where the group begins. */
function checkRequired(
  inForce: ReadonlyMap<string, Reading>,
  groups: readonly GivenGroup[],
): ConfigProblem[] {
  return groups.flatMap(({ path, keys, requires, source }) =>
    requires.flatMap((required): ConfigProblem[] => {
      const key = keys.find(({ segments }) => segments.at(-1) === required);
      if (key === undefined) throw new Error(`${path} requires ${required}, which is none of its keys`);
      if (inForce.has(key.path)) return [];
      const expected = expectation(key.setting);
      return [
        { type: 'value', at: locateSource(source), key: key.path, expected, found: 'nothing', reason: null },
      ];
    }),
  );
}

/** The groups by name that the file names and sets nothing of. */
function emptyGroupsOf({ names, readings }: FileReadings): EmptyGroup[] {
  const set = new Set(readings.map(({ key }) => pathOf(key.segments.slice(0, 2))));
  return names
    .map(({ groups, name, source }) => ({ path: pathOf([groups.path, name]), source }))
    .filter(({ path }) => !set.has(path));
}

function build(inForce: ReadonlyMap<string, Reading>, schema: TObject): object {
  const root: Record<Segment, unknown> = {};
  // WHY: a name such as `__proto__` is one like any other where there is no prototype.
  for (const { path } of listNamedGroups(schema)) root[path] = Object.create(null);
  for (const { path } of listGroupLists(schema)) root[path] = [];
  for (const { key, value } of inForce.values()) {
    let group = root;
    for (const segment of key.propertyPath.slice(0, -1)) {
      group[segment] ??= {};
      group = group[segment] as Record<Segment, unknown>;
    }
    group[key.propertyPath.at(-1) ?? ''] = structuredClone(value);
  }
  return deepFreeze(root);
}

/**
 * Loads a configuration: defaults, under the file, under the environment, under the flags. Every source is
 * checked whole, a value that another one overrides included. `judge` tells what does not fit together in it, beyond what
 * the schema says of single keys; it is asked where there is no other problem.
 * @throws ConfigError with every problem found
 */
export function loadSettings<Schema extends TObject>(
  schema: Schema,
  input: ConfigInput,
  judge: (loaded: Loaded<Schema>) => readonly ConfigProblem[] = () => [],
): Loaded<Schema> {
  const keys = listKeys(schema);
  const contents = { keys, named: listNamedGroups(schema), lists: listGroupLists(schema) };
  const checker = createValueChecker();
  const file = readFileOf(input, contents, checker);
  const given = [
    file,
    readEnvironmentSettings(input.env, keys, checker),
    readFlagSettings(input.flags.values, checker),
  ];
  const inForce = new Map<string, Reading>();
  for (const key of keys) inForce.set(key.path, { key, value: key.setting.default, source: DEFAULT });
  for (const reading of given.flatMap(({ readings }) => readings)) inForce.set(reading.key.path, reading);
  const problems = given.flatMap((source) => source.problems);
  if (problems.length === 0) {
    problems.push(
      ...checkPairs(inForce),
      ...checkNames(inForce, file.names),
      ...checkRequired(inForce, groupsOf(file)),
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const sources = Object.fromEntries([...inForce].map(([path, { source }]) => [path, source]));
  // WHY: both objects were built from the keys of this very schema, which the compiler cannot follow.
  const loaded: Loaded<Schema> = {
    config: build(inForce, schema) as ConfigOf<Schema>,
    sources: deepFreeze(sources) as Loaded<Schema>['sources'],
    emptyGroups: deepFreeze(emptyGroupsOf(file)),
  };
  const misfits = judge(loaded);
  if (misfits.length > 0) throw new ConfigError(misfits);
  return loaded;
}

/** What is in force where nothing is set. */
export function loadDefaults<Schema extends TObject>(schema: Schema): ConfigOf<Schema> {
  const readFile = (path: string): never => {
    throw new Error(`the defaults read no file, not even ${path}`);
  };
  return loadSettings(schema, { flags: NO_FLAGS, env: {}, readFile }).config;
}
