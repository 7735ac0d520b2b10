// The times of a live stream that is pulled from one upstream after the other. What a new connection sends is taken from
// its first keyframe on, headers before that, and goes on where the last one stopped, whatever the upstream's own clock
// says. From there on its own distances are kept: where its clock begins anew, the live stream's timeline sees that.

import { readAudioHeader, readVideoHeader } from '../protocol/flv/media-header.ts';

/** Least media time from the last frame of one connection to the first of the next, ms: a frame at 25 a second. */
const MIN_GAP_MS = 40;

/** Time that sound alone waits for a keyframe, where there were pictures before, ms: the upstream may have none now. */
const KEYFRAME_WAIT_MS = 5000;

/** How near to the end of the last connection a frame of the next one is taken for one that belongs before it, ms. */
const NEAR_MS = 3000;

/** Gives each message its time, or none where it is to be left out. All times of messages are u32 ms and wrap. */
export class RelayClock {
  #offsetMs = 0;
  /** Newest time that was given to a frame, and when; null before the first. */
  #newest: { readonly timestampMs: number; readonly atMs: number } | null = null;
  /** Where the last connection ended, while what this one sends is near it: nothing goes back before that. */
  #floorMs: number | null = null;
  #isOpen = true;
  #awaitsKeyframe = false;
  #hadVideo = false;
  #firstSoundMs: number | null = null;

  /** Begins anew: the next connection's times are taken as they are. */
  restart(): void {
    this.#offsetMs = 0;
    this.#newest = null;
    this.#floorMs = null;
    this.#isOpen = true;
    this.#awaitsKeyframe = false;
    this.#hadVideo = false;
    this.#firstSoundMs = null;
  }

  /** What comes from now on comes by another connection. */
  resume(): void {
    if (this.#newest === null) return;
    this.#isOpen = false;
    this.#awaitsKeyframe = true;
    this.#firstSoundMs = null;
  }

  /** The time of an audio message that came at `nowMs`; null where it is left out. */
  audioMs(timestampMs: number, payload: Uint8Array, nowMs: number): number | null {
    if (readAudioHeader(payload).kind !== 'frame') return this.otherMs(timestampMs);
    if (!this.#isOpen && this.#hadVideo) {
      this.#firstSoundMs ??= nowMs;
      if (nowMs - this.#firstSoundMs < KEYFRAME_WAIT_MS) return null;
    }
    return this.#frameMs(timestampMs, nowMs);
  }

  /** The time of a video message that came at `nowMs`; null where it is left out. */
  videoMs(timestampMs: number, payload: Uint8Array, nowMs: number): number | null {
    const header = readVideoHeader(payload);
    if (header.kind !== 'frame') return this.otherMs(timestampMs);
    // WHY not `#isOpen`: where keyframes are far apart, sound goes on alone, and the pictures still need one.
    if (this.#awaitsKeyframe && !header.isKeyframe) return null;
    const givenMs = this.#frameMs(timestampMs, nowMs);
    if (givenMs === null) return null;
    this.#awaitsKeyframe = false;
    this.#hadVideo = true;
    return givenMs;
  }

  /** The time of a header, or of data. */
  otherMs(timestampMs: number): number {
    if (this.#isOpen || this.#newest === null) return (timestampMs + this.#offsetMs) >>> 0;
    return this.#newest.timestampMs;
  }

  /**
   * WHY the time that went by: a player's clock ran on meanwhile, and what it shows stays as far behind live as it was. With
   * a frame's length alone each break would add its own length to the delay.
   */
  #frameMs(timestampMs: number, nowMs: number): number | null {
    const newest = this.#newest;
    if (!this.#isOpen && newest !== null) {
      const gapMs = Math.max(MIN_GAP_MS, Math.round(nowMs - newest.atMs));
      this.#floorMs = newest.timestampMs;
      this.#offsetMs = newest.timestampMs + gapMs - timestampMs;
      this.#isOpen = true;
    }
    const givenMs = (timestampMs + this.#offsetMs) >>> 0;
    if (this.#liesBeforeChange(givenMs)) return null;
    const aheadMs = newest === null ? 0 : (givenMs - newest.timestampMs) | 0;
    // One that is far behind is not late: the clock began anew, and the next connection goes on from there.
    if (aheadMs >= 0 || aheadMs < -NEAR_MS) this.#newest = { timestampMs: givenMs, atMs: nowMs };
    return givenMs;
  }

  /** True for sound that is a little older than the keyframe that the connection began with. */
  #liesBeforeChange(givenMs: number): boolean {
    if (this.#floorMs === null) return false;
    const aboveMs = (givenMs - this.#floorMs) | 0;
    if (Math.abs(aboveMs) <= NEAR_MS) return aboveMs <= 0;
    this.#floorMs = null;
    return false;
  }
}
