// How advice on a configuration is told: one line, in the manner of its problems.

import { locateSource, type Source } from './source.ts';

/** Where settings were made, by the path of their key. */
export type Sources = Readonly<Record<string, Source | undefined>>;

/** One line: where the setting was made, which it is, and what is to know of it. */
export function adviceLine(source: Source | undefined, key: string, text: string): string {
  const isSet = source !== undefined && source.type !== 'default';
  return isSet ? `${locateSource(source)}: ${key}: ${text}` : `${key}: ${text}`;
}

/** Advice on one key: only where it was set. */
export type OnKey = {
  readonly path: readonly (string | number)[];
  readonly isSo: boolean;
  readonly text: string;
};
