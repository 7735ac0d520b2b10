// Everything a peer can get wrong in the handshake, the chunk stream, control messages and commands.

import { ProtocolError } from '../bytes/protocol-error.ts';

/** Stable codes of RTMP violations; docs/errors.md lists cause and fix of each. */
export type RtmpErrorCode =
  | 'rtmp-version-unsupported'
  | 'rtmp-handshake-timeout'
  | 'rtmp-handshake-unsigned'
  | 'rtmp-encryption-invalid'
  | 'rtmp-chunk-header-without-start'
  | 'rtmp-chunk-message-interrupted'
  | 'rtmp-chunk-size-invalid'
  | 'rtmp-chunk-streams-exceeded'
  | 'rtmp-message-too-large'
  | 'rtmp-partial-bytes-exceeded'
  | 'rtmp-message-stalled'
  | 'rtmp-command-malformed'
  | 'rtmp-command-before-connect'
  | 'rtmp-connect-repeated'
  | 'rtmp-connect-timeout'
  | 'rtmp-connect-invalid'
  | 'rtmp-connect-refused'
  | 'rtmp-stream-refused'
  | 'rtmp-message-streams-exceeded'
  | 'rtmp-pending-input-exceeded'
  | 'rtmp-flood'
  | 'rtmp-peer-silent'
  | 'rtmp-peer-not-reading';

/** A peer broke RTMP. The message names what was expected and what came. */
export class RtmpError extends ProtocolError<RtmpErrorCode> {
  override readonly name = 'RtmpError';
}
