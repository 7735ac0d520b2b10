// The header that the tests of media headers start from.

import type { MediaHeader } from '../../../src/protocol/flv/media-record.ts';

/** A legacy header that says nothing. */
export const LEGACY: MediaHeader = {
  codec: null,
  kind: 'other',
  isKeyframe: false,
  isEnhanced: false,
  trackId: 0,
  compositionTimeMs: 0,
  bodyOffset: 0,
};
