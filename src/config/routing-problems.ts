// What does not fit together in routes, upstreams and relays, though each setting is well by itself. Stops the start as
// any wrong setting does.

import type { ConfigProblem } from './config-error.ts';
import { pathOf } from './key.ts';
import type { Loaded } from './load-settings.ts';
import { isExact, parseNamePattern } from './name-pattern.ts';
import { lastStarNumber, parseNameTemplate } from './name-template.ts';
import { nearest } from './nearest.ts';
import type { configSchema } from './schema.ts';
import { locateSource } from './source.ts';
import { isTunnelTransport, parseUpstreamUrl } from './upstream-url.ts';

type LoadedConfig = Loaded<typeof configSchema>;

/** An entry of `routes` or `relays`, as far as it is about upstreams. */
type Entry = {
  /** 'routes[0]'. */
  readonly path: string;
  readonly app: string;
  readonly stream: string | undefined;
  readonly upstreams: readonly string[] | undefined;
  readonly upstreamApp: string | undefined;
  readonly upstreamStream: string | undefined;
};

/** Tells one problem of `key`, where it was set, or where `fallback` was. */
type Tell = (
  key: string,
  fallback: string,
  expected: string,
  found: string,
  reason?: string | null,
) => ConfigProblem;

function teller({ sources }: LoadedConfig): Tell {
  return (key, fallback, expected, found, reason = null) => {
    const source = Reflect.get(sources, key) ?? Reflect.get(sources, fallback);
    const at = source === undefined ? key : locateSource(source);
    return { type: 'value', at, key, expected, found, reason };
  };
}

function upstreamProblems(entry: Entry, labels: readonly string[], tell: Tell): ConfigProblem[] {
  const key = `${entry.path}.upstreams`;
  const names = entry.upstreams ?? [];
  return names.flatMap((name, index) => {
    const found = JSON.stringify(name);
    if (names.indexOf(name) < index) return [tell(`${key}[${index}]`, key, 'each upstream once', found)];
    if (labels.includes(name)) return [];
    const near = nearest(name, labels);
    const reason = near === null ? null : `did you mean ${near}?`;
    return [tell(`${key}[${index}]`, key, 'the label of one of upstreams', found, reason)];
  });
}

/** Templates that take more stars than there are. */
function captureProblems(entry: Entry, tell: Tell): ConfigProblem[] {
  const patterns = [entry.app, ...(entry.stream === undefined ? [] : [entry.stream])];
  const starCount = patterns.reduce((sum, text) => sum + parseNamePattern(text).starCount, 0);
  const expected =
    starCount === 0
      ? 'no $1 to $9, for app and stream have no star'
      : `no more than $${starCount}, for app and stream have ${starCount} ${starCount === 1 ? 'star' : 'stars'}`;
  return (['upstreamApp', 'upstreamStream'] as const).flatMap((name) => {
    const text = entry[name];
    const last = text === undefined ? 0 : lastStarNumber(parseNameTemplate(text));
    const key = `${entry.path}.${name}`;
    return last <= starCount ? [] : [tell(key, key, expected, `$${last}`)];
  });
}

function routeProblems({ config }: LoadedConfig, tell: Tell): ConfigProblem[] {
  const labels = Object.keys(config.upstreams);
  return config.routes.flatMap((route, index) => {
    const { app = '*', stream, upstreams, upstreamApp, upstreamStream } = route;
    const entry: Entry = { path: `routes[${index}]`, app, stream, upstreams, upstreamApp, upstreamStream };
    const problems = [...upstreamProblems(entry, labels, tell), ...captureProblems(entry, tell)];
    const actionKey = `${entry.path}.action`;
    if (route.action !== 'origin' && upstreams === undefined) {
      const expected = `labels of upstreams to ${route.action} to`;
      problems.push(tell(`${entry.path}.upstreams`, actionKey, expected, 'nothing'));
    }
    if (route.action !== 'splice') return problems;
    for (const name of ['stream', 'upstreamStream'] as const) {
      if (route[name] === undefined) continue;
      const key = `${entry.path}.${name}`;
      const expected = 'none in a route that splices, for it is chosen before the client names a stream';
      problems.push(tell(key, actionKey, expected, JSON.stringify(route[name])));
    }
    return problems;
  });
}

function relayProblems({ config }: LoadedConfig, tell: Tell): ConfigProblem[] {
  const labels = Object.keys(config.upstreams);
  const pulled = new Set<string>();
  return config.relays.flatMap((relay, index) => {
    const { app = '', stream = '', upstreams, upstreamApp, upstreamStream } = relay;
    const entry: Entry = { path: `relays[${index}]`, app, stream, upstreams, upstreamApp, upstreamStream };
    const problems = [...upstreamProblems(entry, labels, tell), ...captureProblems(entry, tell)];
    if (relay.direction !== 'pull') return problems;
    for (const [name, text] of Object.entries({ app, stream })) {
      if (isExact(parseNamePattern(text))) continue;
      const key = `${entry.path}.${name}`;
      problems.push(
        tell(key, key, 'one name without * and ?, for a pull takes one stream', JSON.stringify(text)),
      );
    }
    const path = `${app}/${stream}`;
    if (pulled.has(path)) {
      const key = `${entry.path}.stream`;
      problems.push(tell(key, key, 'a stream that no other pull publishes here', JSON.stringify(path)));
    }
    pulled.add(path);
    return problems;
  });
}

/** WHY: in front of requests a header has no place, and each client's are spread over connections. */
function headerProblems({ config }: LoadedConfig, tell: Tell): ConfigProblem[] {
  return Object.entries(config.upstreams).flatMap(([name, { url = '', proxyProtocol = 'none' }]) => {
    const { transport } = parseUpstreamUrl(url);
    if (proxyProtocol === 'none' || !isTunnelTransport(transport)) return [];
    const key = pathOf(['upstreams', name, 'proxyProtocol']);
    const expected = `none for an upstream by ${transport}://, which is reached by HTTP requests`;
    return [tell(key, key, expected, proxyProtocol, 'set addressProperty or addressParameter instead')];
  });
}

/** All of it, in the order of the file's keys. */
export function routingProblems(loaded: LoadedConfig): readonly ConfigProblem[] {
  const tell = teller(loaded);
  return [...headerProblems(loaded, tell), ...routeProblems(loaded, tell), ...relayProblems(loaded, tell)];
}
