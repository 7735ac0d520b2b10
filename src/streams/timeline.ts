// A live stream's own clock in media time: it starts near 0, keeps the publisher's distances to the millisecond,
// and goes on rising when the stream is published again, so that a viewer who stays never sees time go back.
// Rebasing is done once per stream, never per viewer: viewers share the same bytes.

/** A stream's first frame lands at most this late: room for a track whose frames come a little earlier. */
const FIRST_FRAME_MAX_MS = 1000;

/** Media time between the last frame of one publish and the first of the next. */
const REPUBLISH_GAP_MS = 100;

/** Maps a publisher's timestamps onto the stream's. All are u32 ms; arithmetic is mod 2^32. */
export class Timeline {
  #offsetMs: number | null = null;
  #floorMs = 0;
  #newestMs = 0;
  #hasFrames = false;

  /** Time of the newest frame. */
  get newestMs(): number {
    return this.#newestMs;
  }

  /** Begins a publish: its first frame fixes the base. */
  restart(): void {
    this.#offsetMs = null;
    if (this.#hasFrames) this.#floorMs = (this.#newestMs + REPUBLISH_GAP_MS) >>> 0;
  }

  /** The stream time of a frame. */
  frameMs(publisherMs: number): number {
    this.#offsetMs ??= this.#hasFrames
      ? (this.#floorMs - publisherMs) >>> 0
      : (Math.min(publisherMs, FIRST_FRAME_MAX_MS) - publisherMs) >>> 0;
    const frameMs = this.#notBeforeFloor((publisherMs + this.#offsetMs) >>> 0);
    if (!this.#hasFrames || ((frameMs - this.#newestMs) | 0) > 0) this.#newestMs = frameMs;
    this.#hasFrames = true;
    return frameMs;
  }

  /** The stream time of a sequence header or metadata: never later than the newest frame, for encoders stamp
   * them with 0 or with the frame to come. */
  headerMs(publisherMs: number): number {
    if (this.#offsetMs === null) return this.#floorMs;
    const headerMs = this.#notBeforeFloor((publisherMs + this.#offsetMs) >>> 0);
    return ((headerMs - this.#newestMs) | 0) > 0 ? this.#newestMs : headerMs;
  }

  #notBeforeFloor(timestampMs: number): number {
    return ((timestampMs - this.#floorMs) | 0) < 0 ? this.#floorMs : timestampMs;
  }
}
