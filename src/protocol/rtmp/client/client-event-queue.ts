// The events of a client session that wait for its driver, who takes them behind each `receive`.

import { RtmpError } from '../rtmp-error.ts';
import type { ClientEvent, SessionEnd } from './client-events.ts';
import { MAX_WAITING_CLIENT_EVENTS } from './client-options.ts';

/** Events in order, at most MAX_WAITING_CLIENT_EVENTS and the last one. */
export class ClientEventQueue {
  #events: ClientEvent[] = [];

  /** Puts an event. @throws RtmpError 'rtmp-flood' where too many wait: a server sends next to nothing, very often */
  put(event: ClientEvent): void {
    if (this.#events.length >= MAX_WAITING_CLIENT_EVENTS) {
      const text = `expected at most ${MAX_WAITING_CLIENT_EVENTS} events from one piece of input, got more`;
      throw new RtmpError('rtmp-flood', text);
    }
    this.#events.push(event);
  }

  /** Puts the last event. */
  close(reason: SessionEnd): void {
    this.#events.push({ type: 'closed', reason });
  }

  /** Takes all of them. */
  take(): ClientEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
