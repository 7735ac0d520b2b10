// Takes one value as a file, a variable or a flag has it, converts it to its key's unit and lets ajv judge it by
// the key's schema. An own ajv: nothing is coerced, filled in or stripped, and every problem is told.

import { Ajv, type ErrorObject, type FuncKeywordDefinition } from 'ajv';
import type { ConfigProblem } from './config-error.ts';
import { expectation } from './expectation.ts';
import type { Key } from './key.ts';
import { nearest } from './nearest.ts';
import { MASK, masked } from './secret.ts';
import { ANNOTATION_NAMES, type Setting } from './setting.ts';
import { SYNTAX_NAMES, type SyntaxName, syntaxProblem } from './syntax.ts';
import { parseDurationMs, parseSizeBytes } from './units.ts';

/** Outcome of a check: the value in its key's unit, or what is wrong with it. */
export type Checked =
  | { readonly isValid: true; readonly value: unknown }
  | { readonly isValid: false; readonly problems: readonly ConfigProblem[] };

/** Tells where a value stands, or its entry with `index` where the value is a list. */
export type Locate = (index: number | null) => string;

/** Checks values of one schema's keys. */
export type ValueChecker = {
  /** `raw` is typed: a string, number, boolean, null, or a list of them; anything else is refused. */
  check(key: Key, raw: unknown, locate: Locate): Checked;
  /** The same for a value that came as text: "true" is a boolean where one is wanted, "256" a number. */
  checkText(key: Key, raw: string | readonly string[], locate: Locate): Checked;
};

const MAX_FOUND_CHARS = 80;

/** A typed value in a few words, for a problem; masked where the setting is secret. */
export function describeFound(setting: Pick<Setting, 'secret'>, given: unknown): string {
  if (setting.secret === true) return MASK;
  const raw = masked(setting, given);
  if (raw === null || raw === undefined) return 'nothing';
  if (Array.isArray(raw)) return raw.length === 0 ? 'an empty list' : `a list of ${raw.length}`;
  if (typeof raw === 'object') return 'a mapping';
  const shown = typeof raw === 'string' ? JSON.stringify(raw) : String(raw);
  return shown.length > MAX_FOUND_CHARS ? `${shown.slice(0, MAX_FOUND_CHARS)}…` : shown;
}

/** The value in the setting's unit; null where it is of a form that the unit does not take. */
function inUnit(setting: Setting, raw: unknown): unknown {
  if (setting.unit === 'ms') return typeof raw === 'string' ? parseDurationMs(raw) : null;
  if (setting.unit === 'bytes' && typeof raw === 'string') return parseSizeBytes(raw);
  return raw;
}

function fromText(setting: Setting, raw: string | readonly string[]): unknown {
  if (setting.type === 'boolean' && (raw === 'true' || raw === 'false')) return raw === 'true';
  const isPlainNumber = setting.unit === 'chars' || setting.unit === 'count';
  if (isPlainNumber && typeof raw === 'string' && /^\d{1,12}$/.test(raw)) return Number(raw);
  return raw;
}

function wrongValue(key: Key, raw: unknown, index: number | null, reason: string | null, locate: Locate) {
  const { setting } = key;
  const found = index !== null && Array.isArray(raw) ? raw[index] : raw;
  const word =
    typeof found === 'string' && setting.secret === undefined ? nearest(found, setting.enum ?? []) : null;
  return {
    type: 'value',
    at: locate(index),
    key: index === null ? key.path : `${key.path}[${index}]`,
    expected: index === null ? expectation(setting) : (setting.items?.expects ?? 'a text'),
    found: describeFound(setting, found),
    reason: word === null ? reason : `did you mean ${word}?`,
  } as const satisfies ConfigProblem;
}

function entryIndex(error: ErrorObject): number | null {
  const match = /^\/(\d+)$/.exec(error.instancePath);
  return match === null ? null : Number(match[1]);
}

/** The ajv keyword `syntax`: the text must be of the syntax of that name. */
function syntaxKeyword(): FuncKeywordDefinition {
  const validate: NonNullable<FuncKeywordDefinition['validate']> = (
    name: SyntaxName,
    text: string,
  ): boolean => {
    const message = syntaxProblem(name, text);
    if (message !== null) validate.errors = [{ keyword: 'syntax', message }];
    return message === null;
  };
  return {
    keyword: 'syntax',
    type: 'string',
    metaSchema: { enum: SYNTAX_NAMES },
    errors: true,
    validate,
  };
}

/** Makes a checker. A key's schema is compiled when its first value comes. */
export function createValueChecker(): ValueChecker {
  const ajv = new Ajv({ allErrors: true, strict: true });
  ajv.addVocabulary([...ANNOTATION_NAMES]);
  ajv.addKeyword(syntaxKeyword());

  function check(key: Key, raw: unknown, locate: Locate): Checked {
    const { setting } = key;
    const value = inUnit(setting, raw);
    if (value === null) {
      return { isValid: false, problems: [wrongValue(key, raw, null, null, locate)] };
    }
    const validate = ajv.compile(setting);
    if (validate(value)) return { isValid: true, value };
    const firstByIndex = new Map<number | null, ErrorObject>();
    for (const error of validate.errors ?? []) {
      const index = entryIndex(error);
      if (!firstByIndex.has(index)) firstByIndex.set(index, error);
    }
    const problems = [...firstByIndex].map(([index, error]) =>
      wrongValue(key, raw, index, error.keyword === 'syntax' ? (error.message ?? null) : null, locate),
    );
    return { isValid: false, problems };
  }

  return {
    check,
    checkText: (key, raw, locate) => check(key, fromText(key.setting, raw), locate),
  };
}
