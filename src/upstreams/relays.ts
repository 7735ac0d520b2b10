// All relays of the gateway: live streams that are fetched from upstreams, for viewers or by configuration, and live streams
// of here that are sent to upstreams. One pull of a stream however many ask for it.

import { addressBlockOf } from '../auth/address-block.ts';
import type { Relay, Route } from '../config/routing.ts';
import type { ClientTransport } from '../config/words.ts';
import type { Guarded } from '../errors.ts';
import type { LinkFacts, Wheel } from '../links/link.ts';
import { refusalOfHops } from '../links/passage.ts';
import type { LiveStream } from '../streams/live-stream.ts';
import { type PullOutcome, type PullPlan, refusalOfPull } from './pull-plan.ts';
import { MAX_PUSHES, RELAY_STOP_MS, type RelayDeps, type SharedRelayDeps } from './relay-deps.ts';
import { RelayLog } from './relay-log.ts';
import { choiceOfOne, type Demand, keyOf, partsOf, type StreamAsk } from './relay-names.ts';
import { RelayPull } from './relay-pull.ts';
import { type PushPlan, RelayPush } from './relay-push.ts';
import { appAt, matchPushes, matchRoute, namesOfPull, type RouteMatch } from './route.ts';
import type { UpstreamSession } from './upstream-session.ts';

/** What the relays are made with. */
export type RelaysDeps = RelayDeps & {
  readonly routes: readonly Route[];
  readonly relays: readonly Relay[];
  /** The entry of `listen` that took a client in, as `listenerText` writes it. */
  readonly listenerOf: (facts: LinkFacts) => string;
};

/** Who publishes what is sent on; null where that is no client. */
type PushedFor = Pick<PushPlan, 'client' | 'hopCount'>;

type RelayRoute = Extract<RouteMatch, { action: 'splice' | 'relay' }>;

/** The relays. */
export class Relays implements Guarded {
  readonly #deps: RelaysDeps;
  readonly #shared: SharedRelayDeps;
  readonly #sessions = new Set<UpstreamSession>();
  readonly #pulls = new Map<string, RelayPull>();
  /** By the stream's name here. */
  readonly #pushes = new Map<string, Set<RelayPush>>();
  #pushCount = 0;
  #onAllGone: (() => void) | null = null;
  #isStopped = false;

  constructor(deps: RelaysDeps) {
    this.#deps = deps;
    this.#shared = {
      ...deps,
      wheel: this.#guardedWheel(),
      sessions: this.#sessions,
      onSessionGone: () => {
        if (this.#sessions.size === 0) this.#onAllGone?.();
      },
    };
  }

  /** Begins the pulls of the configuration. */
  start(): void {
    for (const relay of this.#deps.relays) {
      if (relay.direction !== 'pull') continue;
      const names = namesOfPull(relay);
      const { app, stream: streamName, target } = relay;
      this.#pull({
        app,
        streamName,
        choice: target,
        appAt: this.#appAt(names, app),
        upstreamStreamName: names.streamName,
        askedBy: null,
        hopCount: 0,
      });
    }
  }

  /**
   * A client asks to play: where a route says that the stream comes from an upstream, and nobody publishes it here, it is
   * fetched, and `answer` is called later.
   */
  demand(ask: StreamAsk, answer: (outcome: PullOutcome) => void): Demand {
    const { app, streamName } = ask;
    if (this.#isStopped || this.#look(app, streamName).isPublished) return { type: 'local' };
    const known = this.#pulls.get(keyOf(app, streamName));
    if (known !== undefined) return { type: 'waiting', withdraw: known.wait(answer) };
    const match = this.#routeOf(ask);
    if (match === null) return { type: 'local' };
    const askedBy = addressBlockOf(ask.client.remoteAddress);
    const refusal = refusalOfHops(ask.hopCount) ?? refusalOfPull(this.#pulls.values(), askedBy);
    if (refusal !== null) {
      new RelayLog(this.#deps, 'pull', ask).refused(refusal);
      return { type: 'none' };
    }
    const pull = this.#pull({
      app,
      streamName,
      choice: match,
      appAt: this.#appAt(match, app),
      upstreamStreamName: match.streamName ?? streamName,
      askedBy,
      hopCount: ask.hopCount,
    });
    return { type: 'waiting', withdraw: pull.wait(answer) };
  }

  /** A client would publish if its name were free: true where it is now, for what was fetched under it gave way. */
  giveWay({ app, streamName }: Pick<StreamAsk, 'app' | 'streamName'>): boolean {
    return this.#pulls.get(keyOf(app, streamName))?.giveWay() ?? false;
  }

  /**
   * A client publishes: the stream goes to where its route and the configuration say, and is fetched from nowhere meanwhile.
   */
  published(stream: LiveStream, ask: StreamAsk): void {
    this.giveWay(ask);
    const match = this.#routeOf(ask);
    if (match !== null) {
      const choices = match.push === 'one' ? [match] : match.upstreams.map(choiceOfOne);
      for (const choice of choices) {
        this.#push(stream, {
          app: ask.app,
          streamName: ask.streamName,
          choice,
          appAt: this.#appAt(match, ask.app),
          upstreamStreamName: match.streamName ?? ask.streamName,
          client: ask.client,
          hopCount: ask.hopCount,
        });
      }
    }
    this.#pushByConfiguration(stream, ask);
  }

  /** Ends all, and resolves when the upstreams have been told, within a bounded time. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const pull of [...this.#pulls.values()]) pull.stop();
    for (const pushes of [...this.#pushes.values()]) for (const push of [...pushes]) push.stop();
    if (this.#sessions.size === 0) return;
    await new Promise<void>((resolve) => {
      const { wheel } = this.#deps;
      const deadline = wheel.at(wheel.nowMs() + RELAY_STOP_MS, resolve);
      this.#onAllGone = () => {
        deadline.cancel();
        resolve();
      };
    });
  }

  /** An error of ours in what the wheel called: the boundary has told it, and whatever it was about goes on. */
  fail(): void {
    this.#deps.count('relay-internal-error');
  }

  #pull(plan: PullPlan): RelayPull {
    const key = keyOf(plan.app, plan.streamName);
    const known = this.#pulls.get(key);
    if (known !== undefined) return known;
    const viewerCount = (): number => {
      return this.#look(plan.app, plan.streamName).viewerCount - (this.#pushes.get(key)?.size ?? 0);
    };
    const pull = new RelayPull(
      plan,
      {
        published: (stream) => this.#pushByConfiguration(stream, { client: null, hopCount: 0 }),
        isPublished: () => this.#look(plan.app, plan.streamName).isPublished,
        viewerCount,
        ended: () => this.#pulls.delete(key),
      },
      this.#shared,
    );
    this.#pulls.set(key, pull);
    pull.start();
    return pull;
  }

  #pushByConfiguration(stream: LiveStream, { client, hopCount }: PushedFor): void {
    const { app, instance } = partsOf(stream.app);
    for (const names of matchPushes(this.#deps.relays, { app, instance, streamName: stream.name })) {
      const { target } = names.relay;
      const choices = target.push === 'one' ? [target] : target.upstreams.map(choiceOfOne);
      for (const choice of choices) {
        this.#push(stream, {
          app: stream.app,
          streamName: stream.name,
          choice,
          appAt: this.#appAt(names, stream.app),
          upstreamStreamName: names.streamName,
          client,
          hopCount,
        });
      }
    }
  }

  #push(stream: LiveStream, plan: PushPlan): void {
    if (this.#isStopped) return;
    const circle = refusalOfHops(plan.hopCount);
    const known = circle === null ? this.#pushTo(stream, plan) : null;
    if (known !== null) {
      known.renew(plan);
      return;
    }
    const isFull = this.#pushCount >= MAX_PUSHES;
    const refusal = circle ?? (isFull ? `expected fewer than ${MAX_PUSHES} pushes` : null);
    if (refusal !== null) {
      new RelayLog(this.#deps, 'push', plan).refused(refusal);
      return;
    }
    const key = keyOf(plan.app, plan.streamName);
    const pushes = this.#pushes.get(key) ?? new Set();
    const forget = (ended: RelayPush): void => {
      this.#pushCount -= 1;
      pushes.delete(ended);
      if (pushes.size === 0) this.#pushes.delete(key);
    };
    const push = new RelayPush(plan, stream, forget, this.#shared);
    this.#pushCount += 1;
    this.#pushes.set(key, pushes.add(push));
    push.start();
  }

  /** The push that sends a stream to the same place already: for a route, or since the publish before. */
  #pushTo(stream: LiveStream, plan: PushPlan): RelayPush | null {
    const placeOf = ({ choice: { upstreams }, appAt: appFor, upstreamStreamName }: PushPlan): string =>
      JSON.stringify([upstreams.map((name) => [name, appFor(name)]), upstreamStreamName]);
    const place = placeOf(plan);
    const pushes = this.#pushes.get(keyOf(plan.app, plan.streamName)) ?? [];
    return [...pushes].find((push) => push.isOf(stream) && placeOf(push.plan) === place) ?? null;
  }

  #routeOf({ app: path, streamName, client }: StreamAsk): RelayRoute | null {
    const { routes, listenerOf } = this.#deps;
    const { app, instance } = partsOf(path);
    const transport: ClientTransport = client.transport;
    const match = matchRoute(routes, { app, instance, streamName, listener: listenerOf(client), transport });
    return match?.action === 'relay' ? match : null;
  }

  #appAt(names: { readonly app: string | null }, path: string): (upstreamName: string) => string {
    const { upstreamOf } = this.#deps;
    return (upstreamName) => appAt(names, upstreamOf(upstreamName).url, partsOf(path));
  }

  /** What there is of a live stream now, without making one. */
  #look(app: string, streamName: string): { readonly isPublished: boolean; readonly viewerCount: number } {
    const { registry } = this.#deps;
    const stream = registry.watch(app, streamName);
    if (typeof stream === 'string') return { isPublished: false, viewerCount: 0 };
    const { isPublished, viewerCount } = stream;
    registry.release(stream);
    return { isPublished, viewerCount };
  }

  #guardedWheel(): Wheel {
    const { wheel, guard } = this.#deps;
    return {
      nowMs: () => wheel.nowMs(),
      at: (deadlineMs, callback) => wheel.at(deadlineMs, () => guard(this, callback)),
    };
  }
}
