// The one table of what can go wrong, and what follows: what an RTMP client is told, what an HTTP client is
// answered, how loud the log is, and which counter goes up. docs/errors.md lists the same codes with cause and cure;
// a test holds the two together. What a peer does wrong is never logged as an error of ours.

import type { AmfErrorCode } from './protocol/amf/amf-error.ts';
import type { BytesErrorCode } from './protocol/bytes/bytes-error.ts';
import { ProtocolError } from './protocol/bytes/protocol-error.ts';
import type { FlvErrorCode } from './protocol/flv/flv-error.ts';
import type { RtmpErrorCode } from './protocol/rtmp/rtmp-error.ts';
import type { StatusCode } from './protocol/rtmp/server/status.ts';
import type { TunnelErrorCode } from './protocol/rtmpt/tunnel-error.ts';
import type { WebSocketErrorCode } from './protocol/websocket/websocket-error.ts';

/** Codes of what ends a session that no protocol error names. */
export type OrdinaryEndCode = 'peer-closed' | 'peer-reset' | 'done' | 'drain' | 'internal-error';

/** Codes of clients that are passed on to a server behind the gateway. */
export type UpstreamErrorCode =
  | 'upstream-unavailable'
  | 'upstream-loop'
  | 'upstream-closed'
  | 'upstream-reset'
  | 'upstream-not-reading'
  | 'upstream-malformed'
  | 'splice-idle';

/** Codes of connections and requests that are refused before they are anybody's session. */
export type DoorErrorCode =
  | 'connection-silent'
  | 'connection-unknown-protocol'
  | 'connection-tls-on-plain'
  | 'connection-plain-on-tls'
  | 'connection-tls-failed'
  | 'connection-tls-timeout'
  | 'connection-proxy-untrusted'
  | 'connection-proxy-invalid'
  | 'connection-limit'
  | 'connection-source-limit'
  | 'http-malformed'
  | 'http-head-too-large'
  | 'http-timeout';

/** Every code that can end a connection, a session or a request. */
export type ErrorCode =
  | AmfErrorCode
  | BytesErrorCode
  | FlvErrorCode
  | RtmpErrorCode
  | TunnelErrorCode
  | WebSocketErrorCode
  | DoorErrorCode
  | UpstreamErrorCode
  | OrdinaryEndCode;

/** Why a session ended: a stable word for logs and metrics, and a text for people. */
export type EndReason = { readonly code: ErrorCode; readonly message: string };

/** What follows from a code. */
export type ErrorPolicy = {
  /** Status the RTMP client is told before the close; null closes without one. */
  readonly rtmpStatus: StatusCode | null;
  /** HTTP status where the code answers a request; null where nobody is answered. */
  readonly httpStatus: number | null;
  readonly logLevel: 'debug' | 'info' | 'error';
};

const CLOSED = 'NetConnection.Connect.Closed';
const SHUTDOWN = 'NetConnection.Connect.AppShutdown';

const silent: ErrorPolicy = { rtmpStatus: null, httpStatus: 404, logLevel: 'info' };
const refused: ErrorPolicy = { rtmpStatus: null, httpStatus: 400, logLevel: 'info' };
const unanswered: ErrorPolicy = { ...refused, httpStatus: null };
const told: ErrorPolicy = { rtmpStatus: CLOSED, httpStatus: 404, logLevel: 'info' };

/** The table. */
export const ERRORS: Readonly<Record<ErrorCode, ErrorPolicy>> = {
  'amf-unsupported-marker': told,
  'amf-reference-invalid': told,
  'amf-count-invalid': told,
  'amf-key-empty': told,
  'amf-key-too-long': told,
  'amf-depth-exceeded': told,
  'amf-values-exceeded': told,
  'amf-encoded-bytes-exceeded': told,
  'bytes-truncated': told,
  'flv-header-invalid': told,
  'rtmp-version-unsupported': silent,
  'rtmp-handshake-timeout': silent,
  'rtmp-handshake-unsigned': silent,
  'rtmp-encryption-invalid': silent,
  'rtmp-chunk-header-without-start': told,
  'rtmp-chunk-message-interrupted': told,
  'rtmp-chunk-size-invalid': told,
  'rtmp-chunk-streams-exceeded': told,
  'rtmp-message-too-large': told,
  'rtmp-partial-bytes-exceeded': told,
  'rtmp-message-stalled': told,
  'rtmp-command-malformed': told,
  'rtmp-command-before-connect': silent,
  'rtmp-connect-repeated': told,
  'rtmp-connect-timeout': silent,
  'rtmp-connect-invalid': silent,
  'rtmp-connect-refused': silent,
  'rtmp-stream-refused': silent,
  'rtmp-message-streams-exceeded': told,
  'rtmp-pending-input-exceeded': told,
  'rtmp-flood': told,
  'rtmp-peer-silent': told,
  'rtmp-peer-not-reading': silent,
  'tunnel-path-unknown': silent,
  'tunnel-session-unknown': silent,
  'tunnel-body-too-large': { ...told, httpStatus: 413 },
  'tunnel-session-limit': { ...silent, httpStatus: 503 },
  'tunnel-source-limit': { ...silent, httpStatus: 429 },
  'tunnel-half-open-limit': { ...silent, httpStatus: 503 },
  'tunnel-guess-limit': { ...silent, httpStatus: 429 },
  'tunnel-request-flood': { ...silent, httpStatus: 429 },
  'tunnel-handshake-timeout': silent,
  'tunnel-silent': told,
  'tunnel-detached': silent,
  'websocket-message-too-large': silent,
  'websocket-not-binary': told,
  'websocket-malformed': silent,
  'websocket-peer-silent': told,
  'websocket-flood': told,
  'upstream-unavailable': silent,
  'upstream-loop': silent,
  'upstream-closed': told,
  'upstream-reset': told,
  'upstream-not-reading': told,
  'upstream-malformed': told,
  'splice-idle': told,
  'connection-silent': unanswered,
  'connection-unknown-protocol': unanswered,
  'connection-tls-on-plain': unanswered,
  'connection-plain-on-tls': refused,
  'connection-tls-failed': unanswered,
  'connection-tls-timeout': unanswered,
  'connection-proxy-untrusted': unanswered,
  'connection-proxy-invalid': unanswered,
  'connection-limit': unanswered,
  'connection-source-limit': unanswered,
  'http-malformed': refused,
  'http-head-too-large': { ...refused, httpStatus: 431 },
  'http-timeout': { ...refused, httpStatus: 408 },
  'peer-closed': silent,
  'peer-reset': silent,
  done: silent,
  drain: { ...silent, rtmpStatus: SHUTDOWN },
  'internal-error': { rtmpStatus: CLOSED, httpStatus: 500, logLevel: 'error' },
};

/** The status that answers a request for `code`. @throws Error for one that answers none */
export function httpStatusOf(code: ErrorCode): number {
  const { httpStatus } = ERRORS[code];
  if (httpStatus === null) throw new Error(`${code} answers no request`);
  return httpStatus;
}

/** What the error boundary can close. */
export interface Guarded {
  /** Ends it for this reason; must not throw. */
  fail(reason: EndReason): void;
}

/** The error boundary: runs `work`; what it throws ends `guarded`, and nobody else. Made once, by the gateway. */
export type Guard = <T extends Guarded>(guarded: T, work: (guarded: T) => void) => void;

/** Makes the boundary. `onInternalError` hears of every error that is a bug of ours, once. */
export function createGuard(onInternalError: (error: unknown) => void): Guard {
  return (guarded, work) => {
    try {
      work(guarded);
    } catch (error) {
      const reason = reasonOf(error);
      if (reason.code === 'internal-error') onInternalError(error);
      guarded.fail(reason);
    }
  };
}

/** The end that an error means: its own code where it is the peer's fault, an internal error otherwise. */
export function reasonOf(error: unknown): EndReason {
  if (error instanceof ProtocolError && isErrorCode(error.code))
    return { code: error.code, message: error.message };
  return { code: 'internal-error', message: 'The server met an error of its own.' };
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}
