// The way of one session's requests to it: straight through, unless the session cannot take in what they bring, or they
// come faster than one session may ask. Then they wait, one behind the other and their bodies unread; their connections
// are not read on, so that TCP holds the client back, and nothing is lost. [RTMPT-NOTE 6]

import type { Socket } from 'node:net';
import { TokenBucket } from '../../protocol/bytes/token-bucket.ts';
import type { Wheel } from '../link.ts';

/** LIMIT: requests that wait for one session; those that come with one read of a pipelining publisher are some 300. */
export const MAX_WAITING_REQUESTS = 512;

/** One request that may have to wait. */
export type IntakeRequest = {
  /** What it came on. */
  readonly socket: Socket;
  /** True where it brings no bytes: the session takes it even when it can take in nothing. */
  readonly isEmpty: boolean;
  /** Reads it and has the session handle it; `done` is to be called when that is over, or it turned out to be too long. */
  readonly read: (done: () => void) => void;
};

/** Lets requests through to one session. */
export class RequestIntake {
  readonly #wheel: Wheel;
  readonly #rate: TokenBucket;
  readonly #waiting: IntakeRequest[] = [];
  /** The one of them that is being read. */
  #reading: IntakeRequest | null = null;
  #isPaused = false;
  #isOver = false;
  #isRetryDue = false;
  #delayedRequests = 0;

  /** LIMIT: `maxRequestsPerSecond` in the long run, and as many at once. */
  constructor(wheel: Wheel, maxRequestsPerSecond: number) {
    this.#wheel = wheel;
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
    return this.#isOver || (!this.isHoldingBack && this.#mayBegin(isEmpty));
  }

  /** Has a request wait for its turn; false where too many do, and it does not. */
  wait(request: IntakeRequest): boolean {
    if (this.#waiting.length >= MAX_WAITING_REQUESTS) return false;
    this.#delayedRequests++;
    this.#waiting.push(request);
    request.socket.pause();
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
    for (let index = this.#waiting.length - 1; index >= 0; index--) {
      if (this.#waiting[index]?.socket === socket) this.#waiting.splice(index, 1);
    }
    if (this.#reading?.socket === socket) this.#reading = null;
    this.#letIn();
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
    first.socket.resume();
    first.read(() => {
      if (this.#reading !== first) return;
      this.#reading = null;
      // WHY: what came behind it in one read waits already, and would be the more the longer its connection is read.
      if (this.#waiting.some(({ socket }) => socket === first.socket)) first.socket.pause();
      this.#letIn();
    });
  }
}
