// Which route takes a client, by what it asks for and how it comes, and under which names it goes on. Pure: the routes
// are those of the configuration, and nothing of a client gets into where an upstream is.

import type { NameTemplate } from '../config/name-template.ts';
import type { Relay, Route, RouteCondition, UpstreamTarget } from '../config/routing.ts';
import type { UpstreamUrl } from '../config/upstream-url.ts';
import type { ClientTransport } from '../config/words.ts';
import { isUsableName } from '../protocol/rtmp/server/stream-name.ts';
import { matchBeginning, matchWhole } from './name-match.ts';

/** LIMIT: characters of a name that a template made; two names of the longest that the settings allow. */
export const MAX_MADE_NAME_CHARS = 2048;

/** A client, as far as routes ask. Names are as clients send them, without queries. */
export type RouteRequest = {
  readonly app: string;
  /** '' for the default one. */
  readonly instance: string;
  /** The live stream to publish or play; null at the connect, where none is named. */
  readonly streamName: string | null;
  /** The entry of `listen` that took the connection in, as `listenerText` writes it. */
  readonly listener: string;
  readonly transport: ClientTransport;
};

/** The route that takes a client. */
export type RouteMatch =
  | { readonly action: 'origin' /** Place of the route, from 0 on. */; readonly index: number }
  | {
      readonly action: 'splice' | 'relay';
      readonly index: number;
      /** Names of upstreams, and how one is chosen. */
      readonly upstreams: readonly string[];
      readonly balance: UpstreamTarget['balance'];
      readonly push: UpstreamTarget['push'];
      /** Application with its instance to ask for; null where no template says: see `appAt`. */
      readonly app: string | null;
      /** The live stream at the upstream; null where the client has named none. */
      readonly streamName: string | null;
    };

/**
 * The first route that takes the client; null where none does. At the connect routes that name a live stream are passed
 * over: one that splices, which names none, has its say then, and the others when the client publishes or plays.
 */
export function matchRoute(routes: readonly Route[], request: RouteRequest): RouteMatch | null {
  for (const [index, route] of routes.entries()) {
    const path = matchPath(route, request);
    if (path === null) continue;
    if (route.action === 'origin') return { action: 'origin', index };
    const { target, action } = route;
    const names = namesAt(target, path, request.streamName);
    if (names === null) continue;
    const { upstreams, balance, push } = target;
    return { action, index, upstreams, balance, push, ...names };
  }
  return null;
}

/** The application to ask an upstream for, with its instance: of the route, else of the URL, else the client's own. */
export function appAt(
  { app }: { readonly app: string | null },
  url: Pick<UpstreamUrl, 'app'>,
  request: Pick<RouteRequest, 'app' | 'instance'>,
): string {
  return app ?? (url.app === '' ? pathOf(request) : url.app);
}

/** The names under which a live stream of here goes to a target, or comes from it; null where they cannot be used. */
function namesAt(
  { app, stream }: Pick<UpstreamTarget, 'app' | 'stream'>,
  { captures, rest }: { readonly captures: readonly string[]; readonly rest: string },
  streamName: string | null,
): { readonly app: string | null; readonly streamName: string | null } | null {
  const madeApp = app === null ? null : made(app, captures);
  const madeStream = stream === null || streamName === null ? streamName : made(stream, captures);
  if (madeApp !== null && !isGoodName(madeApp)) return null;
  if (madeStream !== null && !isGoodName(madeStream)) return null;
  return { app: madeApp === null || rest === '' ? madeApp : `${madeApp}/${rest}`, streamName: madeStream };
}

/** A live stream that a relay sends to upstreams, or takes from one, and its names there. */
export type RelayMatch = {
  readonly relay: Relay;
  /** As of a route: see `appAt`. */
  readonly app: string | null;
  readonly streamName: string;
};

/** The pushes that take a live stream of here: all that fit, not the first alone. */
export function matchPushes(
  relays: readonly Relay[],
  { app, instance, streamName }: Pick<RouteRequest, 'app' | 'instance'> & { readonly streamName: string },
): readonly RelayMatch[] {
  return relays.flatMap((relay): RelayMatch[] => {
    if (relay.direction !== 'push') return [];
    const ofApp = matchBeginning(relay.app, pathOf({ app, instance }));
    const ofStream = matchWhole(relay.stream, streamName);
    if (ofApp === null || ofStream === null) return [];
    const captures = [...ofApp.captures, ...ofStream.captures];
    const names = namesAt(relay.target, { captures, rest: ofApp.rest }, streamName);
    return names === null ? [] : [{ relay, app: names.app, streamName: names.streamName ?? streamName }];
  });
}

/** The names at the upstream of what a pull takes from there. */
export function namesOfPull(relay: Relay & { readonly direction: 'pull' }): RelayMatch {
  const names = namesAt(relay.target, { captures: [], rest: '' }, relay.stream);
  // Its templates have no captures, and are names by themselves.
  if (names === null)
    throw new Error(`the pull into ${relay.app}/${relay.stream} has no names at its upstream`);
  return { relay, app: names.app, streamName: names.streamName ?? relay.stream };
}

function pathOf({ app, instance }: Pick<RouteRequest, 'app' | 'instance'>): string {
  return instance === '' ? app : `${app}/${instance}`;
}

/** What the stars stood for and what of the application is left, where all that the route names fits. */
function matchPath(condition: RouteCondition, request: RouteRequest) {
  const { app, stream, listeners, transports } = condition;
  if (listeners.length > 0 && !listeners.includes(request.listener)) return null;
  if (transports.length > 0 && !transports.includes(request.transport)) return null;
  const ofApp = matchBeginning(app, pathOf(request));
  if (ofApp === null || stream === null) return ofApp;
  const ofStream = request.streamName === null ? null : matchWhole(stream, request.streamName);
  if (ofStream === null) return null;
  return { captures: [...ofApp.captures, ...ofStream.captures], rest: ofApp.rest };
}

function made(template: NameTemplate, captures: readonly string[]): string {
  return template
    .map((piece) => (piece.type === 'text' ? piece.text : (captures[piece.starNumber - 1] ?? '')))
    .join('');
}

/** WHY: what a star stood for may be nothing, or a dot that makes two with that of the template. */
function isGoodName(name: string): boolean {
  return isUsableName(name, MAX_MADE_NAME_CHARS) && !name.split('/').includes('');
}
