// Turns what a server sends to a player into events: audio, video and data. [RTMP 7.1.2, 7.1.4, 7.1.5] What cannot be
// read is dropped; a bad data message is the loss of that message, not of the connection.

import type { AmfValue } from '../../amf/amf-value.ts';
import { decodeAmf0Values } from '../../amf/amf0-decoder.ts';
import { decodeAmf3Body } from '../../amf/amf3-body.ts';
import { ProtocolError } from '../../bytes/protocol-error.ts';
import { MessageType, type RtmpMessage } from '../message.ts';
import type { ClientEvent } from './client-events.ts';

/** Emits what `message` (type 8, 9, 15 or 18) holds; false where it is data that cannot be read, and was dropped. */
export function emitMedia(
  { typeId, timestampMs, payload }: RtmpMessage,
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
      return emitData(timestampMs, payload, decodeAmf0Values, emit);
    case MessageType.DataAmf3:
      return emitData(timestampMs, payload, decodeAmf3Body, emit);
    default:
      return false;
  }
}

function emitData(
  timestampMs: number,
  payload: Uint8Array,
  decode: typeof decodeAmf0Values,
  emit: (event: ClientEvent) => void,
): boolean {
  const [name, ...values] = decodeOrNull(payload, decode) ?? [];
  if (typeof name !== 'string') return false;
  emit({
    type: 'data',
    timestampMs,
    name,
    values,
    payload: payload[0] === 0 ? payload.subarray(1) : payload,
  });
  return true;
}

function decodeOrNull(payload: Uint8Array, decode: typeof decodeAmf0Values): AmfValue[] | null {
  try {
    return decode(payload, { acceptsMissingEnd: true });
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
