// What an operator should know of a configuration that is allowed: settings that are dangerous, or without effect where
// they stand. Judges the configuration alone; what the machine has to it, such as a port that is taken, shows at the start.

import { isIPv4 } from 'node:net';
import { parseAddressRange } from './address-range.ts';
import { adviceLine as line, type Sources } from './advice-line.ts';
import { pathOf } from './key.ts';
import { type Listener, parseListener } from './listener.ts';
import type { LoadedConfig } from './load-config.ts';
import { routingAdvice } from './routing-advice.ts';
import type { Config } from './schema.ts';

function speaksTls({ listen }: Config): boolean {
  return listen.some((text) => parseListener(text).kind !== 'plain');
}

const NO_TLS = 'no listener speaks TLS; add one such as tls::443 to listen';

/** Settings that do nothing where another one is as it is. Only told of where they were made. */
const WITHOUT_EFFECT: readonly {
  readonly key: string;
  readonly isSo: (config: Config) => boolean;
  readonly text: string;
}[] = [
  {
    key: 'tls.certificate',
    isSo: (config) => !speaksTls(config),
    text: `it is never used, for ${NO_TLS}`,
  },
  ...['tls.minVersion', 'tls.maxVersion', 'tls.handshakeTimeout'].map((key) => ({
    key,
    isSo: (config: Config) => !speaksTls(config),
    text: `it changes nothing, for ${NO_TLS}`,
  })),
  {
    key: 'tls.key',
    isSo: ({ tls }) => tls.certificate === 'development',
    text: 'it is never used, for the development certificate has a key of its own; set tls.certificate too',
  },
  {
    key: 'tls.developmentFolder',
    isSo: ({ tls }) => tls.certificate !== 'development',
    text: 'it is never used, for tls.certificate is one of your own',
  },
  {
    key: 'tls.sessionTickets',
    isSo: ({ tls }) => !tls.sessionTickets && tls.minVersion === 'TLSv1.3',
    text: 'it changes nothing, for it is about TLS 1.2, which tls.minVersion rules out',
  },
  {
    key: 'tunnel.pollingByte',
    isSo: ({ tunnel }) => tunnel.pollingByte === 'ladder' && tunnel.idleHoldMs > 0,
    text: 'it changes nothing, for polls are held; set tunnel.idleHold: 0ms to have them answered at once',
  },
  {
    key: 'trustedProxies.httpHeader',
    isSo: ({ trustedProxies }) => trustedProxies.httpProxies.length === 0,
    text: 'it changes nothing, for no proxy is in trustedProxies.httpProxies',
  },
];

function settingsWithoutEffect(config: Config, sources: Sources): string[] {
  return WITHOUT_EFFECT.flatMap(({ key, isSo, text }) => {
    const source = sources[key];
    return source !== undefined && source.type !== 'default' && isSo(config) ? [line(source, key, text)] : [];
  });
}

function unusedCertificates(config: Config, sources: Sources): string[] {
  const [label] = Object.keys(config.certificates);
  if (label === undefined || speaksTls(config)) return [];
  const source = sources[pathOf(['certificates', label, 'certificate'])];
  return [line(source, 'certificates', `they are never used, for ${NO_TLS}`)];
}

function boundlessTrust({ trustedProxies }: Config, sources: Sources): string[] {
  const lists = {
    proxyProtocol: trustedProxies.proxyProtocol,
    httpProxies: trustedProxies.httpProxies,
  };
  return Object.entries(lists).flatMap(([name, ranges]) => {
    const index = ranges.findIndex((range) => parseAddressRange(range).prefixBits === 0);
    if (index < 0) return [];
    const key = `trustedProxies.${name}`;
    const text = `${ranges[index]} is every address, so that any client can pass for any other; name the addresses of your proxies`;
    return [line(sources[key], `${key}[${index}]`, text)];
  });
}

/** Whether both would be open at the same address, which the system refuses. */
function collide(one: Listener, other: Listener): boolean {
  if (one.portNumber === 0 || one.portNumber !== other.portNumber) return false;
  const [a, b] = [one.host?.toLowerCase() ?? '::', other.host?.toLowerCase() ?? '::'];
  if (a === b || a === '::' || b === '::') return true;
  return (a === '0.0.0.0' && isIPv4(b)) || (b === '0.0.0.0' && isIPv4(a));
}

function collidingListeners({ listen }: Config, sources: Sources): string[] {
  const listeners = listen.map(parseListener);
  return listeners.flatMap((listener, index) => {
    const earlier = listeners.slice(0, index).findIndex((other) => collide(listener, other));
    if (earlier < 0) return [];
    const way =
      listener.kind === listeners[earlier]?.kind ? '' : '; any: takes plain connections and TLS on one port';
    const text = `${listen[index]} cannot be opened beside ${listen[earlier]}, so that the start will fail${way}`;
    return [line(sources['listen'], `listen[${index}]`, text)];
  });
}

/**
 * What is dangerous or without effect in a configuration that is allowed, one line each, in the manner of its problems:
 * `culvert.yaml:4: apps.live: it sets nothing`. For the log of `culvert serve` too.
 */
export function giveAdvice({ config, sources, emptyGroups }: LoadedConfig): readonly string[] {
  return [
    ...boundlessTrust(config, sources),
    ...collidingListeners(config, sources),
    ...settingsWithoutEffect(config, sources),
    ...unusedCertificates(config, sources),
    ...routingAdvice(config, sources),
    ...emptyGroups.map(({ path, source }) => line(source, path, 'it sets nothing')),
  ];
}
