// Enhanced RTMP headers of audio and video messages: what a message is, and of which tracks. [ERTMP2 "Enhanced Video",
// "Enhanced Audio"]
//
//   head: enhanced-head.ts | FourCC | track id u8 of OneTrack | body: enhanced-body.ts
//   head | several tracks: multitrack.ts

import { readTrack } from './enhanced-body.ts';
import { MultitrackType, readEnhancedHead } from './enhanced-head.ts';
import type { MediaHeader, MediaHeaderKind } from './media-record.ts';
import { FOUR_CC_BYTES, readTracks, TRACK_ID_BYTES } from './multitrack.ts';

/** Tells what a message is whose first byte says Enhanced RTMP. Takes any bytes. */
export function readEnhancedHeader(payload: Uint8Array, media: 'audio' | 'video'): MediaHeader {
  // WHY: one byte says nothing and harms nobody: it passes like no bytes at all.
  if (payload.length === 1) return headerWithoutTracks('other', payload);
  const head = readEnhancedHead(payload, media);
  if (typeof head === 'string') return headerWithoutTracks(head, payload);
  const { multitrackType, offset } = head;
  const end = payload.length;
  switch (multitrackType) {
    case null: {
      const bodyOffset = offset + FOUR_CC_BYTES;
      const header = bodyOffset > end ? null : readTrack(payload, head, offset, 0, bodyOffset, end);
      return header ?? headerWithoutTracks('malformed', payload);
    }
    case MultitrackType.OneTrack: {
      const trackId = payload[offset + FOUR_CC_BYTES];
      const bodyOffset = offset + FOUR_CC_BYTES + TRACK_ID_BYTES;
      const header =
        trackId === undefined ? null : readTrack(payload, head, offset, trackId, bodyOffset, end);
      return header ?? headerWithoutTracks('malformed', payload);
    }
    case MultitrackType.ManyTracks:
    case MultitrackType.ManyTracksManyCodecs: {
      const tracks = readTracks(payload, head);
      if (typeof tracks === 'string') return headerWithoutTracks(tracks, payload);
      return { ...leadOf(tracks), tracks };
    }
    default:
      return headerWithoutTracks('other', payload);
  }
}

/** The track of the lowest id, of those that say the most. */
function leadOf(tracks: readonly MediaHeader[]): MediaHeader {
  return tracks.reduce((lead, track) => {
    const says = contentOf(track) - contentOf(lead);
    return says > 0 || (says === 0 && track.trackId < lead.trackId) ? track : lead;
  });
}

/** How much a track says: nothing, that its codec is not known, or what it is. */
function contentOf({ kind }: MediaHeader): number {
  if (kind === 'other') return 0;
  return kind === 'unknown-header' ? 1 : 2;
}

function headerWithoutTracks(kind: MediaHeaderKind, payload: Uint8Array): MediaHeader {
  return {
    codec: null,
    kind,
    isKeyframe: false,
    isEnhanced: true,
    trackId: 0,
    compositionTimeMs: 0,
    timestampOffsetNs: 0,
    bodyOffset: payload.length,
    bodyEnd: payload.length,
    tracks: null,
  };
}
