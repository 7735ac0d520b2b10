// Messages of several tracks: reading all of them, and taking some out. [ERTMP2 "Multitrack"]
//
//   ManyTracks            FourCC | { track id u8 | size u24 | body }...
//   ManyTracksManyCodecs  { FourCC | track id u8 | size u24 | body }...

import { readTrack } from './enhanced-body.ts';
import { type EnhancedHead, MultitrackType, readEnhancedHead } from './enhanced-head.ts';
import { type MediaHeader, readU24At } from './media-record.ts';

/** LIMIT: tracks of one message; real ones have at most a dozen. */
export const MAX_TRACKS_OF_MESSAGE = 64;

/** Length of a FourCC. */
export const FOUR_CC_BYTES = 4;
/** Length of a track's id. */
export const TRACK_ID_BYTES = 1;
const TRACK_SIZE_BYTES = 3;

/** Takes one track: where its FourCC, its own bytes and its body begin, and where they end. False ends the walk. */
type TakeTrack = (
  trackId: number,
  place: { readonly fourCcOffset: number; readonly offset: number; readonly bodyOffset: number },
  end: number,
) => boolean;

/**
 * Every track of a ManyTracks or ManyTracksManyCodecs message, one at least. 'malformed' where there is none, one runs past
 * the end, or two have the same id; 'other' where there are more than MAX_TRACKS_OF_MESSAGE.
 */
export function readTracks(payload: Uint8Array, head: EnhancedHead): MediaHeader[] | 'malformed' | 'other' {
  const tracks: MediaHeader[] = [];
  const trackIds = new Set<number>();
  const isWhole = walkTracks(payload, head, (trackId, { fourCcOffset, bodyOffset }, end) => {
    const track = readTrack(payload, head, fourCcOffset, trackId, bodyOffset, end);
    if (track === null || trackIds.has(trackId)) return false;
    trackIds.add(trackId);
    tracks.push(track);
    return tracks.length <= MAX_TRACKS_OF_MESSAGE;
  });
  if (tracks.length > MAX_TRACKS_OF_MESSAGE) return 'other';
  return isWhole ? tracks : 'malformed';
}

/**
 * The same message with only those tracks whose ids are given, each as it was. `payload` must be a message that
 * {@link readTracks} has read; what comes back is a copy.
 */
export function onlyTracks(
  payload: Uint8Array,
  media: 'audio' | 'video',
  trackIds: readonly number[],
): Uint8Array {
  const head = readEnhancedHead(payload, media);
  if (typeof head === 'string') throw new Error('expected a message of several tracks');
  const parts: Uint8Array[] = [];
  walkTracks(payload, head, (trackId, { offset }, end) => {
    if (trackIds.includes(trackId)) parts.push(payload.subarray(offset, end));
    return parts.length < trackIds.length;
  });
  const frontBytes = head.offset + (hasOneFourCc(head) ? FOUR_CC_BYTES : 0);
  let lengthBytes = frontBytes;
  for (const part of parts) lengthBytes += part.length;
  const message = new Uint8Array(lengthBytes);
  message.set(payload.subarray(0, frontBytes));
  let offset = frontBytes;
  for (const part of parts) {
    message.set(part, offset);
    offset += part.length;
  }
  return message;
}

function hasOneFourCc({ multitrackType }: EnhancedHead): boolean {
  return multitrackType === MultitrackType.ManyTracks;
}

/** Goes over the tracks in their order; false where there is none, one runs past the end, or `take` ended the walk. */
function walkTracks(payload: Uint8Array, head: EnhancedHead, take: TakeTrack): boolean {
  const fourCcBytes = hasOneFourCc(head) ? 0 : FOUR_CC_BYTES;
  let offset = hasOneFourCc(head) ? head.offset + FOUR_CC_BYTES : head.offset;
  if (offset >= payload.length) return false;
  while (offset < payload.length) {
    const idOffset = offset + fourCcBytes;
    const bodyOffset = idOffset + TRACK_ID_BYTES + TRACK_SIZE_BYTES;
    if (bodyOffset > payload.length) return false;
    const end = bodyOffset + readU24At(payload, idOffset + TRACK_ID_BYTES);
    if (end > payload.length) return false;
    const fourCcOffset = hasOneFourCc(head) ? head.offset : offset;
    if (!take(payload[idOffset] ?? 0, { fourCcOffset, offset, bodyOffset }, end)) return false;
    offset = end;
  }
  return true;
}
