// What hostile requests came to: how many were sent of each kind, and which answers they got. An answer that a request may
// not get is a fault, and so is none where there had to be one.

import type { AnyReply } from './any-reply-reader.ts';
import type { FaultList } from './fault-list.ts';
import { FaultKind } from './fault-list.ts';

/** Some requests that go out together. */
export type Shot = {
  /** Written one behind the other. */
  readonly pieces: readonly Buffer[];
  /** How many requests that are: so many answers are waited for. */
  readonly requestCount: number;
  /** Statuses that their answers may have. */
  readonly allowed: ReadonlySet<number>;
  /** True where the connection may end instead of the answers. */
  readonly mayEnd?: boolean;
  /** True where the client goes away and waits for no answer. */
  readonly isLeft?: boolean;
};

/** Answers of a kind by status; those that never came, and were not to be waited for, stand at `NO_ANSWER`. */
export type AnswerCounts = Readonly<Record<string, number>>;

/** The name under which requests without an answer are counted. */
export const NO_ANSWER = 'none';

/** Counts them. */
export class HostileTally {
  readonly #faults: FaultList;
  readonly #wanted: number;
  readonly #steps: number;
  readonly #onStep: () => void;
  readonly #counts = new Map<string, Map<string, number>>();
  #requests = 0;
  #nextStep = 1;

  /**
   * @param wanted requests that are to be sent
   * @param steps `onStep` is called this many times on the way, each behind as many requests
   */
  constructor(faults: FaultList, wanted: number, steps: number, onStep: () => void) {
    this.#faults = faults;
    this.#wanted = wanted;
    this.#steps = steps;
    this.#onStep = onStep;
  }

  /** Requests that were sent. */
  get requests(): number {
    return this.#requests;
  }

  /** True where enough were sent. */
  get isSpent(): boolean {
    return this.#requests >= this.#wanted;
  }

  /** Answers by kind and status. */
  get answers(): Record<string, AnswerCounts> {
    const kinds = [...this.#counts].map(([kind, counts]) => [kind, Object.fromEntries(counts)] as const);
    return Object.fromEntries(kinds);
  }

  /** Counts one shot and what it got; `endedBy` says why there is no more, null where nothing ended it. */
  take(kind: string, shot: Shot, replies: readonly AnyReply[], endedBy: string | null): void {
    for (const { statusCode } of replies) {
      this.#count(kind, String(statusCode), 1);
      if (!shot.allowed.has(statusCode))
        this.#faults.add(FaultKind.Answer, `${kind}: answered ${statusCode}`);
    }
    const missing = shot.requestCount - replies.length;
    if (missing > 0) {
      this.#count(kind, NO_ANSWER, missing);
      if (!shot.mayEnd && !shot.isLeft) {
        const text = `${kind}: ${missing} of ${shot.requestCount} requests, ${endedBy}`;
        this.#faults.add(FaultKind.Unanswered, text, missing);
      }
    }
    this.#requests += shot.requestCount;
    while (
      this.#nextStep <= this.#steps &&
      this.#requests >= (this.#wanted * this.#nextStep) / (this.#steps + 1)
    ) {
      this.#nextStep++;
      this.#onStep();
    }
  }

  /** Adds a fault of another kind. */
  fault(text: string): void {
    this.#faults.add(FaultKind.Answer, text);
  }

  #count(kind: string, status: string, count: number): void {
    const counts = this.#counts.get(kind) ?? new Map<string, number>();
    this.#counts.set(kind, counts);
    counts.set(status, (counts.get(status) ?? 0) + count);
  }
}
