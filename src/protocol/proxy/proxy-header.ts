// The header that a proxy in TCP mode puts in front of a connection to tell who the client is: HAProxy's "The PROXY
// protocol", versions 1 and 2, cited as [PROXY n]. Whether a sender may be believed is decided elsewhere.

import { INCOMPLETE, invalidReading, type ProxyReading } from './proxy-reading.ts';
import { readProxyV1 } from './proxy-v1.ts';
import { readProxyV2 } from './proxy-v2.ts';

/** What a header of version 1 starts with, in ASCII. [PROXY 2.1] */
export const PROXY_V1_START = 'PROXY ';

/** What a header of version 2 starts with, 12 bytes. [PROXY 2.2] */
export const PROXY_V2_SIGNATURE: Uint8Array = Uint8Array.of(
  ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a],
);

const V1_START_BYTES = new TextEncoder().encode(PROXY_V1_START);

/**
 * Reads the header at the start of `bytes`, of which nothing is kept; what follows the header is not looked at. Where it
 * is incomplete, give all bytes of the connection again when more have come. It is that only as long as it can become
 * valid: of version 1 never more than 107 bytes are waited for, of version 2 never more than 16 and 4,096.
 */
export function readProxyHeader(bytes: Uint8Array): ProxyReading {
  const v1 = matchStart(bytes, V1_START_BYTES);
  if (v1 === 'whole') return readProxyV1(bytes, V1_START_BYTES.length);
  const v2 = matchStart(bytes, PROXY_V2_SIGNATURE);
  if (v2 === 'whole') return readProxyV2(bytes, PROXY_V2_SIGNATURE.length);
  if (v1 === 'part' || v2 === 'part') return INCOMPLETE;
  return invalidReading('a PROXY header of version 1 or 2', 'bytes that start otherwise');
}

/** How bytes stand to a start: they begin with it, they are the first of it (none are, too), or they are neither. */
function matchStart(bytes: Uint8Array, start: Uint8Array): 'whole' | 'part' | 'none' {
  const knownBytes = Math.min(bytes.length, start.length);
  for (let at = 0; at < knownBytes; at += 1) if (bytes[at] !== start[at]) return 'none';
  return knownBytes === start.length ? 'whole' : 'part';
}
