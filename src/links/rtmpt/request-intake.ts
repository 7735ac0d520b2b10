// The way of one session's requests to it: straight through, unless the session cannot take in what they bring, or they
// come faster than one session may ask. Then they wait, one behind the other and their bodies unread; their connections
// are not read on, so that TCP holds the client back, and nothing is lost. [RTMPT-NOTE 6]

import type { Socket } from 'node:net';
import { TokenBucket } from '../../protocol/bytes/token-bucket.ts';
import type { Wheel } from '../link.ts';
import { readThroughStream } from '../read-through-stream.ts';

/** LIMIT: requests that wait for one session; more than come with two reads of 64 KiB, as short as they can be. */
export const MAX_WAITING_REQUESTS = 2048;

/** One request that may have to wait. */
export type IntakeRequest = {
  /** What it came on. */
  readonly socket: Socket;
  /** True where it brings no bytes: the session takes it even when it can take in nothing. */
  readonly isEmpty: boolean;
  /** Reads it and has the session handle it; `done` is to be called when that is over, or it turned out to be too long. */
  readonly read: (done: () => void) => void;
};

/** What it is made with. */
export type RequestIntakeOptions = {
  readonly wheel: Wheel;
  /** In the long run, and as many at once. */
  readonly maxRequestsPerSecond: number;
  /** Nothing is held back any more. */
  readonly onOpen: () => void;
};

/** Lets requests through to one session. */
export class RequestIntake {
  readonly #wheel: Wheel;
  readonly #onOpen: () => void;
  readonly #rate: TokenBucket;
  readonly #waiting: IntakeRequest[] = [];
  /** The one of them that was let in last, until it is handled, or takes longer than what had come of it. */
  #reading: IntakeRequest | null = null;
  #isPaused = false;
  #isOver = false;
  #isRetryDue = false;
  #delayedRequests = 0;

  constructor({ wheel, maxRequestsPerSecond, onOpen }: RequestIntakeOptions) {
    this.#wheel = wheel;
    this.#onOpen = onOpen;
    const rate = { atOnce: maxRequestsPerSecond, perSecond: maxRequestsPerSecond };
    this.#rate = new TokenBucket(rate, wheel.nowMs());
  }

  /** Requests that had to wait so far. */
  get delayedRequests(): number {
    return this.#delayedRequests;
  }

  /** True while a request waits, or one that has waited is being read. */
  get isHoldingBack(): boolean {
    return this.#reading !== null || this.#waiting.length > 0;
  }

  /** True where a request that has just come goes straight to the session; otherwise it is to `wait`. */
  mayPass(isEmpty: boolean): boolean {
    if (this.#isOver) return true;
    // What brings nothing need not wait behind what cannot be taken in; behind what came too fast it does.
    const isInTurn = !this.isHoldingBack || (isEmpty && this.#isPaused && !this.#isRetryDue);
    return isInTurn && this.#mayBegin(isEmpty);
  }

  /** Has a request wait for its turn; false where too many do, and it does not. */
  wait(request: IntakeRequest): boolean {
    if (this.#waiting.length >= MAX_WAITING_REQUESTS) return false;
    this.#delayedRequests++;
    this.#waiting.push(request);
    this.#hold(request.socket);
    this.#letIn();
    return true;
  }

  /** The session can take in nothing for now. */
  pause(): void {
    this.#isPaused = true;
  }

  /** It can again. */
  resume(): void {
    this.#isPaused = false;
    this.#letIn();
  }

  /** A connection is gone, and with it what waited on it. */
  forget(socket: Socket): void {
    const wasHoldingBack = this.isHoldingBack;
    for (let index = this.#waiting.length - 1; index >= 0; index--) {
      if (this.#waiting[index]?.socket === socket) this.#waiting.splice(index, 1);
    }
    if (this.#reading?.socket === socket) this.#reading = null;
    this.#letIn();
    if (wasHoldingBack && !this.isHoldingBack) this.#onOpen();
  }

  /** The session is over: what waits is let through, and answered as a request for any session that is over. */
  end(): void {
    this.#isOver = true;
    this.#reading = null;
    for (const request of this.#waiting.splice(0)) {
      request.socket.resume();
      request.read(() => undefined);
    }
  }

  #mayBegin(isEmpty: boolean): boolean {
    if (this.#isPaused && !isEmpty) return false;
    if (this.#rate.take(1, this.#wheel.nowMs())) return true;
    this.#retry();
    return false;
  }

  #retry(): void {
    if (this.#isRetryDue) return;
    this.#isRetryDue = true;
    this.#wheel.at(this.#wheel.nowMs(), () => {
      this.#isRetryDue = false;
      this.#letIn();
    });
  }

  /** WHY one at a time: what the first of them brings may be all that the session can take in. */
  #letIn(): void {
    const first = this.#waiting[0];
    if (first === undefined || this.#reading !== null || !this.#mayBegin(first.isEmpty)) return;
    this.#waiting.shift();
    this.#reading = first;
    // Where more of its connection waits, it is here whole, and what is behind that is not to be read yet.
    if (!this.#isWaitedOn(first.socket)) first.socket.resume();
    first.read(() => this.#goOn(first));
    // WHY: of one whose body has yet to come nobody knows how long that takes; others need not wait for it.
    if (this.#reading === first) setImmediate(() => this.#goOn(first));
  }

  #goOn(first: IntakeRequest): void {
    if (this.#reading !== first) return;
    this.#reading = null;
    this.#hold(first.socket);
    this.#letIn();
    if (!this.isHoldingBack && !this.#isOver) this.#onOpen();
  }

  /**
   * Stops reading a connection on which something waits. WHY once more, behind the ticks of this turn: Node reads on of itself
   * when a request has come whole, and that may be before the system was asked for more.
   */
  #hold(socket: Socket): void {
    if (!this.#isWaitedOn(socket)) return;
    socket.pause();
    queueMicrotask(() => {
      if (!this.#isWaitedOn(socket)) return;
      readThroughStream(socket);
      socket.pause();
    });
  }

  #isWaitedOn(socket: Socket): boolean {
    return this.#waiting.some((request) => request.socket === socket);
  }
}
