// What is shown of secrets: nothing of a value that is one, and of a URL all but its credentials and its query.

import type { Setting } from './setting.ts';

/** What stands where a secret would. */
export const MASK = '***';

/** A URL, or what was meant as one, without what may be secret in it: too much is left out rather than too little. */
export function maskUrl(text: string): string {
  const scheme = /^[a-z]{1,10}:\/\//i.exec(text)?.[0] ?? '';
  const behind = text.slice(scheme.length);
  const at = behind.lastIndexOf('@');
  const mark = behind.indexOf('?');
  // WHY: the question mark may be in the password, or the @ in the query; either way something secret is on both sides.
  if (mark >= 0 && mark < at) return scheme + MASK;
  const credentials = at < 0 ? '' : `${MASK}@`;
  const query = mark < 0 ? '' : `?${MASK}`;
  return scheme + credentials + behind.slice(at + 1, mark < 0 ? undefined : mark) + query;
}

/** A value, or a list of them, as it may be shown. */
export function masked({ secret }: Pick<Setting, 'secret'>, value: unknown): unknown {
  if (secret === undefined) return value;
  if (Array.isArray(value)) return value.map((entry) => masked({ secret }, entry));
  if (secret === true) return MASK;
  return typeof value === 'string' ? maskUrl(value) : value;
}
