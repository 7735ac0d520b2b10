// Durations and sizes as people write them in a configuration file, and the numbers they stand for. Knows
// nothing of keys, ranges or files.

/** Suffix that a setting's name takes in the Config when the setting carries a unit. */
export const UNIT_SUFFIXES = { ms: 'Ms', bytes: 'Bytes', chars: 'Chars', count: '' } as const;

/** Unit of a number in the Config: milliseconds, bytes, characters, or things that its name tells. */
export type Unit = keyof typeof UNIT_SUFFIXES;

const MS_PER_DURATION_UNIT = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

const BYTES_PER_SIZE_UNIT = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1_000],
  ['mb', 1_000_000],
  ['gb', 1_000_000_000],
  ['kib', 1_024],
  ['mib', 1_048_576],
  ['gib', 1_073_741_824],
]);

/** The number of a quantity: at most 12 digits, decimals where the result is still whole. */
const AMOUNT = '\\d{1,12}(?:\\.\\d{1,9})?';

/** What a text in a unit may look like, blanks around it aside. */
const QUANTITY = new RegExp(`^(${AMOUNT}) ?([A-Za-z]*)$`);

/** Regular expression of one of `units`, given in lower case and taken in any, and of nothing where '' is among them. */
function inAnyCase(units: Iterable<string>): string {
  return [...units]
    .map((unit) => unit.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`))
    .join('|');
}

/** Regular expression of what `parseDurationMs` takes, but for parts of a millisecond. For the file's JSON Schema. */
export const DURATION_PATTERN = `^\\s*${AMOUNT} ?(?:${[...MS_PER_DURATION_UNIT.keys()].join('|')})\\s*$`;

/** Regular expression of what `parseSizeBytes` takes, but for parts of a byte. For the file's JSON Schema. */
export const SIZE_PATTERN = `^\\s*${AMOUNT} ?(?:${inAnyCase(BYTES_PER_SIZE_UNIT.keys())})\\s*$`;

/** Whole units of `text`, or null where it is no quantity in one of `factors`, or no whole number of them. */
function parseQuantity(text: string, factors: ReadonlyMap<string, number>, unit: (name: string) => string) {
  const match = QUANTITY.exec(text.trim());
  const factor = factors.get(unit(match?.[2] ?? ''));
  if (match === null || factor === undefined) return null;
  const exact = Number(match[1]) * factor;
  const whole = Math.round(exact);
  // WHY: 1.1 s is 1100.0000000000002 ms in floating point, and still a whole number of milliseconds.
  return Math.abs(exact - whole) < 1e-6 ? whole : null;
}

/**
 * Milliseconds of a duration with its unit: ms, s, m or h, in lower case, "1.5s" included. Null where `text`
 * is no such duration, has no unit, or is finer than a millisecond.
 */
export function parseDurationMs(text: string): number | null {
  return parseQuantity(text, MS_PER_DURATION_UNIT, (name) => name);
}

/**
 * Bytes of a size: B, kB, MB, GB (powers of 1000), KiB, MiB, GiB (powers of 1024), in any case; a number alone
 * is bytes. Null where `text` is no such size, or no whole number of bytes.
 */
export function parseSizeBytes(text: string): number | null {
  return parseQuantity(text, BYTES_PER_SIZE_UNIT, (name) => name.toLowerCase());
}

/** The shortest duration text that stands for `durationMs`, a whole number: "500ms", "75s", "1m". */
export function formatDuration(durationMs: number): string {
  if (durationMs > 0 && durationMs % 3_600_000 === 0) return `${durationMs / 3_600_000}h`;
  if (durationMs > 0 && durationMs % 60_000 === 0) return `${durationMs / 60_000}m`;
  if (durationMs > 0 && durationMs % 1_000 === 0) return `${durationMs / 1_000}s`;
  return `${durationMs}ms`;
}

/** A size text that stands for `sizeBytes`, a whole number: in GiB, MiB or KiB where it comes out even, else "60000B". */
export function formatSize(sizeBytes: number): string {
  if (sizeBytes > 0 && sizeBytes % 1_073_741_824 === 0) return `${sizeBytes / 1_073_741_824}GiB`;
  if (sizeBytes > 0 && sizeBytes % 1_048_576 === 0) return `${sizeBytes / 1_048_576}MiB`;
  if (sizeBytes > 0 && sizeBytes % 1_024 === 0) return `${sizeBytes / 1_024}KiB`;
  return `${sizeBytes}B`;
}

/** Name of a setting in the Config: its key in the file with the unit after it, once ("idleHold" → "idleHoldMs"). */
export function propertyName(key: string, unit: Unit | undefined): string {
  if (unit === undefined || key.endsWith(UNIT_SUFFIXES[unit])) return key;
  return key + UNIT_SUFFIXES[unit];
}
