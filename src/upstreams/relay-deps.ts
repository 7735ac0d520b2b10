// What relays are made with, and what they share: types, and the limits that no operator sets.

import type { Config } from '../config/schema.ts';
import type { Guard } from '../errors.ts';
import type { Wheel } from '../links/link.ts';
import type { Logger } from '../log.ts';
import type { StreamScheduler } from '../streams/audience.ts';
import type { StreamRegistry } from '../streams/stream-registry.ts';
import type { Dial, UpstreamOf } from './dial.ts';
import type { UpstreamPool } from './pool.ts';
import type { UpstreamSession } from './upstream-session.ts';

/** LIMIT: live streams that are fetched for viewers at a time: any name that a viewer asks for costs an upstream a
 * connection. Those of the configuration are not among them. */
export const MAX_DEMAND_PULLS = 1024;

/** LIMIT: those of them that one source, an IPv4 address or an IPv6 /64, was the first to ask for and that have brought
 * nothing yet: whoever asks for names that are not there takes no place from others. */
export const MAX_EMPTY_PULLS_PER_SOURCE = 128;

/** LIMIT: live streams that are sent to upstreams at a time, each as often as it is sent: any name that a client publishes
 * costs an upstream a connection. */
export const MAX_PUSHES = 4096;

/** LIMIT: silence after which an upstream that is pulled from is pinged, and further silence after which it is given up,
 * ms, where it answers pings: viewers look at a still picture meanwhile, and there may be another upstream. */
export const PULL_SILENCE_MS = 2500;

/** LIMIT: the same where it answers none, ms: there a publisher that pauses looks like an upstream that is dead. */
export const PULL_QUIET_MS = 30_000;

/** LIMIT: least time from one try of a pull to one that a further viewer causes, ms: longer than many viewers take to
 * come, and short for one of them. */
export const PULL_HURRY_MS = 500;

/** LIMIT: time that relays which were stopped get to say goodbye and to end, ms. */
export const RELAY_STOP_MS = 3000;

/** What all relays stand on. */
export type RelayDeps = {
  readonly registry: StreamRegistry;
  readonly pool: UpstreamPool;
  readonly upstreamOf: UpstreamOf;
  readonly settings: Config['relay'];
  /** Out chunk size of the live streams' logs, bytes. */
  readonly chunkSizeBytes: number;
  readonly wheel: Wheel;
  readonly scheduler: StreamScheduler;
  readonly guard: Guard;
  readonly log: Logger;
  readonly count: (name: string) => void;
  readonly randomBytes: (lengthBytes: number) => Uint8Array;
  readonly dial: Dial;
};

/** {@link RelayDeps}, and the sessions that are open: each is in the set until its Link is over. */
export type SharedRelayDeps = RelayDeps & {
  readonly sessions: Set<UpstreamSession>;
  /** Called when a session left the set. */
  readonly onSessionGone: () => void;
};

/** How a relay's connection to an upstream ended. */
export type RelayEnd = {
  /** `failed`: it did not come about. `refused`: the upstream does not want it. `broke`: it had begun. */
  readonly outcome: 'failed' | 'refused' | 'broke';
  /** For the log: without credentials, queries and names at the upstream, which may be keys. */
  readonly reason: string;
};
