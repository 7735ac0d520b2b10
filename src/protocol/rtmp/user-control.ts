// User control messages, type 4: an event number and its data. [RTMP 6.2, 7.1.7] Beside the events of the text,
// those of Adobe's later servers: SWF verification and the buffer events. Who answers what is the session's.
//
// event  name                 data
//     0  StreamBegin          message stream id u32
//     1  StreamEOF            message stream id u32
//     2  StreamDry            message stream id u32
//     3  SetBufferLength      message stream id u32, buffer u32 ms
//     4  StreamIsRecorded     message stream id u32
//     6  PingRequest          time u32 ms
//     7  PingResponse         time u32 ms, as in the request
//    26  SWFVerify request    01, or nothing
//    27  SWFVerify response   42 bytes
//    31  BufferEmpty          message stream id u32
//    32  BufferReady          message stream id u32

import { MAX_CLIENT_BUFFER_MS } from './limits.ts';

const SWF_VERIFY_RESPONSE_BYTES = 42;

/** Event numbers by the type of event. */
const EVENT_NUMBERS = {
  'stream-begin': 0,
  'stream-eof': 1,
  'stream-dry': 2,
  'set-buffer-length': 3,
  'stream-is-recorded': 4,
  'ping-request': 6,
  'ping-response': 7,
  'swf-verify-request': 26,
  'swf-verify-response': 27,
  'buffer-empty': 31,
  'buffer-ready': 32,
} as const;

/** Events that say something of one NetStream. */
type StreamEventType =
  | 'stream-begin'
  | 'stream-eof'
  | 'stream-dry'
  | 'stream-is-recorded'
  | 'buffer-empty'
  | 'buffer-ready';

/** A user control event. Message stream ids are any u32. */
export type UserControlEvent =
  | { readonly type: StreamEventType; readonly messageStreamId: number }
  /** The client buffers so many ms, 0..MAX_CLIENT_BUFFER_MS, of that NetStream; 0 is the connection. */
  | { readonly type: 'set-buffer-length'; readonly messageStreamId: number; readonly bufferMs: number }
  /** The sender's time in ms, u32, which a response repeats. */
  | { readonly type: 'ping-request' | 'ping-response'; readonly timestampMs: number }
  | { readonly type: 'swf-verify-request' }
  /** 42 bytes; a view of the message's payload. */
  | { readonly type: 'swf-verify-response'; readonly proof: Uint8Array }
  /** Any other event number, u16, with its data as a view of the message's payload; to be ignored. */
  | { readonly type: 'unknown'; readonly eventNumber: number; readonly data: Uint8Array };

/** Parses the payload of a type 4 message. Null where it is too short for its event: to be dropped. */
export function parseUserControl(payload: Uint8Array): UserControlEvent | null {
  if (payload.length < 2) return null;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const eventNumber = view.getUint16(0);
  const data = payload.subarray(2);
  switch (eventNumber) {
    case EVENT_NUMBERS['stream-begin']:
      return streamEvent('stream-begin', view);
    case EVENT_NUMBERS['stream-eof']:
      return streamEvent('stream-eof', view);
    case EVENT_NUMBERS['stream-dry']:
      return streamEvent('stream-dry', view);
    case EVENT_NUMBERS['stream-is-recorded']:
      return streamEvent('stream-is-recorded', view);
    case EVENT_NUMBERS['buffer-empty']:
      return streamEvent('buffer-empty', view);
    case EVENT_NUMBERS['buffer-ready']:
      return streamEvent('buffer-ready', view);
    case EVENT_NUMBERS['set-buffer-length']:
      if (data.length < 8) return null;
      return {
        type: 'set-buffer-length',
        messageStreamId: view.getUint32(2),
        bufferMs: Math.min(view.getUint32(6), MAX_CLIENT_BUFFER_MS),
      };
    case EVENT_NUMBERS['ping-request']:
      return data.length < 4 ? null : { type: 'ping-request', timestampMs: view.getUint32(2) };
    case EVENT_NUMBERS['ping-response']:
      return data.length < 4 ? null : { type: 'ping-response', timestampMs: view.getUint32(2) };
    case EVENT_NUMBERS['swf-verify-request']:
      return { type: 'swf-verify-request' };
    case EVENT_NUMBERS['swf-verify-response']:
      if (data.length < SWF_VERIFY_RESPONSE_BYTES) return null;
      return { type: 'swf-verify-response', proof: data.subarray(0, SWF_VERIFY_RESPONSE_BYTES) };
    default:
      return { type: 'unknown', eventNumber, data };
  }
}

/** The payload of a type 4 message, which is to go out on chunk stream 2 and message stream 0. Owned by the caller. */
export function encodeUserControl(event: UserControlEvent): Uint8Array {
  switch (event.type) {
    case 'stream-begin':
    case 'stream-eof':
    case 'stream-dry':
    case 'stream-is-recorded':
    case 'buffer-empty':
    case 'buffer-ready':
      return payloadOf(event.type, [event.messageStreamId]);
    case 'set-buffer-length':
      return payloadOf(event.type, [event.messageStreamId, event.bufferMs]);
    case 'ping-request':
    case 'ping-response':
      return payloadOf(event.type, [event.timestampMs]);
    case 'swf-verify-request':
      return Uint8Array.of(0, EVENT_NUMBERS[event.type], 1);
    case 'swf-verify-response':
      return Uint8Array.of(0, EVENT_NUMBERS[event.type], ...event.proof);
    case 'unknown':
      return Uint8Array.of(event.eventNumber >>> 8, event.eventNumber, ...event.data);
  }
}

function streamEvent(type: StreamEventType, view: DataView): UserControlEvent | null {
  return view.byteLength < 6 ? null : { type, messageStreamId: view.getUint32(2) };
}

function payloadOf(type: keyof typeof EVENT_NUMBERS, values: readonly number[]): Uint8Array {
  const payload = new Uint8Array(2 + 4 * values.length);
  const view = new DataView(payload.buffer);
  view.setUint16(0, EVENT_NUMBERS[type]);
  for (const [index, value] of values.entries()) view.setUint32(2 + 4 * index, value);
  return payload;
}
