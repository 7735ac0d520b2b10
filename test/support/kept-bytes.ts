// What stays in memory, measured behind real garbage collections, without a flag on the command line.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// WHY: the flag puts gc into contexts that are made from then on, not into this one.
setFlagsFromString('--expose-gc');

/** Collects all garbage of this thread, now. */
export const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of heap and buffers of this thread, garbage that is not collected among them. */
export function usedBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/**
 * Bytes by which heap and buffers have grown behind `work`, while what it returns is held. A few tens of KiB come and go
 * whatever is measured: code that is compiled, counts that grow a digit.
 */
export function keptBytes<T>(work: () => T): number {
  const beforeBytes = collectedBytes();
  const kept = [work()];
  const keptBytes = collectedBytes() - beforeBytes;
  kept.pop();
  return keptBytes;
}

/** WHY: twice, for buffers are given back behind the collection that finds them. */
function collectedBytes(): number {
  collectGarbage();
  collectGarbage();
  return usedBytes();
}
