// Bodies of the messages that are sent with object encoding 3: data (type 15) and commands (type 17). [RTMP 7.1.1, 7.1.2]
//
//   format u8 (00: AMF0 values, any of which may be marker 11 and an AMF3 value; 03: AMF3 values) | values
//
// Some encoders leave out the format and mean 00. Shared objects (type 16) have a form of their own.

import { ByteWriter } from '../bytes/byte-writer.ts';
import { AmfUnsupported, type AmfValue } from './amf-value.ts';
import { type Amf0DecodeOptions, decodeAmf0Values } from './amf0-decoder.ts';
import { Amf0Encoder } from './amf0-encoder.ts';
import { Amf0Marker } from './amf0-marker.ts';
import { decodeAmf3Values } from './amf3-decoder.ts';
import { MAX_AMF_ENCODED_BYTES } from './limits.ts';

const FORMAT_AMF0 = 0x00;
const FORMAT_AMF3 = 0x03;

/**
 * All values of the body of a message of type 15 or 17, whose first is a name or Null: that tells a missing format, and
 * AMF0 values behind format 03, apart from what they could be mistaken for. Nothing of `payload` is kept.
 * @throws AmfError, BytesError 'bytes-truncated'
 */
export function decodeAmf3Body(payload: Uint8Array, options?: Amf0DecodeOptions): AmfValue[] {
  const [format, firstMarker] = payload;
  if (format === FORMAT_AMF0) return decodeAmf0Values(payload.subarray(1), options);
  if (format !== FORMAT_AMF3) return decodeAmf0Values(payload, options);
  // AMF3's markers of these numbers, false and a double, begin no message.
  const isAmf0 = firstMarker === Amf0Marker.String || firstMarker === Amf0Marker.Null;
  return isAmf0 ? decodeAmf0Values(payload.subarray(1), options) : decodeAmf3Values(payload.subarray(1));
}

/**
 * The body of a message of type 15 or 17, of at most `maxBytes`: format 00, then what AMF0 and AMF3 have in common
 * (numbers, booleans, strings, null, undefined, unsupported) as AMF0, and arrays and objects as AMF3. The caller owns the bytes.
 * @throws AmfError as encodeAmf3Values and encodeAmf0Values
 */
export function encodeAmf3Body(
  values: readonly AmfValue[],
  maxBytes: number = MAX_AMF_ENCODED_BYTES,
): Uint8Array {
  const writer = new ByteWriter();
  writer.writeU8(FORMAT_AMF0);
  const encoder = new Amf0Encoder(writer, maxBytes);
  for (const value of values) {
    // Unsupported has a form in AMF0 alone.
    const isPlain = typeof value !== 'object' || value === null || value === AmfUnsupported.instance;
    if (isPlain) encoder.writeValue(value);
    else encoder.writeAmf3Value(value);
  }
  return writer.toBytes();
}
