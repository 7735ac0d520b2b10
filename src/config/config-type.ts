// From the schema's type to the Config's: units go into the names, everything becomes read-only. Types only.

import type { Static, TObject, TSchema } from 'typebox';
import type { UNIT_SUFFIXES, Unit } from './units.ts';

type PropertyName<Key extends string, Schema> = Schema extends { readonly unit: infer U extends Unit }
  ? Key extends `${string}${(typeof UNIT_SUFFIXES)[U]}`
    ? Key
    : `${Key}${(typeof UNIT_SUFFIXES)[U]}`
  : Key;

type Frozen<Value> = Value extends readonly (infer Item)[] ? readonly Item[] : Value;

/** What is in force, by the names of the code: `idleHold` in the file is `idleHoldMs` here. */
export type ConfigOf<Schema extends TSchema> =
  Schema extends TObject<infer Properties>
    ? {
        readonly [Key in keyof Properties & string as PropertyName<Key, Properties[Key]>]: ConfigOf<
          Properties[Key]
        >;
      }
    : Frozen<Static<Schema>>;

/** Paths of all keys as the file has them: 'logLevel' | 'tunnel.idleHold' | … */
export type KeyOf<Schema extends TSchema> =
  Schema extends TObject<infer Properties>
    ? {
        [Key in keyof Properties & string]: Properties[Key] extends TObject
          ? `${Key}.${KeyOf<Properties[Key]>}`
          : Key;
      }[keyof Properties & string]
    : never;

/** Part of a Config, or of a group of it, to lay over another. */
export type Overrides<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { readonly [Key in keyof Value]?: Overrides<Value[Key]> }
    : Value;
