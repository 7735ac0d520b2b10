// Writes AMF3 values, in the shortest form. [AMF3 3]
// What was written before in the same value is referred to: equal texts and traits, and values that are identical, so that
// a value can contain itself. The second and later values of a message that cannot refer back are written out each time;
// what that unfolds into is bounded in depth, values and bytes, and cycles are refused there.

import { ByteWriter } from '../bytes/byte-writer.ts';
import { AmfError } from './amf-error.ts';
import type { AmfNumberVector, AmfObject, AmfValue } from './amf-value.ts';
import { writeExternalizableBody } from './amf3-externalizable.ts';
import { Amf3Marker } from './amf3-marker.ts';
import { Amf3Output } from './amf3-output.ts';
import type { ReferableValue } from './amf3-output-tables.ts';
import { MAX_AMF_DEPTH, MAX_AMF_ENCODED_BYTES, MAX_AMF_VALUES } from './limits.ts';
import { writeU29 } from './u29-codec.ts';

const MIN_INTEGER = -(2 ** 28);
const MAX_INTEGER = 2 ** 28 - 1;

/**
 * The values one behind the other, as a body of at most `maxBytes` that is AMF3 from its first byte; it stops early where
 * they unfold into more. The caller owns the bytes. No message of RTMP is AMF3 alone: the server writes AMF3 within AMF0,
 * by {@link Amf3Encoder.writeNestedValue}.
 * @throws AmfError 'amf-depth-exceeded', 'amf-values-exceeded', 'amf-encoded-bytes-exceeded', 'amf-key-empty',
 * 'amf-unsupported-marker' (an externalizable class that is not known)
 */
export function encodeAmf3Values(
  values: readonly AmfValue[],
  maxBytes: number = MAX_AMF_ENCODED_BYTES,
): Uint8Array {
  const writer = new ByteWriter();
  const encoder = new Amf3Encoder(writer, maxBytes);
  for (const value of values) encoder.writeValue(value);
  return writer.toBytes();
}

/** Writes the AMF3 values of one message one by one; the limits hold for all of them together. */
export class Amf3Encoder {
  readonly #writer: ByteWriter;
  readonly #output: Amf3Output;
  #valueCount = 0;

  /** Writes to the end of `writer`, which is to hold at most `maxBytes` in the end. */
  constructor(writer: ByteWriter, maxBytes: number = MAX_AMF_ENCODED_BYTES) {
    this.#writer = writer;
    this.#output = new Amf3Output(writer, maxBytes);
  }

  /** How many values were written, members and references included. */
  get valueCount(): number {
    return this.#valueCount;
  }

  /**
   * Appends `value`, in a body that is AMF3 alone: a number that is a whole one of 29 bits as an integer, AMF0's
   * Unsupported as undefined. After an error part of it stands in the writer, which is of no more use then.
   * @throws AmfError as {@link encodeAmf3Values}
   */
  writeValue(value: AmfValue): void {
    this.#output.beginValue();
    this.#writeValue(value, 0);
  }

  /**
   * Appends `value` within AMF0: it lies in `openContainers` of its objects and arrays, and `valueCount` values of the
   * message came before it, so that the limits hold for both together.
   * @throws AmfError as {@link encodeAmf3Values}
   */
  writeNestedValue(value: AmfValue, openContainers: number, valueCount: number): void {
    this.#valueCount = valueCount;
    this.#output.beginValue();
    this.#writeValue(value, openContainers);
  }

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
      this.#writeNumber(value);
    } else if (typeof value === 'string') {
      writer.writeU8(Amf3Marker.String);
      this.#output.writeText(value);
    } else if (typeof value === 'boolean') {
      writer.writeU8(value ? Amf3Marker.True : Amf3Marker.False);
    } else if (value === null) {
      writer.writeU8(Amf3Marker.Null);
    } else if (value === undefined) {
      writer.writeU8(Amf3Marker.Undefined);
    } else {
      this.#writeReferable(value, openContainers);
    }
    this.#output.requireRoom(0);
  }

  #writeNumber(value: number): void {
    const isInteger = Number.isInteger(value) && value >= MIN_INTEGER && value <= MAX_INTEGER;
    if (isInteger && !Object.is(value, -0)) {
      this.#writer.writeU8(Amf3Marker.Integer);
      writeU29(this.#writer, value);
      return;
    }
    this.#writer.writeU8(Amf3Marker.Double);
    this.#writer.writeF64(value);
  }

  #writeReferable(value: ReferableValue, openContainers: number): void {
    const marker = markerOf(value);
    this.#writer.writeU8(marker);
    if (marker === Amf3Marker.Undefined) return;
    if (!this.#output.writeReference(value)) this.#writeInline(value, openContainers);
  }

  #writeInline(value: ReferableValue, openContainers: number): void {
    const writer = this.#writer;
    if (Array.isArray(value)) {
      this.#writeArray(new Map(), value, openContainers);
      return;
    }
    switch (value.type) {
      case 'object':
        this.#writeObject(value, openContainers);
        break;
      case 'ecma-array':
        this.#writeArray(value.properties, value.elements, openContainers);
        break;
      case 'date':
        this.#output.writeCount(0);
        writer.writeF64(value.unixMs);
        break;
      case 'xml':
        this.#output.writeUtf8(value.text);
        break;
      case 'byte-array':
        this.#output.requireRoom(value.bytes.length);
        this.#output.writeCount(value.bytes.length);
        writer.writeBytes(value.bytes);
        break;
      case 'number-vector':
        this.#writeNumberVector(value);
        break;
      case 'object-vector':
        this.#requireDepth(openContainers);
        this.#output.writeCount(value.values.length);
        writer.writeU8(value.isFixed ? 1 : 0);
        this.#output.writeText(value.className);
        for (const element of value.values) this.#writeValue(element, openContainers + 1);
        break;
      case 'dictionary':
        this.#requireDepth(openContainers);
        this.#output.writeCount(value.entries.length);
        writer.writeU8(value.hasWeakKeys ? 1 : 0);
        for (const entry of value.entries) {
          for (const keyOrValue of entry) this.#writeValue(keyOrValue, openContainers + 1);
        }
        break;
      case 'externalizable':
        this.#requireDepth(openContainers);
        this.#output.writeExternalizableTraits(value.className);
        writeExternalizableBody(value.className, value.body, {
          writeU8: (byte) => writer.writeU8(byte),
          writeValue: (part) => this.#writeValue(part, openContainers + 1),
        });
        break;
      case 'unsupported':
        break;
    }
  }

  #writeArray(
    properties: ReadonlyMap<string, AmfValue>,
    elements: readonly AmfValue[],
    openContainers: number,
  ): void {
    this.#requireDepth(openContainers);
    this.#output.writeCount(elements.length);
    this.#writeMembers(properties, openContainers);
    for (const element of elements) this.#writeValue(element, openContainers + 1);
  }

  #writeMembers(members: Iterable<readonly [string, AmfValue]>, openContainers: number): void {
    for (const [key, value] of members) {
      if (key === '')
        throw new AmfError('amf-key-empty', 'expected a key of 1 byte or more to encode, got an empty one');
      this.#output.writeText(key);
      this.#writeValue(value, openContainers + 1);
    }
    this.#output.writeText('');
  }

  #writeObject(object: AmfObject, openContainers: number): void {
    this.#requireDepth(openContainers);
    const { properties, traits } = object;
    const sealedNames = new Set(traits.sealedNames);
    const dynamicMembers = [...properties].filter(([key]) => !sealedNames.has(key));
    const isDynamic = traits.isDynamic || dynamicMembers.length > 0;
    this.#output.writeTraits(object, isDynamic);
    for (const name of traits.sealedNames) this.#writeValue(properties.get(name), openContainers + 1);
    if (isDynamic) this.#writeMembers(dynamicMembers, openContainers);
  }

  #writeNumberVector({ numbers, isFixed }: AmfNumberVector): void {
    const writer = this.#writer;
    this.#output.requireRoom(numbers.byteLength);
    this.#output.writeCount(numbers.length);
    writer.writeU8(isFixed ? 1 : 0);
    if (numbers instanceof Float64Array) for (const number of numbers) writer.writeF64(number);
    else for (const number of numbers) writer.writeU32(number);
  }

  #requireDepth(openContainers: number): void {
    if (openContainers < MAX_AMF_DEPTH) return;
    throw new AmfError(
      'amf-depth-exceeded',
      `expected at most ${MAX_AMF_DEPTH} nested objects and arrays to encode, got more, or a value that contains itself`,
    );
  }
}

function markerOf(value: ReferableValue): number {
  if (Array.isArray(value)) return Amf3Marker.Array;
  switch (value.type) {
    case 'object':
    case 'externalizable':
      return Amf3Marker.Object;
    case 'ecma-array':
      return Amf3Marker.Array;
    case 'date':
      return Amf3Marker.Date;
    case 'xml':
      return value.isDocument ? Amf3Marker.XmlDocument : Amf3Marker.Xml;
    case 'byte-array':
      return Amf3Marker.ByteArray;
    case 'number-vector':
      if (value.numbers instanceof Int32Array) return Amf3Marker.VectorInt;
      return value.numbers instanceof Uint32Array ? Amf3Marker.VectorUint : Amf3Marker.VectorDouble;
    case 'object-vector':
      return Amf3Marker.VectorObject;
    case 'dictionary':
      return Amf3Marker.Dictionary;
    case 'unsupported':
      return Amf3Marker.Undefined;
  }
}
