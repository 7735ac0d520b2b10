// One live stream of an upstream, published here: fetched because viewers ask for it, or by the configuration, from one
// upstream at a time. Where that breaks off or has nothing to send, others are tried; what the next one sends goes on behind
// it. A publisher of that name that comes here has precedence, for as long as it publishes.

import type { Deadline } from '../links/link.ts';
import type { ClientEvent } from '../protocol/rtmp/client/client-events.ts';
import { FrameWatch } from './frame-watch.ts';
import type { UpstreamLease } from './pool.ts';
import { PullAudience } from './pull-audience.ts';
import type { PullListener, PullOutcome, PullPlan } from './pull-plan.ts';
import { type PulledEvent, PulledStream } from './pulled-stream.ts';
import { RelayAttempts } from './relay-attempts.ts';
import { RelayConnection, type RelayConnectionOwner } from './relay-connection.ts';
import { isOfStream } from './relay-data.ts';
import type { RelayEnd, SharedRelayDeps } from './relay-deps.ts';
import { RelayLog } from './relay-log.ts';

/** Time from one look at whether a publisher is here still to the next, ms. */
const LOOK_MS = 250;

/** One pull. */
export class RelayPull implements RelayConnectionOwner {
  readonly plan: PullPlan;
  readonly hasMedia = false;
  readonly #listener: PullListener;
  readonly #deps: SharedRelayDeps;
  readonly #log: RelayLog;
  readonly #attempts: RelayAttempts;
  readonly #pulled: PulledStream;
  readonly #audience: PullAudience;
  readonly #frames: FrameWatch;
  #connection: RelayConnection | null = null;
  /** Time without a frame after which others are asked, ms. */
  #stillMs = 0;
  #hasCome = false;
  /** Runs while somebody else publishes the stream here. */
  #yieldDeadline: Deadline | null = null;
  #isOver = false;

  constructor(plan: PullPlan, listener: PullListener, deps: SharedRelayDeps) {
    const { registry, wheel, settings, pool } = deps;
    this.plan = plan;
    this.#listener = listener;
    this.#deps = deps;
    this.#log = new RelayLog(deps, 'pull', plan);
    const gapMs = settings.startTimeoutMs;
    this.#pulled = new PulledStream(plan.app, plan.streamName, { registry, wheel, gapMs });
    this.#audience = new PullAudience({
      wheel,
      settings,
      viewerCount: listener.viewerCount,
      onGone: () => this.#end('nobody watches'),
    });
    this.#frames = new FrameWatch({
      wheel,
      startTimeoutMs: settings.startTimeoutMs,
      upstreamCount: plan.choice.upstreams.length,
      onStill: (stillMs, servedMs) => this.#still(stillMs, servedMs),
    });
    this.#attempts = new RelayAttempts({
      wheel,
      settings,
      take: (tried) => pool.take(plan.choice, tried),
      open: (lease) => this.#open(lease),
      isAwaited: () => this.#audience.isAwaited,
      none: (nextTryMs) => this.#log.unavailable(nextTryMs),
    });
  }

  /** True once it has published something. */
  get hasCome(): boolean {
    return this.#hasCome;
  }

  /** Makes the first try. */
  start(): void {
    this.#log.started();
    this.#attempts.try();
    if (this.plan.askedBy !== null) this.#audience.watch();
  }

  /**
   * Calls `answer` once, later: as soon as the stream is published here, or when it is clear that it will not be, or that
   * takes too long. Gives what takes the question back.
   */
  wait(answer: (outcome: PullOutcome) => void): () => void {
    const withdraw = this.#audience.wait(answer);
    if (this.#yieldDeadline !== null) this.#goOn();
    else this.#attempts.hurry();
    return withdraw;
  }

  /**
   * Somebody publishes the stream here, or would: nothing is fetched while that goes on. True where the name is free now that
   * was not before.
   */
  giveWay(): boolean {
    const hadName = this.#pulled.isPublished;
    this.#audience.settle('started');
    if (this.#isOver || this.#yieldDeadline !== null) return false;
    const upstreamName = this.#connection?.upstreamName ?? null;
    this.#disconnect();
    this.#attempts.stop();
    this.#pulled.end();
    this.#log.gaveWay(upstreamName);
    this.#yieldLonger();
    return hadName;
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
        // The connection stays: the publisher there may come back. Where there are others, it may have gone to one of them.
        this.#pulled.end();
        this.#frames.paused();
        return;
      default:
    }
  }

  send(): void {
    throw new Error('a pull has nothing to send');
  }

  ended({ outcome, reason }: RelayEnd): void {
    const upstreamName = this.#connection?.upstreamName ?? '';
    const { servedMs } = this.#frames;
    this.#connection = null;
    this.#frames.stop();
    this.#pulled.interrupt();
    const nextTryMs = this.#attempts.over(upstreamName, servedMs);
    this.#log.broke(upstreamName, reason, nextTryMs);
    if (outcome !== 'refused' || nextTryMs === 0) return;
    // All that there are were asked, and the last one said no.
    this.#pulled.end();
    this.#audience.settle('none');
    if (this.plan.askedBy !== null && this.#listener.viewerCount() === 0) this.#end('no upstream has it');
  }

  #open(lease: UpstreamLease): void {
    const silent = this.#connection;
    if (silent !== null) {
      this.#disconnect();
      this.#pulled.interrupt();
      this.#log.broke(silent.upstreamName, `it sent nothing within ${this.#stillMs} ms`, 0);
    }
    const goal = {
      kind: 'play',
      app: this.plan.appAt(lease.name),
      streamName: this.plan.upstreamStreamName,
      client: null,
      hopCount: this.plan.hopCount,
    } as const;
    this.#connection = new RelayConnection(lease, goal, this, this.#deps);
    this.#frames.begin();
  }

  /** Publishes what came; the publish begins here with the first of it. */
  #take(event: PulledEvent): void {
    if (this.#isOver || this.#connection === null) return;
    if (!this.#pulled.isPublished) this.#begin();
    const isFlowing = this.#pulled.take(event, this.#deps.wheel.nowMs());
    if (!isFlowing || !this.#frames.came()) return;
    this.#attempts.stop();
    this.#log.flowing(this.#connection.upstreamName);
  }

  #begin(): void {
    const stream = this.#pulled.begin();
    if (stream === 'name-in-use') this.giveWay();
    else if (typeof stream !== 'string') {
      this.#hasCome = true;
      this.#audience.keep();
      // Those who wait come before the first message, and get all of them.
      this.#audience.settle('started');
      this.#listener.published(stream);
    } else if (this.plan.askedBy !== null) this.#end(stream);
    else this.#leave(stream);
  }

  /** There are other upstreams, and this one has had its time. */
  #still(stillMs: number, servedMs: number): void {
    const connection = this.#connection;
    this.#stillMs = stillMs;
    if (connection?.isConnected === true) this.#attempts.pass(connection.upstreamName, servedMs);
    else connection?.giveUp(`it sent nothing within ${stillMs} ms`);
  }

  /** Ends the publish, and the connection, and tries again later. */
  #leave(reason: string): void {
    const upstreamName = this.#connection?.upstreamName ?? '';
    this.#disconnect();
    this.#attempts.left();
    this.#pulled.end();
    this.#log.broke(upstreamName, reason, this.#attempts.wait());
  }

  #yieldLonger(): void {
    const { wheel } = this.#deps;
    this.#yieldDeadline = wheel.at(wheel.nowMs() + LOOK_MS, () => {
      if (this.#listener.isPublished()) this.#yieldLonger();
      else this.#goOn();
    });
  }

  /** Nobody publishes the stream here any more. */
  #goOn(): void {
    this.#yieldDeadline?.cancel();
    this.#yieldDeadline = null;
    this.#attempts.again();
  }

  #disconnect(): void {
    this.#connection?.close();
    this.#connection = null;
    this.#frames.stop();
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#attempts.stop();
    this.#audience.stop();
    this.#yieldDeadline?.cancel();
    this.#disconnect();
    this.#pulled.end();
    this.#audience.settle('none');
    this.#log.ended(reason);
    this.#listener.ended();
  }
}
