// Lists of whole messages' bytes, as they travel from the live streams' logs to a Link: shared, so never changed.

/** Two lists as one; the very same list where the other is empty. */
export function joined(first: readonly Uint8Array[], second: readonly Uint8Array[]): readonly Uint8Array[] {
  if (first.length === 0) return second;
  return second.length === 0 ? first : [...first, ...second];
}

/** Bytes in a list. */
export function lengthOf(chunks: readonly Uint8Array[]): number {
  let lengthBytes = 0;
  for (const chunk of chunks) lengthBytes += chunk.length;
  return lengthBytes;
}
