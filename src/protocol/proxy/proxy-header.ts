// The header that a proxy in TCP mode puts in front of a connection to tell who the client is: HAProxy's "The PROXY
// protocol", versions 1 and 2, cited as [PROXY n]. Whether a sender may be believed is decided elsewhere.

import { INCOMPLETE, invalidReading, type ProxyReading } from './proxy-reading.ts';
import { matchStart, PROXY_V1_START, PROXY_V2_SIGNATURE } from './proxy-start.ts';
import { readProxyV1 } from './proxy-v1.ts';
import { readProxyV2 } from './proxy-v2.ts';

/**
 * Reads the header at the start of `bytes`, of which nothing is kept; what follows the header is not looked at. Where it
 * is incomplete, give all bytes of the connection again when more have come. It is that only as long as it can become
 * valid: of version 1 never more than 107 bytes are waited for, of version 2 never more than 16 and 4,096.
 */
export function readProxyHeader(bytes: Uint8Array): ProxyReading {
  const v1 = matchStart(bytes, PROXY_V1_START);
  if (v1 === 'whole') return readProxyV1(bytes, PROXY_V1_START.length);
  const v2 = matchStart(bytes, PROXY_V2_SIGNATURE);
  if (v2 === 'whole') return readProxyV2(bytes, PROXY_V2_SIGNATURE.length);
  if (v1 === 'part' || v2 === 'part') return INCOMPLETE;
  return invalidReading('a PROXY header of version 1 or 2', 'bytes that start otherwise');
}
