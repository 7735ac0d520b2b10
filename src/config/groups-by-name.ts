// Groups that the file has any number of, each under a name of its own, such as the settings of single applications:
// what their names must be, their keys, and which of them a Config has. They stand at the top of the schema, and only
// in the file.

import { type Static, type TObject, type TProperties, type TRecord, Type } from 'typebox';
import { listEntryKeysInForce } from './group-list.ts';
import { type Key, listKeys, listKeysBelow, valueAt } from './key.ts';
import { group } from './setting.ts';
import type { Source } from './source.ts';

/** What holds for the names of such groups. */
export type NameRule = {
  /** Regular expression that a whole name matches. */
  readonly pattern: string;
  /** How many names there may be. */
  readonly maxNames: number;
  /** What a name must be, in words, and several of them. */
  readonly expects: string;
  readonly plural: string;
  /** Names of the keys that each of the groups has to set; their defaults are never taken. */
  readonly requires?: readonly string[];
  /** Path of the key that says how many characters a name may have; null where the pattern says it all. */
  readonly lengthKey: string | null;
  /** The group that a key which is not set is taken from, where it has one of that name; null where none is. */
  readonly inherits: string | null;
  /** For the docs page: a few lines of the file, and what is said below them. */
  readonly example: string;
  readonly note: string;
};

/** A schema of groups by name. */
export type TGroupsByName<Properties extends TProperties> = TRecord<string, TObject<Properties>>;

/** Groups of the same keys, each of them by a name. None of a group's keys need be set. */
export function groupsByName<Properties extends TProperties>(
  nameRule: NameRule,
  properties: Properties,
  description: string,
): TGroupsByName<Properties> {
  return Type.Record(Type.String(), group(properties, description), { nameRule });
}

/** The groups by name of one place of a schema. */
export type NamedGroups = {
  /** The key that the names stand below: 'apps'. */
  readonly path: string;
  readonly rule: NameRule;
  /** What each of them may have. */
  readonly group: TObject;
  /** The keys of the group of that name, which is not judged. */
  keysOf(name: string): readonly Key[];
};

/** A name that the file gives to one of the groups, and where it stands. */
export type GivenName = { readonly groups: NamedGroups; readonly name: string; readonly source: Source };

/** What stands for any name where none is meant. */
export const ANY_NAME = 'NAME';

/** All groups by name of `schema`, in its order. */
export function listNamedGroups(schema: TObject): readonly NamedGroups[] {
  return Object.entries(schema.properties).flatMap(([path, child]) => {
    if (!Type.IsRecord(child)) return [];
    // WHY: what is a record was made by the builder above; typebox's own type drops the annotations.
    const { nameRule: rule } = child as unknown as { readonly nameRule: NameRule };
    const value = Type.RecordValue(child) as TObject;
    const keysOf = (name: string) => listKeysBelow(value, [path, name]);
    return [{ path, rule, group: value, keysOf }];
  });
}

/** The key of `keys` that holds where a group of `rule` does not set `key`; undefined where none does. */
export function inheritedKey<K extends Key>(
  { inherits }: NameRule,
  key: Key,
  keys: readonly K[],
): K | undefined {
  return inherits === null
    ? undefined
    : keys.find(({ path }) => path === `${inherits}.${key.segments.at(-1)}`);
}

/** All keys that `config` has a value for, those of its groups by name and of its lists of groups behind the others. */
export function listKeysInForce(schema: TObject, config: Static<TObject>): readonly Key[] {
  const named = listNamedGroups(schema).flatMap(({ path, keysOf }) => {
    const groups: unknown = Reflect.get(config, path);
    const names = typeof groups === 'object' && groups !== null ? Object.keys(groups) : [];
    return names.flatMap(keysOf).filter((key) => valueAt(key, config) !== undefined);
  });
  return [...listKeys(schema), ...named, ...listEntryKeysInForce(schema, config)];
}
