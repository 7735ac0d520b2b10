// What a live stream's log is made of, as those see it who read it: its messages' places, and stretches of its bytes.

import type { RtmpMessage } from '../protocol/rtmp/message.ts';

/** What a message of the log carries. */
export type MediaKind = 'audio' | 'video' | 'data';

/** Which tracks a sticky message is about. */
export type StickyScope = {
  /** The tracks for which it is in force; 0 alone for what is of no track. */
  readonly trackIds: readonly number[];
  /** True where these are fewer than the message has. */
  readonly isPart: boolean;
  /** True where it takes back what an earlier one of the same key said: of no use to those who never had that. */
  readonly isReset: boolean;
};

/** A message that late joiners need before their first frame: metadata or a sequence header. */
export type StickyMessage = StickyScope & {
  /**
   * What kind of message it is: `data` and the handler's name, or `audio` or `video` and what it says of their tracks. At
   * most one of a key is in force for each track: a newer one replaces it there.
   */
  readonly key: string;
  readonly message: RtmpMessage;
};

/** What a message means for those who begin. */
export type EntryRole = {
  readonly kind: MediaKind;
  /** For a place where a viewer may begin: what it needs first. Null elsewhere. */
  readonly sticky: readonly StickyMessage[] | null;
  /** True for a video frame that is of no use without the frames before it. */
  readonly isInterFrame: boolean;
  /** True for audio and video that decoders need, not a frame: those who take no such frames get it all the same. */
  readonly isHeader: boolean;
};

/** One message's place in the log. */
export type LogEntry = EntryRole & {
  /** Position of the message's first byte. */
  readonly position: number;
  /** Length on the wire, chunk headers included. */
  readonly lengthBytes: number;
  /** What the log's messages before it count for, in bytes: their length, a fixed sum each, and what they hold. */
  readonly weightBefore: number;
  /** Time on the stream's own timeline, u32 ms. */
  readonly timestampMs: number;
  /** Media time that has passed in the log up to here, ms: it never goes back, and no step counts for more than a second. */
  readonly reachedMs: number;
};

/** How far back a log reaches, and from when on a viewer counts as slow. Bytes are counted with a fixed sum a message
 * on top, and what its places to begin hold, see `ENTRY_BYTES` and `STICKY_BYTES`. */
export type LogLimits = {
  /** Out chunk size of everything in the log, bytes. */
  readonly chunkSizeBytes: number;
  /** Bytes and media time that the newest group of pictures may take up; 0 keeps none for late joiners. */
  readonly gopCacheBytes: number;
  readonly gopCacheMs: number;
  /** A viewer further behind than either of these is slow. */
  readonly lagBytes: number;
  readonly lagMs: number;
};

/** A stretch of the log. Shared by all who asked for the same one: not to be changed. */
export type LogRange = { readonly chunks: readonly Uint8Array[]; readonly nextPosition: number };
