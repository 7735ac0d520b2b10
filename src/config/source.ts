// Where a value came from, and what the readers of file, environment and flags hand to the loader.

import type { ConfigProblem } from './config-error.ts';
import type { Key } from './key.ts';

/** Where the value in force came from. */
export type Source =
  | { readonly type: 'default' }
  | { readonly type: 'file'; readonly path: string; readonly lineNumber: number }
  | { readonly type: 'environment'; readonly name: string }
  | { readonly type: 'flag'; readonly name: string };

/** A checked value, in the unit of its key. */
export type Reading = { readonly key: Key; readonly value: unknown; readonly source: Source };

/** What one source gave: a reading for each good value, a problem for each bad one. */
export type Readings = { readonly readings: readonly Reading[]; readonly problems: readonly ConfigProblem[] };

/** The source in words: 'default', 'culvert.yaml:4', 'environment CULVERT_LISTEN', 'flag --listen'. */
export function describeSource(source: Source): string {
  switch (source.type) {
    case 'default':
      return 'default';
    case 'file':
      return `${source.path}:${source.lineNumber}`;
    case 'environment':
    case 'flag':
      return `${source.type} ${source.name}`;
  }
}

/** The source as problems name it: 'culvert.yaml:4', 'CULVERT_LISTEN', '--listen'. */
export function locateSource(source: Source): string {
  return source.type === 'environment' || source.type === 'flag' ? source.name : describeSource(source);
}
