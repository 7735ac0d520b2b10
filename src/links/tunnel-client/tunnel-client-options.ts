// What a client's tunnel is made with: where to, through what, and how sure of the server. What is wrong in it is found
// here, before anything is dialled, and told without the secrets that may stand in it.

import type { Guard } from '../../errors.ts';
import type { Wheel } from '../link.ts';
import {
  DEFAULT_CONNECTIONS,
  DEFAULT_MAX_BODY_BYTES,
  DEFAULT_MAX_REPLY_BYTES,
  DEFAULT_REPLY_TIMEOUT_MS,
} from './limits.ts';

/** A tunnel server. */
export type TunnelAddress = {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** True for RTMPTS. */
  readonly isSecure: boolean;
};

/** How the server's certificate is judged: as browsers do where nothing is said. */
export type TunnelTls = {
  /** PEM of those who may have signed it, in the place of the usual ones. */
  readonly ca?: string;
  /** Name that is asked for and expected, in the place of the host. */
  readonly servername?: string;
  /** SHA-256 of the certificate in hex, with or without colons. It decides alone, whoever signed, where `ca` is not given. */
  readonly fingerprint256?: string;
  /** True takes any certificate. */
  readonly isUnverified?: boolean;
};

/** Settings of one tunnel. Times in ms. */
export type TunnelClientOptions = {
  readonly wheel: Wheel;
  readonly guard: Guard;
  /**
   * 2, the default, wants a server that puts requests in the order of their numbers, as Culvert does. 1 is for all others:
   * one request at a time.
   */
  readonly connections?: 1 | 2;
  /**
   * True where the server knows a numbered request that comes again and gives it the reply of the first, as Culvert does:
   * a request whose connection failed is then repeated. By default true with two connections and false with one.
   */
  readonly keepsReplies?: boolean;
  /** Longest wait for a reply; above the server's longest hold. */
  readonly replyTimeoutMs?: number;
  /** Longest reply that is taken. */
  readonly maxReplyBytes?: number;
  /** Ceiling of a send's body, which grows up to it. */
  readonly maxBodyBytes?: number;
  readonly userAgent?: string;
  readonly tls?: TunnelTls;
  /** `http://` or `https://`, with a name and a password where it wants them. RTMPTS goes through it by CONNECT. */
  readonly proxyUrl?: string;
};

/** The same with every default filled in. */
export type CompleteTunnelOptions = Required<Omit<TunnelClientOptions, 'proxyUrl'>> & {
  readonly proxyUrl: string | null;
};

/** Fills in the defaults. @throws Error for a setting that cannot be */
export function completeTunnelOptions(options: TunnelClientOptions): CompleteTunnelOptions {
  const connections = options.connections ?? DEFAULT_CONNECTIONS;
  const tls = options.tls ?? {};
  if (tls.fingerprint256 !== undefined) hexOf(tls.fingerprint256);
  if (options.proxyUrl !== undefined) checkProxyUrl(options.proxyUrl);
  return {
    wheel: options.wheel,
    guard: options.guard,
    connections,
    keepsReplies: options.keepsReplies ?? connections === 2,
    replyTimeoutMs: options.replyTimeoutMs ?? DEFAULT_REPLY_TIMEOUT_MS,
    maxReplyBytes: options.maxReplyBytes ?? DEFAULT_MAX_REPLY_BYTES,
    maxBodyBytes: options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
    userAgent: options.userAgent ?? 'Shockwave Flash',
    tls,
    proxyUrl: options.proxyUrl ?? null,
  };
}

/** The address as an origin. @throws Error where the host is none */
export function originOf({ host, port, isSecure }: TunnelAddress): string {
  const text = `${isSecure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  // WHY: a host with `@` or `/` in it would be another one, and a path.
  if (!URL.canParse(text) || /[/@?#\\\s]/.test(host)) {
    throw new Error('expected a host name or an address to tunnel to, found something else');
  }
  return text;
}

/** A fingerprint in lower case and without colons. @throws Error where it is not one of SHA-256 */
export function hexOf(fingerprint256: string): string {
  const hex = fingerprint256.replaceAll(':', '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(hex)) {
    throw new Error(`expected a SHA-256 fingerprint of 64 hex digits, found ${hex.length} characters`);
  }
  return hex;
}

// WHY: no cause and no text of the URL: a name and a password may stand in it.
function checkProxyUrl(proxyUrl: string): void {
  const url = URL.canParse(proxyUrl) ? new URL(proxyUrl) : null;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    const found = url?.protocol ?? 'no URL';
    throw new Error(`expected a proxy as http://host:port or https://host:port, found ${found}`);
  }
  if (!isDecodable(url.username) || !isDecodable(url.password)) {
    throw new Error(
      'expected a % in the name or password of a proxy to be written as %25, found another one',
    );
  }
}

function isDecodable(text: string): boolean {
  return text.replaceAll(/%[0-9a-f]{2}/gi, '').includes('%') === false;
}
