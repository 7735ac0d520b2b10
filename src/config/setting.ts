// Builders of the configuration schema: each gives a typebox schema of one key, in the unit that the Config
// carries, with the annotations that the file reader, the environment, the flags and the docs page go by.

import {
  type TArray,
  type TBoolean,
  type TEnum,
  type TInteger,
  type TObject,
  type TProperties,
  type TString,
  Type,
} from 'typebox';
import type { SyntaxName } from './syntax.ts';
import { formatDuration, formatSize, parseDurationMs, parseSizeBytes, type Unit } from './units.ts';

/** The command line flag of a key, and the word that stands for its value in the help. */
export type FlagName = { readonly name: `--${string}`; readonly value: string };

/** Annotations that any key can carry; the value checker declares them to ajv. */
export type About = {
  /** One sentence: what it does and when to change it. */
  readonly description: string;
  readonly flag?: FlagName;
  /** The value is never printed: not by `culvert config`, not in an error; or, of a URL, its credentials and query. */
  readonly secret?: true | 'inUrl';
  /** What the value must be, in words, where the schema alone does not say it well. */
  readonly expects?: string;
  /** A remark for the docs page. */
  readonly note?: string;
  /** Path of another key of the same unit, or of the same words, whose value this one must not exceed. */
  readonly atMost?: string;
};

/** What a key's schema says, however it was built. Numbers are in `unit`. */
export type Setting = About & {
  readonly default: unknown;
  readonly unit?: Unit;
  readonly type?: 'integer' | 'boolean' | 'string' | 'array';
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly syntax?: SyntaxName;
  readonly items?: { readonly syntax?: SyntaxName; readonly expects?: string };
};

/** Names of the annotations above; standard JSON Schema words are not among them. */
export const ANNOTATION_NAMES = ['unit', 'flag', 'secret', 'expects', 'note', 'atMost'] as const;

/** A whole number in a unit, carried in its type so that the Config's property takes the unit into its name. */
export type WithUnit<U extends Unit> = TInteger & { readonly unit: U };

/** A description alone stands for an About with nothing else in it. */
function described(about: About | string): About {
  return typeof about === 'string' ? { description: about } : about;
}

type Range = { readonly default: string; readonly from: string; readonly to: string };

function integer<U extends Unit>(
  unit: U,
  range: { default: number; minimum: number; maximum: number },
  about: About | string,
) {
  // WHY: typebox keeps no option in the type of what it makes, and the unit is one of the options here.
  return Type.Integer({ ...range, ...described(about), unit }) as WithUnit<U>;
}

function inRange(range: Range, parse: (text: string) => number | null) {
  const read = (text: string): number => {
    const value = parse(text);
    if (value === null) throw new Error(`the schema's own ${JSON.stringify(text)} is no quantity`);
    return value;
  };
  return { default: read(range.default), minimum: read(range.from), maximum: read(range.to) };
}

/** A duration; in the file a text with its unit ("500ms", "10s", "1m"), in the Config milliseconds. */
export function duration(range: Range, about: About | string): WithUnit<'ms'> {
  return integer('ms', inRange(range, parseDurationMs), about);
}

/** A size; in the file a text ("64KiB", "1MB") or a number of bytes, in the Config bytes. */
export function size(range: Range, about: About | string): WithUnit<'bytes'> {
  return integer('bytes', inRange(range, parseSizeBytes), about);
}

/** A number of characters. */
export function characters(
  range: { default: number; minimum: number; maximum: number },
  about: About | string,
): WithUnit<'chars'> {
  return integer('chars', range, about);
}

/** A number of what the key's name says. */
export function count(
  range: { default: number; minimum: number; maximum: number },
  about: About | string,
): WithUnit<'count'> {
  return integer('count', range, about);
}

/** A switch: true or false. */
export function toggle(value: boolean, about: About | string): TBoolean {
  return Type.Boolean({ default: value, ...described(about) });
}

/** One word of a closed list. */
export function choice<const Words extends [string, ...string[]]>(
  words: Words,
  value: Words[number],
  about: About | string,
): TEnum<Words> {
  return Type.Enum(words, { default: value, ...described(about) }) as TEnum<Words>;
}

/** A text of `minLength` to `maxLength` characters, of the form of `pattern` or the syntax where there is one. */
export function text(
  rule: { default: string; minLength: number; maxLength: number; pattern?: string; syntax?: SyntaxName },
  about: About | string,
): TString {
  return Type.String({ ...rule, ...described(about) });
}

/** A list of texts, each of the named syntax. */
export function textList(
  rule: { default: string[]; minItems: number; maxItems: number; syntax: SyntaxName; expects: string },
  about: About | string,
): TArray<TString> {
  const { syntax, expects, ...list } = rule;
  return Type.Array(Type.String({ syntax, expects }), { ...list, ...described(about) });
}

/** A group of keys, or of further groups. `description` heads its part of the docs page. */
export function group<Properties extends TProperties>(
  properties: Properties,
  description: string,
): TObject<Properties> {
  return Type.Object(properties, { description });
}

/** What a group is about; empty where it does not say. */
export function groupDescription(schema: TObject): string {
  const description: unknown = Reflect.get(schema, 'description');
  return typeof description === 'string' ? description : '';
}

/** A number as the file would have it, in the setting's unit: 60000 → "1m". Other values come back as they are. */
export function valueInUnits(setting: Setting, value: unknown): unknown {
  if (typeof value !== 'number') return value;
  if (setting.unit === 'ms') return formatDuration(value);
  return setting.unit === 'bytes' ? formatSize(value) : value;
}
