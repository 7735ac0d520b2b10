// How often bytes came to a client: reads that follow each other closely are one arrival. It tells how often a server
// writes to each of its viewers, whatever its settings say.

import { performance } from 'node:perf_hooks';

/** WHY: a write may come in two reads, with those of other clients between them; gateways that gather write less often. */
const APART_MS = 10;

/** Counts of one client's. */
export class ArrivalCounter {
  #readMs = Number.NEGATIVE_INFINITY;

  /** Takes a read at `nowMs` of performance.now(). True where it is an arrival of its own. */
  read(nowMs: number = performance.now()): boolean {
    const isApart = nowMs - this.#readMs >= APART_MS;
    this.#readMs = nowMs;
    return isApart;
  }
}
