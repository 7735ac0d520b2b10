// The last word to a client that is passed on: a status of its connection, as one message that may stand behind any other.
// [RTMP 7.2.2]

import { chunkedLengthBytes, writeChunkedMessage } from '../protocol/rtmp/chunk-encoder.ts';
import { encodeCommand } from '../protocol/rtmp/command-message.ts';
import { MessageType, type RtmpMessage } from '../protocol/rtmp/message.ts';
import { type StatusCode, statusInfo } from '../protocol/rtmp/server/status.ts';

/** Where servers say what is of the connection. */
const CHUNK_STREAM_ID = 3;

/** The message, in chunks of the size that the client expects. */
export function closingStatus(code: StatusCode, description: string, chunkSizeBytes: number): Uint8Array {
  const args = [statusInfo('error', code, description)];
  const message: RtmpMessage = {
    chunkStreamId: CHUNK_STREAM_ID,
    timestampMs: 0,
    typeId: MessageType.CommandAmf0,
    messageStreamId: 0,
    payload: encodeCommand({ name: 'onStatus', transactionId: 0, commandObject: null, args }),
  };
  const bytes = new Uint8Array(
    chunkedLengthBytes(message.payload.length, 0, CHUNK_STREAM_ID, chunkSizeBytes),
  );
  writeChunkedMessage(bytes, 0, message, chunkSizeBytes);
  return bytes;
}
