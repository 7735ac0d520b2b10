// The part of the composition root that connections come in by: limits, trusted proxies, and TLS where a listener speaks it.

import { parseAddressRange } from './config/address-range.ts';
import { type Listener, parseListener } from './config/listener.ts';
import type { Config } from './config/schema.ts';
import { AddressList } from './links/address-list.ts';
import { ConnectionLimits } from './links/door/connection-limits.ts';
import type { DoorDeps } from './links/door/door.ts';
import { Door } from './links/door/door.ts';
import type { Wheel } from './links/link.ts';
import { CertificateStore } from './links/tls/certificate-store.ts';
import { TlsDoor } from './links/tls/tls-door.ts';
import type { Logger } from './log.ts';

/** LIMIT: descriptors that are kept for certificates, the log and the like, and not for connections. */
const RESERVED_FILES = 256;

/** What a door needs of the world. */
export type DoorWorld = {
  readonly log: Logger;
  /** How many files and connections the process may have open; null where that is not known. */
  readonly maxOpenFiles: number | null;
  /** Milliseconds since 1970: what certificates count by. */
  readonly epochMs: () => number;
};

/** What comes in, and what is refused. */
export type Handlers = Pick<DoorDeps, 'onHttp' | 'onRtmp' | 'onRefused'>;

/** A door, the listeners in front of it, and the certificates of those that speak TLS: null where none does. */
export type MadeDoor = {
  readonly door: Door;
  readonly listeners: readonly Listener[];
  readonly certificates: CertificateStore | null;
};

/**
 * Makes the door that a configuration asks for.
 * @throws Error that names the certificate that cannot be used
 */
export async function makeDoor(
  config: Config,
  deps: DoorWorld,
  wheel: Wheel,
  handlers: Handlers,
): Promise<MadeDoor> {
  const { log, epochMs } = deps;
  const { proxyProtocol, httpProxies } = config.trustedProxies;
  const { firstByteTimeoutMs, maxConnectionsPerSource } = config.listeners;
  const listeners = config.listen.map(parseListener);
  const hasTls = listeners.some(({ kind }) => kind !== 'plain');
  const certificates = hasTls ? await CertificateStore.load(config, { log, epochMs, wheel }) : null;
  const { handshakeTimeoutMs } = config.tls;
  const door = new Door({
    wheel,
    firstByteTimeoutMs,
    limits: new ConnectionLimits(maxConnectionsOf(config, deps), maxConnectionsPerSource),
    proxyProtocolSenders: addressListOf(proxyProtocol),
    sharedSenders: addressListOf([...proxyProtocol, ...httpProxies]),
    tls: certificates === null ? null : new TlsDoor({ wheel, handshakeTimeoutMs, certificates }),
    ...handlers,
  });
  return { door, listeners, certificates };
}

/** The list of some ranges of addresses, as the configuration writes them. */
export function addressListOf(ranges: readonly string[]): AddressList {
  return new AddressList(ranges.map(parseAddressRange));
}

/** As many as are configured, and as the system has descriptors for: beyond those it would close without a word. */
function maxConnectionsOf({ listeners }: Config, { log, maxOpenFiles }: DoorWorld): number {
  const wanted = listeners.maxConnections;
  const openFiles = maxOpenFiles ?? Number.POSITIVE_INFINITY;
  const possible = Math.max(1, Math.floor(openFiles - Math.min(RESERVED_FILES, openFiles / 4)));
  if (possible >= wanted) return wanted;
  log.info({ maxConnections: possible }, 'the system has fewer descriptors than listeners.maxConnections');
  return possible;
}
