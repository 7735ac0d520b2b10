// One live stream of an upstream, published here: fetched because viewers ask for it, or by the configuration, from one
// upstream at a time. Where that breaks off, the publish goes on while others are tried, for a bounded time, and what the
// next one sends goes on behind it. A publisher of that name that comes here has precedence.

import type { Deadline } from '../links/link.ts';
import type { ClientEvent } from '../protocol/rtmp/client/client-events.ts';
import type { LiveStream } from '../streams/live-stream.ts';
import type { PoolChoice } from './pool.ts';
import { type PulledEvent, PulledStream } from './pulled-stream.ts';
import { RelayAttempts } from './relay-attempts.ts';
import { RelayConnection, type RelayConnectionOwner } from './relay-connection.ts';
import { isOfStream } from './relay-data.ts';
import type { RelayEnd, SharedRelayDeps } from './relay-deps.ts';
import { RelayLog } from './relay-log.ts';
import { RelayWaiters } from './relay-waiters.ts';

/** Time from one look at whether anybody watches to the next, ms. */
const LOOK_MS = 250;

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
  /** True where viewers asked for it, and it ends when nobody watches; false where it is there for good. */
  readonly isOnDemand: boolean;
};

/** Who hears of a pull. */
export type PullListener = {
  /** It publishes here from now on. */
  readonly published: (stream: LiveStream) => void;
  /** Viewers of the stream here, but for what relays send on. */
  readonly viewerCount: () => number;
  /** It is over for good. */
  readonly ended: (pull: RelayPull) => void;
};

/** One pull. */
export class RelayPull implements RelayConnectionOwner {
  readonly plan: PullPlan;
  readonly hasMedia = false;
  readonly #listener: PullListener;
  readonly #deps: SharedRelayDeps;
  readonly #log: RelayLog;
  readonly #attempts: RelayAttempts;
  readonly #pulled: PulledStream;
  readonly #waiters: RelayWaiters;
  #connection: RelayConnection | null = null;
  /** When the connection began to send; null while it has sent nothing. */
  #servingSinceMs: number | null = null;
  /** Runs while something is waited for: the first message of a connection, or of any, behind a break. */
  #firstDeadline: Deadline | null = null;
  #gapDeadline: Deadline | null = null;
  #lookDeadline: Deadline | null = null;
  #unwatchedSinceMs: number | null = null;
  #isOver = false;

  constructor(plan: PullPlan, listener: PullListener, deps: SharedRelayDeps) {
    this.plan = plan;
    this.#listener = listener;
    this.#deps = deps;
    this.#log = new RelayLog(deps, 'pull', plan);
    this.#pulled = new PulledStream(deps.registry, plan.app, plan.streamName);
    this.#waiters = new RelayWaiters(deps.wheel, deps.settings.startTimeoutMs);
    this.#attempts = new RelayAttempts({
      wheel: deps.wheel,
      settings: deps.settings,
      take: (tried) => deps.pool.take(plan.choice, tried),
      open: (lease) => {
        const goal = {
          kind: 'play',
          app: plan.appAt(lease.name),
          streamName: plan.upstreamStreamName,
          client: null,
        } as const;
        this.#connection = new RelayConnection(lease, goal, this, deps);
        this.#awaitFirst();
      },
    });
  }

  /** Makes the first try. */
  start(): void {
    this.#log.started();
    this.#attempts.try();
    if (this.plan.isOnDemand) this.#lookLater();
  }

  /**
   * Calls `answer` once, later: as soon as the stream is published here, or when it is clear that it will not be, or that
   * takes too long. Gives what takes the question back.
   */
  wait(answer: (outcome: PullOutcome) => void): () => void {
    return this.#waiters.add(answer);
  }

  /** Somebody publishes the stream here: ends what is published, and the pull with it, or for as long as that takes. */
  giveWay(): void {
    this.#waiters.settle('started');
    if (this.plan.isOnDemand) this.#end('a publisher came');
    else this.#leave('a publisher came');
  }

  /** Ends it for good. */
  stop(): void {
    this.#end('the gateway stops');
  }

  heard(event: ClientEvent): void {
    switch (event.type) {
      case 'media':
      case 'data':
        if (event.type === 'media' || isOfStream(event)) this.#take(event);
        return;
      case 'play-stopped':
      case 'stream-eof':
        // The connection stays: the publisher there may come back.
        this.#endPublish();
        return;
      default:
    }
  }

  send(): void {
    throw new Error('a pull has nothing to send');
  }

  ended({ outcome, reason }: RelayEnd): void {
    const upstreamName = this.#connection?.upstreamName ?? '';
    const { wheel, settings } = this.#deps;
    const servedMs = this.#servingSinceMs === null ? 0 : wheel.nowMs() - this.#servingSinceMs;
    this.#dropConnection();
    if (this.#pulled.isPublished) {
      this.#pulled.interrupt();
      this.#gapDeadline ??= wheel.at(wheel.nowMs() + settings.startTimeoutMs, () => this.#endPublish());
    }
    const nextTryMs = this.#attempts.over(upstreamName, servedMs);
    this.#log.broke(upstreamName, reason, nextTryMs);
    if (outcome !== 'refused' || nextTryMs === 0) return;
    // All that there are were asked, and the last one said no.
    this.#endPublish();
    this.#waiters.settle('none');
    if (this.plan.isOnDemand && this.#listener.viewerCount() === 0) this.#end('no upstream has it');
  }

  /** Publishes what came; the publish begins here with the first of it. */
  #take(event: PulledEvent): void {
    if (this.#isOver || this.#connection === null) return;
    const nowMs = this.#deps.wheel.nowMs();
    this.#firstDeadline?.cancel();
    this.#gapDeadline?.cancel();
    this.#gapDeadline = null;
    this.#servingSinceMs ??= nowMs;
    if (!this.#pulled.isPublished) this.#begin(this.#connection.upstreamName);
    this.#pulled.take(event, nowMs);
  }

  #begin(upstreamName: string): void {
    const stream = this.#pulled.begin();
    if (stream === 'name-in-use') this.giveWay();
    else if (typeof stream !== 'string') {
      this.#log.flowing(upstreamName);
      // Those who wait come before the first message, and get all of them.
      this.#waiters.settle('started');
      this.#listener.published(stream);
    } else if (this.plan.isOnDemand) this.#end(stream);
    else this.#leave(stream);
  }

  /**
   * Gives the upstream its share of the time that a viewer waits. WHY only where there are others: an upstream may wait for
   * its publisher, and then sends without being asked again.
   */
  #awaitFirst(): void {
    this.#servingSinceMs = null;
    const { length } = this.plan.choice.upstreams;
    if (length < 2) return;
    const { wheel, settings } = this.#deps;
    const limitMs = Math.floor(settings.startTimeoutMs / length);
    this.#firstDeadline?.cancel();
    this.#firstDeadline = wheel.at(wheel.nowMs() + limitMs, () => {
      this.#connection?.close();
      this.ended({ outcome: 'failed', reason: `it sent nothing within ${limitMs} ms` });
    });
  }

  /** Ends the publish, and the connection, and tries again later. */
  #leave(reason: string): void {
    const upstreamName = this.#connection?.upstreamName ?? '';
    this.#connection?.close();
    this.#dropConnection();
    this.#endPublish();
    this.#log.broke(upstreamName, reason, this.#attempts.wait());
  }

  #dropConnection(): void {
    this.#connection = null;
    this.#servingSinceMs = null;
    this.#firstDeadline?.cancel();
  }

  #endPublish(): void {
    this.#gapDeadline?.cancel();
    this.#gapDeadline = null;
    this.#pulled.end();
  }

  /** Looks whether somebody watches or waits, again and again. */
  #look(): void {
    const { wheel, settings } = this.#deps;
    const nowMs = wheel.nowMs();
    if (this.#waiters.count > 0 || this.#listener.viewerCount() > 0) this.#unwatchedSinceMs = null;
    else this.#unwatchedSinceMs ??= nowMs;
    if (this.#unwatchedSinceMs !== null && nowMs - this.#unwatchedSinceMs >= settings.keepTimeMs) {
      this.#end('nobody watches');
      return;
    }
    this.#lookLater();
  }

  #lookLater(): void {
    const { wheel } = this.#deps;
    this.#lookDeadline = wheel.at(wheel.nowMs() + LOOK_MS, () => this.#look());
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#attempts.stop();
    this.#lookDeadline?.cancel();
    this.#connection?.close();
    this.#dropConnection();
    this.#endPublish();
    this.#waiters.settle('none');
    this.#log.ended(reason);
    this.#listener.ended(this);
  }
}
