// The one thing that can go wrong in reading bounded bytes: they end before what was asked for.

import { ProtocolError } from './protocol-error.ts';

/** Stable codes of byte-level violations; docs/errors.md lists cause and fix of each. */
export type BytesErrorCode = 'bytes-truncated';

/** A whole body ended before what it says it holds. The message names what was wanted, where, and what was left. */
export class BytesError extends ProtocolError<BytesErrorCode> {
  override readonly name = 'BytesError';
}
