// Which video a live stream has now, and which of its tracks viewers begin at: track 0, or the lowest that is there.
// [ERTMP2 "Multitrack"]

import { VIDEO_GONE_MS } from './limits.ts';

/** The video tracks of one publish. Times are those of the stream, u32 ms. */
export class VideoTracks {
  #hasVideo = false;
  #newestMs = 0;
  /** The track at whose keyframes viewers begin; null where there is none, for now. */
  #leadId: number | null = null;
  #leadMs = 0;

  /** Takes note of a frame or header of a track, 0..255. */
  saw(trackId: number, timestampMs: number): void {
    this.#hasVideo = true;
    this.#newestMs = timestampMs;
    if (this.#leadId !== null && trackId > this.#leadId && !isGone(this.#leadMs, timestampMs)) return;
    this.#leadId = trackId;
    this.#leadMs = timestampMs;
  }

  /** Takes note that a track has ended: another may take its place at once. */
  ended(trackId: number): void {
    if (trackId === this.#leadId) this.#leadId = null;
  }

  /** True for the track at whose keyframes viewers begin. */
  isLead(trackId: number): boolean {
    return trackId === this.#leadId;
  }

  /** True while there is video, so that viewers are not to begin without. */
  isThere(timestampMs: number): boolean {
    return this.#hasVideo && !isGone(this.#newestMs, timestampMs);
  }
}

function isGone(lastMs: number, timestampMs: number): boolean {
  return ((timestampMs - lastMs) | 0) > VIDEO_GONE_MS;
}
