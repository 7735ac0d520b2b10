// What a pull is asked to do, and whom it tells of it: types, and how many there may be for viewers.

import type { LiveStream } from '../streams/live-stream.ts';
import type { PoolChoice } from './pool.ts';
import { MAX_DEMAND_PULLS, MAX_EMPTY_PULLS_PER_SOURCE } from './relay-deps.ts';

/** What became of a wait for a live stream. */
export type PullOutcome = 'started' | 'none';

/** What a pull is made of. */
export type PullPlan = {
  /** Application here, with its instance, and name here. */
  readonly app: string;
  readonly streamName: string;
  readonly choice: PoolChoice;
  /** Application at an upstream, with its instance; and the name there. */
  readonly appAt: (upstreamName: string) => string;
  readonly upstreamStreamName: string;
  /** Source of the viewer who asked first: it ends when nobody watches. Null where it is there for good. */
  readonly askedBy: string | null;
  /** Gateways that this viewer has come through. */
  readonly hopCount: number;
};

/** Who hears of a pull. */
export type PullListener = {
  /** It publishes here from now on. */
  readonly published: (stream: LiveStream) => void;
  /** True while the stream is published here, by whomever. */
  readonly isPublished: () => boolean;
  /** Viewers of the stream here, but for what relays send on. */
  readonly viewerCount: () => number;
  /** It is over for good. */
  readonly ended: () => void;
};

/** Why no further pull begins that the source `askedBy` asks for, beside those that there are; null where it may. */
export function refusalOfPull(
  pulls: Iterable<{ readonly plan: PullPlan; readonly hasCome: boolean }>,
  askedBy: string,
): string | null {
  const onDemand = [...pulls].filter(({ plan }) => plan.askedBy !== null);
  if (onDemand.length >= MAX_DEMAND_PULLS) {
    return `expected fewer than ${MAX_DEMAND_PULLS} streams that are fetched for viewers`;
  }
  const empty = onDemand.filter(({ plan, hasCome }) => plan.askedBy === askedBy && !hasCome);
  if (empty.length < MAX_EMPTY_PULLS_PER_SOURCE) return null;
  return `expected fewer than ${MAX_EMPTY_PULLS_PER_SOURCE} streams that ${askedBy} waits for`;
}
