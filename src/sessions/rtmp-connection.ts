// The driver: joins one Link to an RTMP server session, and both to the live streams. It decides what the session
// asks (is the name free?), moves media into the streams and viewers' positions out of them, and sees to it that
// whatever the connection held is released exactly once, however it ends.

import { randomBytes } from 'node:crypto';
import type { Admission, Verdict } from '../auth/admission.ts';
import type { EndReason, ErrorCode, Guard, Guarded } from '../errors.ts';
import { ERRORS } from '../errors.ts';
import type { Deadline, Link, LinkEndpoint, Wheel } from '../links/link.ts';
import type {
  ConnectEvent,
  FilterEvent,
  PlayEvent,
  PublishEvent,
  ServerEvent,
} from '../protocol/rtmp/server/server-events.ts';
import type { ServerSessionOptions } from '../protocol/rtmp/server/server-session.ts';
import { RtmpServerSession } from '../protocol/rtmp/server/server-session.ts';
import { ServerSessionState } from '../protocol/rtmp/server/session-state.ts';
import { StatusCode } from '../protocol/rtmp/server/status.ts';
import type { StreamRegistry } from '../streams/stream-registry.ts';
import { Viewer } from '../streams/viewer.ts';
import { admissionRequestOf, askAdmission } from './ask-admission.ts';
import { joined, lengthOf } from './chunk-list.ts';
import { Players } from './players.ts';
import { Publishers } from './publishers.ts';
import type { Logger } from './session-log.ts';
import { SessionLog } from './session-log.ts';

/** Time a client that was refused gets to read why before the connection is closed, ms. */
const REFUSAL_GRACE_MS = 1000;

/** Ends that the peer chose: behind a refusal they say less than it. */
const PEERS_OWN_ENDS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'peer-closed',
  'peer-reset',
  'tunnel-silent',
  'tunnel-detached',
]);

const TOO_MANY_STREAMS = 'The server carries as many streams as it can.';

const SHUTTING_DOWN = 'The server is shutting down.';

const NOTHING: readonly Uint8Array[] = [];

/** What all connections share. */
export type ConnectionDeps = {
  readonly registry: StreamRegistry;
  readonly wheel: Wheel;
  readonly guard: Guard;
  readonly log: Logger;
  readonly sessionOptions: Omit<ServerSessionOptions, 'randomBytes'>;
  /** True where late joiners start at the last keyframe, false where they wait for the next one. */
  readonly startsInPast: boolean;
  /** Who may connect, by application; whoever likes where an application has none. */
  readonly admissions: ReadonlyMap<string, Admission>;
  /** Told when the connection is over, last of all, and why. */
  readonly onEnd: (connection: RtmpConnection, reason: EndReason) => void;
};

/** One client, from its first byte to its end. */
export class RtmpConnection implements LinkEndpoint, Guarded {
  readonly #link: Link;
  readonly #deps: ConnectionDeps;
  readonly #session: RtmpServerSession;
  readonly #log: SessionLog;
  readonly #publishers: Publishers;
  readonly #players: Players;
  #app = '';
  #deadline: Deadline | null = null;
  /** True once it was told to end, or has ended: nothing is kept for it any more. */
  #isOver = false;
  #isEnded = false;
  /** Why connect, or the last publish or play, was refused; null where none was, or a later one was not. */
  #refusal: EndReason | null = null;

  constructor(link: Link, deps: ConnectionDeps) {
    this.#link = link;
    this.#deps = deps;
    const nowMs = deps.wheel.nowMs();
    this.#session = new RtmpServerSession({ ...deps.sessionOptions, randomBytes }, nowMs);
    this.#log = new SessionLog(deps.log, link.facts, nowMs);
    this.#publishers = new Publishers(deps.registry);
    this.#players = new Players(deps.registry);
    this.#armDeadline();
    link.attach(this);
  }

  get isSetUp(): boolean {
    return this.#publishers.count > 0 || this.#players.count > 0;
  }

  receive(bytes: Uint8Array): void {
    this.#log.bytesIn += bytes.length;
    try {
      this.#session.receive(bytes, this.#deps.wheel.nowMs());
    } finally {
      // WHY: what came whole before a fault counts, however the bytes were cut.
      this.#workOff();
    }
  }

  take(maxBytes: number): readonly Uint8Array[] {
    return this.#counted(this.#take(maxBytes));
  }

  takeAnswers(maxBytes: number): readonly Uint8Array[] {
    return this.#counted(this.#takeSaid(maxBytes));
  }

  failed(reason: EndReason): void {
    const status = ERRORS[reason.code].rtmpStatus;
    if (status !== null) this.#session.sayStatus('error', status, reason.message);
    this.#giveUp();
  }

  closed(reason: EndReason): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    // WHY: a client that was refused mostly hangs up itself, and the log is to say why it came to nothing.
    const cause = PEERS_OWN_ENDS.has(reason.code) && !this.isSetUp ? (this.#refusal ?? reason) : reason;
    this.#giveUp();
    this.#log.skips = this.#players.skips;
    this.#log.end(cause, this.#deps.wheel.nowMs(), this.#session.counters);
    this.#deps.onEnd(this, cause);
  }

  /** Ends the connection for a reason of its own; the boundary calls this too. */
  fail(reason: EndReason): void {
    this.failed(reason);
    this.#link.close(reason);
  }

  /** Asks the client to connect again because the server ends; false where it cannot, and is to be drained at once. */
  askToReconnect(): boolean {
    if (this.#isOver || !this.#session.requestReconnect({ description: SHUTTING_DOWN })) return false;
    this.#link.wake();
    return true;
  }

  /** Tells the client that the server ends, and closes. */
  drain(): void {
    const reason: EndReason = { code: 'drain', message: SHUTTING_DOWN };
    this.#session.endStreams(reason.message);
    this.fail(reason);
  }

  /** The session's own messages first, then the logs; S0, S1 and S2 alone. What a viewer has the session say of a
   * publish follows the bytes before it, and comes before those behind it. */
  #take(maxBytes: number): readonly Uint8Array[] {
    const session = this.#session;
    const said = this.#takeSaid(maxBytes);
    if (session.hasOutput) return said;
    const played = session.encrypted(this.#players.take(maxBytes - lengthOf(said), said.length === 0));
    if (said.length === 0 && played.length === 0 && session.hasOutput) return session.takeOutput(maxBytes);
    return joined(said, played);
  }

  #takeSaid(maxBytes: number): readonly Uint8Array[] {
    return this.#session.hasOutput ? this.#session.takeOutput(maxBytes) : NOTHING;
  }

  #counted(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
    this.#log.bytesOut += lengthOf(chunks);
    return chunks;
  }

  /** Handles what came up, which may bring up more, and then wakes the Link once. */
  #workOff(): void {
    for (let events = this.#session.drainEvents(); events.length > 0; events = this.#session.drainEvents()) {
      for (const event of events) this.#handle(event);
    }
    if (this.#session.hasOutput) this.#link.wake();
  }

  #handle(event: ServerEvent): void {
    switch (event.type) {
      case 'audio':
      case 'video':
      case 'data':
        if (!this.#publishers.publish(event)) this.#session.refuse(event.type);
        return;
      case 'unpublish':
        this.#publishers.end(event.messageStreamId);
        return;
      case 'stop':
        this.#players.end(event.messageStreamId);
        return;
      case 'filter':
        this.#filter(event);
        return;
      case 'seek':
        this.#players.restart(event.messageStreamId);
        this.#link.wake();
        return;
      default:
        // A session that an error has closed wants no decision any more.
        if (this.#session.state !== ServerSessionState.Closed) this.#decide(event);
    }
  }

  #decide(event: ConnectEvent | PublishEvent | PlayEvent): void {
    if (event.type === 'connect') this.#connect(event);
    else if (event.type === 'publish') this.#publish(event);
    else this.#play(event);
  }

  #connect(event: ConnectEvent): void {
    this.#app = event.instance === '' ? event.app : `${event.app}/${event.instance}`;
    const admission = this.#deps.admissions.get(event.app);
    if (admission === undefined) {
      this.#judge(event, { type: 'accept' });
      return;
    }
    const request = admissionRequestOf(event, this.#link.facts.remoteAddress);
    const decide = (verdict: Verdict): void => this.#judge(event, verdict);
    askAdmission(admission, request, decide, (work) => {
      this.#deps.guard(this, () => {
        work();
        if (!this.#isOver) this.#workOff();
      });
    });
  }

  #judge({ flashVersion }: ConnectEvent, verdict: Verdict): void {
    if (this.#isOver) return;
    if (verdict.type === 'accept') {
      // WHY: first, for accepting reads on, and what it reads may end the session.
      this.#log.connected(this.#app, flashVersion);
      this.#session.acceptConnect();
    } else {
      this.#log.refused(this.#app, flashVersion, verdict.isStep);
      this.#session.rejectConnect(verdict.code, verdict.description);
      this.#refuse(verdict.reason, 'rtmp-connect-refused');
    }
  }

  #publish({ messageStreamId, streamName }: PublishEvent): void {
    const stream = this.#deps.registry.publish(this.#app, streamName);
    if (typeof stream === 'string') {
      const text =
        stream === 'name-in-use' ? `${streamName} is published by somebody else.` : TOO_MANY_STREAMS;
      this.#log.published(streamName);
      this.#session.rejectPublish(StatusCode.PublishBadName, text);
      this.#refuse(text);
      return;
    }
    this.#refusal = null;
    this.#publishers.add(messageStreamId, stream);
    this.#log.published(streamName);
    this.#session.acceptPublish();
  }

  #play({ messageStreamId, streamName }: PlayEvent): void {
    const stream = this.#deps.registry.watch(this.#app, streamName);
    if (typeof stream === 'string') {
      this.#log.played(streamName);
      this.#session.rejectPlay(StatusCode.PlayFailed, TOO_MANY_STREAMS);
      this.#refuse(TOO_MANY_STREAMS);
      return;
    }
    this.#refusal = null;
    const listener = {
      wake: () => this.#link.wake(),
      publishEnded: () => this.#session.publishEnded(messageStreamId),
      publishStarted: () => this.#session.publishStarted(messageStreamId),
    };
    const { startsInPast, sessionOptions } = this.#deps;
    const { chunkSizeBytes } = sessionOptions;
    const viewer = new Viewer(listener, { messageStreamId, chunkSizeBytes, startsInPast });
    this.#players.add(messageStreamId, stream, viewer);
    this.#log.played(streamName);
    this.#session.acceptPlay();
  }

  #filter({ messageStreamId, audio, video, isPaused }: FilterEvent): void {
    this.#players.setFilter(messageStreamId, { audio, video, isPaused });
    this.#link.wake();
  }

  /** Ends the session, and gives back all that the connection publishes and plays. */
  #giveUp(): void {
    this.#isOver = true;
    this.#deadline?.cancel();
    this.#session.close();
    this.#publishers.endAll();
    this.#players.endAll();
  }

  /** Remembers why, and leaves a refused client the time to show it. */
  #refuse(message: string, code: ErrorCode = 'rtmp-stream-refused'): void {
    const reason: EndReason = { code, message };
    if (!this.isSetUp) this.#refusal = reason;
    this.#deps.wheel.at(this.#deps.wheel.nowMs() + REFUSAL_GRACE_MS, () => {
      if (!this.#isOver && !this.isSetUp) this.#link.close(reason);
    });
  }

  #armDeadline(): void {
    this.#deadline = this.#deps.wheel.at(this.#session.nextDeadlineMs(), () => {
      this.#deps.guard(this, () => {
        this.#session.tick(this.#deps.wheel.nowMs());
        this.#workOff();
        if (!this.#isOver) this.#armDeadline();
      });
    });
  }
}
