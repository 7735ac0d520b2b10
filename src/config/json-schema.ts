// Makes the JSON Schema of a configuration file, as people write it, out of a schema of settings: for editors, which
// complete and check with it. It never refuses what the file reader takes. What the reader refuses it may take where
// words of JSON Schema cannot say why: a duration out of its range, two keys that do not fit together, an address.

import { type TObject, Type } from 'typebox';
import { expectation } from './expectation.ts';
import { type GroupList, listGroupLists } from './group-list.ts';
import { ANY_NAME, inheritedKey, listNamedGroups, type NamedGroups } from './groups-by-name.ts';
import { ANY_INDEX, type Key, listKeys, listKeysBelow, pathOf, type Segment } from './key.ts';
import { groupDescription, type Setting, valueInUnits } from './setting.ts';
import { syntaxPattern } from './syntax.ts';
import { DURATION_PATTERN, SIZE_PATTERN } from './units.ts';

/** A JSON Schema, or a part of one: what to write as JSON. */
export type JsonSchema = { readonly [word: string]: unknown };

/**
 * WHY: the draft that all editors take. The YAML language server, which VS Code and most others use, knew no later one
 * for years, and nothing of the later ones is needed.
 */
const DRAFT = 'http://json-schema.org/draft-07/schema#';

/** What is said of a key beyond its setting. */
type Circumstances = {
  /** Path of the key that holds where this one is not set; null where its own default does. */
  readonly inheritedPath: string | null;
  readonly isRequired: boolean;
};

const ORDINARY: Circumstances = { inheritedPath: null, isRequired: false };

/** The words that are there; JSON has none for what is not. */
function given(words: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(words).filter(([, value]) => value !== undefined));
}

function listSchema({ minItems, maxItems, items }: Setting): JsonSchema {
  const pattern = items?.syntax === undefined ? undefined : syntaxPattern(items.syntax);
  return given({ type: 'array', minItems, maxItems, items: given({ type: 'string', pattern }) });
}

/** What a value must look like in the file. */
function valueSchema(setting: Setting): JsonSchema {
  const { minimum, maximum, minLength, maxLength, syntax } = setting;
  const pattern = syntax === undefined ? setting.pattern : syntaxPattern(syntax);
  if (setting.unit === 'ms') return { type: 'string', pattern: DURATION_PATTERN };
  // Words that are about another type than the value's say nothing of it.
  if (setting.unit === 'bytes')
    return { type: ['string', 'integer'], pattern: SIZE_PATTERN, minimum, maximum };
  if (setting.unit !== undefined) return given({ type: 'integer', minimum, maximum });
  if (setting.enum !== undefined) return { type: 'string', enum: setting.enum };
  if (setting.type === 'boolean') return { type: 'boolean' };
  if (setting.type === 'array') return listSchema(setting);
  return given({ type: 'string', minLength, maxLength, pattern });
}

function settingSchema(setting: Setting, { inheritedPath, isRequired }: Circumstances): JsonSchema {
  const hasDefault = inheritedPath === null && !isRequired;
  const about = [
    setting.description,
    setting.note,
    `Takes ${expectation(setting)}.`,
    setting.atMost === undefined ? undefined : `At most the value of ${setting.atMost}.`,
    inheritedPath === null ? undefined : `Where it is not set, ${inheritedPath} holds.`,
  ];
  return {
    description: about.filter((sentence) => sentence !== undefined).join('\n\n'),
    ...valueSchema(setting),
    ...(hasDefault ? { default: valueInUnits(setting, setting.default) } : {}),
  };
}

/** What stands below `schema`, by name, but for groups by name and lists of groups. */
function propertiesOf(
  schema: TObject,
  parents: readonly Segment[],
  circumstancesOf: (key: Key) => Circumstances,
): [string, JsonSchema][] {
  const keys = listKeysBelow(schema, parents);
  return Object.entries(schema.properties).flatMap(([name, child]): [string, JsonSchema][] => {
    const segments = [...parents, name];
    if (Type.IsObject(child)) return [[name, groupSchema(child, segments, circumstancesOf)]];
    const key = keys.find(({ path }) => path === pathOf(segments));
    return key === undefined ? [] : [[name, settingSchema(key.setting, circumstancesOf(key))]];
  });
}

/** A group of keys. One that has nothing in the file is an empty one, but for one that has to set a key. */
function groupSchema(
  schema: TObject,
  parents: readonly Segment[],
  circumstancesOf: (key: Key) => Circumstances,
  required: readonly string[] = [],
): JsonSchema {
  const description = groupDescription(schema);
  return {
    ...(description === '' ? {} : { description }),
    ...(required.length === 0 ? { type: ['object', 'null'] } : { type: 'object', required }),
    properties: Object.fromEntries(propertiesOf(schema, parents, circumstancesOf)),
    additionalProperties: false,
  };
}

function namedSchema({ path, rule, group }: NamedGroups, keys: readonly Key[]): JsonSchema {
  const required = rule.requires ?? [];
  const circumstancesOf = (key: Key): Circumstances => ({
    inheritedPath: inheritedKey(rule, key, keys)?.path ?? null,
    isRequired: required.includes(String(key.segments.at(-1))),
  });
  return {
    description: `${groupDescription(group)}\n\n${rule.note}`,
    type: ['object', 'null'],
    maxProperties: rule.maxNames,
    patternProperties: { [rule.pattern]: groupSchema(group, [path, ANY_NAME], circumstancesOf, required) },
    additionalProperties: false,
  };
}

function listOfGroupsSchema({ path, rule, group }: GroupList): JsonSchema {
  const circumstancesOf = (key: Key): Circumstances => ({
    inheritedPath: null,
    isRequired: rule.requires.includes(String(key.segments.at(-1))),
  });
  return {
    description: `${groupDescription(group)}\n\n${rule.note}`,
    type: ['array', 'null'],
    maxItems: rule.maxEntries,
    items: groupSchema(group, [path, ANY_INDEX], circumstancesOf, rule.requires),
  };
}

/** The JSON Schema of a file that has the keys of `schema`. */
export function fileJsonSchema(schema: TObject): JsonSchema {
  const keys = listKeys(schema);
  const named = Object.fromEntries([
    ...listNamedGroups(schema).map((groups) => [groups.path, namedSchema(groups, keys)]),
    ...listGroupLists(schema).map((list) => [list.path, listOfGroupsSchema(list)]),
  ]);
  const properties = { ...named, ...Object.fromEntries(propertiesOf(schema, [], () => ORDINARY)) };
  return {
    $schema: DRAFT,
    title: 'Configuration of Culvert',
    type: ['object', 'null'],
    // In the order of the schema, which an editor offers them in.
    properties: Object.fromEntries(Object.keys(schema.properties).map((name) => [name, properties[name]])),
    additionalProperties: false,
  };
}

/** The same as a file has it. */
export function jsonSchemaText(schema: TObject): string {
  return `${JSON.stringify(fileJsonSchema(schema), null, 2)}\n`;
}
