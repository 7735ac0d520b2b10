// Where an upstream is, as the configuration writes it: rtmp[t][s]://[USER:PASSWORD@]HOST[:PORT][/APP[/INSTANCE]][?QUERY].
// Names no live stream: which one is published or played there is the client's to say, or a setting's beside it.

import { AUTHORITY_PATTERN, type Credentials, hostAndPort, parseAuthority } from './authority.ts';
import { EntryError } from './entry-error.ts';

/** How an upstream is spoken to. */
export type UpstreamTransport = 'rtmp' | 'rtmps' | 'rtmpt' | 'rtmpts';

/** Ports of URLs that name none. */
const DEFAULT_PORTS: Readonly<Record<UpstreamTransport, number>> = {
  rtmp: 1935,
  rtmps: 443,
  rtmpt: 80,
  rtmpts: 443,
};

/** Where an upstream is. */
export type UpstreamUrl = {
  readonly transport: UpstreamTransport;
  /** A name or an address, without brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly portNumber: number;
  readonly credentials: Credentials | null;
  /** Application with its instance, without slashes at the ends; '' where the URL names none. */
  readonly app: string;
  /** Without its question mark; '' where there is none. */
  readonly query: string;
  /** The URL for logs: without credentials and query, and with its port. */
  readonly description: string;
};

/** The forms of an upstream's URL, for error messages and docs. */
export const UPSTREAM_URL_FORMS =
  'a URL such as rtmp://HOST, rtmps://HOST:PORT/APP or rtmpt://USER:PASSWORD@HOST/APP';

/** LIMIT: characters of a URL; what a connect carries besides has to fit into one message of a few KiB. */
export const MAX_URL_CHARS = 2048;

/** Regular expression that every such URL matches, and few other texts. For the file's JSON Schema. */
export const UPSTREAM_URL_PATTERN = `^[rR][tT][mM][pP][tT]?[sS]?://${AUTHORITY_PATTERN}(?:[/?][^\\s\\u0000-\\u001f\\u007f-\\u009f]*)?$`;

const PARTS = /^(rtmpt?s?):\/\/([^/?]*)([^?]*)(?:\?(.*))?$/is;

/** What may stand behind the host: anything but blanks and control characters. */
const PATH_AND_QUERY = /^[^\s\p{Cc}]*$/u;

/**
 * Reads one URL of an upstream.
 * @throws EntryError where it is none; the message repeats nothing of it
 */
export function parseUpstreamUrl(text: string): UpstreamUrl {
  const [, scheme, authority = '', path = '', query = ''] = PARTS.exec(text) ?? [];
  if (scheme === undefined)
    throw new EntryError('it begins with none of rtmp://, rtmps://, rtmpt:// and rtmpts://');
  if (text.length > MAX_URL_CHARS) throw new EntryError(`it is longer than ${MAX_URL_CHARS} characters`);
  if (!PATH_AND_QUERY.test(path + query))
    throw new EntryError('there is a blank or a control character in it');
  const { credentials, host, portNumber: givenPort } = parseAuthority(authority);
  const transport = scheme.toLowerCase() as UpstreamTransport;
  const portNumber = givenPort ?? DEFAULT_PORTS[transport];
  const app = path
    .split('/')
    .filter((segment) => segment !== '')
    .join('/');
  if (app.split(/[/\\:]/).includes('..')) throw new EntryError('there is a .. in the path');
  const place = `${transport}://${hostAndPort(host, portNumber)}`;
  return {
    transport,
    host,
    portNumber,
    credentials,
    app,
    query,
    description: app === '' ? place : `${place}/${app}`,
  };
}

/** True where TLS is spoken to it. */
export function isTlsTransport(transport: UpstreamTransport): boolean {
  return transport === 'rtmps' || transport === 'rtmpts';
}

/** True where it is reached by RTMP in HTTP requests. */
export function isTunnelTransport(transport: UpstreamTransport): boolean {
  return transport === 'rtmpt' || transport === 'rtmpts';
}
