// The header that the tests of media headers start from.

import assert from 'node:assert/strict';
import type { MediaHeader } from '../../../src/protocol/flv/media-record.ts';

/** A legacy header that says nothing. */
export const LEGACY: MediaHeader = {
  codec: null,
  kind: 'other',
  isKeyframe: false,
  isEnhanced: false,
  trackId: 0,
  compositionTimeMs: 0,
  timestampOffsetNs: 0,
  bodyOffset: 0,
  bodyEnd: 0,
  tracks: null,
};

/** An Enhanced RTMP header that says nothing. */
export const ENHANCED: MediaHeader = { ...LEGACY, isEnhanced: true };

/** The header of a message whose body goes to its end, with that end left out. */
export function withoutEnd(header: MediaHeader, payload: Uint8Array): MediaHeader {
  assert.equal(header.bodyEnd, payload.length);
  return { ...header, bodyEnd: 0 };
}
