// What a key takes, in words: for the problems of a wrong value and for the docs page.

import type { Setting } from './setting.ts';
import { formatDuration, formatSize } from './units.ts';

/** Kind of value, in one or two words. */
export function typeName(setting: Setting): string {
  if (setting.unit === 'ms') return 'duration';
  if (setting.unit === 'bytes') return 'size';
  if (setting.unit === 'chars') return 'number of characters';
  if (setting.unit === 'count') return 'number';
  if (setting.enum !== undefined) return 'word';
  if (setting.type === 'boolean') return 'true or false';
  return setting.type === 'array' ? 'list' : 'text';
}

/** Range of the value ('0ms to 4s', 'trace, debug, info'); null where the type already says it. */
export function rangeText(setting: Setting): string | null {
  if (setting.enum !== undefined) return setting.enum.join(', ');
  if (setting.type === 'array') return `${setting.minItems ?? 0} to ${setting.maxItems} entries`;
  if (setting.type === 'string') return `${setting.minLength ?? 0} to ${setting.maxLength} characters`;
  if (setting.minimum === undefined || setting.maximum === undefined) return null;
  if (setting.unit === 'ms')
    return `${formatDuration(setting.minimum)} to ${formatDuration(setting.maximum)}`;
  if (setting.unit === 'bytes') return `${formatSize(setting.minimum)} to ${formatSize(setting.maximum)}`;
  return `${setting.minimum} to ${setting.maximum}`;
}

/** What was expected of a value that turned out wrong. */
export function expectation(setting: Setting): string {
  if (setting.expects !== undefined) return setting.expects;
  const range = rangeText(setting);
  if (setting.unit === 'ms') return `a duration with its unit (500ms, 10s, 1m) of ${range}`;
  if (setting.unit === 'bytes') return `a size (64KiB, 1MB, or a number of bytes) of ${range}`;
  if (setting.unit === 'chars') return `a number of characters of ${range}`;
  if (setting.unit === 'count') return `a number of ${range}`;
  if (setting.enum !== undefined) return `one of ${range}`;
  if (setting.type === 'boolean') return 'true or false';
  if (setting.type === 'array') return `a list of ${range}, each ${setting.items?.expects ?? 'a text'}`;
  return `a text of ${range}`;
}
