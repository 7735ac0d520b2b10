// Turns what a server sends to a player into events: audio, video, aggregates of both, and data. [RTMP 7.1.2, 7.1.4
// to 7.1.6] What cannot be read is dropped; a bad data message is the loss of that message, not of the connection.

import type { AmfValue } from '../../amf/amf-value.ts';
import { decodeAmf0Values } from '../../amf/amf0-decoder.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { MessageType, type RtmpMessage } from '../message.ts';
import type { ClientEvent } from './client-events.ts';

/** Bytes before and behind each message in an aggregate: an FLV tag header, and the length of the tag again. */
const TAG_HEADER_BYTES = 11;
const TAG_TRAILER_BYTES = 4;

/** Emits what `message` (type 8, 9, 15, 18 or 22) holds; false where it, or the rest of it, was dropped. */
export function emitMedia(message: RtmpMessage, emit: (event: ClientEvent) => void): boolean {
  switch (message.typeId) {
    case MessageType.Aggregate:
      return emitAggregate(message.payload, message.timestampMs, emit);
    default:
      return emitOne(message.typeId, message.timestampMs, message.payload, emit);
  }
}

function emitOne(
  typeId: number,
  timestampMs: number,
  payload: Uint8Array,
  emit: (event: ClientEvent) => void,
): boolean {
  switch (typeId) {
    case MessageType.Audio:
      emit({ type: 'media', kind: 'audio', timestampMs, payload });
      return true;
    case MessageType.Video:
      emit({ type: 'media', kind: 'video', timestampMs, payload });
      return true;
    case MessageType.DataAmf0:
      return emitData(timestampMs, payload, emit);
    case MessageType.DataAmf3:
      // WHY: the leading format byte is missing in what some encoders send.
      return emitData(timestampMs, payload[0] === 0 ? payload.subarray(1) : payload, emit);
    default:
      return false;
  }
}

function emitData(timestampMs: number, payload: Uint8Array, emit: (event: ClientEvent) => void): boolean {
  const [name, ...values] = decodeOrNull(payload) ?? [];
  if (typeof name !== 'string') return false;
  emit({ type: 'data', timestampMs, name, values, payload });
  return true;
}

function decodeOrNull(payload: Uint8Array): AmfValue[] | null {
  try {
    return decodeAmf0Values(payload, { acceptsMissingEnd: true });
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

/**
 * An aggregate is FLV tags one behind the other. Times in it count from its first tag, which has the time of the
 * message. [RTMP 7.1.6] What stands behind a tag of another type or past the end is dropped.
 *
 *   offset  bytes  meaning
 *   0       1      type: 8, 9, 15 or 18
 *   1       3      length of the data
 *   4       3 + 1  time in ms: low 24 bits, then the high 8
 *   8       3      0
 *   11      length data
 *   then    4      11 + length
 */
function emitAggregate(bytes: Uint8Array, timestampMs: number, emit: (event: ClientEvent) => void): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let firstTagMs: number | null = null;
  let offset = 0;
  while (offset < bytes.length) {
    if (offset + TAG_HEADER_BYTES > bytes.length) return false;
    const typeId = view.getUint8(offset);
    const lengthBytes = view.getUint32(offset) & 0xffffff;
    const tagMs = ((view.getUint32(offset + 4) >>> 8) | (view.getUint8(offset + 7) << 24)) >>> 0;
    const start = offset + TAG_HEADER_BYTES;
    if (start + lengthBytes > bytes.length || typeId === MessageType.Aggregate) return false;
    firstTagMs ??= tagMs;
    const outMs = (timestampMs + tagMs - firstTagMs) >>> 0;
    if (!emitOne(typeId, outMs, bytes.subarray(start, start + lengthBytes), emit)) return false;
    offset = start + lengthBytes + TAG_TRAILER_BYTES;
  }
  return true;
}
