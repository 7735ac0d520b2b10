// What a live stream keeps for those who come late: its metadata, and the sequence headers of each track.
// [FLV E.4.2.1, E.4.3.1]

import { chunkedLengthBytes, writeChunkedMessage } from '../protocol/rtmp/chunk-encoder.ts';
import type { RtmpMessage } from '../protocol/rtmp/message.ts';
import { MAX_STICKY_MESSAGE_BYTES, MAX_STICKY_MESSAGES } from './limits.ts';
import type { StickyMessage } from './stream-log.ts';

/** The sticky messages of a stream: a list that is never changed, only replaced, so that a place in the log can
 * keep the one that was in force there. Order: as first seen, metadata in front. */
export class StickySet {
  #messages: readonly StickyMessage[] = [];

  /** The messages in force, in the order in which they are to be sent. */
  get messages(): readonly StickyMessage[] {
    return this.#messages;
  }

  /** Puts a message in force in place of the one with the same key. False where a limit refuses it. */
  put(key: string, message: RtmpMessage, isMetadata: boolean): boolean {
    if (message.payload.length > MAX_STICKY_MESSAGE_BYTES) return false;
    const others = this.#messages.filter((sticky) => sticky.key !== key);
    if (others.length >= MAX_STICKY_MESSAGES) return false;
    const sticky = { key, message };
    this.#messages = isMetadata ? [sticky, ...others] : [...others, sticky];
    return true;
  }

  /** Takes a message out of force. */
  remove(key: string): void {
    this.#messages = this.#messages.filter((sticky) => sticky.key !== key);
  }
}

/** Writes messages one behind the other, all stamped `timestampMs`, into a buffer of its own. */
export function writeChunkedMessages(
  messages: readonly RtmpMessage[],
  timestampMs: number,
  messageStreamId: number,
  chunkSizeBytes: number,
): Uint8Array {
  let lengthBytes = 0;
  for (const { payload, chunkStreamId } of messages) {
    lengthBytes += chunkedLengthBytes(payload.length, timestampMs, chunkStreamId, chunkSizeBytes);
  }
  const bytes = new Uint8Array(lengthBytes);
  let offset = 0;
  for (const message of messages) {
    const addressed = { ...message, timestampMs, messageStreamId };
    offset = writeChunkedMessage(bytes, offset, addressed, chunkSizeBytes);
  }
  return bytes;
}
