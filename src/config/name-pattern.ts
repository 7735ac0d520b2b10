// Patterns of names, as the routes have them: `*` stands for any characters of a segment, none too, `?` for one of them,
// and all else for itself. Read here; what they match is found in upstreams/. No regular expressions: nobody has to fear
// for how long one takes.

import { EntryError } from './entry-error.ts';

/** What stands for any run of characters in a segment of a pattern. */
export const STAR = '*';

/** What stands for one character. */
export const ANY_CHARACTER = '?';

/** A pattern, by segment between slashes, by character (code point). */
export type NamePattern = {
  readonly segments: readonly (readonly string[])[];
  /** How many stars there are in all: each captures what it stands for. */
  readonly starCount: number;
};

/** The forms of a pattern, for error messages and docs. */
export const NAME_PATTERN_FORMS =
  'a name with * and ? in it where it is a pattern, such as live, live/* or cam-??';

/** LIMIT: characters of a pattern; a name is compared with each at a cost of the product of both lengths at worst. */
export const MAX_PATTERN_CHARS = 256;

/** LIMIT: stars of a pattern, for $1 to $9 are what they can be called by. */
export const MAX_STARS = 9;

/** Regular expression that every pattern matches, and a few other texts. For the file's JSON Schema. */
export const NAME_PATTERN_PATTERN =
  '^[^/\\u0000-\\u001f\\u007f-\\u009f]+(?:/[^/\\u0000-\\u001f\\u007f-\\u009f]+)*$';

/**
 * Reads one pattern.
 * @throws EntryError where no name can match it
 */
export function parseNamePattern(text: string): NamePattern {
  if (text.length > MAX_PATTERN_CHARS)
    throw new EntryError(`it is longer than ${MAX_PATTERN_CHARS} characters`);
  if (/\p{Cc}/u.test(text)) throw new EntryError('there is a control character in it');
  const segments = text.split('/');
  if (segments.includes('')) throw new EntryError('there is a slash at an end of it, or two in a row');
  if (segments.some((segment) => segment.includes('**'))) {
    throw new EntryError('there is no **; a * stands for what is between two slashes');
  }
  const starCount = text.split(STAR).length - 1;
  if (starCount > MAX_STARS) throw new EntryError(`there are more than ${MAX_STARS} stars in it`);
  return { segments: segments.map((segment) => [...segment]), starCount };
}

/** True where it stands for one name alone. */
export function isExact({ segments }: NamePattern): boolean {
  return !segments.some((segment) => segment.includes(STAR) || segment.includes(ANY_CHARACTER));
}
