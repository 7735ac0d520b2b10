// Bounds of the RTMP layer. Every number that comes from the wire passes one of these before anything is
// allocated, looped or kept by it. Each says its unit, its default and why it is what it is.

import type { Rate } from '../bytes/token-bucket.ts';

/**
 * Bytes of one audio, video or aggregate message, 8 MiB.
 * LIMIT: a 4K keyframe at 100 Mbit/s stays below 2 MiB; other servers cap between 1 and 16 MiB.
 */
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

/**
 * Bytes of one message of any other type (commands, metadata, shared objects), 1 MiB.
 * LIMIT: these are parsed value by value, so that a byte costs far more than a byte of media; a big
 * onMetaData with a keyframe index still fits.
 */
export const MAX_DATA_MESSAGE_BYTES = 1024 * 1024;

/**
 * Bytes of one message before `connect` was accepted, 64 KiB.
 * LIMIT: nothing but `connect` and control messages is due then, and the peer is still a stranger.
 */
export const MAX_MESSAGE_BYTES_BEFORE_CONNECT = 64 * 1024;

/**
 * Chunk streams with state, per connection and direction, 64.
 * LIMIT: clients use three to eight; the format has 65,598, each of which could hold a partial message.
 */
export const MAX_CHUNK_STREAMS = 64;

/**
 * Payload bytes of unfinished messages together, per connection, 16 MiB.
 * LIMIT: two messages of the largest size, since audio and video of one peer are interleaved.
 */
export const MAX_PARTIAL_BYTES = 2 * MAX_MESSAGE_BYTES;

/**
 * Working chunk size in bytes, 0xFFFFFF. Larger announced sizes mean the same and are clamped to it.
 * LIMIT: the longest message of the format, so that the clamp never changes where a chunk ends.
 */
export const MAX_CHUNK_SIZE_BYTES = 0xffffff;

/** Chunk size in bytes that holds for both directions until one announces another. [RTMP 5.4.1] */
export const DEFAULT_CHUNK_SIZE_BYTES = 128;

/**
 * Buffer in bytes that one unfinished message of a connection may have ahead of its bytes, 64 KiB.
 * LIMIT: all but keyframes fit and are copied once; with one at a time it is what a connection costs that sends a byte.
 */
export const MAX_ADVANCE_BUFFER_BYTES = 64 * 1024;

/**
 * Buffer in bytes of a chunk stream for a message that comes in pieces beside the one with its buffer ahead, 4 KiB; a
 * longer one moves on from it.
 * LIMIT: most messages fit, and all chunk streams together hold no more than 256 KiB by it.
 */
export const FIRST_PAYLOAD_BUFFER_BYTES = 4096;

/** Highest chunk stream id that is written, 31: nginx-rtmp disconnects a peer that uses 32 or more. */
export const MAX_OUTPUT_CHUNK_STREAM_ID = 31;

/**
 * Client buffer length in ms that is believed, 1 hour.
 * LIMIT: players ask for up to 49 days; nothing is to be sent further ahead than this.
 */
export const MAX_CLIENT_BUFFER_MS = 3_600_000;

/**
 * Input in bytes that is kept while a decision on connect, publish or play is due, 1 MiB.
 * LIMIT: clients wait for those answers; what a hasty one sends meanwhile is a burst of its first second.
 */
export const MAX_HELD_INPUT_BYTES = 1024 * 1024;

/**
 * Events that wait for the driver before reading stops, 1,024; it goes on when they were taken.
 * LIMIT: 64 KiB of real media hold a few hundred messages; a message of one byte costs a hundred times that as an event.
 */
export const MAX_WAITING_EVENTS = 1024;

/**
 * Commands of one connection that do not parse and are forgiven, 16.
 * LIMIT: an odd encoder has one that we cannot read; who goes on is out of step or hostile.
 */
export const MAX_MALFORMED_COMMANDS = 16;

/** Payload of a message or chunk in bytes below which its handling costs far more than its bytes, 16. */
export const TINY_MESSAGE_BYTES = 16;

/**
 * What one client may send of what costs us more than it costs the client, or is of no use. Who exceeds one of them is
 * closed with 'rtmp-flood'. LIMIT: each is at least ten times what any known client needs.
 */
export const FLOOD_RATES = {
  /** Ping requests, which are answered. */
  pings: { atOnce: 100, perSecond: 10 },
  /** createStream. */
  'createStream calls': { atOnce: 100, perSecond: 10 },
  /** Commands that nobody knows, most of them answered with an error. */
  'unknown commands': { atOnce: 100, perSecond: 10 },
  /** Commands of any name. */
  commands: { atOnce: 1000, perSecond: 100 },
  /** Acknowledgements: one for each TCP segment of a stream of 10 Mbit/s is still borne. */
  acknowledgements: { atOnce: 5000, perSecond: 1000 },
  /** Other control messages; Abort, which costs nothing, aside. */
  'control messages': { atOnce: 1000, perSecond: 100 },
  /** Control messages that do not parse, and aggregates without a part that does. */
  'malformed messages': { atOnce: 100, perSecond: 1 },
  /** Media where nothing is published, and messages of unknown types: what a refused publisher had under way passes. */
  'stray messages': { atOnce: 2000, perSecond: 50 },
  /** Data messages of a publisher: a caption for each frame of a file that is sent at sixteen times its speed. One that
   * nobody can use counts for ten. */
  'data messages': { atOnce: 10_000, perSecond: 1000 },
  /** Chunks under 128 bytes in mid-message, and under 16 anywhere: a message of 250 KiB in single bytes passes. */
  'tiny chunks': { atOnce: 262_144, perSecond: 65_536 },
} as const satisfies Record<string, Rate>;
