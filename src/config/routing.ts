// What the configuration says of routes, upstreams and relays, read and completed: texts parsed, defaults filled in,
// `upstream` made a route of its own behind all others. Of a configuration that was loaded, so that nothing is wrong.

import type { TObject } from 'typebox';
import type { ConfigOf } from './config-type.ts';
import { type HttpProxy, parseHttpProxy } from './http-proxy.ts';
import { listKeysBelow, valueAt } from './key.ts';
import { listenerText, parseListener } from './listener.ts';
import { type NamePattern, parseNamePattern } from './name-pattern.ts';
import { type NameTemplate, parseNameTemplate } from './name-template.ts';
import { relayList } from './relay-schema.ts';
import { routeList } from './route-schema.ts';
import type { Config } from './schema.ts';
import { UPSTREAM_GROUP, type UpstreamSettings } from './upstream-schema.ts';
import { parseUpstreamUrl, type UpstreamUrl } from './upstream-url.ts';
import { type ClientTransport, parseClientTransport } from './words.ts';

/** One upstream, with all that is set of it. Texts that are not set are empty. */
export type Upstream = Omit<UpstreamSettings, 'url' | 'httpProxy'> & {
  /** Its label; where the configuration gives none, its URL without credentials and query. */
  readonly name: string;
  readonly url: UpstreamUrl;
  /** Null where none is on the way. */
  readonly httpProxy: HttpProxy | null;
};

/** The upstreams of a route or a relay, and under which names it goes there. */
export type UpstreamTarget = {
  /** Names of upstreams, one at least, each once. */
  readonly upstreams: readonly string[];
  readonly balance: 'inOrder' | 'leastLoaded';
  readonly push: 'one' | 'all';
  /** Null where the application is that of the upstream's URL, or the client's. */
  readonly app: NameTemplate | null;
  /** Null where the name of the live stream is the client's. */
  readonly stream: NameTemplate | null;
};

/** What a route takes. */
export type RouteCondition = {
  readonly app: NamePattern;
  /** Null for every live stream, and for clients that name none yet. */
  readonly stream: NamePattern | null;
  /** As `listenerText` writes them; empty for all. */
  readonly listeners: readonly string[];
  /** Empty for all. */
  readonly transports: readonly ClientTransport[];
};

/** One route: what it takes, and what becomes of it. */
export type Route = RouteCondition &
  ({ readonly action: 'origin' } | { readonly action: 'splice' | 'relay'; readonly target: UpstreamTarget });

/** A relay that runs without a client asking. */
export type Relay = { readonly target: UpstreamTarget } & (
  | { readonly direction: 'push'; readonly app: NamePattern; readonly stream: NamePattern }
  /** Names here, the application with its instance. */
  | { readonly direction: 'pull'; readonly app: string; readonly stream: string }
);

/** All of it. */
export type Routing = {
  readonly upstreams: readonly Upstream[];
  /** The first that takes a client counts. */
  readonly routes: readonly Route[];
  readonly relays: readonly Relay[];
};

/** `given` with what is missing from `fallback`, by the name in it, and from the defaults. */
function complete<Group extends TObject>(
  group: Group,
  given: object,
  fallback: object = {},
): ConfigOf<Group> {
  const whole: Record<string, unknown> = {};
  for (const key of listKeysBelow(group, [])) {
    const path = key.propertyPath.map(String);
    const name = path.at(-1) ?? '';
    let place = whole;
    for (const segment of path.slice(0, -1)) {
      place[segment] ??= {};
      place = place[segment] as Record<string, unknown>;
    }
    const inherited: unknown = Reflect.get(fallback, name);
    place[name] = valueAt(key, given) ?? inherited ?? key.setting.default;
  }
  // WHY: built from the keys of this very group, which the compiler cannot follow.
  return whole as ConfigOf<Group>;
}

function upstreamOf(name: string | null, given: object, { upstreamHealth }: Config): Upstream {
  const { url, httpProxy, ...settings } = complete(UPSTREAM_GROUP, given, upstreamHealth);
  const parsed = parseUpstreamUrl(url);
  return {
    ...settings,
    name: name ?? parsed.description,
    url: parsed,
    httpProxy: httpProxy === '' ? null : parseHttpProxy(httpProxy),
  };
}

/** The upstreams that `upstream` names; two of one description are told apart by a number. */
function unnamedUpstreams(config: Config): Upstream[] {
  const upstreams: Upstream[] = [];
  for (const url of config.upstream) {
    const upstream = upstreamOf(null, { url }, config);
    const same = upstreams.filter((other) => other.url.description === upstream.name).length;
    upstreams.push(same === 0 ? upstream : { ...upstream, name: `${upstream.name}#${same + 1}` });
  }
  return upstreams;
}

type Target = Omit<UpstreamTarget, 'app' | 'stream'> & {
  readonly upstreamApp: string;
  readonly upstreamStream: string;
};

function targetOf({ upstreams, balance, push, upstreamApp, upstreamStream }: Target): UpstreamTarget {
  return {
    upstreams,
    balance,
    push,
    app: upstreamApp === '' ? null : parseNameTemplate(upstreamApp),
    stream: upstreamStream === '' ? null : parseNameTemplate(upstreamStream),
  };
}

function routeOf(given: object): Route {
  const route = complete(routeList.items, given);
  const condition: RouteCondition = {
    app: parseNamePattern(route.app),
    stream: route.stream === '' ? null : parseNamePattern(route.stream),
    listeners: route.listeners.map((text) => listenerText(parseListener(text))),
    transports: route.transports.map(parseClientTransport),
  };
  if (route.action === 'origin') return { ...condition, action: 'origin' };
  return { ...condition, action: route.action, target: targetOf(route) };
}

function relayOf(given: object): Relay {
  const relay = complete(relayList.items, given);
  const target = targetOf(relay);
  const { app, stream } = relay;
  if (relay.direction === 'pull') return { direction: 'pull', app, stream, target };
  return { direction: 'push', app: parseNamePattern(app), stream: parseNamePattern(stream), target };
}

/** The route of all clients that no other takes. */
function lastRoute(upstreams: readonly Upstream[]): Route {
  const names = upstreams.map(({ name }) => name);
  const target: UpstreamTarget = {
    upstreams: names,
    balance: 'inOrder',
    push: 'one',
    app: null,
    stream: null,
  };
  const app = parseNamePattern('*');
  return { app, stream: null, listeners: [], transports: [], action: 'splice', target };
}

/** Routes, upstreams and relays of a configuration. */
export function routingOf(config: Config): Routing {
  const unnamed = unnamedUpstreams(config);
  const named = Object.entries(config.upstreams).map(([name, given]) => upstreamOf(name, given, config));
  return {
    upstreams: [...named, ...unnamed],
    routes: [...config.routes.map(routeOf), ...(unnamed.length === 0 ? [] : [lastRoute(unnamed)])],
    relays: config.relays.map(relayOf),
  };
}

/** Finds an upstream by its name. One that is not there is a bug of ours, for the configuration was checked: it throws. */
export function upstreamFinder(upstreams: readonly Upstream[]): (name: string) => Upstream {
  const byName = new Map(upstreams.map((upstream) => [upstream.name, upstream]));
  return (name) => {
    const upstream = byName.get(name);
    if (upstream === undefined) throw new Error(`there is no upstream ${name}`);
    return upstream;
  };
}
