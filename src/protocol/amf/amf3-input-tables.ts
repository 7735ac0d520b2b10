// What earlier parts of an AMF3 message can be referred to by, when reading: texts, values and traits, each by its index
// in the order of their start. [AMF3 2.2]

import type { ByteCursor } from '../bytes/byte-cursor.ts';
import { AmfError } from './amf-error.ts';
import type { AmfTraits, AmfValue } from './amf-value.ts';
import { readU29 } from './u29-codec.ts';

/** What is known of the class of an object; `traits` is null where it is externalizable. */
export type ClassTraits = { readonly className: string; readonly traits: AmfTraits | null };

/** The three tables of one message, which grow as it is read. They hold no more than its bytes: references share. */
export class Amf3InputTables {
  readonly #cursor: ByteCursor;
  readonly #texts: string[] = [];
  readonly #values: AmfValue[] = [];
  readonly #traits: ClassTraits[] = [];

  /** Reads from where `cursor` stands. */
  constructor(cursor: ByteCursor) {
    this.#cursor = cursor;
  }

  /** Enters a value that was begun, and returns it. */
  addValue<T extends AmfValue>(value: T): T {
    this.#values.push(value);
    return value;
  }

  /**
   * The value at `index`, begun before; it may lack its end still.
   * @throws AmfError 'amf-reference-invalid'
   */
  valueAt(index: number): AmfValue {
    if (index >= this.#values.length) throw this.#invalid('value', index, this.#values.length);
    return this.#values[index];
  }

  /**
   * The next text; '' is never in the table.
   * @throws AmfError 'amf-reference-invalid', BytesError 'bytes-truncated'
   */
  readText(): string {
    const header = readU29(this.#cursor);
    if ((header & 1) === 0) {
      const text = this.#texts[header >>> 1];
      if (text === undefined) throw this.#invalid('text', header >>> 1, this.#texts.length);
      return text;
    }
    if (header === 1) return '';
    const text = this.#cursor.readUtf8(header >>> 1);
    this.#texts.push(text);
    return text;
  }

  /**
   * The traits that an object begins with. `header` is its first U29, without the bit that told it from a reference:
   *
   *   bit 0 clear: index << 1 | bit 1: externalizable | bit 2: dynamic | from bit 3 on: count of sealed members
   * @throws AmfError 'amf-reference-invalid', 'amf-count-invalid', BytesError 'bytes-truncated'
   */
  readTraits(header: number): ClassTraits {
    if ((header & 1) === 0) {
      const known = this.#traits[header >>> 1];
      if (known === undefined) throw this.#invalid('class', header >>> 1, this.#traits.length);
      return known;
    }
    const className = this.readText();
    const isExternalizable = (header & 2) !== 0;
    const traits = isExternalizable ? null : this.#readMembers((header & 4) !== 0, header >>> 3);
    const classTraits = { className, traits };
    this.#traits.push(classTraits);
    return classTraits;
  }

  #readMembers(isDynamic: boolean, count: number): AmfTraits {
    const { offset, remainingBytes } = this.#cursor;
    if (count > remainingBytes) {
      throw new AmfError(
        'amf-count-invalid',
        `expected at most ${remainingBytes} sealed members (one a byte left) at offset ${offset}, got a count of ${count}`,
      );
    }
    const sealedNames: string[] = [];
    for (let index = 0; index < count; index += 1) sealedNames.push(this.readText());
    return { sealedNames, isDynamic };
  }

  #invalid(kind: string, index: number, count: number): AmfError {
    return new AmfError(
      'amf-reference-invalid',
      `expected a reference to a ${kind} below ${count} before offset ${this.#cursor.offset}, got ${index}`,
    );
  }
}
