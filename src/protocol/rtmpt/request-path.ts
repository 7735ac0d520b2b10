// The grammar of the tunnel's requests: method and target in, what is asked out. One pass over the target, no regular
// expression. [RTMPT-NOTE 14] Bodies and headers are not looked at, and nothing is percent-decoded: no session id of
// ours holds a character that would need it.
//
//   /fcs/ident  /fcs/ident2         any method
//   /open[/<n>]                     POST
//   /send/<id>[/<n>]                POST
//   /idle/<id>[/<n>]                POST
//   /close[/<id>][/<n>]             POST
//
// Tolerated: absolute-form (http://host:port/open/1), a query, one trailing slash, numbers missing or not numeric.

import { MAX_SEQUENCE_DIGITS, MAX_SESSION_ID_CHARS, MAX_TARGET_CHARS } from './limits.ts';

const MAX_SEGMENTS = 3;
const SLASH = 0x2f;
const QUESTION_MARK = 0x3f;
const NUMBER_SIGN = 0x23;
const DIGIT_ZERO = 0x30;
const DIGIT_NINE = 0x39;

/** What a request asks. `sequenceNumber` is 0..9,999,999,999, or null where there is none that reads as one. */
export type TunnelRequest =
  | { readonly type: 'ident' }
  | { readonly type: 'open' }
  | { readonly type: 'send'; readonly sessionId: string; readonly sequenceNumber: number | null }
  | { readonly type: 'idle'; readonly sessionId: string; readonly sequenceNumber: number | null }
  | { readonly type: 'close'; readonly sessionId: string | null; readonly sequenceNumber: number | null };

/**
 * Reads one request line: `method` in capitals, `target` as it came, in origin-form or absolute-form. Gives what is asked,
 * or null where it is nothing of the tunnel's.
 */
export function parseTunnelRequest(method: string, target: string): TunnelRequest | null {
  const segments = splitTarget(target);
  if (segments === null) return null;
  const [action, first, second] = segments;
  if (action === 'fcs') {
    return (first === 'ident' || first === 'ident2') && second === undefined ? { type: 'ident' } : null;
  }
  if (method !== 'POST') return null;
  switch (action) {
    case 'open':
      return second === undefined ? { type: 'open' } : null;
    case 'send':
    case 'idle':
      if (first === undefined || first.length > MAX_SESSION_ID_CHARS) return null;
      return { type: action, sessionId: first, sequenceNumber: parseSequenceNumber(second) };
    case 'close':
      return parseClose(first, second);
    default:
      return null;
  }
}

// A lone number after /close is a sequence number: one client closes without naming its session. [RTMPT-NOTE 5]
function parseClose(first: string | undefined, second: string | undefined): TunnelRequest | null {
  if (first !== undefined && first.length > MAX_SESSION_ID_CHARS) return null;
  const loneNumber = second === undefined ? parseSequenceNumber(first) : null;
  if (first === undefined || loneNumber !== null) {
    return { type: 'close', sessionId: null, sequenceNumber: loneNumber };
  }
  return { type: 'close', sessionId: first, sequenceNumber: parseSequenceNumber(second) };
}

function parseSequenceNumber(text: string | undefined): number | null {
  if (text === undefined || text.length > MAX_SEQUENCE_DIGITS) return null;
  let value = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (character < DIGIT_ZERO || character > DIGIT_NINE) return null;
    value = value * 10 + (character - DIGIT_ZERO);
  }
  return value;
}

/** The segments of a target's path; null where there are none, more than three, or an empty one that is not the last. */
export function splitTarget(target: string): string[] | null {
  if (target.length > MAX_TARGET_CHARS) return null;
  const pathOffset = findPath(target);
  if (pathOffset === -1) return null;
  const segments: string[] = [];
  let segmentOffset = pathOffset + 1;
  for (let index = segmentOffset; index <= target.length; index++) {
    const character = index < target.length ? target.charCodeAt(index) : QUESTION_MARK;
    const isPathEnd = character === QUESTION_MARK || character === NUMBER_SIGN;
    if (!isPathEnd && character !== SLASH) continue;
    if (index === segmentOffset) return isPathEnd && segments.length > 0 ? segments : null;
    if (segments.length === MAX_SEGMENTS) return null;
    segments.push(target.slice(segmentOffset, index));
    if (isPathEnd) return segments;
    segmentOffset = index + 1;
  }
  return null;
}

// Offset of the slash the path begins with, or -1.
function findPath(target: string): number {
  if (target.charCodeAt(0) === SLASH) return 0;
  const scheme = target.slice(0, 8).toLowerCase();
  if (scheme === 'https://') return target.indexOf('/', 8);
  if (scheme.startsWith('http://')) return target.indexOf('/', 7);
  return -1;
}
