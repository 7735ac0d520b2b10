// Configurations out of the pages of docs/, so that what a test runs is what the page says: a block of code is taken
// from under its heading, and nothing is changed in it but the addresses, ports and paths that a test names.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT_FOLDER } from './gateway-process.ts';

/** A block of a page, by the heading that it stands under and its language. */
export type BlockPlace = {
  readonly page: string;
  readonly heading: string;
  readonly language: string;
  /** 0 for the first one of that language under the heading, which is also what counts where nothing is said. */
  readonly index?: number;
};

/** The text of a block, with each key of `replacements` replaced wherever it stands. @throws Error where one does not */
export function readBlock(place: BlockPlace, replacements: Readonly<Record<string, string>> = {}): string {
  let text = findBlock(place);
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`${describe(place)} has no ${from}:\n${text}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

function findBlock(place: BlockPlace): string {
  const page = readFileSync(join(ROOT_FOLDER, 'docs', place.page), 'utf8');
  let heading = '';
  let language: string | null = null;
  let lines: string[] = [];
  const found: string[] = [];
  for (const line of page.split('\n')) {
    if (language === null) {
      heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
      language = /^```(\w*)$/.exec(line)?.[1] ?? null;
      lines = [];
    } else if (line === '```') {
      if (heading === place.heading && language === place.language) found.push(`${lines.join('\n')}\n`);
      language = null;
    } else lines.push(line);
  }
  const block = found[place.index ?? 0];
  if (block === undefined) throw new Error(`${describe(place)} is not there`);
  return block;
}

function describe({ page, heading, language, index = 0 }: BlockPlace): string {
  return `block ${index} of ${language} under "${heading}" of docs/${page}`;
}
