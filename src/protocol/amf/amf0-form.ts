// How values that only AMF3 has are said in AMF0 alone, for whoever cannot read AMF3 behind marker 11: most players.
// One level at a time, so that a walk that counts what it visits stays the one that bounds the work.

import type { Amf3OnlyValue, AmfEcmaArray, AmfValue } from './amf-value.ts';
import { AmfObject } from './amf-value.ts';

/**
 * The nearest value that is AMF0 itself, though what it holds need not be: a vector as an array of its elements, a
 * dictionary as an object of its entries with a string or a number for a key, an externalizable object as its body.
 * Undefined for a byte array, which AMF0 has nothing like. Members are shared with `value`.
 */
export function amf0FormOf(value: Amf3OnlyValue): AmfValue {
  switch (value.type) {
    case 'byte-array':
      return undefined;
    case 'number-vector':
      return [...value.numbers];
    case 'object-vector':
      return value.values;
    case 'dictionary':
      return new AmfObject('', new Map(namedEntries(value.entries)));
    case 'externalizable':
      return value.body;
  }
}

/** All members of an array by name, those that it holds by index first, as AMF0 has them. */
export function namedMembersOf({ elements, properties }: AmfEcmaArray): ReadonlyMap<string, AmfValue> {
  if (elements.length === 0) return properties;
  const members = new Map<string, AmfValue>();
  for (const [index, element] of elements.entries()) members.set(String(index), element);
  for (const [key, value] of properties) members.set(key, value);
  return members;
}

function* namedEntries(
  entries: Iterable<readonly [AmfValue, AmfValue]>,
): Generator<readonly [string, AmfValue]> {
  for (const [key, value] of entries) {
    if (typeof key === 'number') yield [String(key), value];
    // An empty key has no form in AMF0 either.
    else if (typeof key === 'string' && key !== '') yield [key, value];
  }
}
