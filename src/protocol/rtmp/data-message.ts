// Data messages (types 18 and 15): what a publisher says beside its media, and how it is passed on. [RTMP 7.1.2, 7.2.2.12]
// Messages are decoded, cleaned and written anew, never passed on as they came: FFmpeg fails to open a stream whose
// onMetaData, onTextData or onCaption holds Undefined, a key over 127 bytes or no end, or with a handler name of 64 bytes or
// more.

import { AmfEcmaArray, AmfObject, type AmfValue } from '../amf/amf-value.ts';
import { decodeAmf0Values } from '../amf/amf0-decoder.ts';
import { encodeAmf0Values } from '../amf/amf0-encoder.ts';
import { Amf0Marker } from '../amf/amf0-marker.ts';
import { decodeAmf3Body } from '../amf/amf3-body.ts';
import { MAX_AMF_VALUES } from '../amf/limits.ts';
import { utf8LengthBytes } from '../amf/utf8-length.ts';
import { ProtocolError } from '../bytes/protocol-error.ts';
import { cleanMetadata, cleanValues } from './clean-values.ts';
import { MessageType } from './message.ts';

/** LIMIT: handler name in UTF-8 bytes: FFmpeg reads it into 64 bytes, the last of them a zero. */
const MAX_HANDLER_NAME_BYTES = 63;

/** LIMIT: an encoded data message, in bytes: metadata is kept for every late joiner. Real ones are under 2 KiB. */
export const MAX_UNFOLDED_BYTES = 64 * 1024;

/**
 * LIMIT: times its own length that a data message may unfold to. AMF3 says an integer in 2 bytes where AMF0 takes 9, and
 * the names of sealed members, and texts that come again, once.
 */
const MAX_UNFOLDING = 10;

/** LIMIT: bytes to which any data message may unfold, however short it came: 40 typed objects in 400 bytes take 4,000. */
const MIN_UNFOLDED_BYTES = 8 * 1024;

/** LIMIT: values in metadata over one for each byte in which they came: what is more comes of references alone. */
const SPARE_VALUES = 256;

const METADATA_HANDLER = 'onMetaData';

/** What a publisher's data message asks for. */
export type DataMessage = {
  /**
   * `set`: pass on, and keep under `handler` for late joiners (@setDataFrame, and onMetaData without it). `clear`: forget
   * what is kept (@clearDataFrame). `send`: pass on, keep nothing.
   */
  readonly kind: 'set' | 'clear' | 'send';
  /** Name of the handler at the viewers, 1..63 bytes of UTF-8; any characters. */
  readonly handler: string;
  /** Its arguments, without the name; empty for `clear`. As they came: they may share and contain each other. */
  readonly values: readonly AmfValue[];
  /** Length of the body it came in, in bytes; left out where it did not come from the wire. */
  readonly receivedBytes?: number;
};

/** Types of messages that carry data. */
type DataTypeId = typeof MessageType.DataAmf0 | typeof MessageType.DataAmf3;

/**
 * Reads the body of a message of type 18, or 15. Null where it does not decode, or a name is no short string of 1 to 63
 * bytes: such a message is dropped and counted. A missing end of the last object is taken. Nothing of `payload` is kept.
 */
export function parseDataMessage(
  payload: Uint8Array,
  typeId: DataTypeId = MessageType.DataAmf0,
): DataMessage | null {
  const isAmf3 = typeId === MessageType.DataAmf3;
  if (!isAmf3 && payload[0] !== Amf0Marker.String) return null;
  const decode = isAmf3 ? decodeAmf3Body : decodeAmf0Values;
  const values = orNull(() => decode(payload, { acceptsMissingEnd: true }));
  if (values === null) return null;
  const [name, second, ...others] = values;
  const receivedBytes = payload.length;
  if (name !== '@setDataFrame' && name !== '@clearDataFrame') {
    if (!isHandlerName(name)) return null;
    // WHY: FLV files replayed as they are, and some encoders, send onMetaData bare and mean it to be kept.
    return {
      kind: name === METADATA_HANDLER ? 'set' : 'send',
      handler: name,
      values: values.slice(1),
      receivedBytes,
    };
  }
  if (!isHandlerName(second)) return null;
  if (name === '@clearDataFrame') return { kind: 'clear', handler: second, values: [], receivedBytes };
  return { kind: 'set', handler: second, values: others, receivedBytes };
}

/**
 * Writes a type 18 body that every player can read: the name as a short string, no references, every object ended, values
 * as {@link cleanValues} leaves them; onMetaData as one ECMA array, as {@link cleanMetadata} leaves it. The caller owns
 * the bytes.
 *
 * Null where that cannot be done: a name of other than 1 to 63 bytes, onMetaData without an object, values that break the
 * limits of AMF, or that unfold into too much. `receivedBytes` is what they came in, null where they did not come from the
 * wire. They may unfold into 10 times as much, 8 KiB where that is more, and {@link MAX_UNFOLDED_BYTES} at most; values
 * other than metadata in any case into as much as they came in. WHY: AMF3 says names and texts once, and refers back to
 * them; so 742 bytes could become 64 KiB for each viewer.
 */
export function encodeDataMessage(
  handler: string,
  values: readonly AmfValue[],
  receivedBytes: number | null = null,
): Uint8Array | null {
  if (!isHandlerName(handler)) return null;
  const unfoldedBytes = maxUnfoldedBytes(receivedBytes);
  if (handler !== METADATA_HANDLER) {
    const maxBytes = Math.max(unfoldedBytes, receivedBytes ?? 0);
    // Each value takes a byte or more, but those that are left out.
    return orNull(() => encodeAmf0Values([handler, ...cleanValues(values, maxBytes)], maxBytes));
  }
  const metadata = values[0];
  // FFmpeg takes all that follows the name for one ECMA array, so nothing may stand behind it.
  if (!(metadata instanceof AmfObject || metadata instanceof AmfEcmaArray)) return null;
  const maxValues = receivedBytes === null ? MAX_AMF_VALUES : receivedBytes + SPARE_VALUES;
  return orNull(() => {
    return encodeAmf0Values([handler, cleanMetadata(metadata.properties, maxValues)], unfoldedBytes);
  });
}

function maxUnfoldedBytes(receivedBytes: number | null): number {
  if (receivedBytes === null) return MAX_UNFOLDED_BYTES;
  return Math.min(MAX_UNFOLDED_BYTES, Math.max(MIN_UNFOLDED_BYTES, MAX_UNFOLDING * receivedBytes));
}

function isHandlerName(value: AmfValue): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= MAX_HANDLER_NAME_BYTES &&
    utf8LengthBytes(value) <= MAX_HANDLER_NAME_BYTES
  );
}

/** A data message that breaks AMF is the loss of that message, not of the connection. */
function orNull<T>(operation: () => T): T | null {
  try {
    return operation();
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
