// What can be wrong in an FLV file or stream of tags.

import { ProtocolError } from '../bytes/protocol-error.ts';

/** Stable codes of FLV violations; docs/errors.md lists cause and fix of each. */
export type FlvErrorCode = 'flv-header-invalid';

/** Bytes that should be FLV are not. The message names what was expected and what came. */
export class FlvError extends ProtocolError<FlvErrorCode> {
  override readonly name = 'FlvError';
}
