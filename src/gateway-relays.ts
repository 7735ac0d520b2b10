// The part of the composition root that relays belong to: what runs between the live streams of here and upstreams.

import { randomBytes } from 'node:crypto';
import { type Routing, upstreamFinder } from './config/routing.ts';
import type { Config } from './config/schema.ts';
import type { Guard } from './errors.ts';
import type { Wheel } from './links/link.ts';
import type { Logger } from './log.ts';
import type { StreamScheduler } from './streams/audience.ts';
import type { StreamRegistry } from './streams/stream-registry.ts';
import type { Dial } from './upstreams/dial.ts';
import type { UpstreamPool } from './upstreams/pool.ts';
import { Relays } from './upstreams/relays.ts';

/** What relays are made with. */
export type RelaysWorld = {
  readonly log: Logger;
  readonly wheel: Wheel;
  readonly scheduler: StreamScheduler;
  readonly guard: Guard;
  readonly registry: StreamRegistry;
  readonly pool: UpstreamPool;
  readonly count: (name: string) => void;
  /** The entry of `listen` that a port belongs to. */
  readonly listenerAt: (port: number) => string;
  readonly dial: Dial;
};

/** Makes what the configuration says of relays; null where nothing is relayed. Nothing is dialled before `start`. */
export function makeRelays(config: Config, routing: Routing, world: RelaysWorld): Relays | null {
  const { upstreams, routes, relays } = routing;
  if (relays.length === 0 && !routes.some(({ action }) => action === 'relay')) return null;
  const { listenerAt, ...shared } = world;
  return new Relays({
    ...shared,
    upstreamOf: upstreamFinder(upstreams),
    routes,
    relays,
    settings: config.relay,
    chunkSizeBytes: config.rtmp.chunkSizeBytes,
    randomBytes,
    listenerOf: ({ localPort }) => listenerAt(localPort),
  });
}
