// The PROXY header that a connection to an upstream begins with: who the client is that it is made for.

import { isIPv4 } from 'node:net';
import {
  type ProxyVersion,
  writeLocalProxyHeader,
  writeProxyHeader,
} from '../../protocol/proxy/proxy-header-writer.ts';
import { plainAddress } from '../address-list.ts';
import type { LinkFacts } from '../link.ts';

/**
 * The header for a client, or for nobody, as of a check. `ownAddress` is that of this machine on the connection to the
 * upstream.
 */
export function clientProxyHeader(
  version: ProxyVersion,
  client: Pick<LinkFacts, 'remoteAddress' | 'remotePort' | 'localPort'> | null,
  ownAddress: string,
): Uint8Array {
  if (client === null) return writeLocalProxyHeader(version);
  const { remoteAddress, remotePort, localPort } = client;
  return writeProxyHeader(version, {
    source: { address: remoteAddress, port: remotePort },
    destination: { address: destinationFor(remoteAddress, plainAddress(ownAddress)), port: localPort },
  });
}

/**
 * An address of this machine in the client's family.
 * WHY: which address a client came to is not kept. One that is `0.0.0.0` is refused by some who read these headers, and one of
 * the other family would have the client's address written as another.
 */
function destinationFor(clientAddress: string, ownAddress: string): string {
  const isClientIpv4 = isIPv4(plainAddress(clientAddress));
  if (isIPv4(ownAddress) === isClientIpv4 && ownAddress !== '') return ownAddress;
  return isClientIpv4 ? '127.0.0.1' : '::1';
}
