// Writes docs/configuration.md out of a schema. Gives text; scripts/write-docs.ts writes it to the disk.

import { type TObject, Type } from 'typebox';
import { configYaml } from './config-yaml.ts';
import { rangeText, typeName } from './expectation.ts';
import { type GroupList, listGroupLists } from './group-list.ts';
import { ANY_NAME, inheritedKey, listNamedGroups, type NamedGroups } from './groups-by-name.ts';
import { ANY_INDEX, type FixedKey, type Key, listKeys } from './key.ts';
import { loadDefaults } from './load-settings.ts';
import { groupDescription, type Setting, valueInUnits } from './setting.ts';

const INTRODUCTION = `<!-- Generated from src/config/schema.ts by \`npm run docs\`: change it there. -->

# Configuration

Culvert runs without any configuration. What is to differ from the defaults can be said in four places, each overriding the one before:

1. the defaults on this page;
2. a YAML file, named with \`--config FILE\` or \`CULVERT_CONFIG=FILE\`;
3. environment variables, \`CULVERT_\` and the key in capitals; the entries of a list are separated by commas, and a variable set to nothing counts as not set; the settings that stand below names of your own (\`apps\`, \`certificates\`, \`upstreams\`) or in lists of groups (\`routes\`, \`relays\`) have no variables;
4. flags on the command line; a list's flag can be given several times, and replaces the whole list.

\`culvert config\` with the same flags prints what is in force and where each value came from.

A wrong setting stops the start with exit code 2, and every problem is listed with its place, what was expected and what was found: an unknown key, a value out of range, an unknown \`CULVERT_\` variable. A value is checked also where another place overrides it.

**Durations** are written with their unit: \`500ms\`, \`10s\`, \`1.5m\`, \`1h\`. **Sizes** are written in bytes (\`60000\`), in powers of 1000 (\`kB\`, \`MB\`, \`GB\`) or of 1024 (\`KiB\`, \`MiB\`, \`GiB\`).

## Checking a file

\`culvert config --check FILE\` looks at a file before it is put in force, and at nothing else: the environment does not count, and other flags are refused. It prints \`FILE: ok\` and ends with exit code 0, or prints every problem and ends with 2. \`--check\` can be given several times. The files that a configuration names, such as certificates and keys, are not read: whether these can be used shows at the start.

A line that begins with \`warning:\` tells of settings that are allowed, but dangerous or without effect; the exit code stays 0.

## In an editor

Editors complete a file and show what is wrong in it while it is written, where they know its JSON Schema: [culvert.schema.json](culvert.schema.json), which \`culvert config --schema\` prints. For editors with the YAML language server, such as VS Code with its YAML extension, the first line of the file says where it is, seen from the file:

\`\`\`yaml
# yaml-language-server: $schema=./culvert.schema.json
\`\`\`

They see unknown keys, missing units and wrong words. What depends on more than the look of a value (the range of a duration, two keys that do not fit together) only \`--check\` sees.
`;

function codeOf(key: Key): string {
  const value = valueInUnits(key.setting, key.setting.default);
  if (Array.isArray(value))
    return value.length === 0 ? 'none' : value.map((entry) => `\`${entry}\``).join(', ');
  return value === '' ? 'none' : `\`${String(value)}\``;
}

/** A table, its columns aligned as the formatter wants Markdown. The first row has the names. */
function table(given: readonly (readonly string[])[]): string {
  // WHY: a bar ends a cell, in code too.
  const rows = given.map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')));
  const chars = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const rule = chars.map((count) => '-'.repeat(count));
  const [head, ...body] = rows.map((row) => chars.map((count, column) => (row[column] ?? '').padEnd(count)));
  return [head, rule, ...body].map((row) => `| ${(row ?? []).join(' | ')} |\n`).join('');
}

function keySection(key: Key & Partial<Pick<FixedKey, 'environmentName'>>, isRequired = false): string {
  const { setting } = key;
  const facts: [string, string | null][] = [
    ['Type', typeName(setting)],
    ['Default', isRequired ? null : codeOf(key)],
    ['Required', isRequired ? 'yes' : null],
    [setting.enum === undefined ? 'Range' : 'One of', rangeText(setting)],
    ['At most', setting.atMost === undefined ? null : `the value of \`${setting.atMost}\``],
    ['Environment', key.environmentName === undefined ? null : `\`${key.environmentName}\``],
    ['Flag', setting.flag === undefined ? null : `\`${setting.flag.name} ${setting.flag.value}\``],
    ['Secret', secretFact(setting.secret)],
  ];
  const shown = facts.flatMap(([name, fact]) => (fact === null ? [] : [{ name, fact }]));
  const factTable = table([shown.map(({ name }) => name), shown.map(({ fact }) => fact)]);
  const note = setting.note === undefined ? '' : `\n${setting.note}\n`;
  return `### \`${key.path}\`\n\n${setting.description}\n${note}\n${factTable}`;
}

function secretFact(secret: Setting['secret']): string | null {
  if (secret === undefined) return null;
  return secret === true ? 'yes: it is never printed' : 'its credentials and query: they are never printed';
}

function groupSection(name: string, group: TObject): string {
  const keys = listKeys(group, [name]);
  return `## ${name}\n\n${groupDescription(group)}\n\n${keys.map((key) => keySection(key)).join('\n')}`;
}

const FILE_ONLY = 'Only the file has these settings: no environment variable and no flag sets them.\n';

/** One line for each key that is taken from another group where it is not set, a section for each other key. */
function namedSection({ path, rule, group, keysOf }: NamedGroups, keys: readonly Key[]): string {
  const rows: string[][] = [];
  const own: Key[] = [];
  for (const key of keysOf(ANY_NAME)) {
    const inherited = inheritedKey(rule, key, keys);
    if (inherited === undefined) {
      own.push(key);
    } else {
      const range = rangeText(key.setting) ?? '';
      rows.push([`\`${key.path}\``, typeName(key.setting), range, `\`${inherited.path}\``]);
    }
  }
  return [
    `## ${path}\n\n${groupDescription(group)}\n\n\`\`\`yaml\n${rule.example}\`\`\`\n\n${rule.note}\n`,
    FILE_ONLY,
    ...(rows.length === 0 ? [] : [inheritedTable(rule.plural, rows)]),
    ...own.map((key) => keySection(key, rule.requires?.includes(String(key.segments.at(-1))))),
  ].join('\n');
}

function listSection({ path, rule, group, keysOf }: GroupList): string {
  const keys = keysOf(ANY_INDEX);
  return [
    `## ${path}\n\n${groupDescription(group)}\n\n\`\`\`yaml\n${rule.example}\`\`\`\n\n${rule.note}\n`,
    FILE_ONLY,
    ...keys.map((key) => keySection(key, rule.requires.includes(String(key.segments.at(-1))))),
  ].join('\n');
}

function inheritedTable(plural: string, rows: readonly (readonly string[])[]): string {
  const head = ['Key', 'Type', 'Range', 'Where it is not set'];
  return `The last column names the key that holds for those of the ${plural} that do not set their own; its section says what it does.\n\n${table([head, ...rows])}`;
}

/** The whole page, in Markdown, for a schema of settings and groups of settings. */
export function configurationPage(schema: TObject): string {
  const keys = listKeys(schema);
  const general = keys.filter((key) => key.segments.length === 1);
  const named = listNamedGroups(schema);
  const lists = listGroupLists(schema);
  const sections = Object.entries(schema.properties).flatMap(([name, child]) => {
    if (Type.IsObject(child)) return [groupSection(name, child)];
    const groups = named.find(({ path }) => path === name);
    if (groups !== undefined) return [namedSection(groups, keys)];
    const list = lists.find(({ path }) => path === name);
    return list === undefined ? [] : [listSection(list)];
  });
  return [
    INTRODUCTION,
    ...(general.length === 0 ? [] : [`## General\n\n${general.map((key) => keySection(key)).join('\n')}`]),
    ...sections,
    `## All defaults as a file\n\n\`\`\`yaml\n${configYaml(keys, loadDefaults(schema), null)}\`\`\`\n`,
  ].join('\n');
}
