// The way to an upstream that speaks RTMPT: what is set of it, in the words of the tunnel's client.

import { hostAndPort } from '../../config/authority.ts';
import type { HttpProxy } from '../../config/http-proxy.ts';
import type { Upstream } from '../../config/routing.ts';
import type { Guarded } from '../../errors.ts';
import type { Link } from '../link.ts';
import { dialTunnel, TunnelDialError } from '../tunnel-client/dial-tunnel.ts';
import type { TunnelClientOptions, TunnelTls } from '../tunnel-client/tunnel-client-options.ts';
import type { DialAttempt } from './dial-attempt.ts';
import { DialError, dialCodeOf } from './dial-error.ts';
import type { DialDeps } from './dial-upstream.ts';
import type { ConnectProxy } from './proxy-connect.ts';
import { handshakeCureFor } from './tls-cure.ts';

const GIVEN_UP = { code: 'done', message: 'The dial was given up.' } as const;

/** Opens a tunnel. @throws DialError where none is opened */
export async function openTunnel(
  upstream: Upstream,
  { wheel, guard, caFiles }: DialDeps,
  attempt: DialAttempt,
): Promise<Link & Guarded> {
  const { url, proxyProtocol, httpProxy, tunnelConnections } = upstream;
  attempt.expect(`${url.description} to open a tunnel`);
  if (proxyProtocol !== 'none') {
    throw new DialError({
      code: 'setting',
      expected: `no PROXY header for ${url.description}, which is reached by HTTP requests`,
      found: `proxyProtocol ${proxyProtocol}`,
      cure: 'set addressProperty or addressParameter instead',
    });
  }
  const isSecure = url.transport === 'rtmpts';
  const options: TunnelClientOptions = {
    wheel,
    guard,
    connections: tunnelConnections === 1 ? 1 : 2,
    ...(isSecure ? { tls: await attempt.until(tlsOf(upstream, caFiles)) } : {}),
    ...(httpProxy === null ? {} : { proxyUrl: proxyUrlOf(httpProxy) }),
  };
  const dialling = new AbortController();
  attempt.onFailure(() => dialling.abort());
  const opening = dialTunnel({ host: url.host, port: url.portNumber, isSecure }, options, dialling.signal);
  // One that comes all the same is closed: at the second time at once.
  const drop = (link: Link & Guarded): void => {
    for (let time = 0; time < 2; time++) link.fail(GIVEN_UP);
  };
  attempt.onFailure(() => void opening.then(drop, () => undefined));
  try {
    return await attempt.until(opening);
  } catch (error) {
    throw error instanceof TunnelDialError ? faultFrom(error, attempt) : error;
  }
}

async function tlsOf({ tls, url }: Upstream, caFiles: DialDeps['caFiles']): Promise<TunnelTls> {
  const { verify, ca, fingerprint, serverName } = tls;
  const servername = serverName === '' ? {} : { servername: serverName };
  if (fingerprint !== '') return { ...servername, fingerprint256: fingerprint };
  if (!verify) return { ...servername, isUnverified: true };
  return ca === '' ? servername : { ...servername, ca: await caFiles.pemOf(ca, url.description) };
}

function proxyUrlOf({ credentials, host, portNumber, isSecure }: HttpProxy & ConnectProxy): string {
  const scheme = isSecure === true ? 'https' : 'http';
  const place = hostAndPort(host, portNumber);
  if (credentials === null) return `${scheme}://${place}`;
  const { user, password } = credentials;
  return `${scheme}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${place}`;
}

/** WHY from the text: the tunnel's client tells the code of what failed in no other way, but for certificates. */
function faultFrom({ message, certificateFault }: TunnelDialError, { expected }: DialAttempt): DialError {
  if (certificateFault !== null) {
    const { expected: wanted, found, cure } = certificateFault;
    return new DialError({ code: 'tls', expected: `${expected} with ${wanted}`, found, cure });
  }
  const found = message.replace(/^expected .*?, found /s, '');
  const systemCode = /\(([A-Z][A-Z0-9_]+)\)$/.exec(found)?.[1] ?? '';
  const code = dialCodeOf(systemCode, 'tunnel');
  return new DialError({ code, expected, found, cure: handshakeCureFor(systemCode) });
}
