// Everything that can be wrong in AMF data, read or to be written. Data that ends too soon is a BytesError.

import { ProtocolError } from '../bytes/protocol-error.ts';

/** Stable codes of AMF violations; docs/errors.md lists cause and fix of each. */
export type AmfErrorCode =
  | 'amf-unsupported-marker'
  | 'amf-reference-invalid'
  | 'amf-count-invalid'
  | 'amf-key-empty'
  | 'amf-key-too-long'
  | 'amf-depth-exceeded'
  | 'amf-values-exceeded'
  | 'amf-encoded-bytes-exceeded';

/** AMF data breaks its format or a limit. The message names what was expected and what came, and where. */
export class AmfError extends ProtocolError<AmfErrorCode> {
  override readonly name = 'AmfError';
}
