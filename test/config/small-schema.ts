// A small schema with a key of every kind, and loading it from texts: the tests of the machinery go by it, so that
// they do not change with Culvert's own keys.

import assert from 'node:assert/strict';
import { Type } from 'typebox';
import { ConfigError } from '../../src/config/config-error.ts';
import { parseFlags } from '../../src/config/flags.ts';
import { groupsByName } from '../../src/config/groups-by-name.ts';
import { listKeys } from '../../src/config/key.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import {
  characters,
  choice,
  count,
  duration,
  group,
  size,
  text,
  textList,
  toggle,
} from '../../src/config/setting.ts';

const shared = {
  body: size({ default: '1KiB', from: '1B', to: '1MiB' }, 'How much.'),
  isStrict: toggle(false, 'How strict.'),
};

/** From the oldest to the newest. */
const AGES: ['old', 'middle', 'new'] = ['old', 'middle', 'new'];

/** A schema with a key of every kind. */
export const schema = Type.Object({
  mode: choice(['fast', 'careful'], 'fast', 'How it works.'),
  ports: textList(
    { default: [':1'], minItems: 1, maxItems: 2, syntax: 'listener', expects: 'a listener' },
    { flag: { name: '--port', value: 'LISTENER' }, description: 'Where.' },
  ),
  limits: group(
    {
      wait: duration(
        { default: '2s', from: '100ms', to: '1m' },
        { description: 'How long.', atMost: 'limits.total' },
      ),
      total: duration({ default: '10s', from: '100ms', to: '1m' }, 'How long in all.'),
      body: shared.body,
      nameLength: characters({ default: 8, minimum: 1, maximum: 10 }, 'How many.'),
      isStrict: shared.isStrict,
    },
    'The limits.',
  ),
  auth: group(
    {
      token: text(
        { default: '', minLength: 0, maxLength: 6 },
        { secret: true, flag: { name: '--token', value: 'TOKEN' }, description: 'What lets in.' },
      ),
    },
    'Who may come in.',
  ),
  trust: group(
    {
      peers: textList(
        { default: [], minItems: 0, maxItems: 2, syntax: 'addressRange', expects: 'an address' },
        'Whom.',
      ),
      most: count(
        { default: 5, minimum: 1, maximum: 9 },
        { flag: { name: '--most', value: 'N' }, description: 'How many.' },
      ),
      oldest: choice(AGES, 'old', { atMost: 'trust.newest', description: 'From which age on.' }),
      newest: choice(AGES, 'new', 'Up to which age.'),
    },
    'Whom to trust.',
  ),
  doors: groupsByName(
    {
      pattern: '^[a-z.]{1,8}$',
      maxNames: 2,
      expects: 'the name of a door',
      plural: 'doors',
      requires: ['place', 'width'],
      lengthKey: null,
      inherits: null,
      example: 'doors:\n  front:\n    place: north\n    width: 1\n',
      note: 'Any door.',
    },
    {
      place: text({ default: '', minLength: 1, maxLength: 6 }, 'Where it is.'),
      width: count({ default: 1, minimum: 1, maximum: 9 }, 'How wide it is.'),
      isOpen: toggle(false, 'Whether it is open.'),
    },
    'The doors.',
  ),
  rooms: groupsByName(
    {
      pattern: '^[^/]{1,12}$',
      maxNames: 4,
      expects: 'the name of a room',
      plural: 'rooms',
      lengthKey: 'limits.nameLength',
      inherits: 'limits',
      example: 'rooms:\n  red:\n    body: 1KiB\n',
      note: 'Any name.',
    },
    {
      ...shared,
      pass: text({ default: '', minLength: 0, maxLength: 6 }, { secret: true, description: 'The word.' }),
    },
    'The rooms.',
  ),
});

/** Its keys. */
export const keys = listKeys(schema);

/** What each source says; the file is called c.yaml. */
export type Given = { file?: string; env?: Record<string, string>; argv?: string[] };

/** Loads the small schema from the given sources. */
export function load({ file, env = {}, argv = [] }: Given) {
  const flags = parseFlags(file === undefined ? argv : ['--config', 'c.yaml', ...argv], keys);
  return loadSettings(schema, { flags, env, readFile: () => file ?? '' });
}

/** Lines of the ConfigError that loading ends with; none where it does not. */
export function problemsOf(given: Given): string[] {
  try {
    load(given);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message.split('\n');
  }
  return [];
}
