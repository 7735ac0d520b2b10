// One HTTP connection of a tunnel, made with undici: straight to the server, or through an HTTP proxy. HTTP/1.1 only, one
// request at a time; a connection that is lost is opened again with the next request. Its timers are off: the wheel tells
// the time.

import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { buildConnector, Client, type Dispatcher, ProxyAgent } from 'undici';
import { type CertificateFault, faultIn } from '../dial/certificate-judgement.ts';
import { KEEP_ALIVE_MS } from './limits.ts';
import type { TunnelTls } from './tunnel-client-options.ts';
import { hexOf } from './tunnel-client-options.ts';

/** Where a connection goes, and who wants to see it. */
export type LaneRoute = {
  /** `http://host:port` or `https://host:port`. */
  readonly origin: string;
  readonly tls: TunnelTls;
  readonly proxyUrl: string | null;
  /** Called for each connection that stands, TLS included: to the proxy where one forwards plain requests. */
  readonly onConnected: (socket: Socket) => void;
};

/** What carries the requests of a lane. */
export type LaneCarrier = {
  readonly dispatcher: Dispatcher;
  /** Ends it at once, a connection that does not stand yet as well. */
  destroy(): void;
};

/** The server's certificate is not to be trusted. The message says what was expected and what was found. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code = 'ERR_CERTIFICATE_NOT_TRUSTED';
  readonly fault: CertificateFault;

  constructor(fault: CertificateFault) {
    super(`expected ${fault.expected}, found ${fault.found}`);
    this.fault = fault;
  }
}

const CLIENT_OPTIONS = {
  allowH2: false,
  pipelining: 1,
  headersTimeout: 0,
  bodyTimeout: 0,
  keepAliveTimeout: KEEP_ALIVE_MS,
  keepAliveMaxTimeout: KEEP_ALIVE_MS,
} as const;

/** Makes what carries one request at a time. It opens its connection with the first of them. */
export function createLaneDispatcher(route: LaneRoute): LaneCarrier {
  const opened = new Set<Socket>();
  const dispatcher = dispatcherOf(route, opened);
  return {
    dispatcher,
    destroy: () => {
      dispatcher.destroy(null, () => undefined);
      for (const socket of opened) socket.destroy();
      opened.clear();
    },
  };
}

function dispatcherOf(route: LaneRoute, opened: Set<Socket>): Dispatcher {
  const requestTls = { ...tlsOptionsOf(route.tls), allowH2: false, timeout: 0 };
  if (route.proxyUrl === null) {
    return new Client(route.origin, {
      ...CLIENT_OPTIONS,
      connect: watched(tracked(buildConnector(requestTls), opened), route),
    });
  }
  return new ProxyAgent({
    ...CLIENT_OPTIONS,
    uri: route.proxyUrl,
    connectTimeout: 0,
    requestTls,
    proxyTls: { allowH2: false },
    // The connection that CONNECT goes out on, and becomes the tunnel.
    clientFactory: (proxy, options) => {
      const connect = tracked(connectorIn(options), opened);
      return new Client(proxy, { ...CLIENT_OPTIONS, ...options, connect });
    },
    // The connection that requests go out on, to the server or to a proxy that forwards them.
    factory: (origin, options) => {
      return new Client(origin, {
        ...CLIENT_OPTIONS,
        connect: watched(tracked(connectorIn(options), opened), route),
      });
    },
  });
}

/**
 * WHY nothing is rejected here: Node would end the connection at a bad certificate, and then nobody could say what is in it. It
 * is judged in `watched` instead, always. And no session is taken up again, for of such a one Node checks no name.
 */
function tlsOptionsOf({ ca, servername }: TunnelTls): {
  readonly rejectUnauthorized: false;
  readonly maxCachedSessions: 0;
  readonly ca?: string;
  readonly servername?: string;
} {
  return {
    rejectUnauthorized: false,
    maxCachedSessions: 0,
    ...(ca === undefined ? {} : { ca }),
    ...(servername === undefined ? {} : { servername }),
  };
}

function connectorIn(options: object): buildConnector.connector {
  const connect = 'connect' in options ? options.connect : null;
  if (!isConnector(connect)) throw new Error('undici gave no connector for a proxied connection');
  return connect;
}

/**
 * The same connector, whose sockets are in `opened` from their beginning to their end.
 * WHY: of a client that is destroyed, undici leaves a connection alone until it stands, which may be never.
 */
function tracked(connect: buildConnector.connector, opened: Set<Socket>): buildConnector.connector {
  return (options, callback) => {
    // Through a proxy it is a promise, of nothing: what is below is in there already.
    const socket: unknown = connect(options, callback);
    if (!(socket instanceof Socket)) return;
    opened.add(socket);
    socket.once('close', () => opened.delete(socket));
  };
}

/** The same connector, whose connections are looked at before anything is sent on them. */
function watched(connect: buildConnector.connector, route: LaneRoute): buildConnector.connector {
  return (options, callback) => {
    connect(options, (...[error, socket]) => {
      if (error !== null) {
        callback(error, null);
        return;
      }
      const fault = certificateFaultOf(socket, route);
      if (fault !== null) {
        socket.on('error', () => socket.destroy());
        socket.destroy();
        callback(new CertificateError(fault), null);
        return;
      }
      route.onConnected(socket);
      callback(null, socket);
    });
  };
}

function certificateFaultOf(socket: Socket, { origin, tls }: LaneRoute): CertificateFault | null {
  if (!origin.startsWith('https:')) return null;
  if (!(socket instanceof TLSSocket)) throw new Error('a connection to https is one of TLS');
  const { ca, servername, fingerprint256, isUnverified = false } = tls;
  const host = servername ?? new URL(origin).hostname.replaceAll(/[[\]]/g, '');
  const isPinnedOnly = fingerprint256 !== undefined && ca === undefined;
  const fault = isUnverified || isPinnedOnly ? null : faultIn(socket, host, { type: 'authority' });
  if (fault !== null || fingerprint256 === undefined) return fault;
  const fingerprint = (hexOf(fingerprint256).toUpperCase().match(/../g) ?? []).join(':');
  return faultIn(socket, host, { type: 'fingerprint', fingerprint });
}

function isConnector(value: unknown): value is buildConnector.connector {
  return typeof value === 'function';
}
