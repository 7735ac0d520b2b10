// Whether a peer repeats the extended timestamp on its type 3 chunks. [RTMP 5.3.1.3] The text says yes, and
// Flash, FFmpeg and most others do; old librtmp and a few encoders leave it out.

import type { ChunkStream } from './chunk-stream.ts';

const LOW_31_BITS = 0x7fffffff;

/**
 * What is known of one peer's habit. DEVIATION: four bytes behind a type 3 header are taken for the extended
 * timestamp only where they equal it or the time of the message. A peer that left it out within a message
 * is not asked again; one that left it out at the start of a message is, because some senders do so only there.
 */
export class RepeatedTimestampHabit {
  #habit: 'unknown' | 'repeats' | 'omits' = 'unknown';

  /** Whether the four bytes behind a type 3 header of `stream` are to be looked at. */
  mayRepeat(stream: ChunkStream): boolean {
    return stream.hasExtendedTimestamp && this.#habit !== 'omits';
  }

  /** Whether `valueMs`, the u32 behind a type 3 header of `stream`, is the extended timestamp and not payload. */
  isRepeated(valueMs: number, stream: ChunkStream): boolean {
    const isWithinMessage = stream.receivedBytes > 0;
    const messageMs = isWithinMessage ? stream.timestampMs : stream.timestampMs + stream.deltaMs;
    const isRepeated =
      valueMs === stream.extendedTimestampMs ||
      equalIn31Bits(valueMs, stream.timestampMs) ||
      equalIn31Bits(valueMs, messageMs);
    if (isRepeated) this.#habit = 'repeats';
    else if (isWithinMessage && this.#habit === 'unknown') this.#habit = 'omits';
    return isRepeated;
  }
}

// WHY: some senders write a time with its top bit cleared, as FLV has it.
function equalIn31Bits(leftMs: number, rightMs: number): boolean {
  return ((leftMs ^ rightMs) & LOW_31_BITS) === 0;
}
