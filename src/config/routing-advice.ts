// What an operator should know of routes and relays that are allowed, and of their upstreams (upstream-advice.ts): those that
// nothing comes to, and settings that change nothing where they stand.

import { adviceLine, type OnKey, type Sources } from './advice-line.ts';
import { pathOf } from './key.ts';
import { listenerText, parseListener } from './listener.ts';
import type { Config } from './schema.ts';
import {
  unusedCredentials,
  unusedUpstreams,
  unverifiedUpstreams,
  upstreamSettingsInVain,
} from './upstream-advice.ts';

type RouteSettings = Config['routes'][number];

function linesOf(advice: readonly OnKey[], sources: Sources): string[] {
  return advice.flatMap(({ path, isSo, text }) => {
    const key = pathOf(path);
    const source = sources[key];
    return isSo && source !== undefined && source.type !== 'default' ? [adviceLine(source, key, text)] : [];
  });
}

/** True where `all` are none, which stands for any, or hold each of `some`. */
function holdsAll(all: readonly string[] = [], some: readonly string[] = []): boolean {
  return all.length === 0 || (some.length > 0 && some.every((one) => all.includes(one)));
}

function normalized(listeners: readonly string[] = []): string[] {
  return listeners.map((text) => listenerText(parseListener(text)));
}

/** True where the earlier route surely takes every connect that the later one would, live streams aside. */
function takesConnectsOf(earlier: RouteSettings, later: RouteSettings): boolean {
  const { app = '*' } = earlier;
  return (
    (app === '*' || app === later.app) &&
    holdsAll(normalized(earlier.listeners), normalized(later.listeners)) &&
    holdsAll(earlier.transports, later.transports)
  );
}

function routesInVain({ routes, upstream }: Config, sources: Sources): string[] {
  const last: RouteSettings[] = upstream.length === 0 ? [] : [{ action: 'splice' }];
  return [...routes, ...last].flatMap((route, index) => {
    const isLast = index === routes.length;
    const key = isLast ? 'upstream' : `routes[${index}]`;
    const source = sources[isLast ? key : `${key}.action`];
    const earlier = routes
      .slice(0, index)
      .findIndex(
        (other) =>
          takesConnectsOf(other, route) && (other.stream === undefined || other.stream === route.stream),
      );
    if (earlier >= 0) {
      return [adviceLine(source, key, `nothing comes to it, for routes[${earlier}] takes all of it before`)];
    }
    if (route.stream === undefined) return [];
    const splice = routes.findIndex(
      (other, at) => at > index && other.action === 'splice' && takesConnectsOf(other, route),
    );
    if (splice < 0) return [];
    const text = `nothing comes to it, for routes[${splice}] splices its clients at the connect, before they name a stream`;
    return [adviceLine(source, key, text)];
  });
}

function listenersInVain({ routes, listen }: Config, sources: Sources): string[] {
  const opened = normalized(listen);
  return routes.flatMap((route, index) =>
    normalized(route.listeners).flatMap((listener, at) => {
      if (opened.includes(listener)) return [];
      const key = `routes[${index}].listeners`;
      return [
        adviceLine(sources[key], `${key}[${at}]`, `nothing comes by ${listener}, for it is not in listen`),
      ];
    }),
  );
}

function routeSettingsInVain({ routes }: Config): OnKey[] {
  return routes.flatMap((route, index): OnKey[] => {
    const { action = 'origin', upstreams = [] } = route;
    const isOrigin = action === 'origin';
    const served = 'it changes nothing, for the clients of this route are served here';
    const single = 'it changes nothing, for there is one upstream';
    const path = (name: string) => ['routes', index, name];
    return [
      ...['upstreams', 'upstreamApp', 'upstreamStream'].map((name) => ({
        path: path(name),
        isSo: isOrigin,
        text: served,
      })),
      ...['balance', 'push'].map((name) => ({
        path: path(name),
        isSo: isOrigin || upstreams.length < 2,
        text: isOrigin ? served : single,
      })),
      {
        path: path('push'),
        isSo: action === 'splice' && upstreams.length > 1,
        text: 'it changes nothing, for a client is spliced to one upstream',
      },
    ];
  });
}

function relaySettingsInVain({ relays }: Config): OnKey[] {
  return relays.flatMap(({ direction, upstreams = [] }, index): OnKey[] => {
    const isSingle = upstreams.length < 2;
    const single = 'it changes nothing, for there is one upstream';
    return [
      { path: ['relays', index, 'balance'], isSo: isSingle, text: single },
      {
        path: ['relays', index, 'push'],
        isSo: isSingle || direction === 'pull',
        text: isSingle ? single : 'it changes nothing, for a pull takes its stream from one upstream',
      },
    ];
  });
}

/** Bounds of what waits for a slow upstream that those of all who read a live stream come before. */
function queuesInVain({ relay, streams, apps }: Config): OnKey[] {
  const all = [streams, ...Object.values(apps).map((app) => ({ ...streams, ...app }))];
  const text = (name: string) => `it bounds nothing, for ${name} is less and comes first`;
  return [
    {
      path: ['relay', 'maxQueueBytes'],
      isSo: all.every(({ viewerLagBytes }) => viewerLagBytes < relay.maxQueueBytes),
      text: text('streams.viewerLagBytes'),
    },
    {
      path: ['relay', 'maxQueueTime'],
      isSo: all.every(({ viewerLagMs }) => viewerLagMs < relay.maxQueueTimeMs),
      text: text('streams.viewerLag'),
    },
  ];
}

/** Settings of a group that only upstreams go by, where there are none. */
function groupsInVain(config: Config, sources: Sources): string[] {
  const hasUpstreams = config.upstream.length > 0 || Object.keys(config.upstreams).length > 0;
  const isSpliced = config.upstream.length > 0 || config.routes.some(({ action }) => action === 'splice');
  const isRelayed = config.relays.length > 0 || config.routes.some(({ action }) => action === 'relay');
  return Object.entries({ upstreamHealth: hasUpstreams, splice: isSpliced, relay: isRelayed }).flatMap(
    ([group, isUsed]) =>
      Object.entries(sources).flatMap(([key, source]) => {
        if (isUsed || !key.startsWith(`${group}.`) || source === undefined || source.type === 'default')
          return [];
        const reason = {
          upstreamHealth: 'there are no upstreams',
          splice: 'no route splices',
          relay: 'nothing is relayed',
        }[group];
        return [adviceLine(source, key, `it changes nothing, for ${reason}`)];
      }),
  );
}

/** One line for each thing. */
export function routingAdvice(config: Config, sources: Sources): readonly string[] {
  const inVain = [
    ...routeSettingsInVain(config),
    ...upstreamSettingsInVain(config),
    ...relaySettingsInVain(config),
    ...queuesInVain(config),
  ];
  return [
    ...unverifiedUpstreams(config, sources),
    ...routesInVain(config, sources),
    ...listenersInVain(config, sources),
    ...linesOf(inVain, sources),
    ...groupsInVain(config, sources),
    ...unusedCredentials(config, sources),
    ...unusedUpstreams(config, sources),
  ];
}
