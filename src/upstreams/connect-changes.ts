// What an upstream is told in place of what the client said in its connect: another application where the configuration
// names one, and the client's address where it asks for it.

import type { Upstream } from '../config/routing.ts';
import type { LinkFacts } from '../links/link.ts';
import type { ConnectEvent } from '../protocol/rtmp/server/server-events.ts';
import type { ConnectChanges } from '../protocol/rtmp/splice/rewrite-connect.ts';

/** What is set of an upstream, as far as a connect goes by it. */
export type ChangingUpstream = Pick<Upstream, 'url' | 'addressProperty' | 'addressParameter'>;

/**
 * The changes to one connect; none where the configuration wants none.
 * @param app of the route, or of the URL, or the client's own, with its instance
 */
export function connectChanges(
  connect: Pick<ConnectEvent, 'app' | 'instance' | 'query' | 'tcUrl'>,
  app: string,
  { url, addressProperty, addressParameter }: ChangingUpstream,
  { remoteAddress }: Pick<LinkFacts, 'remoteAddress'>,
): ConnectChanges {
  const askedApp = connect.instance === '' ? connect.app : `${connect.app}/${connect.instance}`;
  const query = joinedQuery(connect.query, url.query);
  const isMoved = app !== askedApp || url.query !== '';
  const path = query === '' ? app : `${app}?${query}`;
  const tcUrl = isMoved ? `${placeOf(url)}/${path}` : connect.tcUrl;
  return {
    ...(isMoved ? { app: path } : {}),
    ...(isMoved || addressParameter !== ''
      ? { tcUrl: withParameter(tcUrl, addressParameter, remoteAddress) }
      : {}),
    ...(addressProperty === '' ? {} : { properties: { [addressProperty]: remoteAddress } }),
  };
}

/** Where the upstream is, as its own clients write it. */
function placeOf({ transport, host, portNumber }: Upstream['url']): string {
  return `${transport}://${host.includes(':') ? `[${host}]` : host}:${portNumber}`;
}

function joinedQuery(first: string, second: string): string {
  return first === '' || second === '' ? first + second : `${first}&${second}`;
}

/** `tcUrl` with one parameter more, in place of those of the same name. */
function withParameter(tcUrl: string, name: string, value: string): string {
  if (name === '') return tcUrl;
  const [path = '', ...behind] = tcUrl.split('?');
  const others = behind
    .join('?')
    .split('&')
    .filter((parameter) => parameter !== '' && nameOf(parameter) !== name);
  return `${path}?${[...others, `${name}=${encodeURIComponent(value)}`].join('&')}`;
}

/** WHY decoded: a server reads `%69p=` as `ip=`, and believes what a client forged. */
function nameOf(parameter: string): string {
  return new URLSearchParams(parameter).keys().next().value ?? '';
}
