// From the schema's type to the Config's: units go into the names, everything becomes read-only. Types only.

import type { Static, TArray, TObject, TRecord, TSchema } from 'typebox';
import type { UNIT_SUFFIXES, Unit } from './units.ts';

type PropertyName<Key extends string, Schema> = Schema extends { readonly unit: infer U extends Unit }
  ? Key extends `${string}${(typeof UNIT_SUFFIXES)[U]}`
    ? Key
    : `${Key}${(typeof UNIT_SUFFIXES)[U]}`
  : Key;

type Frozen<Value> = Value extends readonly (infer Item)[] ? readonly Item[] : Value;

/**
 * What is in force, by the names of the code: `idleHold` in the file is `idleHoldMs` here. Groups by name, and groups in
 * lists, have only what the file sets. Those by name are objects without a prototype, so that no name finds what objects inherit.
 */
export type ConfigOf<Schema extends TSchema> =
  Schema extends TObject<infer Properties>
    ? {
        readonly [Key in keyof Properties & string as PropertyName<Key, Properties[Key]>]: ConfigOf<
          Properties[Key]
        >;
      }
    : Schema extends TRecord<string, infer Group>
      ? { readonly [name: string]: Overrides<ConfigOf<Group>> }
      : Schema extends TArray<infer Entry extends TObject>
        ? readonly Overrides<ConfigOf<Entry>>[]
        : Frozen<Static<Schema>>;

/** Paths of all keys as the file has them: 'logLevel' | 'tunnel.idleHold' | `apps.${string}.mergeTime` | … */
export type KeyOf<Schema extends TSchema> =
  Schema extends TObject<infer Properties>
    ? {
        [Key in keyof Properties & string]: Properties[Key] extends TObject
          ? `${Key}.${KeyOf<Properties[Key]>}`
          : Properties[Key] extends TRecord<string, infer Group>
            ? `${Key}.${string}.${KeyOf<Group>}`
            : Properties[Key] extends TArray<infer Entry extends TObject>
              ? `${Key}[${number}].${KeyOf<Entry>}`
              : Key;
      }[keyof Properties & string]
    : never;

/** Part of a Config, or of a group of it, to lay over another. */
export type Overrides<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { readonly [Key in keyof Value]?: Overrides<Value[Key]> }
    : Value;
