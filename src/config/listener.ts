// Where to listen, as the configuration writes it: HOST:PORT, :PORT or [IPv6]:PORT, behind `tls:` or `any:` where TLS is
// spoken. Resolves no name and opens nothing.

import { isIPv4, isIPv6 } from 'node:net';
import { EntryError } from './entry-error.ts';

/** What a listener's connections may begin with: plain protocols, TLS, or either. */
export type ListenerKind = 'plain' | 'tls' | 'any';

/** One address to listen on. */
export type Listener = {
  readonly kind: ListenerKind;
  /** Name or address without brackets; null for every address of the machine. */
  readonly host: string | null;
  /** 0 to 65535; 0 picks a free port. */
  readonly portNumber: number;
};

/** The forms of a listener, for error messages and docs. */
export const LISTENER_FORMS = 'HOST:PORT, :PORT or [IPv6]:PORT, behind tls: or any: where TLS is wanted';

const ANY_PREFIX = '(?:[tT][lL][sS]|[aA][nN][yY]):';

/** Regular expression that every listener matches, and nothing that looks otherwise. For the file's JSON Schema. */
export const LISTENER_PATTERN = `^(?!${ANY_PREFIX}[0-9]+$)(?:${ANY_PREFIX})?(?:\\[[^\\]]+\\]|[A-Za-z0-9._-]*):[0-9]{1,5}$`;

const MAX_HOST_CHARS = 253;
const HOST_NAME = /^(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*$/;
const ADDRESS_LIKE = /^[\d.]+$/;

/** What begins an IPv6 address that lacks its brackets; any other word in front of a colon is meant as a prefix. */
const IPV6_BEGIN = /^[\da-f]{0,4}:/i;

function parsePort(text: string): number {
  const portNumber = Number(text);
  if (!/^\d{1,5}$/.test(text) || portNumber > 65_535) {
    throw new EntryError('the port must be a number of 0 to 65535');
  }
  return portNumber;
}

/** True for a name or an IPv4 address; whether there is such a host is not asked. */
export function isHost(text: string): boolean {
  return ADDRESS_LIKE.test(text) ? isIPv4(text) : HOST_NAME.test(text) && text.length <= MAX_HOST_CHARS;
}

function checkHost(host: string): string {
  if (host.includes(':')) {
    if (IPV6_BEGIN.test(host)) throw new EntryError('an IPv6 address needs brackets, such as [::1]:1935');
    throw new EntryError('the prefixes are tls: and any:, one at most');
  }
  if (!isHost(host)) throw new EntryError('the host is neither a name nor an address');
  return host;
}

/**
 * Reads one listener.
 * @throws EntryError where the text is of none of the forms
 */
export function parseListener(text: string): Listener {
  if (isSeveral(text)) {
    throw new EntryError(
      'it looks like several; entries are separated by commas in a variable, and given one by one elsewhere',
    );
  }
  const prefix = /^(?:tls|any):/i.exec(text)?.[0].toLowerCase() ?? '';
  const kind = prefix === '' ? 'plain' : prefix === 'tls:' ? 'tls' : 'any';
  return { kind, ...parseAddress(text.slice(prefix.length), prefix) };
}

/** Writes a listener as the configuration has it; an IPv6 address in brackets. */
export function listenerText({ kind, host, portNumber }: Listener): string {
  const shownHost = host?.includes(':') ? `[${host}]` : (host ?? '');
  return `${kind === 'plain' ? '' : `${kind}:`}${shownHost}:${portNumber}`;
}

/** Whether blanks or commas part it into several that have a port each. */
function isSeveral(text: string): boolean {
  const parts = text.replace(/\[[^\]]*\]/g, '').split(/[\s,]+/);
  return parts.filter((part) => /:\d/.test(part)).length > 1;
}

/** Reads what stands behind `prefix`. */
function parseAddress(text: string, prefix: string): Omit<Listener, 'kind'> {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text);
  if (bracketed !== null) {
    const [, host = '', port] = bracketed;
    if (!isIPv6(host)) throw new EntryError('there is no IPv6 address in the brackets');
    if (port === undefined) {
      throw new EntryError(`there is no port; behind an address it is written ${prefix}[::1]:1935`);
    }
    return { host, portNumber: parsePort(port) };
  }
  const colonIndex = text.lastIndexOf(':');
  if (colonIndex < 0) throw new EntryError(`there is no port; a port alone is written ${prefix}:1935`);
  const host = text.slice(0, colonIndex);
  const portNumber = parsePort(text.slice(colonIndex + 1));
  return { host: host === '' ? null : checkHost(host), portNumber };
}
