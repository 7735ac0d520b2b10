// The transaction ids of a client, and the calls that wait for their answers. Answers to commands of the session
// itself (connect, createStream, publish, play) are matched where those were sent.

import { MAX_PENDING_CALLS } from './client-options.ts';
import { Countdown, earlierMs } from './countdown.ts';

/** Gives transaction ids, and remembers which of them belong to calls. */
export class ClientCalls {
  readonly #timeoutMs: number;
  readonly #pending = new Map<number, Countdown>();
  #lastTransactionId = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** The next transaction id: 1 for connect, as every client has it, then on. */
  nextTransactionId(): number {
    this.#lastTransactionId += 1;
    return this.#lastTransactionId;
  }

  /** Begins a call and returns its transaction id. */
  begin(): number {
    if (this.#pending.size >= MAX_PENDING_CALLS) throw new Error(`${MAX_PENDING_CALLS} calls wait already`);
    const transactionId = this.nextTransactionId();
    const countdown = new Countdown();
    countdown.start(this.#timeoutMs);
    this.#pending.set(transactionId, countdown);
    return transactionId;
  }

  /** Ends a call; false where none with this id waits. */
  end(transactionId: number): boolean {
    return this.#pending.delete(transactionId);
  }

  /** Passes time. Returns the calls whose time ran out; they wait no longer. */
  tick(nowMs: number): number[] {
    const late: number[] = [];
    for (const [transactionId, countdown] of this.#pending) {
      if (countdown.tick(nowMs)) late.push(transactionId);
    }
    for (const transactionId of late) this.#pending.delete(transactionId);
    return late;
  }

  /** When to tick next; null where no call waits. */
  get nextDeadlineMs(): number | null {
    let next: number | null = null;
    for (const countdown of this.#pending.values()) next = earlierMs(next, countdown.nextDeadlineMs);
    return next;
  }
}
