// The driver: joins one Link to an RTMP server session, and both to the live streams. It decides what the session
// asks (entrance.ts, stream-decisions.ts), moves media into the streams and viewers' positions out of them, and sees to
// it that whatever the connection held is released exactly once, however it ends.

import { randomBytes } from 'node:crypto';
import type { Admission } from '../auth/admission.ts';
import type { EndReason, Guard, Guarded } from '../errors.ts';
import { ERRORS } from '../errors.ts';
import type { Deadline, Link, LinkEndpoint, Wheel } from '../links/link.ts';
import type { Front } from '../links/passage.ts';
import type { Logger } from '../log.ts';
import type { ServerEvent } from '../protocol/rtmp/server/server-events.ts';
import type { ServerSessionOptions } from '../protocol/rtmp/server/server-session.ts';
import { RtmpServerSession } from '../protocol/rtmp/server/server-session.ts';
import { ServerSessionState } from '../protocol/rtmp/server/session-state.ts';
import type { StreamScheduler } from '../streams/audience.ts';
import type { StreamRegistry } from '../streams/stream-registry.ts';
import { Entrance } from './entrance.ts';
import { HandOver } from './hand-over.ts';
import { Outgoing } from './outgoing.ts';
import { Players } from './players.ts';
import { Publishers } from './publishers.ts';
import { Refusal } from './refusal.ts';
import { SessionLog } from './session-log.ts';
import { StreamDecisions } from './stream-decisions.ts';
import type { StreamRelays } from './stream-relays.ts';

const SHUTTING_DOWN = 'The server is shutting down.';

/** LIMIT: batches of MAX_WAITING_EVENTS that one connection's input may have handled in a turn, some 10 ms of work; more
 * than any read of a socket brings up. */
const MAX_BATCHES_A_TURN = 8;

/** What all connections share. */
export type ConnectionDeps = {
  readonly registry: StreamRegistry;
  readonly wheel: Wheel;
  readonly scheduler: StreamScheduler;
  readonly guard: Guard;
  readonly log: Logger;
  readonly sessionOptions: Omit<ServerSessionOptions, 'randomBytes'>;
  /** True where late joiners of an app start at the last keyframe, false where they wait for the next one. */
  readonly startsInPast: (app: string) => boolean;
  /** Who may connect, by application; whoever likes where an application has none. */
  readonly admissions: ReadonlyMap<string, Admission>;
  /** Where clients are passed on to; null where the gateway serves them all. */
  readonly front: Front | null;
  /** What fetches and passes on live streams; null where nothing is relayed. */
  readonly relays: StreamRelays | null;
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
  readonly #outgoing: Outgoing;
  readonly #refusal: Refusal;
  readonly #entrance: Entrance;
  readonly #decisions: StreamDecisions;
  readonly #handOver: HandOver;
  #deadline: Deadline | null = null;
  #deadlineMs = Number.POSITIVE_INFINITY;
  /** True once it was told to end, or has ended: nothing is kept for it any more. */
  #isOver = false;
  #isEnded = false;
  /** True while a turn of its own is asked for, for events that were left. */
  #isWorkLeft = false;

  constructor(link: Link, deps: ConnectionDeps) {
    this.#link = link;
    this.#deps = deps;
    const nowMs = deps.wheel.nowMs();
    this.#session = new RtmpServerSession({ ...deps.sessionOptions, randomBytes }, nowMs);
    this.#log = new SessionLog(deps.log, link.facts, nowMs);
    this.#publishers = new Publishers(deps.registry);
    this.#players = new Players(deps.registry);
    this.#outgoing = new Outgoing(this.#session, this.#players, this.#log);
    this.#refusal = new Refusal(deps.wheel, (reason) => link.close(reason));
    const parts = { session: this.#session, log: this.#log, refusal: this.#refusal };
    const runLater = (work: () => void): void => this.#runLater(work);
    this.#handOver = new HandOver({
      ...parts,
      link,
      runLater,
      onHandedOver: () => {
        this.#isOver = true;
        this.#deadline?.cancel();
      },
      onEnd: (reason) => this.closed(reason),
    });
    this.#entrance = new Entrance({
      ...parts,
      admissions: deps.admissions,
      facts: link.facts,
      front: deps.front,
      passOn: (passage) => this.#handOver.begin(passage),
      runLater,
    });
    this.#decisions = new StreamDecisions({
      ...parts,
      link,
      registry: deps.registry,
      publishers: this.#publishers,
      players: this.#players,
      fail: (error) => this.#failFor(error),
      chunkSizeBytes: deps.sessionOptions.chunkSizeBytes,
      startsInPast: deps.startsInPast,
      ...(deps.relays === null ? {} : { relaying: { relays: deps.relays, runLater } }),
    });
    this.#armDeadline();
    link.attach(this);
  }

  get isSetUp(): boolean {
    return this.#publishers.count > 0 || this.#players.count > 0;
  }

  get hasMore(): boolean {
    return this.#outgoing.hasMore;
  }

  receive(bytes: Uint8Array): void {
    this.#log.bytesIn += bytes.length;
    this.#handOver.heard(bytes.length);
    try {
      this.#session.receive(bytes, this.#deps.wheel.nowMs());
    } finally {
      // WHY: what came whole before a fault counts, however the bytes were cut.
      this.#workOff();
    }
  }

  take(maxBytes: number): readonly Uint8Array[] {
    return this.#outgoing.take(maxBytes);
  }

  takeDue(maxBytes: number): readonly Uint8Array[] {
    return this.#outgoing.take(maxBytes, true);
  }

  takeAnswers(maxBytes: number): readonly Uint8Array[] {
    return this.#outgoing.takeAnswers(maxBytes);
  }

  failed(reason: EndReason): void {
    const status = ERRORS[reason.code].rtmpStatus;
    if (status !== null) this.#session.sayStatus('error', status, reason.message);
    this.#giveUp();
  }

  closed(reason: EndReason): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const cause = this.#refusal.causeOf(reason);
    this.#giveUp();
    this.#log.skips = this.#players.skips;
    this.#log.skippedBytes = this.#players.skippedBytes;
    this.#log.bytesOut += this.#players.offeredBytes;
    const tunnel = this.#link.diagnostics?.() ?? null;
    this.#log.end(cause, this.#deps.wheel.nowMs(), this.#session.counters, tunnel);
    this.#deps.onEnd(this, cause);
  }

  /** Ends the connection for a reason of its own; the boundary calls this too. */
  fail(reason: EndReason): void {
    this.failed(reason);
    this.#link.close(reason);
  }

  /**
   * Asks the client to connect again because the server ends: at `tcUrl`, or at the same address where that is null. False
   * where it cannot, and is to be drained at once.
   */
  askToReconnect(tcUrl: string | null): boolean {
    const request = { description: SHUTTING_DOWN, ...(tcUrl === null ? {} : { tcUrl }) };
    if (this.#isOver || !this.#session.requestReconnect(request)) return false;
    this.#link.wake();
    return true;
  }

  /** Tells the client that the server ends, and closes. */
  drain(): void {
    const reason: EndReason = { code: 'drain', message: SHUTTING_DOWN };
    const { successor } = this.#handOver;
    if (successor !== null) {
      successor.end(reason);
      return;
    }
    this.#session.endStreams(reason.message);
    this.fail(reason);
  }

  /**
   * Handles what came up, which may bring up more, and then wakes the Link once. What is left behind so many batches is
   * for the next turn, and the peer waits meanwhile. WHY: the body of one tunnel request may hold a million messages, and
   * others want to be served; a /close behind it would end the session before the rest of them is handled.
   */
  #workOff(): void {
    for (let batches = 0; ; batches++) {
      const events = this.#session.drainEvents();
      if (events.length === 0) break;
      for (const event of events) this.#handle(event);
      if (batches === MAX_BATCHES_A_TURN) {
        this.#workOffLater();
        break;
      }
    }
    if (this.#session.hasOutput) this.#link.wake();
    // An accepted connect watches shorter times than those of the way there.
    if (!this.#isOver && this.#session.nextDeadlineMs() < this.#deadlineMs) this.#armDeadline();
  }

  #workOffLater(): void {
    if (this.#isWorkLeft) return;
    this.#isWorkLeft = true;
    this.#link.pause();
    this.#deps.scheduler.after(0, () => {
      this.#isWorkLeft = false;
      if (!this.#isOver) this.#deps.guard(this, () => this.#workOff());
      if (!this.#isWorkLeft) this.#link.resume();
    });
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
        this.#players.setFilter(event.messageStreamId, event);
        this.#link.wake();
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

  #decide(event: Extract<ServerEvent, { type: 'connect' | 'publish' | 'play' }>): void {
    if (event.type === 'connect') this.#entrance.connect(event);
    else if (event.type === 'publish') this.#decisions.publish(this.#entrance.app, event);
    else this.#decisions.play(this.#entrance.app, event);
  }

  /** Ends the session, and gives back all that the connection publishes and plays. */
  #giveUp(): void {
    if (!this.#isOver) this.#log.waitingBytes = this.#players.waitingBytes;
    this.#isOver = true;
    this.#deadline?.cancel();
    this.#refusal.stop();
    this.#entrance.close();
    this.#handOver.stop();
    this.#decisions.close();
    this.#session.close();
    this.#publishers.endAll();
    this.#players.endAll();
  }

  /** Runs inside of the error boundary what no bytes of the client call for, and works off what comes up behind it. */
  #runLater(work: () => void): void {
    this.#deps.guard(this, () => {
      work();
      if (!this.#isOver) this.#workOff();
    });
  }

  #failFor(error: unknown): void {
    this.#deps.guard(this, () => {
      throw error;
    });
  }

  #armDeadline(): void {
    this.#deadline?.cancel();
    this.#deadlineMs = this.#session.nextDeadlineMs();
    this.#deadline = this.#deps.wheel.at(this.#deadlineMs, () => {
      this.#deps.guard(this, () => {
        this.#session.tick(this.#deps.wheel.nowMs());
        this.#workOff();
        if (!this.#isOver) this.#armDeadline();
      });
    });
  }
}
