// The keys of a schema as one flat list: path in the file, environment name, flag, place in the Config. Readers,
// the docs page and the command line all walk this list, so that a key is declared once.

import { type TArray, type TObject, type TSchema, Type } from 'typebox';
import { nearest } from './nearest.ts';
import type { Setting } from './setting.ts';
import { propertyName } from './units.ts';

/** A name on the way to a key, or the place of an entry in a list, from 0 on. */
export type Segment = string | number;

/** What stands for the place of any entry of a list where none is meant. */
export const ANY_INDEX = -1;

/** One key of the configuration. */
export type Key = {
  /** Path in the file, with dots: 'tunnel.idleHold', 'routes[0].app'. */
  readonly path: string;
  /** The same, by segment. */
  readonly segments: readonly Segment[];
  /** Place in the Config: ['tunnel', 'idleHoldMs']. */
  readonly propertyPath: readonly Segment[];
  readonly setting: Setting;
};

/** A key that there is once, whatever the file says: the environment reaches it too. */
export type FixedKey = Omit<Key, 'segments' | 'propertyPath'> & {
  readonly segments: readonly string[];
  readonly propertyPath: readonly string[];
  /** 'CULVERT_TUNNEL_IDLE_HOLD'. */
  readonly environmentName: string;
};

/** What every environment name of a setting begins with. */
export const ENVIRONMENT_PREFIX = 'CULVERT_';

function environmentName(segments: readonly string[]): string {
  const words = segments.map((segment) => segment.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase());
  return ENVIRONMENT_PREFIX + words.join('_');
}

/** A path as one text; a segment is quoted where dots or blanks in it would mislead. Two paths never give the same. */
export function pathOf(segments: readonly Segment[]): string {
  return joinPath(segments, (name) => (/^[\w-]+$/.test(name) ? name : JSON.stringify(name)));
}

/** The segments as one text, names as `shown` has them, places in lists in brackets: `routes[0].app`. */
export function joinPath(segments: readonly Segment[], shown: (name: string) => string): string {
  const parts = segments.map((segment, at) => {
    if (typeof segment === 'number') return segment === ANY_INDEX ? '[]' : `[${segment}]`;
    return at === 0 ? shown(segment) : `.${shown(segment)}`;
  });
  return parts.join('');
}

/**
 * All keys below `schema`, in its order, groups by name and lists of groups left out. `parents` is the path of `schema`
 * itself, and may hold a name that the file gave.
 */
export function listKeysBelow(schema: TObject, parents: readonly Segment[]): readonly Key[] {
  return Object.entries(schema.properties).flatMap(([name, child]): readonly Key[] => {
    const segments = [...parents, name];
    if (Type.IsObject(child)) return listKeysBelow(child, segments);
    if (Type.IsRecord(child) || isListOfGroups(child)) return [];
    // WHY: what is no group was made by a builder of setting.ts; typebox's own type drops the annotations.
    const setting = child as Setting;
    const propertyPath = [...parents, propertyName(name, setting.unit)];
    return [{ path: pathOf(segments), segments, propertyPath, setting }];
  });
}

/** True for a list whose entries are groups of keys. */
export function isListOfGroups(schema: TSchema): schema is TArray<TObject> {
  return Type.IsArray(schema) && Type.IsObject(schema.items);
}

/** All keys that there are once below `schema`, in its order. `parents` is the path of `schema` itself. */
export function listKeys(schema: TObject, parents: readonly string[] = []): readonly FixedKey[] {
  return listKeysBelow(schema, parents).map((key) => ({
    ...key,
    segments: key.segments.map(String),
    propertyPath: key.propertyPath.map(String),
    environmentName: environmentName(key.segments.map(String)),
  }));
}

/** True for the key at `segments`, and for all keys below. */
export function isWithin(key: Key, segments: readonly Segment[]): boolean {
  return segments.every((segment, index) => segment === key.segments[index]);
}

/** The value that `config` has for the key, in the key's unit; undefined where it has none. */
export function valueAt(key: Key, config: object): unknown {
  return key.propertyPath.reduce<unknown>(
    (group, name) => (typeof group === 'object' && group !== null ? Reflect.get(group, name) : undefined),
    config,
  );
}

/**
 * The key or group that the unknown path was probably meant to be: the same name in another group, a sibling
 * of nearly that name, or nearly that path. Null where nothing is near.
 */
export function nearestKey(unknown: readonly Segment[], keys: readonly Key[]): string | null {
  const name = String(unknown.at(-1) ?? '');
  const parents = unknown.slice(0, -1);
  const sameName = keys.find((key) => String(key.segments.at(-1)).toLowerCase() === name.toLowerCase());
  const isFarOff = parents.length > 0 && sameName?.segments.length === 1;
  if (sameName !== undefined && !isFarOff) return sameName.path;
  const siblings = new Set<string>();
  for (const key of keys) {
    const sibling = key.segments[parents.length];
    if (typeof sibling === 'string' && isWithin(key, parents)) siblings.add(sibling);
  }
  const sibling = nearest(name, siblings);
  if (sibling !== null) return pathOf([...parents, sibling]);
  if (sameName !== undefined) return sameName.path;
  return nearest(
    unknown.join('.'),
    keys.map((key) => key.path),
  );
}
