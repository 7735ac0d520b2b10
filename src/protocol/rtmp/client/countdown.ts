// A timeout in a machine that has no clock: it is started without a time, the next tick says when that was, and a
// later tick finds it over.

/** One timeout. Between `start` and the first `tick` behind it, it is due at once, so that its driver ticks. */
export class Countdown {
  #durationMs = 0;
  #state: 'stopped' | 'started' | 'running' = 'stopped';
  #deadlineMs = 0;

  /** Starts it, anew where it runs: it is over `durationMs` after the next tick. */
  start(durationMs: number): void {
    this.#durationMs = durationMs;
    this.#state = 'started';
  }

  /** Stops it for good. */
  stop(): void {
    this.#state = 'stopped';
  }

  /** When to tick next, in the ms of `tick`: 0 for at once; null where it is stopped. */
  get nextDeadlineMs(): number | null {
    if (this.#state === 'stopped') return null;
    return this.#state === 'started' ? 0 : this.#deadlineMs;
  }

  /** Tells it the time. Returns true, once, where it is over. */
  tick(nowMs: number): boolean {
    if (this.#state === 'stopped') return false;
    if (this.#state === 'started') {
      this.#deadlineMs = nowMs + this.#durationMs;
      this.#state = 'running';
      return false;
    }
    if (nowMs < this.#deadlineMs) return false;
    this.#state = 'stopped';
    return true;
  }
}

/** The earlier of two deadlines; null is none. */
export function earlierMs(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null || a < b ? a : b;
}
