// What a connection speaks, told by its first bytes: the shortest prefix that decides, at most twelve of them.
//
//   00–1F  RTMP, the version of C0 [RTMP 5.2.2]; 06, 08 and 09 are RTMPE. But for
//   16     TLS: the record type of a ClientHello [RFC 8446 5.1]
//   0D     PROXY protocol 2, where its whole signature follows
//   A–Z    HTTP, a method; but for the word "PROXY " of PROXY protocol 1

import { matchStart, PROXY_V1_START, PROXY_V2_SIGNATURE } from '../../protocol/proxy/proxy-start.ts';

/** What the first bytes belong to. */
export type Spoken = 'rtmp' | 'http' | 'tls' | 'proxy' | 'unknown';

/** Highest first byte that is an RTMP version; from 32 on it is text, so that HTTP can be told. [RTMP 5.2.2] */
const HIGHEST_RTMP_VERSION = 31;

const TLS_HANDSHAKE_RECORD = 0x16;
const FIRST_LETTER = 0x41;
const LAST_LETTER = 0x5a;

/** Tells it of at least one byte; `undecided` where more are wanted. */
export function tellSpoken(bytes: Uint8Array): Spoken | 'undecided' {
  const first = bytes[0];
  if (first === undefined) return 'undecided';
  if (first === PROXY_V2_SIGNATURE[0]) return tellProxy(bytes, PROXY_V2_SIGNATURE, 'rtmp');
  if (first === PROXY_V1_START[0]) return tellProxy(bytes, PROXY_V1_START, 'http');
  if (first === TLS_HANDSHAKE_RECORD) return 'tls';
  if (first <= HIGHEST_RTMP_VERSION) return 'rtmp';
  return first >= FIRST_LETTER && first <= LAST_LETTER ? 'http' : 'unknown';
}

function tellProxy(bytes: Uint8Array, start: Uint8Array, otherwise: Spoken): Spoken | 'undecided' {
  const match = matchStart(bytes, start);
  if (match === 'none') return otherwise;
  return match === 'whole' ? 'proxy' : 'undecided';
}
