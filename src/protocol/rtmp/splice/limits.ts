// Bounds of what a splice keeps of its peers: while it waits for connect, and while it waits for a point to cut at.

import { MAX_MESSAGE_BYTES_BEFORE_CONNECT } from '../limits.ts';
import type { ChunkDecoderLimits } from '../message-bounds.ts';

/**
 * Bytes of a chunk stream that are taken up to the end of connect, headers and control messages included, 128 KiB.
 * LIMIT: a connect of the longest kind in chunks of a few bytes each; real ones take 200 to 1,000.
 */
export const MAX_BYTES_BEFORE_CONNECT = 2 * MAX_MESSAGE_BYTES_BEFORE_CONNECT;

/**
 * Control messages that are taken in front of connect, 16.
 * LIMIT: clients send one or two: a chunk size, a window. They are kept, to be said to the upstream.
 */
export const MAX_MESSAGES_BEFORE_CONNECT = 16;

/**
 * Bytes behind the last point where no message was open, from which on it is better to cut anywhere, 1 MiB.
 * LIMIT: a keyframe of a stream of 30 Mbit/s fits; messages that overlap for longer may do so for ever.
 */
export const MAX_OPEN_BYTES = 1024 * 1024;

/**
 * What is walked of a spliced connection: messages of every length that a header can say, and 1,024 chunk streams.
 * LIMIT: nothing of a message is kept, but some 100 bytes of each chunk stream are; real peers use less than ten.
 */
export const SPLICED_LIMITS: ChunkDecoderLimits = {
  maxMessageBytes: 0xffffff,
  maxDataMessageBytes: 0xffffff,
  maxChunkStreams: 1024,
};
