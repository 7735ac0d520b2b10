// Dials an upstream: connects, through an HTTP proxy where one is set; tells by a PROXY header for whom; finishes TLS. What
// comes of it is a Link as any other. Where an upstream is comes from the configuration alone.

import type { Socket } from 'node:net';
import type { Upstream } from '../../config/routing.ts';
import { isTlsTransport, isTunnelTransport } from '../../config/upstream-url.ts';
import type { Guarded } from '../../errors.ts';
import { plainAddress } from '../address-list.ts';
import type { Link, LinkFacts } from '../link.ts';
import type { PipedLinkDeps } from '../piped-link.ts';
import { SocketLink } from '../socket-link.ts';
import { SocketReader } from '../socket-reader.ts';
import type { CaFiles } from './ca-files.ts';
import type { Judgement } from './certificate-judgement.ts';
import { clientProxyHeader } from './client-proxy-header.ts';
import { attempt, type DialAttempt } from './dial-attempt.ts';
import { openSocket, writeTo } from './open-socket.ts';
import { connectThrough } from './proxy-connect.ts';
import { secure } from './secure-socket.ts';
import { openTunnel } from './tunnel-way.ts';

/** What dials stand on. */
export type DialDeps = PipedLinkDeps & {
  /** The files of `tls.ca`; made once for all dials. */
  readonly caFiles: CaFiles;
};

/**
 * Dials for a client, or for nobody, as a check and a relay do. All of it, TLS included, has the upstream's connectTimeoutMs.
 * The Link is attached by the caller: what comes before is kept, as far as a socket's buffer goes. One that is not wanted
 * any more is closed all the same. Where it fails or `signal` gives it up, no socket is left.
 * @throws DialError where it fails; the reason of `signal` where that gave it up
 */
export function dialUpstream(
  upstream: Upstream,
  client: LinkFacts | null,
  deps: DialDeps,
  signal?: AbortSignal,
): Promise<Link & Guarded> {
  const { url, connectTimeoutMs: timeoutMs } = upstream;
  return attempt<Link & Guarded>({ wheel: deps.wheel, timeoutMs, signal }, (dial) =>
    isTunnelTransport(url.transport)
      ? openTunnel(upstream, deps, dial)
      : openLink(upstream, client, deps, dial),
  );
}

async function openLink(
  upstream: Upstream,
  client: LinkFacts | null,
  deps: DialDeps,
  dial: DialAttempt,
): Promise<SocketLink> {
  const { url, httpProxy, proxyProtocol } = upstream;
  const { description } = url;
  dial.expect(`${description} to take a connection`);
  const isTls = isTlsTransport(url.transport);
  // WHY not always: what stands on the socket, TLS or an HTTP parser, reads it itself.
  const reader = isTls || httpProxy !== null ? null : new SocketReader();
  const outer =
    httpProxy === null
      ? await openSocket(url, dial, reader)
      : await connectThrough(httpProxy, url, description, dial);
  if (proxyProtocol !== 'none') {
    const header = clientProxyHeader(proxyProtocol, client, outer.localAddress ?? '');
    dial.expect(`${description} to take the PROXY header`);
    if (client !== null) dial.tellClient();
    await writeTo(outer, header, dial);
  }
  const facts = factsOf(upstream, outer);
  if (!isTls) return new SocketLink(outer, facts, deps, reader);
  const socket = await openTls(outer, upstream, deps, dial);
  return new SocketLink(socket, { ...facts, tlsVersion: socket.getProtocol() }, deps);
}

async function openTls(outer: Socket, { url, tls }: Upstream, { caFiles }: DialDeps, dial: DialAttempt) {
  const { ca, serverName } = tls;
  const judgement = judgementOf(tls);
  const isCaUsed = judgement.type === 'authority' && ca !== '';
  const context = isCaUsed ? await dial.until(caFiles.contextOf(ca, url.description)) : null;
  dial.expect(`${url.description} to finish TLS`);
  const name = serverName === '' ? url.host : serverName;
  return secure(outer, { name, context, judgement }, dial);
}

function judgementOf({ verify, fingerprint }: Upstream['tls']): Judgement {
  if (fingerprint !== '') return { type: 'fingerprint', fingerprint };
  return { type: verify ? 'authority' : 'anything' };
}

/** WHY taken before TLS: they are the connection's, and behind a proxy by TLS the inner socket knows none. */
function factsOf({ url, httpProxy }: Upstream, outer: Socket): LinkFacts {
  const socketAddress = plainAddress(outer.remoteAddress ?? '');
  const isProxied = httpProxy !== null;
  return {
    transport: url.transport,
    remoteAddress: isProxied ? url.host : socketAddress,
    remotePort: url.portNumber,
    proxyAddress: isProxied ? socketAddress : null,
    localPort: outer.localPort ?? 0,
    tlsVersion: null,
    userAgent: null,
  };
}
