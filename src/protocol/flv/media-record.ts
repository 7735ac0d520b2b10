// The record that audio and video headers are read into, legacy and Enhanced RTMP alike; always made with the same fields
// in the same order, so that who reads it meets one shape.

/**
 * What a message is for. `sequence-header`: decoder configuration, to be kept for late joiners. `frame`: media. `end`: no
 * more media of this sequence. `metadata`: about the media (colour information, channel layout). `other`: empty, cut
 * short, a command frame, or unknown; to be passed on and otherwise left alone.
 */
export type MediaHeaderKind = 'sequence-header' | 'frame' | 'end' | 'metadata' | 'other';

/** The first bytes of an audio or video message. */
export type MediaHeader = {
  /** FourCC, or a lower-case word for a codec without one; the same for legacy and enhanced messages. Null: unknown. */
  readonly codec: string | null;
  readonly kind: MediaHeaderKind;
  /** True for a video frame that a viewer can begin at; false for every other kind, and for audio. */
  readonly isKeyframe: boolean;
  /** True for an Enhanced RTMP header. */
  readonly isEnhanced: boolean;
  /** Track 0..255; 0 where there is but one; the first where a message holds several. */
  readonly trackId: number;
  /** Presentation time minus message timestamp in ms, -0x800000..0x7FFFFF; 0 where the message has none. */
  readonly compositionTimeMs: number;
  /** Offset of what follows the header (of the first track), 0..payload length. */
  readonly bodyOffset: number;
};

/** Frame types of video messages; 0 is none, which some Enhanced RTMP senders write. [FLV E.4.3.1] */
export const FrameType = { None: 0, Key: 1, Inter: 2, Disposable: 3, GeneratedKey: 4, Command: 5 } as const;

/** Signed 3 bytes at `offset`; bytes that are not there count as 0. */
export function readS24At(bytes: Uint8Array, offset: number): number {
  const a = bytes[offset] ?? 0;
  const b = bytes[offset + 1] ?? 0;
  const c = bytes[offset + 2] ?? 0;
  return ((a << 24) | (b << 16) | (c << 8)) >> 8;
}
