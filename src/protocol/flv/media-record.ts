// The record that audio and video headers are read into, legacy and Enhanced RTMP alike; always made with the same fields
// in the same order, so that who reads it meets one shape. [FLV E.4.2.1, E.4.3.1]
// A live stream is passed on without `compositionTimeMs`, `timestampOffsetNs`, `bodyOffset` and `bodyEnd`: they are for whoever
// takes media out of its messages.

/**
 * What a message is for. `sequence-header`: decoder configuration, to be kept for late joiners. `unknown-header`: that of a
 * codec that is not known; to be passed on, and the one before it holds no more. `frame`: media. `end`: no more media of
 * this sequence, or silence. `metadata`: about the media (colour information, channel layout).
 * `metadata-reset`: takes back the metadata before it. `other`: empty, cut short, a command frame, or unknown; to be
 * passed on and otherwise left alone. `malformed`: an Enhanced RTMP header that breaks its own rules; not to be passed on.
 */
export type MediaHeaderKind =
  | 'sequence-header'
  | 'unknown-header'
  | 'frame'
  | 'end'
  | 'metadata'
  | 'metadata-reset'
  | 'other'
  | 'malformed';

/** The first bytes of an audio or video message. */
export type MediaHeader = {
  /** FourCC, or a lower-case word for a codec without one; the same for legacy and enhanced messages. Null: unknown. */
  readonly codec: string | null;
  readonly kind: MediaHeaderKind;
  /** True for a video frame that a viewer can begin at; false for every other kind, and for audio. */
  readonly isKeyframe: boolean;
  /** True for an Enhanced RTMP header. */
  readonly isEnhanced: boolean;
  /** Track 0..255; 0 where there is but one. */
  readonly trackId: number;
  /** Presentation time minus message timestamp in ms, -0x800000..0x7FFFFF; 0 where the message has none. */
  readonly compositionTimeMs: number;
  /** To be added to the presentation time of this message, ns, 0..999,999; 0 where it says none. */
  readonly timestampOffsetNs: number;
  /** Offset of what follows the header, 0..payload length. */
  readonly bodyOffset: number;
  /** Offset behind it, `bodyOffset`..payload length. */
  readonly bodyEnd: number;
  /**
   * Every track of a message of several, each as though it had come alone, in their order; the record itself then says
   * what the one of the lowest id says. Null elsewhere.
   */
  readonly tracks: readonly MediaHeader[] | null;
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

/** Unsigned 3 bytes at `offset`; bytes that are not there count as 0. */
export function readU24At(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 16) | ((bytes[offset + 1] ?? 0) << 8) | (bytes[offset + 2] ?? 0);
}
