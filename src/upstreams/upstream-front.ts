// What stands in front of the servers behind the gateway, as a client's connection sees it: the routes, and a way to the
// upstreams for clients that a route splices.

import type { Route } from '../config/routing.ts';
import type { LinkFacts } from '../links/link.ts';
import type { Front, Passage } from '../links/passage.ts';
import type { ConnectEvent } from '../protocol/rtmp/server/server-events.ts';
import { matchRoute } from './route.ts';
import { type PassageDeps, SplicePassage } from './splice-passage.ts';

/** What it is made with. */
export type UpstreamFrontDeps = {
  /** The first that takes a client counts. */
  readonly routes: readonly Route[];
  /** The entry of `listen` that a port belongs to. */
  readonly listenerAt: (port: number) => string;
  readonly passage: PassageDeps;
};

/** Says by its connect what becomes of a client. */
export class UpstreamFront implements Front {
  readonly #deps: UpstreamFrontDeps;

  constructor(deps: UpstreamFrontDeps) {
    this.#deps = deps;
  }

  routeOf(
    { app, instance }: ConnectEvent,
    { transport, localPort }: LinkFacts,
    hopCount: number,
  ): Passage | 'here' {
    const { routes, listenerAt, passage } = this.#deps;
    const request = { app, instance, streamName: null, listener: listenerAt(localPort), transport };
    const match = matchRoute(routes, request);
    return match?.action === 'splice' ? new SplicePassage(match, { ...request, hopCount }, passage) : 'here';
  }
}
