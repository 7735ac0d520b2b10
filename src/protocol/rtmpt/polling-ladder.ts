// The polling byte as servers set it that answer each idle at once: it asks for more patience the longer nothing comes.
// Clients take it for a pause of 16 or 100 ms a unit, or do not look at it. [RTMPT-NOTE 7]

/** 1, and one more than each power of two up to 32. */
const STEPS = [0x01, 0x03, 0x05, 0x09, 0x11, 0x21] as const;

/** LIMIT: idles on one step: a stream that pauses for a frame or two is polled on as before. */
const IDLES_A_STEP = 10;

/** The polling byte of one session. */
export class PollingLadder {
  #emptyInARow = 0;

  /** The byte of a reply that brings nothing, 0x01..0x21. Those to idles count. */
  empty(isIdle: boolean): number {
    const step = Math.min(Math.floor(this.#emptyInARow / IDLES_A_STEP), STEPS.length - 1);
    if (isIdle) this.#emptyInARow++;
    return STEPS[step] ?? STEPS[0];
  }

  /** A reply brought something. */
  reset(): void {
    this.#emptyInARow = 0;
  }
}
