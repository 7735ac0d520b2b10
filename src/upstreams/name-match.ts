// Whether a name matches a pattern, and what its stars stood for. A star takes as little as it can, the last one of a
// segment the rest. No step goes back behind the last star, so that the cost is at most the product of both lengths.

import { ANY_CHARACTER, type NamePattern, STAR } from '../config/name-pattern.ts';

/** What came of a match. */
export type NameMatch = {
  /** What each star stood for, in order; '' where it stood for nothing. */
  readonly captures: readonly string[];
  /** The parts of the name behind those that the pattern is about, without a slash in front; '' where there are none. */
  readonly rest: string;
};

/** The whole of a name against a pattern; null where they differ. */
export function matchWhole(pattern: NamePattern, name: string): NameMatch | null {
  return name.split('/').length === pattern.segments.length ? matchBeginning(pattern, name) : null;
}

/** The first parts of a path against a pattern; null where they differ. */
export function matchBeginning({ segments }: NamePattern, path: string): NameMatch | null {
  const parts = path.split('/');
  if (parts.length < segments.length) return null;
  const captures: string[] = [];
  for (const [index, segment] of segments.entries()) {
    const found = matchSegment(segment, [...(parts[index] ?? '')]);
    if (found === null) return null;
    captures.push(...found);
  }
  return { captures, rest: parts.slice(segments.length).join('/') };
}

/** What the stars of a segment stood for, both by character; null where they differ. */
function matchSegment(pattern: readonly string[], name: readonly string[]): string[] | null {
  /** From where to where each star reaches in the name. */
  const reaches: { readonly from: number; to: number }[] = [];
  let last: { readonly from: number; to: number } | null = null;
  let behindStar = 0;
  let at = 0;
  let nameAt = 0;
  while (nameAt < name.length || pattern[at] === STAR) {
    const expected = pattern[at];
    if (expected === STAR) {
      last = { from: nameAt, to: nameAt };
      reaches.push(last);
      at += 1;
      behindStar = at;
    } else if (expected === name[nameAt] || expected === ANY_CHARACTER) {
      at += 1;
      nameAt += 1;
    } else {
      if (last === null) return null;
      last.to += 1;
      nameAt = last.to;
      at = behindStar;
    }
  }
  if (at < pattern.length) return null;
  return reaches.map(({ from, to }) => name.slice(from, to).join(''));
}
