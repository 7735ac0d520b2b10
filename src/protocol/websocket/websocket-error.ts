// What a peer can get wrong in the WebSocket that carries its RTMP. What RTMP the bytes hold, and how it may be broken, is
// rtmp/rtmp-error.ts.

import { ProtocolError } from '../bytes/protocol-error.ts';

/** Stable codes of WebSocket violations; docs/errors.md lists cause and fix of each. */
export type WebSocketErrorCode =
  | 'websocket-message-too-large'
  | 'websocket-not-binary'
  | 'websocket-malformed'
  | 'websocket-peer-silent'
  | 'websocket-flood';

/** A peer broke the WebSocket's contract. The message names what was expected and what came. */
export class WebSocketError extends ProtocolError<WebSocketErrorCode> {
  override readonly name = 'WebSocketError';
}
