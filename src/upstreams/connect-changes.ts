// What an upstream is told in place of what the client said in its connect: another application where the configuration
// names one, and the client's address where it asks for it.

import type { Upstream } from '../config/routing.ts';
import type { LinkFacts } from '../links/link.ts';
import { stringOf } from '../protocol/rtmp/server/command-args.ts';
import type { ConnectEvent } from '../protocol/rtmp/server/server-events.ts';
import { parseAppPath, unquoteUrl } from '../protocol/rtmp/server/stream-name.ts';
import type { ConnectChanges } from '../protocol/rtmp/splice/rewrite-connect.ts';

/** What is set of an upstream, as far as a connect goes by it. */
export type ChangingUpstream = Pick<Upstream, 'url' | 'addressProperty' | 'addressParameter'>;

/**
 * The changes to one connect; none where the configuration wants none.
 * @param app of the route, or of the URL, or the client's own, with its instance
 */
export function connectChanges(
  connect: Pick<ConnectEvent, 'app' | 'instance' | 'properties'>,
  app: string,
  { url, addressProperty, addressParameter }: ChangingUpstream,
  { remoteAddress }: Pick<LinkFacts, 'remoteAddress'>,
): ConnectChanges {
  const properties = addressProperty === '' ? {} : { properties: { [addressProperty]: remoteAddress } };
  const askedApp = connect.instance === '' ? connect.app : `${connect.app}/${connect.instance}`;
  const isMoved = app !== askedApp || url.query !== '';
  if (!isMoved && addressParameter === '') return properties;
  // WHY not what the connect was read as: that is cut at a limit, and a token that is cut is none.
  const saidApp = stringOf(connect.properties, 'app');
  const saidUrl = unquoteUrl(stringOf(connect.properties, 'tcUrl') || stringOf(connect.properties, 'tcurl'));
  const query = joinedQuery(parseAppPath(saidApp, saidUrl).query, url.query);
  const path = isMoved ? withQuery(app, query) : saidApp;
  const tcUrl = isMoved ? `${placeOf(url)}/${path}` : saidUrl;
  const ownApp = addressParameter === '' ? path : withQuery(...withoutParameter(path, addressParameter));
  return {
    ...(isMoved || ownApp !== saidApp ? { app: ownApp } : {}),
    tcUrl: withParameter(tcUrl, addressParameter, remoteAddress),
    ...properties,
  };
}

/** Where the upstream is, as its own clients write it. */
function placeOf({ transport, host, portNumber }: Upstream['url']): string {
  return `${transport}://${host.includes(':') ? `[${host}]` : host}:${portNumber}`;
}

function joinedQuery(first: string, second: string): string {
  return first === '' || second === '' ? first + second : `${first}&${second}`;
}

function withQuery(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`;
}

/**
 * `tcUrl` with one parameter more, in place of those of the same name.
 * WHY: what stands behind a number sign, a URL parser takes for no query.
 */
function withParameter(tcUrl: string, name: string, value: string): string {
  if (name === '') return tcUrl;
  const [path, others] = withoutParameter(tcUrl.replaceAll('#', '%23'), name);
  return withQuery(path, joinedQuery(others, `${name}=${encodeURIComponent(value)}`));
}

/** The path and the query of a text, those parameters left out that a server could read by that name. */
function withoutParameter(text: string, name: string): readonly [path: string, query: string] {
  const mark = text.indexOf('?');
  if (mark < 0) return [text, ''];
  const parameters = text.slice(mark + 1).split('&');
  const others = parameters.filter((parameter) => !namesIn(parameter).includes(name));
  return [text.slice(0, mark), others.filter((parameter) => parameter !== '').join('&')];
}

/**
 * The names that servers may read in one parameter.
 * WHY so many: some part parameters at other signs too, some leave out white space, and all read `%69p=` as `ip=`; they
 * would believe what a client forged.
 */
function namesIn(parameter: string): readonly string[] {
  const parts = parameter.replaceAll(/[\s\p{Cc}]/gu, '').split(/[;,?#]/);
  return parts.map((part) => new URLSearchParams(part).keys().next().value ?? '');
}
