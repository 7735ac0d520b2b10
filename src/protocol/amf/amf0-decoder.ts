// Reads AMF0 values from a whole message body. [AMF0 2]
//
//   marker u8, then by marker: 00 f64 | 01 u8 | 02 u16 + UTF-8 | 03 pairs, end | 07 u16 index | 08 u32 hint, pairs, end
//   0A u32 count, values | 0B f64 ms, s16 zone | 0C, 0F u32 + UTF-8 | 10 u16 + class name, pairs, end | 05 06 0D nothing
//   pair: u16 + UTF-8 key, value; end: 00 00 09
//   11 one AMF3 value
//
// Recursion is bounded by MAX_AMF_DEPTH, work by MAX_AMF_VALUES; both hold for AMF0 and AMF3 together.

import { ByteCursor } from '../bytes/byte-cursor.ts';
import { AmfError } from './amf-error.ts';
import { AmfDate, AmfEcmaArray, AmfObject, AmfUnsupported, type AmfValue, AmfXml } from './amf-value.ts';
import { Amf0Marker } from './amf0-marker.ts';
import { Amf3Decoder } from './amf3-decoder.ts';
import { MAX_AMF_DEPTH, MAX_AMF_VALUES } from './limits.ts';

/** How an AMF0 body is read. */
export type Amf0DecodeOptions = {
  /**
   * Takes the end of the body, between two pairs, as the end of every object still open. For metadata only: some
   * encoders leave out the last 00 00 09. False by default.
   */
  readonly acceptsMissingEnd?: boolean;
};

/**
 * All values of one message body. References share one table across them; shared and cyclic values come out shared and
 * cyclic. Nothing of `bytes` is kept.
 * @throws AmfError, BytesError 'bytes-truncated'
 */
export function decodeAmf0Values(bytes: Uint8Array, options?: Amf0DecodeOptions): AmfValue[] {
  const cursor = new ByteCursor(bytes);
  const decoder = new Amf0Decoder(cursor, options);
  const values: AmfValue[] = [];
  while (cursor.remainingBytes > 0) values.push(decoder.readValue());
  return values;
}

/** Reads the values of one message one by one. After an error it, and its cursor, are of no more use. */
export class Amf0Decoder {
  readonly #cursor: ByteCursor;
  readonly #acceptsMissingEnd: boolean;
  /** Objects and arrays in the order of their start, for marker 07. [AMF0 2.9] */
  readonly #references: AmfValue[] = [];
  /** Made for the first AMF3 value; its tables are those of the whole message. */
  #amf3: Amf3Decoder | null = null;
  #valueCount = 0;

  /** Reads from where `cursor` stands. One decoder serves one message: the reference table ends with it. */
  constructor(cursor: ByteCursor, options: Amf0DecodeOptions = {}) {
    this.#cursor = cursor;
    this.#acceptsMissingEnd = options.acceptsMissingEnd ?? false;
  }

  /**
   * The next value; the cursor stands behind it.
   * @throws AmfError, BytesError 'bytes-truncated'
   */
  readValue(): AmfValue {
    return this.#readValue(0);
  }

  /** `openContainers` is how many objects and arrays the value lies in. */
  #readValue(openContainers: number): AmfValue {
    const cursor = this.#cursor;
    const markerOffset = cursor.offset;
    const marker = cursor.readU8();
    this.#valueCount += 1;
    if (this.#valueCount > MAX_AMF_VALUES) {
      throw new AmfError(
        'amf-values-exceeded',
        `expected at most ${MAX_AMF_VALUES} values in a message, got one more at offset ${markerOffset}`,
      );
    }
    switch (marker) {
      case Amf0Marker.Number:
        return cursor.readF64();
      case Amf0Marker.Boolean:
        return cursor.readU8() !== 0;
      case Amf0Marker.String:
        return cursor.readUtf8(cursor.readU16());
      case Amf0Marker.Object:
        return this.#readProperties(new AmfObject(), openContainers);
      case Amf0Marker.Null:
        return null;
      case Amf0Marker.Undefined:
        return undefined;
      case Amf0Marker.Reference:
        return this.#readReference();
      case Amf0Marker.EcmaArray:
        // The count is a hint that some encoders leave at 0 and hostile ones set to anything: it is not used.
        cursor.skip(4);
        return this.#readProperties(new AmfEcmaArray(), openContainers);
      case Amf0Marker.StrictArray:
        return this.#readStrictArray(openContainers);
      case Amf0Marker.Date:
        return new AmfDate(cursor.readF64(), cursor.readI16());
      case Amf0Marker.LongString:
        return cursor.readUtf8(cursor.readU32());
      case Amf0Marker.Unsupported:
        return AmfUnsupported.instance;
      case Amf0Marker.XmlDocument:
        return new AmfXml(cursor.readUtf8(cursor.readU32()));
      case Amf0Marker.TypedObject:
        return this.#readProperties(new AmfObject(cursor.readUtf8(cursor.readU16())), openContainers);
      case Amf0Marker.AvmPlus:
        return this.#readAvmPlus(openContainers);
      default:
        throw new AmfError(
          'amf-unsupported-marker',
          `expected an AMF0 marker at offset ${markerOffset}, got 0x${marker.toString(16).padStart(2, '0')}`,
        );
    }
  }

  /** Where AMF3 comes in: one AMF3 value follows marker 11. [AMF0 3.1] */
  #readAvmPlus(openContainers: number): AmfValue {
    this.#amf3 ??= new Amf3Decoder(this.#cursor);
    // The marker and the value behind it are one.
    const value = this.#amf3.readNestedValue(openContainers, this.#valueCount - 1);
    this.#valueCount = this.#amf3.valueCount;
    return value;
  }

  #readReference(): AmfValue {
    const index = this.#cursor.readU16();
    if (index >= this.#references.length) {
      throw new AmfError(
        'amf-reference-invalid',
        `expected a reference below ${this.#references.length} before offset ${this.#cursor.offset}, got ${index}`,
      );
    }
    return this.#references[index];
  }

  #readStrictArray(openContainers: number): AmfValue[] {
    const count = this.#cursor.readU32();
    if (count > this.#cursor.remainingBytes) {
      throw new AmfError(
        'amf-count-invalid',
        `expected at most ${this.#cursor.remainingBytes} array values (one a byte left) at offset ${this.#cursor.offset}, got a count of ${count}`,
      );
    }
    this.#requireDepth(openContainers);
    const values: AmfValue[] = [];
    this.#references.push(values);
    for (let index = 0; index < count; index += 1) values.push(this.#readValue(openContainers + 1));
    return values;
  }

  #readProperties<T extends AmfObject | AmfEcmaArray>(container: T, openContainers: number): T {
    this.#requireDepth(openContainers);
    this.#references.push(container);
    const cursor = this.#cursor;
    while (!(this.#acceptsMissingEnd && cursor.remainingBytes === 0)) {
      const keyLengthBytes = cursor.readU16();
      if (keyLengthBytes === 0) {
        const marker = cursor.readU8();
        if (marker === Amf0Marker.ObjectEnd) break;
        throw new AmfError(
          'amf-key-empty',
          `expected the object end 0x09 behind an empty key at offset ${cursor.offset - 1}, got 0x${marker.toString(16)}`,
        );
      }
      const key = cursor.readUtf8(keyLengthBytes);
      container.properties.set(key, this.#readValue(openContainers + 1));
    }
    return container;
  }

  #requireDepth(openContainers: number): void {
    if (openContainers < MAX_AMF_DEPTH) return;
    throw new AmfError(
      'amf-depth-exceeded',
      `expected at most ${MAX_AMF_DEPTH} nested objects and arrays, got one more before offset ${this.#cursor.offset}`,
    );
  }
}
