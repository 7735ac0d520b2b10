// Cleans the values of data messages for players. FFmpeg's reader skips over values it has no use for, and knows only number,
// boolean, string, object, null, ECMA array, strict array, date and long string; keys it reads into 128 bytes. [FLV E.5]
// What only AMF3 has gets AMF0's nearest form here, for most players know no AMF3 behind marker 11.

import { AmfError } from '../amf/amf-error.ts';
import {
  type Amf3OnlyValue,
  type AmfDictionary,
  AmfEcmaArray,
  AmfObject,
  type AmfValue,
} from '../amf/amf-value.ts';
import { MAX_AMF_DEPTH, MAX_AMF_VALUES } from '../amf/limits.ts';
import { utf8LengthBytes } from '../amf/utf8-length.ts';

/** LIMIT: key of a property in UTF-8 bytes: FFmpeg reads it into 128 bytes, the last of them a zero. */
const MAX_KEY_BYTES = 127;

/** True of a file, wrong for whoever watches a live stream that is fed from one. */
const FILE_PROPERTIES: ReadonlySet<string> = new Set(['duration', 'filesize', 'fileSize', 'keyframes']);

/**
 * A copy of values that players can read: Undefined, Unsupported and byte arrays left out of objects, and null in arrays and
 * among the values themselves; XML as its text, objects without their class, empty keys and those over 127 bytes left
 * out; vectors as arrays, dictionaries as objects of the entries with a string or a number for a key, wrapped objects as
 * what they wrap.
 * @throws AmfError 'amf-depth-exceeded' (a cycle too), 'amf-values-exceeded' where more than `maxValues` are visited, or than
 * `MAX_AMF_VALUES`
 */
export function cleanValues(values: readonly AmfValue[], maxValues: number = MAX_AMF_VALUES): AmfValue[] {
  return new ValueCleaner(maxValues).cleanArray(values, 0);
}

/**
 * A copy of onMetaData's properties, cleaned as by {@link cleanValues}; without duration, filesize and keyframes.
 * @throws AmfError as {@link cleanValues}
 */
export function cleanMetadata(
  properties: ReadonlyMap<string, AmfValue>,
  maxValues: number = MAX_AMF_VALUES,
): AmfEcmaArray {
  const kept = [...properties].filter(([key]) => !FILE_PROPERTIES.has(key));
  return new AmfEcmaArray(new ValueCleaner(maxValues).cleanProperties(kept, 1));
}

/** One cleaning: counts what it visits, kept or not, since values may be shared and contain themselves. */
class ValueCleaner {
  readonly #maxValues: number;
  #visitedValues = 0;

  constructor(maxValues: number) {
    this.#maxValues = Math.min(maxValues, MAX_AMF_VALUES);
  }

  /** `depth` counts the containers open, these properties' own among them. */
  cleanProperties(properties: Iterable<readonly [string, AmfValue]>, depth: number): Map<string, AmfValue> {
    requireDepth(depth);
    const cleaned = new Map<string, AmfValue>();
    for (const [key, value] of properties) {
      const cleanValue = this.#cleanValue(isKey(key) ? value : undefined, depth);
      if (cleanValue !== undefined) cleaned.set(key, cleanValue);
    }
    return cleaned;
  }

  /** As {@link cleanProperties}. */
  cleanArray(values: Iterable<AmfValue>, depth: number): AmfValue[] {
    requireDepth(depth);
    const cleaned: AmfValue[] = [];
    for (const value of values) cleaned.push(this.#cleanValue(value, depth) ?? null);
    return cleaned;
  }

  /** Undefined where there is nothing a player could read. */
  #cleanValue(value: AmfValue, depth: number): AmfValue {
    this.#countVisit();
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return this.cleanArray(value, depth + 1);
    switch (value.type) {
      case 'object':
        return new AmfObject('', this.cleanProperties(value.properties, depth + 1));
      case 'ecma-array':
        return new AmfEcmaArray(this.cleanProperties(value.namedMembers(), depth + 1));
      case 'xml':
        return value.text;
      case 'date':
        return value;
      case 'unsupported':
        return undefined;
      default:
        return this.#cleanAmf3Value(value, depth + 1);
    }
  }

  #cleanAmf3Value(value: Amf3OnlyValue, depth: number): AmfValue {
    switch (value.type) {
      case 'byte-array':
        return undefined;
      case 'number-vector':
        return this.cleanArray(value.numbers, depth);
      case 'object-vector':
        return this.cleanArray(value.values, depth);
      case 'dictionary':
        return new AmfObject('', this.cleanProperties(this.#namedEntries(value), depth));
      case 'externalizable':
        requireDepth(depth);
        return this.#cleanValue(value.body, depth);
    }
  }

  /** WHY: each key counts, whatever it is: entries that are left out would be gone over without end, by references. */
  *#namedEntries({ entries }: AmfDictionary): Generator<readonly [string, AmfValue]> {
    for (const [key, value] of entries) {
      this.#countVisit();
      if (typeof key === 'string') yield [key, value];
      else if (typeof key === 'number') yield [String(key), value];
    }
  }

  #countVisit(): void {
    this.#visitedValues += 1;
    if (this.#visitedValues <= this.#maxValues) return;
    throw new AmfError('amf-values-exceeded', `expected at most ${this.#maxValues} values of data, got more`);
  }
}

function requireDepth(depth: number): void {
  if (depth <= MAX_AMF_DEPTH) return;
  throw new AmfError('amf-depth-exceeded', `expected data at most ${MAX_AMF_DEPTH} deep, got more`);
}

function isKey(key: string): boolean {
  return key !== '' && key.length <= MAX_KEY_BYTES && utf8LengthBytes(key) <= MAX_KEY_BYTES;
}
