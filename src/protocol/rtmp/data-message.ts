// Data messages (type 18): what a publisher says beside its media, and how it is passed on. [RTMP 7.1.2, 7.2.2.12]
// Messages are decoded and written anew, never passed on as they came: FFmpeg fails to open a stream whose onMetaData holds
// Undefined, a key over 127 bytes or no end, or whose handler name is 64 bytes or more. Leaves out type 15 (AMF3).

import { AmfEcmaArray, AmfObject, type AmfValue } from '../amf/amf-value.ts';
import { decodeAmf0Values } from '../amf/amf0-decoder.ts';
import { encodeAmf0Values } from '../amf/amf0-encoder.ts';
import { Amf0Marker } from '../amf/amf0-marker.ts';
import { ProtocolError } from '../bytes/protocol-error.ts';
import { cleanMetadata } from './metadata.ts';

/** LIMIT: handler name in UTF-8 bytes: FFmpeg reads it into 64 bytes, the last of them a zero. */
export const MAX_HANDLER_NAME_BYTES = 63;

/** LIMIT: encoded onMetaData, in bytes; it is kept for every late joiner. Real ones are under 2 KiB. */
export const MAX_METADATA_BYTES = 64 * 1024;

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
};

/** What is written into a data message. */
export type DataMessageOptions = {
  /**
   * Keeps the properties of onMetaData that are true of a file only: duration, filesize, keyframes. False by default, as
   * live streams need it.
   */
  readonly keepsFileProperties?: boolean;
};

/**
 * Reads a type 18 body. Null where it does not decode, or a name is no short string of 1 to 63 bytes: such a message is
 * dropped and counted. A missing end of the last object is taken. Nothing of `payload` is kept.
 */
export function parseDataMessage(payload: Uint8Array): DataMessage | null {
  if (payload[0] !== Amf0Marker.String) return null;
  const values = orNull(() => decodeAmf0Values(payload, { acceptsMissingEnd: true }));
  if (values === null) return null;
  const [name, second, ...others] = values;
  if (name !== '@setDataFrame' && name !== '@clearDataFrame') {
    if (!isHandlerName(name)) return null;
    // WHY: FLV files replayed as they are, and some encoders, send onMetaData bare and mean it to be kept.
    return { kind: name === METADATA_HANDLER ? 'set' : 'send', handler: name, values: values.slice(1) };
  }
  if (!isHandlerName(second)) return null;
  if (name === '@clearDataFrame') return { kind: 'clear', handler: second, values: [] };
  return { kind: 'set', handler: second, values: others };
}

/**
 * Writes a type 18 body that every player can read: the name as a short string, no references, every object ended.
 * onMetaData is cleaned besides: one ECMA array, no Undefined, no key over 127 bytes. Null where that cannot be done: a
 * name of other than 1 to 63 bytes, values that unfold past the limits of AMF, onMetaData over {@link MAX_METADATA_BYTES}.
 * The caller owns the bytes.
 */
export function encodeDataMessage(
  handler: string,
  values: readonly AmfValue[],
  options: DataMessageOptions = {},
): Uint8Array | null {
  if (!isHandlerName(handler)) return null;
  if (handler !== METADATA_HANDLER) return orNull(() => encodeAmf0Values([handler, ...values]));
  const metadata = values[0];
  // FFmpeg takes all that follows the name for one ECMA array, so nothing may stand behind it.
  if (!(metadata instanceof AmfObject || metadata instanceof AmfEcmaArray)) return null;
  const body = orNull(() =>
    encodeAmf0Values([handler, cleanMetadata(metadata.properties, options.keepsFileProperties ?? false)]),
  );
  return body === null || body.length > MAX_METADATA_BYTES ? null : body;
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
