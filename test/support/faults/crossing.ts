// Where requests of one session overtake each other: one is held back until another, that the client sent after it on
// another connection, is at the gateway; or until none has come for a while.

import { setImmediate, setTimeout } from 'node:timers/promises';

/** How long one is held back for another to overtake it, ms. */
const HELD_BACK_MS = 80;

/** From the last byte of the one to the first byte of the other, ms: time for a gateway to read it on a new connection. */
const GAP_MS = 10;

/** Turns of this process behind the gap, for one in which the gateway runs too. */
const TURNS = 6;

type Held = { readonly number: number; readonly pass: (isOvertaken: boolean) => void };

/** The crossing of one session. */
export class Crossing {
  #held: Held | null = null;

  /** Holds a request back; resolves with whether another has overtaken it. False at once where one is held already. */
  async holdBack(number: number): Promise<boolean> {
    if (this.#held !== null) return false;
    return new Promise((resolve) => {
      const pass = (isOvertaken: boolean): void => {
        clearTimeout(limit);
        resolve(isOvertaken);
      };
      const held = { number, pass };
      const limit = globalThis.setTimeout(() => {
        if (this.#held === held) this.#held = null;
        resolve(false);
      }, HELD_BACK_MS);
      this.#held = held;
    });
  }

  /** A request goes its way, and has left when `written` resolves: one with a smaller number that is held back follows it. */
  passed(number: number, written: Promise<void>): void {
    const held = this.#held;
    if (held === null || held.number >= number) return;
    this.#held = null;
    void this.#follow(held, written);
  }

  async #follow(held: Held, written: Promise<void>): Promise<void> {
    await written;
    await setTimeout(GAP_MS);
    // WHY: a process that was late itself finds its timers due before it has read what came meanwhile.
    for (let turn = 0; turn < TURNS; turn++) await setImmediate();
    held.pass(true);
  }
}
