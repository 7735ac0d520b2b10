// The syntaxes that texts and the entries of lists can be held to, by the name that the schema calls them.

import { ADDRESS_RANGE_PATTERN, parseAddressRange } from './address-range.ts';
import { EntryError } from './entry-error.ts';
import { HTTP_PROXY_PATTERN, parseHttpProxy } from './http-proxy.ts';
import { LISTENER_PATTERN, parseListener } from './listener.ts';
import { NAME_PATTERN_PATTERN, parseNamePattern } from './name-pattern.ts';
import { NAME_TEMPLATE_PATTERN, parseNameTemplate } from './name-template.ts';
import { parseUpstreamUrl, UPSTREAM_URL_PATTERN } from './upstream-url.ts';
import {
  CLIENT_TRANSPORT_PATTERN,
  parseClientTransport,
  parseUpstreamLabel,
  UPSTREAM_LABEL_PATTERN,
} from './words.ts';

const SYNTAXES = {
  listener: { parse: parseListener, pattern: LISTENER_PATTERN },
  addressRange: { parse: parseAddressRange, pattern: ADDRESS_RANGE_PATTERN },
  upstreamUrl: { parse: parseUpstreamUrl, pattern: UPSTREAM_URL_PATTERN },
  upstreamLabel: { parse: parseUpstreamLabel, pattern: UPSTREAM_LABEL_PATTERN },
  httpProxy: { parse: parseHttpProxy, pattern: HTTP_PROXY_PATTERN },
  clientTransport: { parse: parseClientTransport, pattern: CLIENT_TRANSPORT_PATTERN },
  namePattern: { parse: parseNamePattern, pattern: NAME_PATTERN_PATTERN },
  nameTemplate: { parse: parseNameTemplate, pattern: NAME_TEMPLATE_PATTERN },
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
