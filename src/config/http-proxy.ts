// The HTTP proxy on the way to an upstream, as the configuration writes it: http://[USER:PASSWORD@]HOST:PORT.

import { AUTHORITY_PATTERN, type Authority, parseAuthority } from './authority.ts';
import { EntryError } from './entry-error.ts';

/** A proxy that connections are made through. */
export type HttpProxy = Authority & { readonly portNumber: number };

/** The forms of a proxy, for error messages and docs. */
export const HTTP_PROXY_FORMS = 'an HTTP proxy such as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT';

/** Regular expression that every proxy matches, and few other texts. For the file's JSON Schema. */
export const HTTP_PROXY_PATTERN = `^[hH][tT][tT][pP]://${AUTHORITY_PATTERN}/?$`;

/**
 * Reads one proxy.
 * @throws EntryError where it is none; the message repeats nothing of it
 */
export function parseHttpProxy(text: string): HttpProxy {
  const [, authority, path = ''] = /^http:\/\/([^/?]*)(.*)$/is.exec(text) ?? [];
  if (authority === undefined) throw new EntryError('it does not begin with http://');
  if (path !== '' && path !== '/') throw new EntryError('a proxy has no path and no query');
  const { portNumber, ...rest } = parseAuthority(authority);
  // WHY: the port that a URL without one stands for is 80, where hardly any proxy listens.
  if (portNumber === null) throw new EntryError('there is no port');
  return { ...rest, portNumber };
}
