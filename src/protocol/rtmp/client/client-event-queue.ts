// The events of a client session that wait for its driver, in order, and the error that came up behind them. How many
// may wait, and how much they may hold, are limits that the reader keeps.

import type { ClientEvent, SessionEnd } from './client-events.ts';
import { MAX_WAITING_CLIENT_EVENTS, MAX_WAITING_VALUE_BYTES } from './client-options.ts';

/** The events of one connection. */
export class ClientEventQueue {
  #events: ClientEvent[] = [];
  #valueBytes = 0;
  #failure: { readonly error: unknown } | null = null;

  /** Events that wait. */
  get count(): number {
    return this.#events.length;
  }

  /** True when so many wait, or such large ones, that nothing further is to be read. */
  get isFull(): boolean {
    return this.#events.length >= MAX_WAITING_CLIENT_EVENTS || this.#valueBytes >= MAX_WAITING_VALUE_BYTES;
  }

  /** Appends an event. */
  put(event: ClientEvent): void {
    this.#events.push(event);
  }

  /** Counts the body of a message, in bytes, that was read value by value and became events which wait. */
  weigh(lengthBytes: number): void {
    this.#valueBytes += lengthBytes;
  }

  /** Appends the last event. */
  close(reason: SessionEnd): void {
    this.#events.push({ type: 'closed', reason });
  }

  /** Takes all that wait. */
  take(): ClientEvent[] {
    const events = this.#events;
    this.#events = [];
    this.#valueBytes = 0;
    return events;
  }

  /** Keeps an error until the events before it were taken, or throws it where there are none. */
  fail(error: unknown): void {
    if (this.#events.length === 0) throw error;
    this.#failure = { error };
  }

  /** Throws the error that was kept, once. */
  throwFailure(): void {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure.error;
  }

  /** Forgets an error that was kept. */
  forgetFailure(): void {
    this.#failure = null;
  }
}
