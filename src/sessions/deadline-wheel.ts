// The one wheel of deadlines: every hold, timeout and ping of every session hangs on it, in slots of 50 ms, so that
// a thousand sessions cost one timer. It stands still while nothing hangs on it.

import type { Deadline, Wheel } from '../links/link.ts';

/** Width of a slot: how late a deadline may fire. */
export const SLOT_MS = 50;

/** What the wheel turns on: injected, so that a test turns it by hand. */
export interface Clock {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Calls back once after `delayMs`; gives what cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

class WheelDeadline implements Deadline {
  readonly #slot: Set<WheelDeadline>;
  readonly callback: () => void;

  constructor(slot: Set<WheelDeadline>, callback: () => void) {
    this.#slot = slot;
    this.callback = callback;
  }

  cancel(): void {
    this.#slot.delete(this);
  }
}

/** Deadlines in slots of {@link SLOT_MS}. Callbacks guard themselves: one that throws ends the process. */
export class DeadlineWheel implements Wheel {
  readonly #clock: Clock;
  readonly #slots = new Map<number, Set<WheelDeadline>>();
  #turnedTo: number;
  #cancelTurn: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#turnedTo = slotOf(clock.nowMs());
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  at(deadlineMs: number, callback: () => void): Deadline {
    if (this.#slots.size === 0) this.#turnedTo = slotOf(this.#clock.nowMs());
    const index = Math.max(Math.ceil(deadlineMs / SLOT_MS), this.#turnedTo + 1);
    let slot = this.#slots.get(index);
    if (slot === undefined) {
      slot = new Set();
      this.#slots.set(index, slot);
    }
    const deadline = new WheelDeadline(slot, callback);
    slot.add(deadline);
    this.#turnLater();
    return deadline;
  }

  /** Stops the wheel; nothing fires any more. */
  stop(): void {
    this.#cancelTurn?.();
    this.#cancelTurn = null;
    this.#slots.clear();
  }

  #turnLater(): void {
    if (this.#cancelTurn !== null || this.#slots.size === 0) return;
    const dueMs = (this.#turnedTo + 1) * SLOT_MS - this.#clock.nowMs();
    this.#cancelTurn = this.#clock.after(Math.max(1, dueMs), () => {
      this.#cancelTurn = null;
      this.#turn();
      this.#turnLater();
    });
  }

  /** Fires every slot whose time has come. */
  #turn(): void {
    const now = slotOf(this.#clock.nowMs());
    while (this.#turnedTo < now && this.#slots.size > 0) {
      this.#turnedTo++;
      const slot = this.#slots.get(this.#turnedTo);
      if (slot === undefined) continue;
      this.#slots.delete(this.#turnedTo);
      for (const deadline of slot) deadline.callback();
    }
    this.#turnedTo = Math.max(this.#turnedTo, now);
  }
}

function slotOf(nowMs: number): number {
  return Math.floor(nowMs / SLOT_MS);
}
