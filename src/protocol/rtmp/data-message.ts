// Data messages (types 18 and 15): what a publisher says beside its media, and how it is passed on. [RTMP 7.1.2, 7.2.2.12]
// Messages are decoded and written anew, never passed on as they came: FFmpeg fails to open a stream whose onMetaData holds
// Undefined, a key over 127 bytes or no end, or whose handler name is 64 bytes or more.

import { AmfEcmaArray, AmfObject, type AmfValue } from '../amf/amf-value.ts';
import { decodeAmf0Values } from '../amf/amf0-decoder.ts';
import { encodeAmf0Values } from '../amf/amf0-encoder.ts';
import { Amf0Marker } from '../amf/amf0-marker.ts';
import { decodeAmf3Body } from '../amf/amf3-body.ts';
import { MAX_AMF_VALUES } from '../amf/limits.ts';
import { ProtocolError } from '../bytes/protocol-error.ts';
import { MessageType } from './message.ts';
import { cleanMetadata } from './metadata.ts';

/** LIMIT: handler name in UTF-8 bytes: FFmpeg reads it into 64 bytes, the last of them a zero. */
const MAX_HANDLER_NAME_BYTES = 63;

/** LIMIT: encoded onMetaData, in bytes; it is kept for every late joiner. Real ones are under 2 KiB. */
export const MAX_METADATA_BYTES = 64 * 1024;

/**
 * LIMIT: any other data message, in encoded bytes, where it came in fewer: references let 60 KB unfold into 15 MB for
 * each viewer. One that came longer may be as long as it came.
 */
export const MAX_UNFOLDED_DATA_BYTES = 64 * 1024;

/** LIMIT: times its own length that a data message may unfold to: AMF3's numbers take up to 9 times their bytes in AMF0. */
const MAX_UNFOLDING = 10;

/** LIMIT: values in metadata over one for each byte in which they came: what is more comes of references alone. */
const SPARE_VALUES = 256;

const METADATA_HANDLER = 'onMetaData';

const textEncoder = new TextEncoder();

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
  readonly lengthBytes?: number;
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
  const lengthBytes = payload.length;
  if (name !== '@setDataFrame' && name !== '@clearDataFrame') {
    if (!isHandlerName(name)) return null;
    // WHY: FLV files replayed as they are, and some encoders, send onMetaData bare and mean it to be kept.
    return {
      kind: name === METADATA_HANDLER ? 'set' : 'send',
      handler: name,
      values: values.slice(1),
      lengthBytes,
    };
  }
  if (!isHandlerName(second)) return null;
  if (name === '@clearDataFrame') return { kind: 'clear', handler: second, values: [], lengthBytes };
  return { kind: 'set', handler: second, values: others, lengthBytes };
}

/**
 * Writes a type 18 body that every player can read: the name as a short string, no references, every object ended, and
 * what only AMF3 has in AMF0's nearest form (byte arrays as Undefined).
 * onMetaData is cleaned besides: one ECMA array, no Undefined, no key over 127 bytes. Null where that cannot be done: a
 * name of other than 1 to 63 bytes, values that break the limits of AMF or unfold into too much: onMetaData into more
 * than {@link MAX_METADATA_BYTES}, others into more than {@link MAX_UNFOLDED_DATA_BYTES} and than the `receivedBytes` in
 * which they came, and any into much more than those; null where they did not come from the wire. The caller owns the
 * bytes.
 */
export function encodeDataMessage(
  handler: string,
  values: readonly AmfValue[],
  receivedBytes: number | null = null,
): Uint8Array | null {
  if (!isHandlerName(handler)) return null;
  if (handler !== METADATA_HANDLER) {
    const unfoldedBytes = receivedBytes === null ? MAX_UNFOLDED_DATA_BYTES : MAX_UNFOLDING * receivedBytes;
    const maxBytes = Math.max(Math.min(MAX_UNFOLDED_DATA_BYTES, unfoldedBytes), receivedBytes ?? 0);
    return orNull(() => encodeAmf0Values([handler, ...values], maxBytes, { avoidsAmf3: true }));
  }
  const metadata = values[0];
  // FFmpeg takes all that follows the name for one ECMA array, so nothing may stand behind it.
  if (!(metadata instanceof AmfObject || metadata instanceof AmfEcmaArray)) return null;
  const maxValues = Math.min(
    MAX_AMF_VALUES,
    receivedBytes === null ? MAX_AMF_VALUES : receivedBytes + SPARE_VALUES,
  );
  return orNull(() => {
    return encodeAmf0Values([handler, cleanMetadata(metadata.properties, maxValues)], MAX_METADATA_BYTES);
  });
}

function isHandlerName(value: AmfValue): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= MAX_HANDLER_NAME_BYTES &&
    textEncoder.encode(value).length <= MAX_HANDLER_NAME_BYTES
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
