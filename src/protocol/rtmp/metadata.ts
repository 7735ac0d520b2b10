// Cleans onMetaData for players. FFmpeg's reader skips over values it has no use for, and knows only number, boolean, string,
// object, null, ECMA array, strict array, date and long string; keys it reads into 128 bytes. [FLV E.5]

import { AmfError } from '../amf/amf-error.ts';
import { type Amf3OnlyValue, AmfEcmaArray, AmfObject, type AmfValue } from '../amf/amf-value.ts';
import { amf0FormOf, namedMembersOf } from '../amf/amf0-form.ts';
import { MAX_AMF_DEPTH, MAX_AMF_VALUES } from '../amf/limits.ts';

/** LIMIT: key of a property in UTF-8 bytes: FFmpeg reads it into 128 bytes, the last of them a zero. */
const MAX_METADATA_KEY_BYTES = 127;

/** True of a file, wrong for whoever watches a live stream that is fed from one. */
const FILE_PROPERTIES: ReadonlySet<string> = new Set(['duration', 'filesize', 'fileSize', 'keyframes']);

const textEncoder = new TextEncoder();

/**
 * A copy of onMetaData's properties that players can read: Undefined and Unsupported properties left out (null in arrays),
 * XML as its text, objects without their class, empty keys and those over 127 bytes left out; without duration, filesize
 * and keyframes. What only AMF3 has is in AMF0's nearest form: vectors as arrays, dictionaries and wrapped objects as
 * objects; byte arrays are left out.
 * @throws AmfError 'amf-depth-exceeded' (a cycle too), 'amf-values-exceeded' past `maxValues`
 */
export function cleanMetadata(
  properties: ReadonlyMap<string, AmfValue>,
  maxValues: number = MAX_AMF_VALUES,
): AmfEcmaArray {
  const kept = [...properties].filter(([key]) => !FILE_PROPERTIES.has(key));
  return new AmfEcmaArray(new MetadataCleaner(maxValues).cleanProperties(kept, 1));
}

/** One cleaning: counts what it visits, since values may be shared and contain themselves. */
class MetadataCleaner {
  readonly #maxValues: number;
  #visitedValues = 0;

  constructor(maxValues: number) {
    this.#maxValues = maxValues;
  }

  /** `depth` counts the containers open, these properties' own among them. */
  cleanProperties(properties: Iterable<readonly [string, AmfValue]>, depth: number): Map<string, AmfValue> {
    requireDepth(depth);
    const cleaned = new Map<string, AmfValue>();
    for (const [key, value] of properties) {
      const cleanValue = this.#cleanValue(value, depth);
      if (cleanValue !== undefined && isKey(key)) cleaned.set(key, cleanValue);
    }
    return cleaned;
  }

  /** Undefined where there is nothing a player could read. */
  #cleanValue(value: AmfValue, depth: number): AmfValue {
    this.#visitedValues += 1;
    if (this.#visitedValues > this.#maxValues) {
      throw new AmfError(
        'amf-values-exceeded',
        `expected at most ${this.#maxValues} values in metadata, got more`,
      );
    }
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return this.#cleanArray(value, depth + 1);
    switch (value.type) {
      case 'object':
        return new AmfObject('', this.cleanProperties(value.properties, depth + 1));
      case 'ecma-array':
        return new AmfEcmaArray(this.cleanProperties(namedMembersOf(value), depth + 1));
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
    requireDepth(depth);
    return this.#cleanValue(amf0FormOf(value), depth);
  }

  #cleanArray(values: readonly AmfValue[], depth: number): AmfValue[] {
    requireDepth(depth);
    return values.map((value) => this.#cleanValue(value, depth) ?? null);
  }
}

function requireDepth(depth: number): void {
  if (depth <= MAX_AMF_DEPTH) return;
  throw new AmfError('amf-depth-exceeded', `expected metadata at most ${MAX_AMF_DEPTH} deep, got more`);
}

function isKey(key: string): boolean {
  if (key === '' || key.length > MAX_METADATA_KEY_BYTES) return false;
  // At most 3 bytes a code unit: real keys need no counting.
  if (3 * key.length <= MAX_METADATA_KEY_BYTES) return true;
  return textEncoder.encode(key).length <= MAX_METADATA_KEY_BYTES;
}
