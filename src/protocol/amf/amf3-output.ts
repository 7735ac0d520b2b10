// The parts that AMF3 values are written from, and that can refer back: texts, traits and references to values. [AMF3 2.2]
//
//   text, value: U29, bit 0 set: length or count << 1 | 1; clear: index << 1
//   traits: U29, 01: index << 2 | 1; 011: sealed members << 4 | dynamic << 3 | 3; 0111: externalizable; class, names

import type { ByteWriter } from '../bytes/byte-writer.ts';
import { AmfError } from './amf-error.ts';
import type { AmfObject } from './amf-value.ts';
import { Amf3OutputTables, type ReferableValue } from './amf3-output-tables.ts';
import { MAX_AMF_VALUES } from './limits.ts';
import { writeU29 } from './u29-codec.ts';
import { utf8LengthBytes } from './utf8-length.ts';

const INLINE = 0b1;
const INLINE_TRAITS = 0b11;
const EXTERNALIZABLE_TRAITS = 0b111;
const DYNAMIC = 0b1000;

/** Writes to the end of a writer that is to hold at most so many bytes. */
export class Amf3Output {
  readonly #writer: ByteWriter;
  readonly #maxBytes: number;
  readonly #tables = new Amf3OutputTables();

  /** `maxBytes` is what `writer` may hold in the end, with what it holds already. */
  constructor(writer: ByteWriter, maxBytes: number) {
    this.#writer = writer;
    this.#maxBytes = maxBytes;
  }

  /** To be called before each value that stands by itself in the message. */
  beginValue(): void {
    this.#tables.beginValue();
  }

  /** Refers to `value` where that can be done; where not, false, and it is to be written out now. */
  writeReference(value: ReferableValue): boolean {
    const index = this.#tables.values.find(value);
    if (index !== null) writeU29(this.#writer, index << 1);
    return index !== null;
  }

  /** Count or length of what is written out. */
  writeCount(count: number): void {
    writeU29(this.#writer, (count << 1) | INLINE);
  }

  /**
   * A text, or a reference to it.
   * @throws AmfError 'amf-encoded-bytes-exceeded'
   */
  writeText(text: string): void {
    const index = text === '' ? null : this.#tables.texts.find(text);
    if (index === null) this.writeUtf8(text);
    else writeU29(this.#writer, index << 1);
  }

  /**
   * Length and bytes of a text that never comes by reference.
   * @throws AmfError 'amf-encoded-bytes-exceeded'
   */
  writeUtf8(text: string): void {
    this.requireRoom(text.length);
    this.writeCount(utf8LengthBytes(text));
    this.#writer.writeUtf8(text);
  }

  /**
   * The traits of `object`, which is written as one that `isDynamic`.
   * @throws AmfError 'amf-values-exceeded', 'amf-encoded-bytes-exceeded'
   */
  writeTraits(object: AmfObject, isDynamic: boolean): void {
    const { sealedNames } = object.traits;
    if (sealedNames.length > MAX_AMF_VALUES) {
      throw new AmfError(
        'amf-values-exceeded',
        `expected at most ${MAX_AMF_VALUES} sealed members to encode, got ${sealedNames.length}`,
      );
    }
    const index = this.#tables.findTraits(object, isDynamic);
    if (index !== null) {
      writeU29(this.#writer, (index << 2) | INLINE);
      return;
    }
    writeU29(this.#writer, (sealedNames.length << 4) | (isDynamic ? DYNAMIC : 0) | INLINE_TRAITS);
    this.writeText(object.className);
    for (const name of sealedNames) this.writeText(name);
  }

  /**
   * The traits of an externalizable class.
   * @throws AmfError 'amf-encoded-bytes-exceeded'
   */
  writeExternalizableTraits(className: string): void {
    const index = this.#tables.findExternalizableTraits(className);
    if (index !== null) {
      writeU29(this.#writer, (index << 2) | INLINE);
      return;
    }
    writeU29(this.#writer, EXTERNALIZABLE_TRAITS);
    this.writeText(className);
  }

  /**
   * Judges `moreBytes` before they are written; 0 for what was.
   * @throws AmfError 'amf-encoded-bytes-exceeded'
   */
  requireRoom(moreBytes: number): void {
    if (this.#writer.lengthBytes + moreBytes <= this.#maxBytes) return;
    throw new AmfError(
      'amf-encoded-bytes-exceeded',
      `expected at most ${this.#maxBytes} bytes of encoded values, got more`,
    );
  }
}
