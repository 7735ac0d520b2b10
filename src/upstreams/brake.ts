// Has one side of a splice wait for the other: its Link is paused while too much waits, and read again when it does not.

import type { Link } from '../links/link.ts';

/** The brake on one Link. */
export class Brake {
  readonly #link: Pick<Link, 'pause' | 'resume'>;
  #isOn = false;

  constructor(link: Pick<Link, 'pause' | 'resume'>) {
    this.#link = link;
  }

  /** True while it is to wait. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** Has it wait. WHY again each time: whoever handed the Link over may have had it go on. */
  pull(): void {
    this.#isOn = true;
    this.#link.pause();
  }

  /**
   * Has it go on, soon. WHY not at once: this is called in the middle of a `take`, and what a Link then delivers would be
   * written in front of what is being taken.
   */
  release(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    queueMicrotask(() => {
      if (!this.#isOn) this.#link.resume();
    });
  }
}
