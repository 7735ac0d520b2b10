// Reading the arguments of commands: clients leave them out, send null, or another type; what does not fit counts
// as missing, and no number is used before it was checked.

import type { AmfValue } from '../../amf/amf-value.ts';
import { AmfEcmaArray, AmfObject } from '../../amf/amf-value.ts';

/** The string at `index`, '' where there is none. */
export function stringArg(args: readonly AmfValue[], index: number): string {
  const value = args[index];
  return typeof value === 'string' ? value : '';
}

/** The finite number at `index`, null where there is none. */
export function numberArg(args: readonly AmfValue[], index: number): number | null {
  const value = args[index];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** The truth of the value at `index`: a boolean, or a number that is not 0; `fallback` where it is neither. */
export function booleanArg(args: readonly AmfValue[], index: number, fallback: boolean): boolean {
  const value = args[index];
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  return fallback;
}

/** The object in `value`: an Object or an ECMA array; null for anything else. */
export function objectOf(value: AmfValue): AmfObject | null {
  if (value instanceof AmfObject) return value;
  if (value instanceof AmfEcmaArray) return new AmfObject('', value.properties);
  return null;
}

/** A property's string, '' where it has none. */
export function stringOf(object: AmfObject, key: string): string {
  const value = object.get(key);
  return typeof value === 'string' ? value : '';
}

/** A property's finite number, or `fallback`. */
export function numberOf(object: AmfObject, key: string, fallback: number): number {
  const value = object.get(key);
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback;
}
