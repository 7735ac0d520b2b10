// What a peer means by a type 3 chunk that begins a message. The text says: the last delta goes on, and behind a type 0
// chunk its timestamp is the delta. [RTMP 5.3.1.2.4] Old librtmp means: the time is the same as before. For clients that
// pull: time that runs away stays wrong until the next type 0 chunk of its chunk stream.
//
// DEVIATION: the text is followed until what it yields is not credible. Pinned by same-time-habit.test.ts.
//   1. Behind a type 0 chunk of time T it adds T where T is up to MAX_FIRST_DELTA_MS, or where the other track is nearer
//      to 2T than to T; otherwise 0. Each time anew. The tracks are audio and video.
//   2. Behind any other header it adds the delta, until the deltas of type 3 chunks have moved one track ahead of the
//      other by as much as they sum up to, a stretch of STRETCH_MS at a time, for STRETCHES stretches in a row. From then
//      on it adds 0; until a track has fallen behind in the same way. What was added before is not taken back.
// Left wrong: by 2, a track that is alone is never judged, for there is nothing to judge it by, and runs away for good
// where the sender means the same time. By 1, the second of a pair of messages at one time T of at most
// MAX_FIRST_DELTA_MS is read T late, and so is what goes on from it by deltas.

import type { ChunkStream } from './chunk-stream.ts';
import { MessageType } from './message.ts';

/** LIMIT: a delta behind a type 0 chunk that is believed unseen, 250 ms: no track that begins has frames further apart. */
const MAX_FIRST_DELTA_MS = 250;

/** LIMIT: deltas that are judged together, 500 ms: ten times what two tracks in step are apart from each other. */
const STRETCH_MS = 500;

/** LIMIT: stretches in a row, 3: a track that stalls and catches up makes one, a burst at the start another. */
const STRETCHES = 3;

/** What is known of one peer, whose chunk decoder asks and tells. */
export class SameTimeHabit {
  #meansSameTime = false;
  // Times of the last audio and the last video message, ms; null before the first.
  #audioMs: number | null = null;
  #videoMs: number | null = null;
  readonly #audioStretch = new Stretch();
  readonly #videoStretch = new Stretch();

  /** What the type 3 chunk that is about to begin a message on `stream` adds to its time, ms, u32. */
  deltaMsFor(stream: ChunkStream): number {
    if (stream.isDeltaAbsolute) {
      if (!this.#isCredible(stream)) stream.deltaMs = 0;
      return stream.deltaMs;
    }
    const deltaMs = stream.deltaMs | 0;
    if (stream.typeId === MessageType.Audio) this.#contest(deltaMs);
    else if (stream.typeId === MessageType.Video) this.#contest(-deltaMs);
    return this.#meansSameTime ? 0 : stream.deltaMs;
  }

  /** A message began on `stream` with a chunk of type `format`, 0..3, and has its time. */
  began(stream: ChunkStream, format: number): void {
    stream.isDeltaAbsolute = format === 0;
    const isAudio = stream.typeId === MessageType.Audio;
    if (isAudio) this.#audioMs = stream.timestampMs;
    else if (stream.typeId === MessageType.Video) this.#videoMs = stream.timestampMs;
    else return;
    if (this.#audioMs === null || this.#videoMs === null) return;
    const audioLeadMs = (this.#audioMs - this.#videoMs) | 0;
    if (format === 0) {
      this.#audioStretch.begin(audioLeadMs);
      this.#videoStretch.begin(-audioLeadMs);
      return;
    }
    // WHY: a track is judged when the other one speaks; while that is silent, it leads with good reason.
    const isContradicted = isAudio
      ? this.#videoStretch.isContradicted(-audioLeadMs, this.#meansSameTime)
      : this.#audioStretch.isContradicted(audioLeadMs, this.#meansSameTime);
    if (isContradicted) this.#meansSameTime = !this.#meansSameTime;
  }

  /** A delta that may or may not be meant: `deltaMs` is positive where it moves audio ahead. */
  #contest(deltaMs: number): void {
    this.#audioStretch.contestedMs += deltaMs;
    this.#videoStretch.contestedMs -= deltaMs;
  }

  /** Whether the timestamp of the type 0 chunk just before can be the delta of what follows it. */
  #isCredible({ typeId, timestampMs }: ChunkStream): boolean {
    if (this.#meansSameTime) return false;
    if (timestampMs <= MAX_FIRST_DELTA_MS) return true;
    const otherMs = this.#otherTrackMs(typeId);
    if (otherMs === null) return false;
    return Math.abs((2 * timestampMs - otherMs) | 0) < Math.abs((timestampMs - otherMs) | 0);
  }

  /** Time of the track to compare with, null before it has one; data goes by pictures, without them by sound. */
  #otherTrackMs(typeId: number): number | null {
    if (typeId === MessageType.Audio) return this.#videoMs;
    return typeId === MessageType.Video ? this.#audioMs : (this.#videoMs ?? this.#audioMs);
  }
}

/** How far one track has moved ahead of the other, beside the deltas that may have moved it. */
class Stretch {
  /** Deltas of type 3 chunks on this track less those on the other, since the stretch began, ms. */
  contestedMs = 0;
  #startLeadMs: number | null = null;
  #contradictions = 0;

  /** Begins where this track leads the other by `leadMs`. */
  begin(leadMs: number): void {
    this.#startLeadMs = leadMs;
    this.contestedMs = 0;
  }

  /** True where the lead, at the end of the last of enough stretches, shows that type 3 chunks are misread. */
  isContradicted(leadMs: number, meansSameTime: boolean): boolean {
    if (this.#startLeadMs === null) this.begin(leadMs);
    if (this.contestedMs < STRETCH_MS) return false;
    const movedMs = leadMs - (this.#startLeadMs ?? leadMs);
    const misreadMs = meansSameTime ? -this.contestedMs : this.contestedMs;
    const isMisread = Math.abs(movedMs - misreadMs) <= this.contestedMs / 4;
    this.#contradictions = isMisread ? this.#contradictions + 1 : 0;
    this.begin(leadMs);
    if (this.#contradictions < STRETCHES) return false;
    this.#contradictions = 0;
    return true;
  }
}
