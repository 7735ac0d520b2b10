// The process's own time and timers, as the rooms are given them.

import type { Clock } from '../sessions/deadline-wheel.ts';
import type { StreamScheduler } from '../streams/audience.ts';

/** Monotonic time, and timers that can be taken back. */
export const PROCESS_CLOCK: Clock = {
  nowMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** What the live streams run on. */
export const PROCESS_SCHEDULER: StreamScheduler = {
  nowMs: () => performance.now(),
  after: (delayMs, callback) => {
    // WHY: the shortest timer takes a millisecond.
    if (delayMs < 1) setImmediate(callback);
    else setTimeout(callback, delayMs);
  },
};
