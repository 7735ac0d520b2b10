// Makes an input that fails smaller: blocks are left out, ever smaller ones, as long as it still fails at the same place.

/** LIMIT: time that one finding may take, ms. */
const MAX_MINIMISE_MS = 5000;

/** The smallest input found that `fails` still; `input` itself where none is smaller. Bounded by 5 s. */
export function minimised(input: Uint8Array, fails: (input: Uint8Array) => boolean): Uint8Array {
  const untilMs = performance.now() + MAX_MINIMISE_MS;
  let smallest = input;
  for (let blockBytes = input.length >> 1; blockBytes >= 1; ) {
    const before = smallest.length;
    for (let at = 0; at < smallest.length; ) {
      if (performance.now() > untilMs) return smallest;
      const shorter = Uint8Array.from(
        Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + blockBytes)]),
      );
      if (fails(shorter)) smallest = shorter;
      else at += blockBytes;
    }
    if (smallest.length === before || blockBytes > 1) blockBytes >>= 1;
  }
  return smallest;
}
