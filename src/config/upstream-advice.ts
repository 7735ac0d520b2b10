// What an operator should know of upstreams that are allowed: settings and credentials that are for nothing, upstreams that
// are never used, and certificates that anybody can make.

import { adviceLine, type OnKey, type Sources } from './advice-line.ts';
import { pathOf } from './key.ts';
import type { Config } from './schema.ts';
import { isTlsTransport, isTunnelTransport, parseUpstreamUrl } from './upstream-url.ts';

type UpstreamSettings = Config['upstreams'][string];

const TLS_KEYS = ['verify', 'ca', 'fingerprint', 'serverName'] as const;

function tlsInVain(name: string, { url = '', tls = {} }: UpstreamSettings): OnKey[] {
  const isPlain = !isTlsTransport(parseUpstreamUrl(url).transport);
  const isPinned = tls.fingerprint !== undefined;
  return TLS_KEYS.map((key): OnKey => {
    const path = ['upstreams', name, 'tls', key];
    if (isPlain) return { path, isSo: true, text: 'it changes nothing, for the URL is one without TLS' };
    if (isPinned && (key === 'verify' || key === 'ca')) {
      return { path, isSo: true, text: 'it changes nothing beside a fingerprint, which alone decides' };
    }
    return {
      path,
      isSo: key === 'ca' && tls.verify === false,
      text: 'it changes nothing, for nothing is verified',
    };
  });
}

/** Settings of upstreams that change nothing where they stand. */
export function upstreamSettingsInVain({ upstreams, upstreamHealth, routes, relays }: Config): OnKey[] {
  const balanced = new Set(
    [...routes, ...relays].flatMap(({ balance, upstreams: names = [] }) =>
      balance === 'leastLoaded' ? names : [],
    ),
  );
  return Object.entries(upstreams).flatMap(([name, upstream]): OnKey[] => {
    const isChecked = (upstream.check ?? upstreamHealth.check) !== 'none';
    const isTunnel = isTunnelTransport(parseUpstreamUrl(upstream.url ?? '').transport);
    const path = (key: string) => ['upstreams', name, key];
    const unchecked = 'it changes nothing, for check is none';
    return [
      ...['checkInterval', 'checkTimeout'].map((key) => ({
        path: path(key),
        isSo: !isChecked,
        text: unchecked,
      })),
      {
        path: path('tunnelConnections'),
        isSo: !isTunnel,
        text: 'it changes nothing, for the URL is none of RTMPT',
      },
      {
        path: path('weight'),
        isSo: !balanced.has(name),
        text: 'it changes nothing, for no route with balance leastLoaded goes to it',
      },
      ...tlsInVain(name, upstream),
    ];
  });
}

/** Upstreams that nothing leads to. */
export function unusedUpstreams({ upstreams, routes, relays }: Config, sources: Sources): string[] {
  const used = new Set([...routes, ...relays].flatMap(({ upstreams: names = [] }) => names));
  return Object.keys(upstreams).flatMap((name) => {
    if (used.has(name)) return [];
    const key = pathOf(['upstreams', name]);
    return [adviceLine(sources[`${key}.url`], key, 'it is never used, for no route and no relay names it')];
  });
}

/** Upstreams whose certificate anybody can make. */
export function unverifiedUpstreams({ upstreams }: Config, sources: Sources): string[] {
  return Object.entries(upstreams).flatMap(([name, { url = '', tls }]) => {
    const isTls = isTlsTransport(parseUpstreamUrl(url).transport);
    if (!isTls || tls?.verify !== false || tls.fingerprint !== undefined) return [];
    const key = pathOf(['upstreams', name, 'tls', 'verify']);
    const text =
      'anybody on the way can pass for this upstream; name its CA in tls.ca, or its tls.fingerprint';
    return [adviceLine(sources[key], key, text)];
  });
}

/** URLs with user and password, of upstreams that are spliced to and never relayed. Nothing of a URL is repeated. */
export function unusedCredentials(
  { upstream, upstreams, routes, relays }: Config,
  sources: Sources,
): string[] {
  const spliced = new Set(namesIn(routes.filter(({ action }) => action === 'splice')));
  const relayed = new Set(namesIn([...routes.filter(({ action }) => action === 'relay'), ...relays]));
  const text =
    'user and password in it are never used, for it is only spliced to, and spliced clients bring their own';
  const named = Object.entries(upstreams)
    .filter(([name]) => spliced.has(name) && !relayed.has(name))
    .map(([name, { url = '' }]) => ({ key: pathOf(['upstreams', name, 'url']), source: '', url }));
  const unnamed = upstream.map((url, index) => ({ key: `upstream[${index}]`, source: 'upstream', url }));
  return [...named, ...unnamed]
    .filter(({ url }) => parseUpstreamUrl(url).credentials !== null)
    .map(({ key, source }) => adviceLine(sources[source === '' ? key : source], key, text));
}

function namesIn(entries: readonly { readonly upstreams?: readonly string[] }[]): string[] {
  return entries.flatMap(({ upstreams = [] }) => upstreams);
}
