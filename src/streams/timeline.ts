// A live stream's own clock in media time: it starts near 0, keeps the publisher's distances to the millisecond,
// and goes on rising when the stream is published again or the publisher's clock starts anew, so that a viewer who
// stays does not see time go back, late frames aside. Where one track alone jumps far ahead, the other goes on in
// its own time until the first comes back, and from there on both rise from where the jump led. Rebasing is done once per stream, never per viewer: viewers share the bytes.

/** Where a publish begins on the stream's clock, at most this late: room for a track that comes a little earlier. */
const FIRST_FRAME_MAX_MS = 1000;

/** Media time between the last frame of one publish, or clock, and the first of the next. */
const RESTART_GAP_MS = 100;

/** How far back a frame may step behind the one before it and be taken for late. Beyond, the clock started anew. */
const MAX_STEP_BACK_MS = 3000;

/** The tracks that have a clock. Their clocks must share a base, but one may run ahead of the other. */
export type ClockedTrack = 'audio' | 'video';

/**
 * Maps a publisher's timestamps onto the stream's. All times in and out are u32 ms and wrap; inside, the stream's
 * are counted on past 2^32, so that none of a stream of many weeks is mistaken for one before its start.
 */
export class Timeline {
  #offsetMs: number | null = null;
  #floorMs = 0;
  #newestMs = 0;
  #hasFrames = false;
  #lastAudioMs: number | null = null;
  #lastVideoMs: number | null = null;

  /** Begins a publish: its first frame fixes the base. */
  restart(): void {
    this.#offsetMs = null;
    this.#lastAudioMs = null;
    this.#lastVideoMs = null;
    if (this.#hasFrames) this.#floorMs = this.#newestMs + RESTART_GAP_MS;
  }

  /** The stream time of a frame. */
  frameMs(track: ClockedTrack, publisherMs: number): number {
    if (this.#offsetMs === null) {
      this.#newestMs = this.#floorMs + Math.min(publisherMs, FIRST_FRAME_MAX_MS);
      this.#offsetMs = this.#newestMs - publisherMs;
    }
    if (this.#isNewClock(track, publisherMs)) this.#offsetMs = this.#newestMs + RESTART_GAP_MS - publisherMs;
    if (track === 'audio') this.#lastAudioMs = publisherMs;
    else this.#lastVideoMs = publisherMs;
    const frameMs = Math.max(this.#floorMs, this.#near(publisherMs + this.#offsetMs));
    this.#newestMs = Math.max(this.#newestMs, frameMs);
    this.#hasFrames = true;
    return frameMs >>> 0;
  }

  /** The stream time of a sequence header or metadata: never later than the newest frame, and not far before it,
   * for encoders stamp them with 0 or with the frame to come. */
  headerMs(publisherMs: number): number {
    if (this.#offsetMs === null) return this.#floorMs >>> 0;
    const headerMs = this.#near(publisherMs + this.#offsetMs);
    const earliestMs = Math.max(this.#floorMs, this.#newestMs - MAX_STEP_BACK_MS);
    const isNear = headerMs >= earliestMs && headerMs <= this.#newestMs;
    return (isNear ? headerMs : this.#newestMs) >>> 0;
  }

  /** The stream time of data that belongs to a moment: its own, unless that is nowhere near the newest frame's. */
  dataMs(publisherMs: number): number {
    if (this.#offsetMs === null) return this.#floorMs >>> 0;
    const dataMs = this.#near(publisherMs + this.#offsetMs);
    const isNear = Math.abs(dataMs - this.#newestMs) <= MAX_STEP_BACK_MS;
    return (isNear ? Math.max(this.#floorMs, dataMs) : this.#newestMs) >>> 0;
  }

  /** True where a track went far back, and the other has not shown yet that the whole clock did. */
  #isNewClock(track: ClockedTrack, publisherMs: number): boolean {
    const lastMs = track === 'audio' ? this.#lastAudioMs : this.#lastVideoMs;
    if (lastMs === null || ((publisherMs - lastMs) | 0) >= -MAX_STEP_BACK_MS) return false;
    return this.#near(publisherMs + (this.#offsetMs ?? 0)) < this.#newestMs - MAX_STEP_BACK_MS;
  }

  /** The time nearest to the newest frame's that is the same mod 2^32. */
  #near(streamMs: number): number {
    return this.#newestMs + ((streamMs - this.#newestMs) | 0);
  }
}
