// What PROXY headers start with, and how the first bytes of a connection stand to that.

/** What a header of version 1 starts with: "PROXY " in ASCII. [PROXY 2.1] */
export const PROXY_V1_START: Uint8Array = new TextEncoder().encode('PROXY ');

/** What a header of version 2 starts with, 12 bytes. [PROXY 2.2] */
export const PROXY_V2_SIGNATURE: Uint8Array = Uint8Array.of(
  ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a],
);

/** How bytes stand to a start: they begin with it, they are the first of it (none are, too), or they are neither. */
export function matchStart(bytes: Uint8Array, start: Uint8Array): 'whole' | 'part' | 'none' {
  const knownBytes = Math.min(bytes.length, start.length);
  for (let at = 0; at < knownBytes; at += 1) if (bytes[at] !== start[at]) return 'none';
  return knownBytes === start.length ? 'whole' : 'part';
}
