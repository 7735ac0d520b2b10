// By how much one input makes the thread grow.

import { collectGarbage, usedBytes } from '../../test/support/kept-bytes.ts';

/** LIMIT: what one input may take, bytes: inputs have 16 KiB, and are read in some ways, also byte by byte. */
const MAX_GROWTH_BYTES = 64 * 1024 * 1024;

/**
 * Runs `work`; gives its result, and by how many bytes heap and buffers grew where that is too much. A first time may
 * have met what others left behind, so that one too many is run again behind a collection, which decides.
 */
export function measuredGrowth<T>(work: () => T): {
  readonly result: T;
  readonly excessBytes: number | null;
} {
  const first = grown(work);
  if (first.grownBytes <= MAX_GROWTH_BYTES) return { result: first.result, excessBytes: null };
  collectGarbage();
  const second = grown(work);
  return {
    result: second.result,
    excessBytes: second.grownBytes > MAX_GROWTH_BYTES ? second.grownBytes : null,
  };
}

function grown<T>(work: () => T): { readonly result: T; readonly grownBytes: number } {
  const beforeBytes = usedBytes();
  const result = work();
  return { result, grownBytes: usedBytes() - beforeBytes };
}
