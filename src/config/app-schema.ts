// The part of the schema that has settings by application: what the names are, and what is said of them.

import type { TProperties } from 'typebox';
import { groupsByName, type TGroupsByName } from './groups-by-name.ts';

/** LIMIT: characters of an application's or a stream's name that the settings can allow; longer ones are data. */
export const MAX_NAME_LENGTH_CHARS = 1024;

/** LIMIT: applications with settings of their own; each costs about 1 KiB for good, and is written by hand. */
export const MAX_APPS = 1000;

/**
 * As on the wire: no slash or question mark, no control characters, and no `..` between backslashes and colons.
 * WHY: in words that all kinds of regular expressions share, for it goes into the file's JSON Schema.
 */
const NAME = `^(?!(?:[\\s\\S]*[\\\\:])?\\.\\.(?:[\\\\:]|$))[^/?\\u0000-\\u001f\\u007f-\\u009f]{1,${MAX_NAME_LENGTH_CHARS}}$`;

const EXAMPLE = `apps:
  live:
    mergeTime: 350ms
  auction:
    mergeTime: 0ms
`;

const NOTE = `The name is the first part of the path that a client connects to: \`live\` is the application of \`rtmp://host/live\`, of \`rtmp://host/live/\` and of \`rtmp://host/live?token=1\`. It is compared letter for letter, as the client sends it: upper and lower case differ, and percent signs are not decoded. A further part is an instance and has the settings of its application: those of \`live\` hold for \`rtmp://host/live/eu\` too, and there are none for an instance alone. Where \`app\` and \`tcUrl\` of a client's connect differ, \`app\` counts.

A name has no slash, no question mark and no control character, no \`..\` alone or between backslashes and colons, and is no longer than \`streams.maxNameLength\`. It needs quotes where YAML takes it for a number or another value that is no text: \`"2024"\`. There are at most ${MAX_APPS} applications with settings of their own; any other has those of all.`;

/** Settings that can be otherwise for single applications; what an application does not set comes from `streams`. */
export function settingsByApp<Settings extends TProperties>(settings: Settings): TGroupsByName<Settings> {
  return groupsByName(
    {
      pattern: NAME,
      maxNames: MAX_APPS,
      expects: `the name of an application, of 1 to ${MAX_NAME_LENGTH_CHARS} characters, without instance and query, and no .. alone or between backslashes and colons`,
      plural: 'applications',
      lengthKey: 'streams.maxNameLength',
      inherits: 'streams',
      example: EXAMPLE,
      note: NOTE,
    },
    settings,
    'Settings of single applications, by name, where they differ from those of all.',
  );
}
