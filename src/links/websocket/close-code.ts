// What a close frame says of the end of a Link. [RFC6455 7.4.1]

import type { ErrorCode } from '../../errors.ts';

/** A peer that broke RTMP or the WebSocket, in whatever way. */
const PROTOCOL_ERROR = 1002;

const CLOSE_CODES: ReadonlyMap<ErrorCode, number> = new Map<ErrorCode, number>([
  ['done', 1000],
  ['peer-closed', 1000],
  ['peer-reset', 1000],
  ['drain', 1001],
  ['websocket-not-binary', 1003],
  ['websocket-message-too-large', 1009],
  ['websocket-flood', 1008],
  ['rtmp-connect-refused', 1008],
  ['rtmp-stream-refused', 1008],
  ['internal-error', 1011],
]);

/** The status code of the close frame behind an end for `code`: 1000 to 1011. */
export function closeCodeOf(code: ErrorCode): number {
  return CLOSE_CODES.get(code) ?? PROTOCOL_ERROR;
}
