// The part of the composition root that servers behind the gateway belong to: the pool of them, their checks, and the way of
// a client to one.

import { randomBytes } from 'node:crypto';
import { routingOf, type Upstream, upstreamFinder } from './config/routing.ts';
import type { Config } from './config/schema.ts';
import type { Guard, Guarded } from './errors.ts';
import { makeRelays } from './gateway-relays.ts';
import { CaFiles } from './links/dial/ca-files.ts';
import { checkUpstream } from './links/dial/check-upstream.ts';
import type { DialDeps } from './links/dial/dial-upstream.ts';
import { dialUpstream } from './links/dial/dial-upstream.ts';
import type { Wheel } from './links/link.ts';
import type { Front } from './links/passage.ts';
import type { Logger } from './log.ts';
import type { StreamScheduler } from './streams/audience.ts';
import type { StreamRegistry } from './streams/stream-registry.ts';
import type { Dial } from './upstreams/dial.ts';
import { GatherClock } from './upstreams/gather-clock.ts';
import { HealthChecks } from './upstreams/health.ts';
import { UpstreamPool } from './upstreams/pool.ts';
import type { Relays } from './upstreams/relays.ts';
import { UpstreamFront } from './upstreams/upstream-front.ts';

/** What it is made with. */
export type UpstreamsWorld = {
  readonly log: Logger;
  readonly wheel: Wheel;
  readonly scheduler: StreamScheduler;
  readonly registry: StreamRegistry;
  readonly count: (name: string) => void;
  readonly guard: Guard;
  readonly onInternalError: (error: unknown) => void;
  /** The entry of `listen` that a port belongs to. */
  readonly listenerAt: (port: number) => string;
};

/** The servers behind the gateway. */
export type Upstreams = {
  /** Null where no client is ever passed on. */
  readonly front: Front | null;
  /** Null where nothing is relayed. */
  readonly relays: Relays | null;
  /** Begins to check those that are to be checked, and the relays that no client asks for. */
  readonly start: () => void;
  /** Heeds of a configuration that was read again what may change while it runs: which upstreams are drained. */
  readonly reload: (config: Config) => void;
  /** Ends all that runs of itself, within a few seconds. */
  readonly stop: () => Promise<void>;
};

/** Makes what the configuration says of upstreams. Nothing is dialled before a client comes, or `start`. */
export function makeUpstreams(config: Config, world: UpstreamsWorld): Upstreams {
  const { log, wheel, guard, onInternalError } = world;
  const routing = routingOf(config);
  const { upstreams, routes } = routing;
  const upstreamOf = upstreamFinder(upstreams);
  const pool = new UpstreamPool(upstreams, {
    nowMs: () => wheel.nowMs(),
    onDown: (upstream, facts) => log.warn({ upstream, ...facts }, 'upstream down'),
    onUp: (upstream, facts) => log.info({ upstream, ...facts }, 'upstream up'),
  });
  const dialDeps: DialDeps = {
    wheel,
    guard,
    writeTimeoutMs: config.splice.writeTimeoutMs,
    caFiles: new CaFiles(),
  };
  const relayDialDeps: DialDeps = { ...dialDeps, writeTimeoutMs: config.relay.writeTimeoutMs };
  drain(upstreams);
  const boundary: Guarded = { fail: ({ message }) => onInternalError(new Error(message)) };
  const checks = new HealthChecks(upstreams, {
    wheel,
    pool,
    check: (name, signal) => checkUpstream(upstreamOf(name), dialDeps, signal),
    runLater: (work) => guard(boundary, work),
  });
  const dialWith = (deps: DialDeps): Dial => {
    return (upstream, client, signal) => dialUpstream(upstream, client, deps, signal);
  };
  const relays = makeRelays(config, routing, { ...world, pool, dial: dialWith(relayDialDeps) });
  const isFront = routes.some(({ action }) => action === 'splice');
  return {
    front: isFront ? frontOf() : null,
    relays,
    start: () => {
      checks.start();
      relays?.start();
    },
    reload: (changed) => drain(routingOf(changed).upstreams),
    stop: async () => {
      checks.stop();
      await relays?.stop();
    },
  };

  /** Tells of each that is drained what is left of it, and of each that is had back. */
  function drain(listed: readonly Pick<Upstream, 'name' | 'drain'>[]): void {
    const before = pool.status();
    for (const { name, isDraining, openCount } of before) {
      const isDrained = listed.find((upstream) => upstream.name === name)?.drain ?? isDraining;
      pool.setDraining(name, isDrained);
      if (isDrained) log.info({ upstream: name, connections: openCount }, 'upstream draining');
      else if (isDraining) log.info({ upstream: name }, 'upstream not drained any more');
    }
  }

  function frontOf(): Front {
    const { gatherTimeMs, mergeTimeMs, maxWaitingBytes, idleTimeoutMs } = config.splice;
    const clockOf = (timeMs: number) => (timeMs === 0 ? null : new GatherClock(world.scheduler, timeMs));
    return new UpstreamFront({
      routes,
      listenerAt: world.listenerAt,
      passage: {
        wheel,
        pool,
        upstreamOf,
        randomBytes,
        failoverTimeoutMs: config.upstreamHealth.failoverTimeoutMs,
        dial: dialWith(dialDeps),
        splice: {
          wheel,
          tunnelGather: clockOf(gatherTimeMs),
          socketGather: clockOf(mergeTimeMs),
          maxWaitingBytes,
          idleTimeoutMs,
        },
      },
    });
  }
}
