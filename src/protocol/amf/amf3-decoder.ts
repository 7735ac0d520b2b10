// Reads AMF3 values from a whole message body. [AMF3 3]
//
//   marker u8, then by marker: 00 01 02 03 nothing | 04 U29 signed | 05 f64 | 06 text | 07, 0B U29 length, UTF-8
//   08 f64 ms | 09 U29 count, (text key, value)*, empty text, values | 0A U29 traits, members | 0C U29 length, bytes
//   0D 0E 0F U29 count, u8 fixed, s32 | u32 | f64 each | 10 U29 count, u8 fixed, text class, values
//   11 U29 count, u8 weak, (key, value) each. The first U29 of 07 to 11 with bit 0 clear: index of an earlier value.
//   text: U29, bit 0 set: length, UTF-8; clear: index of an earlier text
//
// Recursion is bounded by MAX_AMF_DEPTH, work by MAX_AMF_VALUES. What is referred to is shared, never copied.

import { ByteCursor } from '../bytes/byte-cursor.ts';
import { AmfError } from './amf-error.ts';
import {
  AmfByteArray,
  AmfDate,
  AmfDictionary,
  AmfEcmaArray,
  AmfExternalizable,
  AmfNumberVector,
  AmfObject,
  AmfObjectVector,
  type AmfValue,
  AmfXml,
} from './amf-value.ts';
import { readExternalizableBody } from './amf3-externalizable.ts';
import { Amf3InputTables, type ClassTraits } from './amf3-input-tables.ts';
import { Amf3Marker } from './amf3-marker.ts';
import { MAX_AMF_DEPTH, MAX_AMF_VALUES } from './limits.ts';
import { readU29 } from './u29-codec.ts';

/** Bytes of the shortest key and value of a dictionary. */
const MIN_DICTIONARY_ENTRY_BYTES = 2;

/**
 * All values of a body that is AMF3 from its first byte. References share their tables across them; shared and cyclic
 * values come out shared and cyclic. Nothing of `bytes` is kept.
 * @throws AmfError, BytesError 'bytes-truncated'
 */
export function decodeAmf3Values(bytes: Uint8Array): AmfValue[] {
  const cursor = new ByteCursor(bytes);
  const decoder = new Amf3Decoder(cursor);
  const values: AmfValue[] = [];
  while (cursor.remainingBytes > 0) values.push(decoder.readValue());
  return values;
}

/** Reads the AMF3 values of one message one by one. After an error it, and its cursor, are of no more use. */
export class Amf3Decoder {
  readonly #cursor: ByteCursor;
  /** WHY: of the message, not of the value: senders that start anew at each value refer back only within it. */
  readonly #tables: Amf3InputTables;
  #valueCount = 0;

  /** Reads from where `cursor` stands. One decoder serves one message: the tables end with it. */
  constructor(cursor: ByteCursor) {
    this.#cursor = cursor;
    this.#tables = new Amf3InputTables(cursor);
  }

  /** How many values were read, members and references included. */
  get valueCount(): number {
    return this.#valueCount;
  }

  /**
   * The next value; the cursor stands behind it.
   * @throws AmfError, BytesError 'bytes-truncated'
   */
  readValue(): AmfValue {
    return this.#readValue(0);
  }

  /**
   * The next value, within AMF0: it lies in `openContainers` of its objects and arrays, and `valueCount` values of the
   * message came before it, so that the limits hold for both together.
   * @throws AmfError, BytesError 'bytes-truncated'
   */
  readNestedValue(openContainers: number, valueCount: number): AmfValue {
    this.#valueCount = valueCount;
    return this.#readValue(openContainers);
  }

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
      case Amf3Marker.Undefined:
        return undefined;
      case Amf3Marker.Null:
        return null;
      case Amf3Marker.False:
        return false;
      case Amf3Marker.True:
        return true;
      case Amf3Marker.Integer:
        // The 29 bits are signed: bit 28 is copied into the three above it.
        return (readU29(cursor) << 3) >> 3;
      case Amf3Marker.Double:
        return cursor.readF64();
      case Amf3Marker.String:
        return this.#tables.readText();
    }
    if (marker > Amf3Marker.Dictionary) {
      throw new AmfError(
        'amf-unsupported-marker',
        `expected an AMF3 marker at offset ${markerOffset}, got 0x${marker.toString(16)}`,
      );
    }
    const header = readU29(cursor);
    // WHY: of whatever kind that value is: senders name it by the marker of another one.
    if ((header & 1) === 0) return this.#tables.valueAt(header >>> 1);
    return this.#readComplex(marker, header >>> 1, openContainers);
  }

  /** A value that may be referred to later; `header` is its first U29 without the bit that told so. */
  #readComplex(marker: number, header: number, openContainers: number): AmfValue {
    const cursor = this.#cursor;
    const tables = this.#tables;
    switch (marker) {
      case Amf3Marker.Date:
        return tables.addValue(new AmfDate(cursor.readF64()));
      case Amf3Marker.XmlDocument:
      case Amf3Marker.Xml:
        return tables.addValue(new AmfXml(cursor.readUtf8(header), marker === Amf3Marker.XmlDocument));
      case Amf3Marker.ByteArray:
        return tables.addValue(new AmfByteArray(cursor.readBytes(header).slice()));
      case Amf3Marker.VectorInt:
      case Amf3Marker.VectorUint:
      case Amf3Marker.VectorDouble:
        return this.#readNumberVector(marker, header);
    }
    this.#requireDepth(openContainers);
    switch (marker) {
      case Amf3Marker.Array:
        return this.#readArray(header, openContainers + 1);
      case Amf3Marker.VectorObject:
        return this.#readObjectVector(header, openContainers + 1);
      case Amf3Marker.Dictionary:
        return this.#readDictionary(header, openContainers + 1);
      default:
        return this.#readObject(tables.readTraits(header), openContainers + 1);
    }
  }

  #readArray(count: number, openContainers: number): AmfValue {
    this.#requireCount(count, 1);
    // The table holds values in the order of their start, and a key is none: so there is time to see whether it has any.
    let key = this.#tables.readText();
    const elements: AmfValue[] = [];
    if (key === '') return this.#readInto(this.#tables.addValue(elements), count, openContainers);
    const array = this.#tables.addValue(new AmfEcmaArray(new Map(), elements));
    for (; key !== ''; key = this.#tables.readText()) {
      array.properties.set(key, this.#readValue(openContainers));
    }
    this.#readInto(elements, count, openContainers);
    return array;
  }

  #readObjectVector(count: number, openContainers: number): AmfObjectVector {
    this.#requireCount(count, 1);
    const isFixed = this.#cursor.readU8() !== 0;
    const vector = new AmfObjectVector(this.#tables.readText(), [], isFixed);
    this.#readInto(this.#tables.addValue(vector).values, count, openContainers);
    return vector;
  }

  #readInto(values: AmfValue[], count: number, openContainers: number): AmfValue[] {
    for (let index = 0; index < count; index += 1) values.push(this.#readValue(openContainers));
    return values;
  }

  #readDictionary(count: number, openContainers: number): AmfDictionary {
    this.#requireCount(count, MIN_DICTIONARY_ENTRY_BYTES);
    const dictionary = this.#tables.addValue(new AmfDictionary([], this.#cursor.readU8() !== 0));
    for (let index = 0; index < count; index += 1) {
      const key = this.#readValue(openContainers);
      dictionary.entries.push([key, this.#readValue(openContainers)]);
    }
    return dictionary;
  }

  #readNumberVector(marker: number, count: number): AmfNumberVector {
    const cursor = this.#cursor;
    const isFixed = cursor.readU8() !== 0;
    const isDouble = marker === Amf3Marker.VectorDouble;
    this.#requireCount(count, isDouble ? Float64Array.BYTES_PER_ELEMENT : Uint32Array.BYTES_PER_ELEMENT);
    if (isDouble) {
      const doubles = new Float64Array(count);
      for (let index = 0; index < count; index += 1) doubles[index] = cursor.readF64();
      return this.#tables.addValue(new AmfNumberVector(doubles, isFixed));
    }
    const integers = marker === Amf3Marker.VectorInt ? new Int32Array(count) : new Uint32Array(count);
    for (let index = 0; index < count; index += 1) integers[index] = cursor.readU32();
    return this.#tables.addValue(new AmfNumberVector(integers, isFixed));
  }

  #readObject(classTraits: ClassTraits, openContainers: number): AmfValue {
    const { className, traits } = classTraits;
    if (traits === null) return this.#readExternalizable(className, openContainers);
    const object = this.#tables.addValue(new AmfObject(className, new Map(), traits));
    for (const name of traits.sealedNames) object.properties.set(name, this.#readValue(openContainers));
    if (!traits.isDynamic) return object;
    for (let key = this.#tables.readText(); key !== ''; key = this.#tables.readText()) {
      object.properties.set(key, this.#readValue(openContainers));
    }
    return object;
  }

  #readExternalizable(className: string, openContainers: number): AmfExternalizable {
    const object = this.#tables.addValue(new AmfExternalizable(className));
    object.body = readExternalizableBody(className, {
      readU8: () => this.#cursor.readU8(),
      readValue: () => this.#readValue(openContainers),
    });
    return object;
  }

  /** A count is believed as far as there are bytes left for so many elements. */
  #requireCount(count: number, minElementBytes: number): void {
    const { offset, remainingBytes } = this.#cursor;
    if (count * minElementBytes <= remainingBytes) return;
    throw new AmfError(
      'amf-count-invalid',
      `expected at most ${remainingBytes} bytes of elements at offset ${offset}, got a count of ${count} of ${minElementBytes} or more each`,
    );
  }

  #requireDepth(openContainers: number): void {
    if (openContainers < MAX_AMF_DEPTH) return;
    throw new AmfError(
      'amf-depth-exceeded',
      `expected at most ${MAX_AMF_DEPTH} nested objects and arrays, got one more before offset ${this.#cursor.offset}`,
    );
  }
}
