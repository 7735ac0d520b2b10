// Events that wait for the driver, in order, and the error that came up behind them: so that what came whole before a
// fault is taken first. How many may wait is a limit that the reader keeps.

import { MAX_WAITING_EVENTS } from '../limits.ts';
import type { ServerEvent } from './server-events.ts';

/** LIMIT: bytes of data that weigh as much as one event: 64 KiB of data fill the queue. */
const DATA_EVENT_BYTES = 64;

const NO_EVENTS: readonly ServerEvent[] = [];

/** The events of one connection. */
export class EventQueue {
  #events: ServerEvent[] = [];
  #weight = 0;
  #failure: { readonly error: unknown } | null = null;

  /** True when no event waits. */
  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** True when so many wait that nothing further is to be read. */
  get isFull(): boolean {
    return this.#weight >= MAX_WAITING_EVENTS;
  }

  /** Appends an event; one message brings up more than one where a NetStream ends by it. */
  put(event: ServerEvent): void {
    this.#events.push(event);
    // WHY: values take up to 62 times the bytes that they came in.
    this.#weight += event.type === 'data' ? 1 + (event.data.receivedBytes ?? 0) / DATA_EVENT_BYTES : 1;
  }

  /** Takes all that wait. */
  take(): readonly ServerEvent[] {
    if (this.isEmpty) return NO_EVENTS;
    const events = this.#events;
    this.#events = [];
    this.#weight = 0;
    return events;
  }

  /** Keeps an error until the events before it were taken, or throws it where there are none. */
  fail(error: unknown): void {
    if (this.isEmpty) throw error;
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
