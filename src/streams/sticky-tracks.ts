// Keeps for late joiners what audio and video messages say of their tracks: decoder configuration, colour information,
// channel layout. A message of several tracks is kept whole, and is in force for each of them until that has a newer one.
// [ERTMP2 "Multitrack", "Metadata Frame"]

import type { MediaHeader, MediaHeaderKind } from '../protocol/flv/media-record.ts';
import type { RtmpMessage } from '../protocol/rtmp/message.ts';
import type { StickySet } from './sticky.ts';

/** True for what {@link keepHeaders} takes. */
export function isForLateJoiners({ kind }: MediaHeader): boolean {
  return kind === 'sequence-header' || kind === 'metadata' || kind === 'metadata-reset';
}

/**
 * Puts in force what a message says of its tracks, and takes out of force what it takes back. False where a limit refuses
 * it; then what was in force before stays so.
 */
export function keepHeaders(
  stickies: StickySet,
  media: 'audio' | 'video',
  header: MediaHeader,
  message: RtmpMessage,
): boolean {
  const tracks = header.tracks ?? [header];
  const resetIds = idsOf(tracks, 'metadata-reset');
  if (resetIds.length > 0) stickies.remove(`${media} metadata`, resetIds);
  let isKept = true;
  for (const kind of ['sequence-header', 'metadata'] as const) {
    const trackIds = idsOf(tracks, kind);
    if (trackIds.length === 0) continue;
    const isPart = trackIds.length < tracks.length;
    isKept = stickies.put(`${media} ${kind}`, message, trackIds, isPart) && isKept;
  }
  return isKept;
}

/** The tracks of that kind, each once. */
function idsOf(tracks: readonly MediaHeader[], kind: MediaHeaderKind): number[] {
  return [...new Set(tracks.filter((track) => track.kind === kind).map(({ trackId }) => trackId))];
}
