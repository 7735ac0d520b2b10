// The one wheel of deadlines: every hold, timeout and ping of every session hangs on it, in slots of 50 ms, so that
// a thousand sessions cost one timer. It stands still while nothing hangs on it.

import type { Deadline, Wheel } from '../links/link.ts';

/** Width of a slot: how late a deadline may fire. */
export const SLOT_MS = 50;

/**
 * LIMIT: how long deadlines fire in one turn, ms, and one callback more. Where thousands are due at once they fire in
 * several turns, and sockets are read in between.
 */
export const MAX_TURN_MS = 10;

/** What the wheel turns on: injected, so that a test turns it by hand. */
export interface Clock {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Calls back once after `delayMs`; gives what cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The deadlines that hang on a wheel, by the number of their slot. A slot that is empty is not kept. */
class Slots {
  readonly #slots = new Map<number, Set<WheelDeadline>>();

  get isEmpty(): boolean {
    return this.#slots.size === 0;
  }

  get deadlineCount(): number {
    let count = 0;
    for (const slot of this.#slots.values()) count += slot.size;
    return count;
  }

  add(index: number, callback: () => void): WheelDeadline {
    let slot = this.#slots.get(index);
    if (slot === undefined) {
      slot = new Set();
      this.#slots.set(index, slot);
    }
    const deadline = new WheelDeadline(this, index, callback);
    slot.add(deadline);
    return deadline;
  }

  remove(deadline: WheelDeadline): void {
    const slot = this.#slots.get(deadline.slotIndex);
    if (slot?.delete(deadline) && slot.size === 0) this.#slots.delete(deadline.slotIndex);
  }

  has(index: number): boolean {
    return this.#slots.has(index);
  }

  /**
   * Fires what hangs in a slot, at least one, as long as `mayGoOn` holds: false where some of it is left. What is cancelled
   * meanwhile does not fire.
   */
  fire(index: number, mayGoOn: () => boolean): boolean {
    const slot = this.#slots.get(index);
    if (slot === undefined) return true;
    for (const deadline of slot) {
      this.remove(deadline);
      deadline.callback();
      if (!mayGoOn()) return slot.size === 0;
    }
    return true;
  }

  clear(): void {
    this.#slots.clear();
  }
}

class WheelDeadline implements Deadline {
  readonly slotIndex: number;
  readonly callback: () => void;
  readonly #slots: Slots;

  constructor(slots: Slots, slotIndex: number, callback: () => void) {
    this.#slots = slots;
    this.slotIndex = slotIndex;
    this.callback = callback;
  }

  cancel(): void {
    this.#slots.remove(this);
  }
}

/** Deadlines in slots of {@link SLOT_MS}. Callbacks guard themselves: one that throws ends the process. */
export class DeadlineWheel implements Wheel {
  readonly #clock: Clock;
  readonly #slots = new Slots();
  #turnedTo: number;
  #cancelTurn: (() => void) | null = null;
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#turnedTo = slotOf(clock.nowMs());
  }

  /** Deadlines that hang on it. */
  get deadlineCount(): number {
    return this.#slots.deadlineCount;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  at(deadlineMs: number, callback: () => void): Deadline {
    // While it stood still, it did not count.
    if (this.#slots.isEmpty) this.#turnedTo = slotOf(this.#clock.nowMs());
    const index = Math.max(Math.ceil(deadlineMs / SLOT_MS), this.#turnedTo + 1);
    const deadline = this.#slots.add(index, callback);
    this.#turnLater();
    return deadline;
  }

  /** Stops the wheel: nothing fires any more, what is hung on it later neither. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTurn?.();
    this.#cancelTurn = null;
    this.#slots.clear();
  }

  #turnLater(): void {
    if (this.#cancelTurn !== null || this.#slots.isEmpty || this.#isStopped) return;
    const isSlotLeft = this.#slots.has(this.#turnedTo);
    const dueMs = isSlotLeft ? 0 : (this.#turnedTo + 1) * SLOT_MS - this.#clock.nowMs();
    this.#cancelTurn = this.#clock.after(Math.max(1, dueMs), () => {
      this.#cancelTurn = null;
      this.#turn();
      this.#turnLater();
    });
  }

  /** Fires what the last turn left of its slot, and every slot whose time has come. */
  #turn(): void {
    const nowMs = this.#clock.nowMs();
    const now = slotOf(nowMs);
    const mayGoOn = (): boolean => this.#clock.nowMs() < nowMs + MAX_TURN_MS;
    if (!this.#slots.fire(this.#turnedTo, mayGoOn)) return;
    while (this.#turnedTo < now && !this.#slots.isEmpty) {
      if (!mayGoOn()) return;
      this.#turnedTo++;
      if (!this.#slots.fire(this.#turnedTo, mayGoOn)) return;
    }
    this.#turnedTo = Math.max(this.#turnedTo, now);
  }
}

function slotOf(nowMs: number): number {
  return Math.floor(nowMs / SLOT_MS);
}
