// The part of the composition root that relays belong to: what runs between the live streams of here and upstreams.

import { randomBytes } from 'node:crypto';
import type { Routing, Upstream } from './config/routing.ts';
import type { Config } from './config/schema.ts';
import type { Guard } from './errors.ts';
import type { Link, LinkFacts, Wheel } from './links/link.ts';
import type { Logger } from './log.ts';
import type { StreamScheduler } from './streams/audience.ts';
import type { StreamRegistry } from './streams/stream-registry.ts';
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
  /** Opens a Link to an upstream, for a client or for nobody. */
  readonly dial: (upstream: Upstream, client: LinkFacts | null, signal: AbortSignal) => Promise<Link>;
};

/** Makes what the configuration says of relays; null where nothing is relayed. Nothing is dialled before `start`. */
export function makeRelays(config: Config, routing: Routing, world: RelaysWorld): Relays | null {
  const { upstreams, routes, relays } = routing;
  if (relays.length === 0 && !routes.some(({ action }) => action === 'relay')) return null;
  const byName = new Map(upstreams.map((upstream) => [upstream.name, upstream]));
  const { listenerAt, dial, ...shared } = world;
  return new Relays({
    ...shared,
    upstreams: byName,
    routes,
    relays,
    settings: config.relay,
    chunkSizeBytes: config.rtmp.chunkSizeBytes,
    randomBytes: (lengthBytes) => randomBytes(lengthBytes),
    listenerOf: ({ localPort }) => listenerAt(localPort),
    dial: async (name, client, signal) => {
      const upstream = byName.get(name);
      // The configuration was checked: a name that is not there is a bug of ours.
      if (upstream === undefined) throw new Error(`there is no upstream ${name}`);
      return dial(upstream, client, signal);
    },
  });
}
