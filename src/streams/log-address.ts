// The message stream id in a live stream's log, and the same bytes for a viewer on another one. [RTMP 5.3.1.2.1]

/** The message stream id that a log's bytes carry. */
export const LOG_MESSAGE_STREAM_ID = 1;

/** Offset of the message stream id in a message with a one-byte chunk basic header. */
const MESSAGE_STREAM_ID_OFFSET = 8;

/** One message's bytes for a message stream id, u32: a copy, or the very same where they carry it. */
export function readdressed(bytes: Uint8Array, messageStreamId: number): Uint8Array {
  if (messageStreamId === LOG_MESSAGE_STREAM_ID) return bytes;
  const copy = bytes.slice();
  new DataView(copy.buffer, copy.byteOffset).setUint32(MESSAGE_STREAM_ID_OFFSET, messageStreamId, true);
  return copy;
}
