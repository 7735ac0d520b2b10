// Who the client of an HTTP request is, as the proxies in front tell it: X-Forwarded-For, or Forwarded [RFC 7239]. Each
// proxy adds at the right whom it was asked by, and what stands further left came with the request: a client writes
// there what it likes. So the walk goes from right to left, and ends at the first address that is not a proxy's own.

import { canonicalIpAddress } from '../protocol/proxy/ip-address.ts';

/** LIMIT: entries that are looked at, from the right, empty ones among them; chains of proxies have two or three. */
const MAX_ENTRIES = 32;

const MAX_PORT = 65_535;
const QUOTE = '"';
const BACKSLASH = '\\';

/** `[IPv6]` or IPv4, and behind a colon a port, or the name that stands for one. [RFC 7239 6] */
const NODE = /^(?:\[(?<ipv6>[0-9a-f:.]+)\]|(?<ipv4>[0-9.]+))(?::(?:(?<port>\d{1,5})|_[\w.-]+))?$/i;

/** The header that tells of clients, in lower case. */
export type ForwardedHeader = 'x-forwarded-for' | 'forwarded';

/** A client as a header tells it. */
export type ForwardedAddress = {
  /** IPv4 or IPv6 as text, in the one form that sockets give; IPv4 is never written as IPv6. */
  readonly address: string;
  /** 0 to 65,535; 0 where none was told. */
  readonly port: number;
};

/**
 * The client that a header's value tells, several headers of that name joined by commas: the last address that is not
 * trusted, or the first one where all are. What is no address (`unknown`, `_hidden`) ends the walk, and the answer is
 * what stood to its right; null where nothing did. The sender of the request itself is the caller's to trust.
 */
export function forwardedAddress(
  header: ForwardedHeader,
  value: string,
  isTrusted: (address: string) => boolean,
): ForwardedAddress | null {
  const isForwarded = header === 'forwarded';
  let client: ForwardedAddress | null = null;
  let end = value.length;
  for (let left = MAX_ENTRIES; left > 0 && end >= 0; left -= 1) {
    const comma = isForwarded ? lastOutsideQuotes(value, ',', end) : value.slice(0, end).lastIndexOf(',');
    const entry = value.slice(comma + 1, end).trim();
    end = comma;
    // Empty entries of a list count for nothing. [RFC 9110 5.6.1]
    if (entry === '') continue;
    const told = isForwarded ? readElement(entry) : readNode(entry);
    if (told === null) return client;
    client = told;
    if (!isTrusted(told.address)) return client;
  }
  return client;
}

/** The node of an element's one `for`, null where there is none that is an address. [RFC 7239 4] */
function readElement(element: string): ForwardedAddress | null {
  let node: string | null = null;
  for (let end = element.length; end >= 0; ) {
    const semicolon = lastOutsideQuotes(element, ';', end);
    const [name = '', ...value] = element.slice(semicolon + 1, end).split('=');
    end = semicolon;
    if (name.trim().toLowerCase() !== 'for') continue;
    if (node !== null) return null;
    node = value.join('=').trim();
  }
  return node === null ? null : readNode(unquoted(node));
}

/** An address with or without its port. IPv6 without brackets is an address to its end. */
function readNode(text: string): ForwardedAddress | null {
  const bare = canonicalIpAddress(text);
  if (bare !== null) return { address: bare, port: 0 };
  const { ipv6, ipv4, port = '0' } = NODE.exec(text)?.groups ?? {};
  const address = canonicalIpAddress(ipv6 ?? ipv4 ?? '');
  const isOfFamily = address !== null && (ipv6 === undefined || ipv6.includes(':'));
  return isOfFamily && Number(port) <= MAX_PORT ? { address, port: Number(port) } : null;
}

/**
 * Where `separator` stands last in front of `end`, outside of quoted strings; -1 where it does not.
 * WHY from the right: what a client put to the left, an open quote for one, must not change how a proxy's entry reads.
 */
function lastOutsideQuotes(text: string, separator: string, end: number): number {
  let isQuoted = false;
  for (let at = end - 1; at >= 0; at -= 1) {
    const char = text[at];
    // Within a string, the only quote without a backslash in front is the one that opens it.
    if (char === QUOTE && !(isQuoted && text[at - 1] === BACKSLASH)) isQuoted = !isQuoted;
    else if (char === separator && !isQuoted) return at;
  }
  return -1;
}

/** What a quoted string says, or the text as it is. [RFC 9110 5.6.4] */
function unquoted(text: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(text)?.[1];
  return quoted === undefined ? text : quoted.replace(/\\(.)/g, '$1');
}
