// Limits of the tunnel and the settings an operator may change, with their defaults. [RTMPT-NOTE 1..14]
// The cap on a request's body is the HTTP side's (links/rtmpt): a body reaches this room only when it is whole.

/** Longest request target that is looked at, in characters; LIMIT: the longest of a real client is under 300. */
export const MAX_TARGET_CHARS = 2048;

/** Longest session id that is looked up, in characters; LIMIT: id and LF stay under 32 bytes. [RTMPT-NOTE 1] */
export const MAX_SESSION_ID_CHARS = 31;

/** Most digits of a sequence number; LIMIT: ten last for 13 years at the fastest polling seen, and stay exact. */
export const MAX_SEQUENCE_DIGITS = 10;

/** Longest hold of an idle, ms; LIMIT: the shortest client timeout is 5,000 ms. [RTMPT-NOTE 6] */
export const MAX_IDLE_HOLD_MS = 4000;

/** Longest time that the answer to a send is held back, ms; LIMIT: as for an idle. [RTMPT-NOTE 6] */
export const MAX_SEND_HOLD_MS = 4000;

/** Where the byte cap of a reply starts; LIMIT: 64 KiB is a keyframe, and a fraction of a second on a slow line. */
export const INITIAL_REPLY_CAP_BYTES = 64 * 1024;

/** How long a session that this side ended waits for a request, ms; LIMIT: as long as the longest hold and a slow poll. */
export const CLOSE_LINGER_MS = 5000;

/** How long it answers in all while requests take what was said last, ms; LIMIT: a megabyte at 300 kbit/s. */
export const MAX_CLOSE_LINGER_MS = 30_000;

/** C0, C1 and C2 together, bytes: a tunnel that has carried fewer has not shaken hands. [RTMP 5.2] */
export const HANDSHAKE_LENGTH_BYTES = 1 + 1536 + 1536;

/** Steps of exactly one after which a session counts as numbered; LIMIT: a client that always says 0 makes none. */
export const NUMBERED_AFTER_STEPS = 3;

/** Requests that may wait for those before them; LIMIT: no client has more than a few under way at a time. */
export const MAX_AHEAD_REQUESTS = 16;

/** Bytes of the bodies of these; LIMIT: a body of the default cap fits, and a second one does not. */
export const MAX_AHEAD_BYTES = 16 * 1024 * 1024;

/** How long a request waits for those before it, ms; LIMIT: the shortest client timeout is 5,000 ms. */
export const MAX_AHEAD_MS = 3000;

/** Requests of a numbered session whose replies are kept; LIMIT: a proxy repeats the one that it got no reply to. */
export const KEPT_REPLIES = 4;

/**
 * Bytes of these replies together, but for the newest; LIMIT: four of the longest by default, and one message more. They are
 * views of what the live streams keep anyway.
 */
export const KEPT_REPLIES_BYTES = 2 * 1024 * 1024;

/** What an operator may set for each session; all times in whole ms, at least 1 unless said otherwise. */
export type TunnelSettings = {
  /** Hold of an idle once publish or play is answered, 0..4000; 0 answers at once. */
  readonly idleHoldMs: number;
  /** Hold of an idle before that, 0..4000. */
  readonly setupHoldMs: number;
  /** Whether the polling byte climbs while idles bring nothing, where they are not held. */
  readonly pollingByte: 'fixed' | 'ladder';
  /** A session that asks nothing for so long is over. */
  readonly silenceTimeoutMs: number;
  /** A session whose last connection closed so long ago, and that has asked nothing since, is over. */
  readonly detachedTimeoutMs: number;
  /** A session that has not shaken hands so long after its /open is over. */
  readonly handshakeTimeoutMs: number;
  /** Ceiling of a reply's adaptive byte cap; a single longer message still goes whole. At least 1. */
  readonly maxReplyBytes: number;
};
