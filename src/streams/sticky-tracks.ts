// Keeps for late joiners what audio and video messages say of their tracks: decoder configuration, colour information,
// channel layout. A message of several tracks is kept whole, and is in force for each of them until that has a newer one.
// [ERTMP2 "Multitrack", "Metadata Frame"]

import type { MediaHeader, MediaHeaderKind } from '../protocol/flv/media-record.ts';
import type { RtmpMessage } from '../protocol/rtmp/message.ts';
import type { StickySet } from './sticky.ts';

/** True for what {@link StickyTracks.keep} takes: what says how tracks are to be decoded and shown, or takes that back. */
export function describesTracks({ kind }: MediaHeader): boolean {
  switch (kind) {
    case 'sequence-header':
    case 'unknown-header':
    case 'metadata':
    case 'metadata-reset':
      return true;
    default:
      return false;
  }
}

/** What the tracks of one publish are said to be, in the stream's sticky set. */
export class StickyTracks {
  readonly #stickies: StickySet;
  /**
   * Codecs of the sequence headers and of the metadata in force, by key and track; null is one that is not known. At most
   * one of each for each of 256 tracks of audio and of video.
   */
  readonly #codecs = new Map<string, string | null>();

  constructor(stickies: StickySet) {
    this.#stickies = stickies;
  }

  /**
   * Puts in force what a message says of its tracks, and takes out of force what holds no more: metadata that are taken
   * back, a header where one of an unknown codec comes, metadata of a codec that the track has no more. False where a
   * limit refuses it; then what was in force before stays so.
   */
  keep(media: 'audio' | 'video', header: MediaHeader, message: RtmpMessage): boolean {
    const tracks = header.tracks ?? [header];
    const headerKey = `${media} sequence-header`;
    const metadataKey = `${media} metadata`;
    this.#stickies.remove(headerKey, idsOf(tracks, 'unknown-header'));
    this.#endMetadata(headerKey, metadataKey, tracks);
    const isKept = this.#put(headerKey, 'sequence-header', tracks, message);
    const resetIds = idsOf(tracks, 'metadata-reset');
    if (!this.#put(metadataKey, 'metadata-reset', tracks, message)) {
      this.#stickies.remove(metadataKey, resetIds);
    }
    return this.#put(metadataKey, 'metadata', tracks, message) && isKept;
  }

  #put(key: string, kind: MediaHeaderKind, tracks: readonly MediaHeader[], message: RtmpMessage): boolean {
    const trackIds = idsOf(tracks, kind);
    if (trackIds.length === 0) return true;
    const isPart = trackIds.length < tracks.length;
    if (!this.#stickies.put(key, message, { trackIds, isPart, isReset: kind === 'metadata-reset' }))
      return false;
    for (const track of tracks)
      if (track.kind === kind) this.#codecs.set(`${key} ${track.trackId}`, track.codec);
    return true;
  }

  /** Takes out of force metadata that were said of another codec than the one that a track changes to. */
  #endMetadata(headerKey: string, metadataKey: string, tracks: readonly MediaHeader[]): void {
    const endedIds: number[] = [];
    for (const { kind, codec, trackId } of tracks) {
      if (kind !== 'sequence-header' && kind !== 'unknown-header') continue;
      const codecBefore = this.#codecs.get(`${headerKey} ${trackId}`);
      if (kind === 'unknown-header') this.#codecs.set(`${headerKey} ${trackId}`, null);
      if (codecBefore === undefined || codecBefore === codec) continue;
      if (this.#codecs.get(`${metadataKey} ${trackId}`) !== codec) endedIds.push(trackId);
    }
    this.#stickies.remove(metadataKey, endedIds);
  }
}

/** The tracks of that kind. */
function idsOf(tracks: readonly MediaHeader[], kind: MediaHeaderKind): number[] {
  return tracks.filter((track) => track.kind === kind).map(({ trackId }) => trackId);
}
