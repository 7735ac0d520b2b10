// What a connection decides of live streams: whether a publish or a play that its client asks for is had, and who sends
// and watches then. Each is answered after every check has said yes.

import type { Link } from '../links/link.ts';
import type { PlayEvent, PublishEvent } from '../protocol/rtmp/server/server-events.ts';
import type { RtmpServerSession } from '../protocol/rtmp/server/server-session.ts';
import { ServerSessionState } from '../protocol/rtmp/server/session-state.ts';
import { StatusCode } from '../protocol/rtmp/server/status.ts';
import type { StreamRegistry } from '../streams/stream-registry.ts';
import { Viewer } from '../streams/viewer.ts';
import { PlayerListener } from './player-listener.ts';
import type { Players } from './players.ts';
import type { Publishers } from './publishers.ts';
import type { Refusal } from './refusal.ts';
import type { SessionLog } from './session-log.ts';
import type { StreamAsk, StreamRelays } from './stream-relays.ts';

const TOO_MANY_STREAMS = 'The server carries as many streams as it can.';

/** What the decisions of one connection are made with. */
export type StreamDecisionsDeps = {
  readonly session: RtmpServerSession;
  readonly log: SessionLog;
  readonly refusal: Refusal;
  readonly link: Link;
  readonly registry: StreamRegistry;
  readonly publishers: Publishers;
  readonly players: Players;
  /** Ends the connection for an error. */
  readonly fail: (error: unknown) => void;
  /** Out chunk size, bytes. */
  readonly chunkSizeBytes: number;
  /** True where late joiners of an app start at the last keyframe, false where they wait for the next one. */
  readonly startsInPast: (app: string) => boolean;
  /** Left out where nothing is relayed. */
  readonly relaying?: {
    readonly relays: StreamRelays;
    /** The connection's error boundary, for an answer that comes later; works off what comes up behind it. */
    readonly runLater: (work: () => void) => void;
  };
};

/** Answers the publishes and plays of one connection. */
export class StreamDecisions {
  readonly #deps: StreamDecisionsDeps;
  /** Takes back the question for the stream that is being fetched; null where none is. A session asks one at a time. */
  #withdraw: (() => void) | null = null;

  constructor(deps: StreamDecisionsDeps) {
    this.#deps = deps;
  }

  /** Answers a publish in `app`. */
  publish(app: string, { messageStreamId, streamName }: PublishEvent): void {
    const { session, log, refusal, registry, publishers, relaying } = this.#deps;
    const ask = this.#askFor(app, streamName);
    let stream = registry.publish(app, streamName);
    // WHY not before: nothing that is fetched is to end for a publish that is refused all the same.
    if (stream === 'name-in-use' && relaying?.relays.giveWay(ask) === true) {
      stream = registry.publish(app, streamName);
    }
    log.published(streamName);
    if (typeof stream === 'string') {
      const text =
        stream === 'name-in-use' ? `${streamName} is published by somebody else.` : TOO_MANY_STREAMS;
      session.rejectPublish(StatusCode.PublishBadName, text);
      this.#refused(text);
      return;
    }
    refusal.lift();
    publishers.add(messageStreamId, stream);
    session.acceptPublish();
    relaying?.relays.published(stream, ask);
  }

  /** Answers a play in `app`; later, where the stream is fetched for it first. */
  play(app: string, event: PlayEvent): void {
    const { log, relaying } = this.#deps;
    log.played(event.streamName);
    const answer = (outcome: 'started' | 'none'): void => {
      this.#withdraw = null;
      relaying?.runLater(() => {
        // Nobody asks any more.
        if (this.#deps.session.state === ServerSessionState.Closed) return;
        if (outcome === 'started') this.#watch(app, event);
        else this.#notFound(event);
      });
    };
    const demand = relaying?.relays.demand(this.#askFor(app, event.streamName), answer);
    if (demand?.type === 'waiting') this.#withdraw = demand.withdraw;
    else if (demand?.type === 'none') this.#notFound(event);
    else this.#watch(app, event);
  }

  /** The connection is over: whatever is still being fetched for it is fetched for others alone. */
  close(): void {
    this.#withdraw?.();
    this.#withdraw = null;
  }

  #askFor(app: string, streamName: string): StreamAsk {
    const { link, session } = this.#deps;
    return { app, streamName, client: link.facts, hopCount: session.hopCount };
  }

  #notFound({ streamName }: PlayEvent): void {
    const text = `${streamName} is not to be had.`;
    this.#deps.session.rejectPlay(StatusCode.PlayStreamNotFound, text);
    this.#refused(text);
  }

  #watch(app: string, { messageStreamId, streamName }: PlayEvent): void {
    const { session, refusal, link, registry, players, chunkSizeBytes, startsInPast } = this.#deps;
    const stream = registry.watch(app, streamName);
    if (typeof stream === 'string') {
      session.rejectPlay(StatusCode.PlayFailed, TOO_MANY_STREAMS);
      this.#refused(TOO_MANY_STREAMS);
      return;
    }
    refusal.lift();
    const listener = new PlayerListener(link, session, messageStreamId, this.#deps.fail);
    const { gatherMs } = link;
    const outlet = session.isEncrypted ? null : link.outlet;
    const viewer = new Viewer(listener, {
      messageStreamId,
      chunkSizeBytes,
      startsInPast: startsInPast(app),
      gatherMs,
      outlet,
    });
    players.add(messageStreamId, stream, viewer);
    session.acceptPlay();
  }

  /** A client that has something else stays, and was not refused for good. */
  #refused(message: string): void {
    const { publishers, players, refusal } = this.#deps;
    if (publishers.count === 0 && players.count === 0) {
      refusal.refused({ code: 'rtmp-stream-refused', message });
    }
  }
}
