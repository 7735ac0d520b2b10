// Writes AMF0 values. [AMF0 2]
// References (marker 07) are never sent, since librtmp, FFmpeg and nginx-rtmp cannot read them: a shared value is written
// out each time. What that unfolds into is bounded in depth, values and bytes, so cycles are refused. What only AMF3 has is
// written as AMF3, behind marker 11.

import { ByteWriter } from '../bytes/byte-writer.ts';
import { AmfError } from './amf-error.ts';
import type { AmfObject, AmfValue } from './amf-value.ts';
import { Amf0Marker } from './amf0-marker.ts';
import { Amf3Encoder } from './amf3-encoder.ts';
import {
  MAX_AMF_DEPTH,
  MAX_AMF_ENCODED_BYTES,
  MAX_AMF_VALUES,
  MAX_AMF0_SHORT_STRING_BYTES,
} from './limits.ts';
import { utf8LengthBytes } from './utf8-length.ts';

/** Texts up to this many UTF-16 units are at most MAX_AMF0_SHORT_STRING_BYTES long, at three bytes each. */
const SURELY_SHORT_UNITS = Math.floor(MAX_AMF0_SHORT_STRING_BYTES / 3);

/**
 * The values one behind the other, as a message body of at most `maxBytes`; it stops early where they unfold into more.
 * The caller owns the bytes.
 * @throws AmfError 'amf-depth-exceeded' (a cycle too), 'amf-values-exceeded', 'amf-encoded-bytes-exceeded',
 * 'amf-key-empty', 'amf-key-too-long', 'amf-unsupported-marker' (an externalizable class that is not known)
 */
export function encodeAmf0Values(
  values: readonly AmfValue[],
  maxBytes: number = MAX_AMF_ENCODED_BYTES,
): Uint8Array {
  const writer = new ByteWriter();
  const encoder = new Amf0Encoder(writer, maxBytes);
  for (const value of values) encoder.writeValue(value);
  return writer.toBytes();
}

/** Writes the values of one message one by one; the limits hold for all of them together. */
export class Amf0Encoder {
  readonly #writer: ByteWriter;
  readonly #maxBytes: number;
  /** Made for the first AMF3 value; it knows what the whole message may refer back to. */
  #amf3: Amf3Encoder | null = null;
  #valueCount = 0;

  /** Writes to the end of `writer`, which is to hold at most `maxBytes` in the end. */
  constructor(writer: ByteWriter, maxBytes: number = MAX_AMF_ENCODED_BYTES) {
    this.#writer = writer;
    this.#maxBytes = maxBytes;
  }

  /**
   * Appends `value`. After an error part of it stands in the writer, which is of no more use then.
   * @throws AmfError as {@link encodeAmf0Values}
   */
  writeValue(value: AmfValue): void {
    this.#writeValue(value, 0);
  }

  /**
   * Appends `value`, of whatever type, as AMF3 behind marker 11. After an error as {@link writeValue}.
   * @throws AmfError as {@link encodeAmf0Values}
   */
  writeAmf3Value(value: AmfValue): void {
    this.#writeAmf3Value(value, 0);
  }

  /** `openContainers` is how many objects and arrays the value lies in. */
  #writeValue(value: AmfValue, openContainers: number): void {
    const writer = this.#writer;
    this.#valueCount += 1;
    if (this.#valueCount > MAX_AMF_VALUES) {
      throw new AmfError(
        'amf-values-exceeded',
        `expected at most ${MAX_AMF_VALUES} values to encode, got more`,
      );
    }
    if (typeof value === 'number') {
      writer.writeU8(Amf0Marker.Number);
      writer.writeF64(value);
    } else if (typeof value === 'string') {
      this.#writeString(value);
    } else if (typeof value === 'boolean') {
      writer.writeU8(Amf0Marker.Boolean);
      writer.writeU8(value ? 1 : 0);
    } else if (value === null) {
      writer.writeU8(Amf0Marker.Null);
    } else if (value === undefined) {
      writer.writeU8(Amf0Marker.Undefined);
    } else if (Array.isArray(value)) {
      this.#requireDepth(openContainers);
      writer.writeU8(Amf0Marker.StrictArray);
      writer.writeU32(value.length);
      for (const element of value) this.#writeValue(element, openContainers + 1);
    } else {
      this.#writeClassValue(value, openContainers);
    }
    this.#requireLength(0);
  }

  #writeClassValue(value: Extract<AmfValue, { readonly type: string }>, openContainers: number): void {
    const writer = this.#writer;
    switch (value.type) {
      case 'object':
        this.#requireDepth(openContainers);
        this.#writeObjectStart(value);
        this.#writeProperties(value.properties, openContainers);
        break;
      case 'ecma-array':
        this.#requireDepth(openContainers);
        this.#writeEcmaArray(value.namedMembers(), openContainers);
        break;
      case 'date':
        writer.writeU8(Amf0Marker.Date);
        writer.writeF64(value.unixMs);
        writer.writeI16(0);
        break;
      case 'xml':
        this.#writeLongString(Amf0Marker.XmlDocument, value.text);
        break;
      case 'unsupported':
        writer.writeU8(Amf0Marker.Unsupported);
        break;
      default:
        // It is counted once, where it is written.
        this.#valueCount -= 1;
        this.#writeAmf3Value(value, openContainers);
    }
  }

  /** One value, the marker and what follows it, of the message's count. [AMF0 3.1] */
  #writeAmf3Value(value: AmfValue, openContainers: number): void {
    this.#amf3 ??= new Amf3Encoder(this.#writer, this.#maxBytes);
    this.#writer.writeU8(Amf0Marker.AvmPlus);
    this.#amf3.writeNestedValue(value, openContainers, this.#valueCount);
    this.#valueCount = this.#amf3.valueCount;
  }

  #writeEcmaArray(members: ReadonlyMap<string, AmfValue>, openContainers: number): void {
    this.#writer.writeU8(Amf0Marker.EcmaArray);
    this.#writer.writeU32(members.size);
    this.#writeProperties(members, openContainers);
  }

  #writeObjectStart(value: AmfObject): void {
    if (value.className === '') {
      this.#writer.writeU8(Amf0Marker.Object);
      return;
    }
    this.#writer.writeU8(Amf0Marker.TypedObject);
    this.#writeKey(value.className);
  }

  #writeProperties(properties: ReadonlyMap<string, AmfValue>, openContainers: number): void {
    for (const [key, value] of properties) {
      if (key === '')
        throw new AmfError('amf-key-empty', 'expected a key of 1 byte or more to encode, got an empty one');
      this.#writeKey(key);
      this.#writeValue(value, openContainers + 1);
    }
    this.#writer.writeU16(0);
    this.#writer.writeU8(Amf0Marker.ObjectEnd);
  }

  #writeString(text: string): void {
    if (text.length > SURELY_SHORT_UNITS) {
      this.#requireLength(text.length);
      const marker = isShort(text) ? Amf0Marker.String : Amf0Marker.LongString;
      if (marker === Amf0Marker.LongString) {
        this.#writeLongString(marker, text);
        return;
      }
    }
    this.#writer.writeU8(Amf0Marker.String);
    this.#writeShortText(text);
  }

  #writeLongString(marker: number, text: string): void {
    this.#requireLength(text.length);
    this.#writer.writeU8(marker);
    const lengthOffset = this.#writer.lengthBytes;
    this.#writer.writeU32(0);
    this.#writer.patchU32(lengthOffset, this.#writer.writeUtf8(text));
  }

  /** A key or a class name, which have no long form. */
  #writeKey(text: string): void {
    if (text.length > SURELY_SHORT_UNITS && !isShort(text)) {
      throw new AmfError(
        'amf-key-too-long',
        `expected a key or class name of at most ${MAX_AMF0_SHORT_STRING_BYTES} bytes to encode, got more`,
      );
    }
    this.#writeShortText(text);
  }

  #writeShortText(text: string): void {
    const lengthOffset = this.#writer.lengthBytes;
    this.#writer.writeU16(0);
    this.#writer.patchU16(lengthOffset, this.#writer.writeUtf8(text));
  }

  #requireDepth(openContainers: number): void {
    if (openContainers < MAX_AMF_DEPTH) return;
    throw new AmfError(
      'amf-depth-exceeded',
      `expected at most ${MAX_AMF_DEPTH} nested objects and arrays to encode, got more, or a value that contains itself`,
    );
  }

  #requireLength(moreBytes: number): void {
    if (this.#writer.lengthBytes + moreBytes <= this.#maxBytes) return;
    throw new AmfError(
      'amf-encoded-bytes-exceeded',
      `expected at most ${this.#maxBytes} bytes of encoded values, got more`,
    );
  }
}

/** Whether `text` fits a u16 length. */
function isShort(text: string): boolean {
  // A text of more UTF-16 units than that has more bytes too.
  return text.length <= MAX_AMF0_SHORT_STRING_BYTES && utf8LengthBytes(text) <= MAX_AMF0_SHORT_STRING_BYTES;
}
