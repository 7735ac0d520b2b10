// What a live stream keeps for those who come late: its metadata, and the sequence headers of each track.
// [FLV E.4.2.1, E.4.3.1]

import { chunkedLengthBytes, writeChunkedMessage } from '../protocol/rtmp/chunk-encoder.ts';
import type { RtmpMessage } from '../protocol/rtmp/message.ts';
import { MessageType } from '../protocol/rtmp/message.ts';
import {
  MAX_STICKY_DATA,
  MAX_STICKY_DATA_BYTES,
  MAX_STICKY_HEADERS,
  MAX_STICKY_HEADERS_BYTES,
  MAX_STICKY_MESSAGE_BYTES,
} from './limits.ts';
import type { StickyMessage } from './log-entry.ts';

/** Message types in the order in which late joiners get them: metadata, then video, then audio. */
const ORDER: readonly number[] = [MessageType.DataAmf0, MessageType.Video, MessageType.Audio];

/** The sticky messages of a stream: a list that is never changed, only replaced, so that a place in the log can
 * keep the one that was in force there. Order: metadata, video, audio; among those as first seen. */
export class StickySet {
  #messages: readonly StickyMessage[] = [];

  /** The messages in force, in the order in which they are to be sent. */
  get messages(): readonly StickyMessage[] {
    return this.#messages;
  }

  /** Puts a copy of a message in force in place of the one with the same key. False where a limit refuses it. */
  put(key: string, message: RtmpMessage): boolean {
    if (message.payload.length > MAX_STICKY_MESSAGE_BYTES) return false;
    if (!this.#hasRoomFor(key, message)) return false;
    const sticky = { key, message: { ...message, payload: message.payload.slice() } };
    const index = this.#messages.findIndex((other) => other.key === key);
    if (index >= 0) {
      this.#messages = this.#messages.with(index, sticky);
      return true;
    }
    this.#messages = [...this.#messages, sticky].sort((a, b) => rankOf(a) - rankOf(b));
    return true;
  }

  /** Takes a message out of force. */
  remove(key: string): void {
    this.#messages = this.#messages.filter((sticky) => sticky.key !== key);
  }

  /** WHY: data and headers have room of their own, so that no number of data names keeps out what players decode. */
  #hasRoomFor(key: string, { typeId, payload }: RtmpMessage): boolean {
    const isData = typeId === MessageType.DataAmf0;
    let count = 1;
    let totalBytes = payload.length;
    for (const { key: otherKey, message: other } of this.#messages) {
      if (otherKey === key || (other.typeId === MessageType.DataAmf0) !== isData) continue;
      count++;
      totalBytes += other.payload.length;
    }
    return isData
      ? count <= MAX_STICKY_DATA && totalBytes <= MAX_STICKY_DATA_BYTES
      : count <= MAX_STICKY_HEADERS && totalBytes <= MAX_STICKY_HEADERS_BYTES;
  }
}

/**
 * Writes sticky messages one behind the other into a buffer of its own: headers stamped `timestampMs`, metadata 0.
 * WHY: FFmpeg takes metadata of any other time for a track of subtitles.
 */
export function writeChunkedMessages(
  messages: readonly RtmpMessage[],
  timestampMs: number,
  messageStreamId: number,
  chunkSizeBytes: number,
): Uint8Array {
  let lengthBytes = 0;
  const stampOf = ({ typeId }: RtmpMessage): number => (typeId === MessageType.DataAmf0 ? 0 : timestampMs);
  for (const message of messages) {
    const { payload, chunkStreamId } = message;
    lengthBytes += chunkedLengthBytes(payload.length, stampOf(message), chunkStreamId, chunkSizeBytes);
  }
  const bytes = new Uint8Array(lengthBytes);
  let offset = 0;
  for (const message of messages) {
    const addressed = { ...message, timestampMs: stampOf(message), messageStreamId };
    offset = writeChunkedMessage(bytes, offset, addressed, chunkSizeBytes);
  }
  return bytes;
}

function rankOf(sticky: StickyMessage): number {
  return ORDER.indexOf(sticky.message.typeId);
}
