// The way to an upstream that speaks RTMPT: what is set of it, in the words of the tunnel's client.

import { hostAndPort } from '../../config/authority.ts';
import type { HttpProxy } from '../../config/http-proxy.ts';
import type { Upstream } from '../../config/routing.ts';
import type { Guarded } from '../../errors.ts';
import type { Deadline, Link, Wheel } from '../link.ts';
import { dialTunnel, TunnelDialError } from '../tunnel-client/dial-tunnel.ts';
import type { TunnelClientOptions, TunnelTls } from '../tunnel-client/tunnel-client-options.ts';
import type { DialAttempt } from './dial-attempt.ts';
import { DialError, dialCodeOf } from './dial-error.ts';
import type { DialDeps } from './dial-upstream.ts';
import type { ConnectProxy } from './proxy-connect.ts';
import { certificateCureFor, handshakeCureFor } from './tls-cure.ts';

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
  const dialWheel = new DialWheel(wheel);
  const options: TunnelClientOptions = {
    wheel: dialWheel,
    guard,
    connections: tunnelConnections === 1 ? 1 : 2,
    ...(isSecure ? { tls: await attempt.until(tlsOf(upstream, caFiles)) } : {}),
    ...(httpProxy === null ? {} : { proxyUrl: proxyUrlOf(httpProxy) }),
  };
  attempt.onFailure(() => dialWheel.hurry());
  const opening = dialTunnel({ host: url.host, port: url.portNumber, isSecure }, options);
  // One that comes too late is closed: at the second time at once.
  const drop = (link: Link & Guarded): void => {
    for (let time = 0; time < 2; time++) link.fail(GIVEN_UP);
  };
  attempt.onFailure(() => void opening.then(drop, () => undefined));
  try {
    const link = await attempt.until(opening);
    dialWheel.passOn();
    return link;
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

/** WHY from the text: the tunnel's client tells the code of what failed in no other way. */
function faultFrom({ message }: TunnelDialError, { expected }: DialAttempt): DialError {
  const found = message.replace(/^expected .*?, found /s, '');
  const systemCode = /\(([A-Z][A-Z0-9_]+)\)$/.exec(found)?.[1] ?? '';
  const code = dialCodeOf(systemCode, 'tunnel');
  const cure = handshakeCureFor(systemCode) ?? (code === 'tls' ? certificateCureFor(systemCode) : null);
  return new DialError({ code, expected, found, cure });
}

/**
 * The house's wheel, whose deadlines come at once where a dial is given up.
 * WHY: the tunnel's client gives an opening up at its deadline, and at nothing else.
 */
class DialWheel implements Wheel {
  readonly #wheel: Wheel;
  /** What may come at once; null once nothing may any more. */
  #early: Set<() => void> | null = new Set();

  constructor(wheel: Wheel) {
    this.#wheel = wheel;
  }

  nowMs(): number {
    return this.#wheel.nowMs();
  }

  at(deadlineMs: number, callback: () => void): Deadline {
    const early = this.#early;
    if (early === null) return this.#wheel.at(deadlineMs, callback);
    const fire = (): void => {
      deadline.cancel();
      early.delete(fire);
      callback();
    };
    const deadline = this.#wheel.at(deadlineMs, fire);
    early.add(fire);
    return {
      cancel: () => {
        early.delete(fire);
        deadline.cancel();
      },
    };
  }

  /** From now on it is the house's wheel and nothing else. */
  passOn(): void {
    this.#early = null;
  }

  /** Has the deadlines that hang on it now come at once. */
  hurry(): void {
    const early = this.#early ?? [];
    this.#early = null;
    for (const fire of early) fire();
  }
}
