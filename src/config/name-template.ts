// What a name becomes on its way to an upstream: text, with $1 to $9 for what the stars of the patterns stood for, and $$
// for a dollar sign. Goes into applications and names of live streams, never into where an upstream is.

import { EntryError } from './entry-error.ts';

/** One piece: text as it is, or what a star stood for, counted from 1. */
export type TemplatePiece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'capture'; readonly starNumber: number };

/** The pieces, one behind the other. */
export type NameTemplate = readonly TemplatePiece[];

/** The forms of a template, for error messages and docs. */
export const NAME_TEMPLATE_FORMS =
  'a name, with $1 to $9 in it for what the stars stood for and $$ for a dollar sign';

/** LIMIT: characters of a template; a name that is written by hand, or the key of a service. */
export const MAX_TEMPLATE_CHARS = 1024;

/** Regular expression that every template matches, and a few other texts. For the file's JSON Schema. */
export const NAME_TEMPLATE_PATTERN = '^(?:[^$\\u0000-\\u001f\\u007f-\\u009f]|\\$[1-9$])+$';

/**
 * Reads one template.
 * @throws EntryError where it is none; the message repeats nothing of it, for it may be a key
 */
export function parseNameTemplate(text: string): NameTemplate {
  if (text === '') throw new EntryError('it is empty');
  if (text.length > MAX_TEMPLATE_CHARS)
    throw new EntryError(`it is longer than ${MAX_TEMPLATE_CHARS} characters`);
  if (/\p{Cc}/u.test(text)) throw new EntryError('there is a control character in it');
  if (/^\/|\/\/|\/$/.test(text)) throw new EntryError('there is a slash at an end of it, or two in a row');
  if (text.split(/[/\\:]/).includes('..')) throw new EntryError('there is a .. in it');
  const pieces = text.match(/\$[1-9$]|\$|[^$]+/g) ?? [];
  return pieces.map((piece): TemplatePiece => {
    if (!piece.startsWith('$')) return { type: 'text', text: piece };
    if (piece === '$') throw new EntryError('behind a $ stands a number of 1 to 9, or another $');
    return piece === '$$' ? { type: 'text', text: '$' } : { type: 'capture', starNumber: Number(piece[1]) };
  });
}

/** The highest number of a star that it takes; 0 where it takes none. */
export function lastStarNumber(template: NameTemplate): number {
  return Math.max(0, ...template.map((piece) => (piece.type === 'capture' ? piece.starNumber : 0)));
}
