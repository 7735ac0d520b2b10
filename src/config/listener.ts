// Where to listen, as the configuration writes it: HOST:PORT, :PORT or [IPv6]:PORT. The prefixes `tls:` and
// `any:` are reserved and refused. Resolves no name and opens nothing.

import { isIPv4, isIPv6 } from 'node:net';

/** One address to listen on. */
export type Listener = {
  /** Name or address without brackets; null for every address of the machine. */
  readonly host: string | null;
  /** 0 to 65535; 0 picks a free port. */
  readonly portNumber: number;
};

/** The forms of a listener, for error messages and docs. */
export const LISTENER_FORMS = 'HOST:PORT, :PORT or [IPv6]:PORT';

/** A text that is no listener. The message says why, and does not repeat the text. */
export class ListenerError extends Error {
  override readonly name = 'ListenerError';
}

const MAX_HOST_CHARS = 253;
const HOST_NAME = /^(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*$/;
const ADDRESS_LIKE = /^[\d.]+$/;

function parsePort(text: string): number {
  const portNumber = Number(text);
  if (!/^\d{1,5}$/.test(text) || portNumber > 65_535) {
    throw new ListenerError('the port must be a number of 0 to 65535');
  }
  return portNumber;
}

function checkHost(host: string): string {
  if (host.includes(':')) throw new ListenerError('an IPv6 address needs brackets, such as [::1]:1935');
  if (ADDRESS_LIKE.test(host) ? !isIPv4(host) : !HOST_NAME.test(host) || host.length > MAX_HOST_CHARS) {
    throw new ListenerError('the host is neither a name nor an address');
  }
  return host;
}

/**
 * Reads one listener.
 * @throws ListenerError where the text is of none of the forms, or asks for TLS
 */
export function parseListener(text: string): Listener {
  if (/^(?:tls|any):/i.test(text)) {
    throw new ListenerError('TLS listeners are not available in this version');
  }
  const bracketed = /^\[([^\]]*)\]:(.*)$/s.exec(text);
  if (bracketed !== null) {
    const host = bracketed[1] ?? '';
    if (!isIPv6(host)) throw new ListenerError('there is no IPv6 address in the brackets');
    return { host, portNumber: parsePort(bracketed[2] ?? '') };
  }
  const colonIndex = text.lastIndexOf(':');
  if (colonIndex < 0) throw new ListenerError('there is no port; a port alone is written :1935');
  const host = text.slice(0, colonIndex);
  const portNumber = parsePort(text.slice(colonIndex + 1));
  return { host: host === '' ? null : checkHost(host), portNumber };
}
