// Writes docs/configuration.md out of a schema. Gives text; scripts/write-docs.ts writes it to the disk.

import { type TObject, Type } from 'typebox';
import { configYaml } from './config-yaml.ts';
import { rangeText, typeName } from './expectation.ts';
import { type Key, listKeys } from './key.ts';
import { loadDefaults } from './load-settings.ts';
import { groupDescription, valueInUnits } from './setting.ts';

const INTRODUCTION = `<!-- Generated from src/config/schema.ts by \`npm run docs\`: change it there. -->

# Configuration

Culvert runs without any configuration. What is to differ from the defaults can be said in four places, each overriding the one before:

1. the defaults on this page;
2. a YAML file, named with \`--config FILE\` or \`CULVERT_CONFIG=FILE\`;
3. environment variables, \`CULVERT_\` and the key in capitals; the entries of a list are separated by commas, and a variable set to nothing counts as not set;
4. flags on the command line; a list's flag can be given several times, and replaces the whole list.

\`culvert config\` with the same flags prints what is in force and where each value came from.

A wrong setting stops the start with exit code 2, and every problem is listed with its place, what was expected and what was found: an unknown key, a value out of range, an unknown \`CULVERT_\` variable. A value is checked also where another place overrides it.

**Durations** are written with their unit: \`500ms\`, \`10s\`, \`1.5m\`, \`1h\`. **Sizes** are written in bytes (\`60000\`), in powers of 1000 (\`kB\`, \`MB\`, \`GB\`) or of 1024 (\`KiB\`, \`MiB\`, \`GiB\`).
`;

function codeOf(key: Key): string {
  const value = valueInUnits(key.setting, key.setting.default);
  if (Array.isArray(value))
    return value.length === 0 ? 'none' : value.map((entry) => `\`${entry}\``).join(', ');
  return value === '' ? 'none' : `\`${String(value)}\``;
}

/** A table of one row, its columns aligned as the formatter wants Markdown. */
function factTable(facts: readonly { name: string; fact: string }[]): string {
  const columns = facts.map(({ name, fact }) => {
    const chars = Math.max(name.length, fact.length);
    return [name.padEnd(chars), '-'.repeat(chars), fact.padEnd(chars)];
  });
  return [0, 1, 2].map((row) => `| ${columns.map((column) => column[row]).join(' | ')} |\n`).join('');
}

function keySection(key: Key): string {
  const { setting } = key;
  const facts: [string, string | null][] = [
    ['Type', typeName(setting)],
    ['Default', codeOf(key)],
    [setting.enum === undefined ? 'Range' : 'One of', rangeText(setting)],
    ['At most', setting.atMost === undefined ? null : `the value of \`${setting.atMost}\``],
    ['Environment', `\`${key.environmentName}\``],
    ['Flag', setting.flag === undefined ? null : `\`${setting.flag.name} ${setting.flag.value}\``],
    ['Secret', setting.secret === true ? 'yes: it is never printed' : null],
  ];
  const shown = facts.flatMap(([name, fact]) => (fact === null ? [] : [{ name, fact }]));
  const note = setting.note === undefined ? '' : `\n${setting.note}\n`;
  return `### \`${key.path}\`\n\n${setting.description}\n${note}\n${factTable(shown)}`;
}

function groupSection(name: string, group: TObject): string {
  const keys = listKeys(group, [name]);
  return `## ${name}\n\n${groupDescription(group)}\n\n${keys.map(keySection).join('\n')}`;
}

/** The whole page, in Markdown, for a schema of settings and groups of settings. */
export function configurationPage(schema: TObject): string {
  const groups = Object.entries(schema.properties).filter(([, child]) => Type.IsObject(child));
  const general = listKeys(schema).filter((key) => key.segments.length === 1);
  return [
    INTRODUCTION,
    ...(general.length === 0 ? [] : [`## General\n\n${general.map(keySection).join('\n')}`]),
    ...groups.map(([name, group]) => groupSection(name, group as TObject)),
    `## All defaults as a file\n\n\`\`\`yaml\n${configYaml(listKeys(schema), loadDefaults(schema), null)}\`\`\`\n`,
  ].join('\n');
}
