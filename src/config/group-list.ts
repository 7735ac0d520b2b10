// Lists in the file whose entries are groups of keys, such as the routes: how many there may be, what each has to set,
// and which of the keys a Config has. They stand at the top of the schema, and only in the file.

import { type Static, type TArray, type TObject, type TProperties, Type } from 'typebox';
import { isListOfGroups, type Key, listKeysBelow, valueAt } from './key.ts';
import { group } from './setting.ts';
import type { Source } from './source.ts';

/** What holds for the entries of such a list. */
export type ListRule = {
  /** How many entries there may be. */
  readonly maxEntries: number;
  /** What several entries are, in a word. */
  readonly plural: string;
  /** Names of the keys that each entry has to set, one at least; their defaults are never taken. */
  readonly requires: readonly [string, ...string[]];
  /** For the docs page: a few lines of the file, and what is said below them. */
  readonly example: string;
  readonly note: string;
};

/** A list of groups of the same keys. An entry that does not set a key has its default, which the Config leaves out. */
export function groupList<Properties extends TProperties>(
  listRule: ListRule,
  properties: Properties,
  description: string,
): TArray<TObject<Properties>> {
  return Type.Array(group(properties, description), { listRule });
}

/** A list of groups at one place of a schema. */
export type GroupList = {
  /** The key that the entries stand below: 'routes'. */
  readonly path: string;
  readonly rule: ListRule;
  /** What each of them may have. */
  readonly group: TObject;
  /** The keys of the entry at that place, from 0 on. */
  keysOf(index: number): readonly Key[];
};

/** An entry that the file has, and where it begins. */
export type GivenEntry = { readonly list: GroupList; readonly index: number; readonly source: Source };

/** All lists of groups of `schema`, in its order. */
export function listGroupLists(schema: TObject): readonly GroupList[] {
  return Object.entries(schema.properties).flatMap(([path, child]) => {
    if (!isListOfGroups(child)) return [];
    // WHY: what is a list of groups was made by the builder above; typebox's own type drops the annotations.
    const { listRule: rule } = child as unknown as { readonly listRule: ListRule };
    const keysOf = (index: number) => listKeysBelow(child.items, [path, index]);
    return [{ path, rule, group: child.items, keysOf }];
  });
}

/** The keys that the entries of all lists of `config` have a value for. */
export function listEntryKeysInForce(schema: TObject, config: Static<TObject>): readonly Key[] {
  return listGroupLists(schema).flatMap(({ path, keysOf }) => {
    const entries: unknown = Reflect.get(config, path);
    const indexes = Array.isArray(entries) ? [...entries.keys()] : [];
    return indexes.flatMap(keysOf).filter((key) => valueAt(key, config) !== undefined);
  });
}
