// The syntaxes that the entries of a list can be held to, by the name that the schema calls them.

import { ADDRESS_RANGE_PATTERN, parseAddressRange } from './address-range.ts';
import { EntryError } from './entry-error.ts';
import { LISTENER_PATTERN, parseListener } from './listener.ts';

const SYNTAXES = {
  listener: { parse: parseListener, pattern: LISTENER_PATTERN },
  addressRange: { parse: parseAddressRange, pattern: ADDRESS_RANGE_PATTERN },
} as const;

/** Name of a syntax. */
export type SyntaxName = keyof typeof SYNTAXES;

/** All names. */
export const SYNTAX_NAMES = Object.keys(SYNTAXES) as readonly SyntaxName[];

/** Why `text` is not of the syntax, without repeating it; null where it is. */
export function syntaxProblem(name: SyntaxName, text: string): string | null {
  try {
    SYNTAXES[name].parse(text);
    return null;
  } catch (error) {
    if (error instanceof EntryError) return error.message;
    throw error;
  }
}

/** Regular expression that every text of the syntax matches, and a few others. */
export function syntaxPattern(name: SyntaxName): string {
  return SYNTAXES[name].pattern;
}
