// One live stream of here, published at an upstream: a viewer of the stream, whose position in the log is all that waits
// for a slow upstream, and a connection that carries what it takes. Where that breaks off, the viewer pauses, and goes on
// at a keyframe of the next connection, in the stream's own time.

import type { EndReason, Guarded } from '../errors.ts';
import type { LinkFacts } from '../links/link.ts';
import type { ClientEvent } from '../protocol/rtmp/client/client-events.ts';
import type { ClientSession } from '../protocol/rtmp/client/client-session.ts';
import { MessageType } from '../protocol/rtmp/message.ts';
import type { LiveStream } from '../streams/live-stream.ts';
import { Viewer, type ViewerListener } from '../streams/viewer.ts';
import type { PoolChoice } from './pool.ts';
import { RelayAttempts } from './relay-attempts.ts';
import { RelayConnection, type RelayConnectionOwner } from './relay-connection.ts';
import { publishedBody } from './relay-data.ts';
import type { RelayEnd, SharedRelayDeps } from './relay-deps.ts';
import { RelayLog } from './relay-log.ts';
import { RelayMessages } from './relay-messages.ts';

/** What a push is made of. */
export type PushPlan = {
  /** Application here, with its instance, and name here. */
  readonly app: string;
  readonly streamName: string;
  /** It goes to one of these; of one alone where it goes to each of several, by a push each. */
  readonly choice: PoolChoice;
  /** Application at an upstream, with its instance; and the name there. */
  readonly appAt: (upstreamName: string) => string;
  readonly upstreamStreamName: string;
  /** Who publishes the stream here when it begins; null where that is no client. */
  readonly client: LinkFacts | null;
  /** Gateways that this client has come through. */
  readonly hopCount: number;
};

/** One push, from where the stream is published here until that ends. */
export class RelayPush implements RelayConnectionOwner, ViewerListener, Guarded {
  readonly plan: PushPlan;
  readonly #stream: LiveStream;
  readonly #onEnd: (push: RelayPush) => void;
  readonly #deps: SharedRelayDeps;
  readonly #log: RelayLog;
  readonly #attempts: RelayAttempts;
  readonly #viewer: Viewer;
  readonly #messages: RelayMessages;
  #connection: RelayConnection | null = null;
  /** Who publishes now, through how many gateways, and whom the connection has named to the upstream. */
  #client: LinkFacts | null;
  #hopCount: number;
  #namedClient: LinkFacts | null = null;
  /** When the upstream took the publish; null while it has not. */
  #servingSinceMs: number | null = null;
  /** True once all was taken of a publish that is over, or it is stopped. */
  #isOver = false;
  #isRenewed = false;

  /** Of a stream that is published; `onEnd` is called once. */
  constructor(plan: PushPlan, stream: LiveStream, onEnd: (push: RelayPush) => void, deps: SharedRelayDeps) {
    const { settings, chunkSizeBytes } = deps;
    this.plan = plan;
    this.#client = plan.client;
    this.#hopCount = plan.hopCount;
    this.#stream = stream;
    this.#onEnd = onEnd;
    this.#deps = deps;
    this.#log = new RelayLog(deps, 'push', plan);
    this.#messages = new RelayMessages(chunkSizeBytes);
    this.#viewer = new Viewer(this, {
      messageStreamId: 1,
      chunkSizeBytes,
      startsInPast: true,
      gatherMs: 0,
      outlet: null,
      lag: { maxBytes: settings.maxQueueBytes, maxMs: settings.maxQueueTimeMs },
    });
    this.#attempts = new RelayAttempts({
      wheel: deps.wheel,
      settings,
      take: (tried) => deps.pool.take(plan.choice, tried),
      open: (lease) => {
        const goal = {
          kind: 'publish',
          app: plan.appAt(lease.name),
          streamName: plan.upstreamStreamName,
          client: this.#client,
          hopCount: this.#hopCount,
        } as const;
        this.#namedClient = this.#client;
        this.#connection = new RelayConnection(lease, goal, this, deps);
      },
      isAwaited: () => false,
      none: (nextTryMs) => this.#log.unavailable(nextTryMs),
    });
  }

  /** True where it sends that stream, and is not about to end. */
  isOf(stream: LiveStream): boolean {
    return this.#stream === stream && !this.#isOver;
  }

  /** The stream is published anew, by another client, before the end of the publish before came through: it is sent on. */
  renew({ client, hopCount }: Pick<PushPlan, 'client' | 'hopCount'>): void {
    this.#isRenewed = true;
    this.#client = client;
    this.#hopCount = hopCount;
  }

  /** Makes the first try. */
  start(): void {
    this.#log.started();
    this.#setPaused(true);
    this.#stream.addViewer(this.#viewer);
    this.#attempts.try();
  }

  /** Ends it. */
  stop(): void {
    this.#end('the gateway stops');
  }

  get hasMedia(): boolean {
    return !this.#isOver && this.#viewer.hasMore;
  }

  wake(): void {
    if (this.#connection?.isPublishing === true) this.#connection.wake();
    // WHY: a viewer that is paused gives nothing, but tells where the publish is over.
    else this.#viewer.take(0);
  }

  failed(error: unknown): void {
    this.#deps.guard(this, () => {
      throw error;
    });
  }

  fail(reason: EndReason): void {
    this.#end(reason.code);
  }

  publishStarted(): void {
    // Headers and a keyframe follow by themselves.
  }

  publishEnded(): void {
    if (this.#isOver) return;
    const goesOn = this.#isRenewed && this.#stream.isPublished;
    this.#isRenewed = false;
    if (goesOn) {
      // WHY: not in the middle of `send`, as below.
      if (this.#namesAnother()) this.#deps.scheduler.after(0, () => this.#connectAnew());
      return;
    }
    this.#isOver = true;
    // WHY: not in the middle of `send`, whose Link is asking for bytes.
    this.#deps.scheduler.after(0, () => this.#finish('the publish ended'));
  }

  heard(event: ClientEvent): void {
    if (event.type === 'publish-started') {
      this.#servingSinceMs = this.#deps.wheel.nowMs();
      this.#log.flowing(this.#connection?.upstreamName ?? '');
      this.#setPaused(false);
      this.#connection?.wake();
    } else if (event.type === 'publish-stopped') {
      this.#connection?.close();
      this.ended({ outcome: 'broke', reason: 'the upstream ended the publish' });
    }
  }

  send(session: ClientSession, maxBytes: number): void {
    if (this.#isOver) return;
    this.#messages.read(this.#viewer.take(maxBytes), ({ typeId, timestampMs, payload }) => {
      if (typeId === MessageType.Audio) session.sendAudio(timestampMs, payload);
      else if (typeId === MessageType.Video) session.sendVideo(timestampMs, payload);
      else session.sendData(timestampMs, publishedBody(payload));
    });
    if (this.#isOver) session.closeStream();
  }

  ended({ reason }: RelayEnd): void {
    const upstreamName = this.#connection?.upstreamName ?? '';
    const { wheel } = this.#deps;
    const servedMs = this.#servingSinceMs === null ? 0 : wheel.nowMs() - this.#servingSinceMs;
    this.#connection = null;
    this.#servingSinceMs = null;
    if (this.#isOver) return;
    this.#setPaused(true);
    this.#log.broke(upstreamName, reason, this.#attempts.over(upstreamName, servedMs));
    // Its end may have come with that of the publish.
    this.#viewer.take(0);
  }

  /** True where the upstream was told the address of a client that publishes no more. */
  #namesAnother(): boolean {
    if (this.#connection === null) return false;
    const { proxyProtocol, addressProperty, addressParameter } = this.#deps.upstreamOf(
      this.#connection.upstreamName,
    );
    const isTold = proxyProtocol !== 'none' || addressProperty !== '' || addressParameter !== '';
    return isTold && this.#namedClient?.remoteAddress !== this.#client?.remoteAddress;
  }

  #connectAnew(): void {
    if (this.#isOver || !this.#namesAnother()) return;
    this.#connection?.close();
    this.#connection = null;
    this.#servingSinceMs = null;
    this.#setPaused(true);
    this.#attempts.again();
  }

  #setPaused(isPaused: boolean): void {
    this.#viewer.setFilter({ audio: true, video: true, isPaused });
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#finish(reason);
  }

  #finish(reason: string): void {
    this.#attempts.stop();
    this.#connection?.close();
    this.#connection = null;
    this.#stream.removeViewer(this.#viewer);
    this.#deps.registry.release(this.#stream);
    const { skips, skippedBytes } = this.#viewer;
    this.#log.ended(reason, { skips, skippedBytes });
    this.#onEnd(this);
  }
}
