// What a live stream keeps for those who come late: its metadata, and the sequence headers of each track. A message of
// several tracks stays as it came, and is cut down when it is sent, to the tracks for which it is still in force.
// [FLV E.4.2.1, E.4.3.1] [ERTMP2 "Multitrack"]

import { onlyTracks } from '../protocol/flv/multitrack.ts';
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
import type { StickyMessage, StickyScope } from './log-entry.ts';

/** Message types in the order in which late joiners get them: metadata, then video, then audio. */
const ORDER: readonly number[] = [MessageType.DataAmf0, MessageType.Video, MessageType.Audio];

/** Keys of what is said about media: it follows all headers of its kind of media. */
const BEHIND_HEADERS: ReadonlySet<string> = new Set(['video metadata', 'audio metadata']);

/** The scope of what is of no track. */
const NO_TRACKS: StickyScope = { trackIds: [0], isPart: false, isReset: false };

/** The sticky messages of a stream: a list that is never changed, only replaced, so that a place in the log can
 * keep the one that was in force there. Order: metadata, video, audio; among those as first seen. */
export class StickySet {
  #messages: readonly StickyMessage[] = [];

  /** The messages in force, in the order in which they are to be sent. */
  get messages(): readonly StickyMessage[] {
    return this.#messages;
  }

  /**
   * Puts a copy of a message in force for these tracks, in place of what had the same key for them. False where a limit
   * refuses it. WHY: the list stays as it is where the same bytes come again, as encoders send their headers.
   */
  put(key: string, message: RtmpMessage, scope: StickyScope = NO_TRACKS): boolean {
    if (message.payload.length > MAX_STICKY_MESSAGE_BYTES) return false;
    if (this.#messages.some((other) => isSame(other, key, message, scope))) return true;
    const others = this.#messages.map((other) => withoutTracks(other, key, scope.trackIds));
    if (!hasRoomFor(message, others)) return false;
    const sticky = { ...scope, key, message: { ...message, payload: message.payload.slice() } };
    const index = others.indexOf(null);
    this.#messages =
      index >= 0
        ? others.with(index, sticky).filter((other) => other !== null)
        : [...others.filter((other) => other !== null), sticky].sort((a, b) => rankOf(a) - rankOf(b));
    return true;
  }

  /** Takes out of force what has that key, for these tracks. */
  remove(key: string, trackIds: readonly number[] = NO_TRACKS.trackIds): void {
    const left = this.#messages.map((other) => withoutTracks(other, key, trackIds));
    if (left.every((other, index) => other === this.#messages[index])) return;
    this.#messages = left.filter((other) => other !== null);
  }
}

/** The message as it is to be sent: with those tracks only for which it is in force. */
export function messageInForce({ message, trackIds, isPart }: StickyMessage): RtmpMessage {
  if (!isPart) return message;
  const media = message.typeId === MessageType.Video ? 'video' : 'audio';
  return { ...message, payload: onlyTracks(message.payload, media, trackIds) };
}

/** Whether the same bytes are in force already, for the same tracks. */
function isSame(sticky: StickyMessage, key: string, { payload }: RtmpMessage, scope: StickyScope): boolean {
  if (sticky.key !== key || sticky.isPart !== scope.isPart || sticky.isReset !== scope.isReset) return false;
  if (sticky.trackIds.length !== scope.trackIds.length) return false;
  if (sticky.trackIds.some((trackId, index) => trackId !== scope.trackIds[index])) return false;
  return Buffer.compare(sticky.message.payload, payload) === 0;
}

/** What is left in force where other tracks of that key are not any more; null where nothing is. */
function withoutTracks(
  sticky: StickyMessage,
  key: string,
  trackIds: readonly number[],
): StickyMessage | null {
  if (sticky.key !== key) return sticky;
  const left = sticky.trackIds.filter((trackId) => !trackIds.includes(trackId));
  if (left.length === 0) return null;
  return left.length === sticky.trackIds.length ? sticky : { ...sticky, trackIds: left, isPart: true };
}

/** WHY: data and headers have room of their own, so that no number of data names keeps out what players decode. */
function hasRoomFor({ typeId, payload }: RtmpMessage, others: readonly (StickyMessage | null)[]): boolean {
  const isData = typeId === MessageType.DataAmf0;
  let count = 1;
  let totalBytes = payload.length;
  for (const other of others) {
    if (other === null || (other.message.typeId === MessageType.DataAmf0) !== isData) continue;
    count++;
    totalBytes += other.message.payload.length;
  }
  return isData
    ? count <= MAX_STICKY_DATA && totalBytes <= MAX_STICKY_DATA_BYTES
    : count <= MAX_STICKY_HEADERS && totalBytes <= MAX_STICKY_HEADERS_BYTES;
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

function rankOf({ key, message }: StickyMessage): number {
  return 2 * ORDER.indexOf(message.typeId) + (BEHIND_HEADERS.has(key) ? 1 : 0);
}
