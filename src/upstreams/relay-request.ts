// What a relay says to an upstream at its connect: application and tcUrl, with the query of the upstream's URL where FFmpeg
// writes it, and the client's address where the upstream is to be told.

import { hostAndPort } from '../config/authority.ts';
import type { LinkFacts } from '../links/link.ts';
import type { ConnectRequest } from '../protocol/rtmp/client/client-options.ts';
import type { ChangingUpstream } from './connect-changes.ts';

/** The connect to `app` at an upstream, for `client` where that is not null. Holds what is secret of the URL's query. */
export function connectRequestOf(
  { url, addressProperty, addressParameter }: ChangingUpstream,
  app: string,
  client: Pick<LinkFacts, 'remoteAddress'> | null,
): ConnectRequest {
  const parts = url.query === '' ? [] : [url.query];
  if (client !== null && addressParameter !== '') {
    parts.push(`${addressParameter}=${encodeURIComponent(client.remoteAddress)}`);
  }
  const path = parts.length === 0 ? app : `${app}?${parts.join('&')}`;
  const request = {
    app: path,
    tcUrl: `${url.transport}://${hostAndPort(url.host, url.portNumber)}/${path}`,
  };
  if (client === null || addressProperty === '') return request;
  return { ...request, properties: { [addressProperty]: client.remoteAddress } };
}
