// The keys of a schema as one flat list: path in the file, environment name, flag, place in the Config. Readers,
// the docs page and the command line all walk this list, so that a key is declared once.

import { type TObject, Type } from 'typebox';
import { nearest } from './nearest.ts';
import type { Setting } from './setting.ts';
import { propertyName } from './units.ts';

/** One key of the configuration. */
export type Key = {
  /** Path in the file, with dots: 'tunnel.idleHold'. */
  readonly path: string;
  /** The same, by segment. */
  readonly segments: readonly string[];
  /** Place in the Config: ['tunnel', 'idleHoldMs']. */
  readonly propertyPath: readonly string[];
  /** 'CULVERT_TUNNEL_IDLE_HOLD'. */
  readonly environmentName: string;
  readonly setting: Setting;
};

/** What every environment name of a setting begins with. */
export const ENVIRONMENT_PREFIX = 'CULVERT_';

function environmentName(segments: readonly string[]): string {
  const words = segments.map((segment) => segment.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase());
  return ENVIRONMENT_PREFIX + words.join('_');
}

/** All keys below `schema`, in its order. `parents` is the path of `schema` itself. */
export function listKeys(schema: TObject, parents: readonly string[] = []): readonly Key[] {
  return Object.entries(schema.properties).flatMap(([name, child]): readonly Key[] => {
    const segments = [...parents, name];
    if (Type.IsObject(child)) return listKeys(child, segments);
    // WHY: what is no group was made by a builder of setting.ts; typebox's own type drops the annotations.
    const setting = child as Setting;
    return [
      {
        path: segments.join('.'),
        segments,
        propertyPath: [...parents, propertyName(name, setting.unit)],
        environmentName: environmentName(segments),
        setting,
      },
    ];
  });
}

/**
 * The key or group that the unknown path was probably meant to be: the same name in another group, a sibling
 * of nearly that name, or nearly that path. Null where nothing is near.
 */
export function nearestKey(unknown: readonly string[], keys: readonly Key[]): string | null {
  const name = unknown.at(-1) ?? '';
  const parents = unknown.slice(0, -1);
  const sameName = keys.find((key) => key.segments.at(-1)?.toLowerCase() === name.toLowerCase());
  if (sameName !== undefined) return sameName.path;
  const siblings = new Set<string>();
  for (const { segments } of keys) {
    const sibling = segments[parents.length];
    if (sibling !== undefined && parents.every((parent, index) => parent === segments[index])) {
      siblings.add(sibling);
    }
  }
  const sibling = nearest(name, siblings);
  if (sibling !== null) return [...parents, sibling].join('.');
  return nearest(
    unknown.join('.'),
    keys.map((key) => key.path),
  );
}
