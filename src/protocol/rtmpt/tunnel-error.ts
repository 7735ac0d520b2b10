// Everything a client of the tunnel can get wrong, apart from the RTMP inside of it. What RTMP the bytes hold, and
// how it may be broken, is rtmp/rtmp-error.ts.

import { ProtocolError } from '../bytes/protocol-error.ts';

/** Stable codes of tunnel violations; docs/errors.md lists cause and fix of each. */
export type TunnelErrorCode =
  | 'tunnel-path-unknown'
  | 'tunnel-session-unknown'
  | 'tunnel-body-too-large'
  | 'tunnel-session-limit'
  | 'tunnel-source-limit'
  | 'tunnel-half-open-limit'
  | 'tunnel-guess-limit'
  | 'tunnel-request-flood'
  | 'tunnel-handshake-timeout'
  | 'tunnel-silent'
  | 'tunnel-detached';

/** A client broke the tunnel's contract. The message names what was expected and what came. */
export class TunnelError extends ProtocolError<TunnelErrorCode> {
  override readonly name = 'TunnelError';
}
