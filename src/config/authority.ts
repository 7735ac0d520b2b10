// What stands between the slashes and the path of a URL: USER:PASSWORD@HOST:PORT. Read strictly, for a host or a port that
// is taken for another would send clients, and passwords, elsewhere.

import { isIPv6 } from 'node:net';
import { EntryError } from './entry-error.ts';
import { isHost } from './listener.ts';

/** Who one is to another server. Percent signs are decoded. */
export type Credentials = { readonly user: string; readonly password: string };

/** Where a URL leads. */
export type Authority = {
  readonly credentials: Credentials | null;
  /** A name or an address, without brackets. */
  readonly host: string;
  /** 1 to 65535; null where the URL names none. */
  readonly portNumber: number | null;
};

/** Regular expression of the same, which takes other texts too. */
export const AUTHORITY_PATTERN = '(?:[^/?]*@)?(?:\\[[^\\]]+\\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?';

/**
 * Reads it.
 * @throws EntryError where it is none; the message repeats nothing of it
 */
export function parseAuthority(text: string): Authority {
  const at = text.lastIndexOf('@');
  const credentials = at < 0 ? null : parseCredentials(text.slice(0, at));
  const [, bracketed, name, port] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/s.exec(text.slice(at + 1)) ?? [];
  if (bracketed === undefined && name === undefined) {
    throw new EntryError('the host is neither a name nor an address; an IPv6 address needs brackets');
  }
  if (bracketed !== undefined && !isIPv6(bracketed)) {
    throw new EntryError('there is no IPv6 address in the brackets');
  }
  if (name === '') throw new EntryError('there is no host');
  if (name !== undefined && !isHost(name)) throw new EntryError('the host is neither a name nor an address');
  return {
    credentials,
    host: bracketed ?? name ?? '',
    portNumber: port === undefined ? null : parsePort(port),
  };
}

/** Host and port as a URL has them. */
export function hostAndPort(host: string, portNumber: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${portNumber}`;
}

function parsePort(text: string): number {
  const portNumber = Number(text);
  if (!/^\d{1,5}$/.test(text) || portNumber < 1 || portNumber > 65_535) {
    throw new EntryError('the port must be a number of 1 to 65535');
  }
  return portNumber;
}

function parseCredentials(text: string): Credentials {
  const colon = text.indexOf(':');
  const [user, password] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  if (user === '') throw new EntryError('there is no user in front of the @');
  return { user: decoded(user), password: decoded(password) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw new EntryError('a percent sign in the credentials is written %25');
  }
}
