// Joins bytes. WHY: what Buffer.concat gives is a Buffer, often a view of a pool, whose `slice` does not copy.

/** The bytes of all parts, one behind the other, as a copy. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  let lengthBytes = 0;
  for (const part of parts) lengthBytes += part.length;
  const bytes = new Uint8Array(lengthBytes);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
