// Writes the generated pages of docs/. Each is a pure function of the source; a test compares what is committed
// with what this would write.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationPage } from '../src/config/configuration-page.ts';
import { configSchema } from '../src/config/schema.ts';

const docsFolder = join(import.meta.dirname, '..', 'docs');

/** Generated pages by file name. */
const PAGES: Readonly<Record<string, () => string>> = {
  'configuration.md': () => configurationPage(configSchema),
};

for (const [name, render] of Object.entries(PAGES)) {
  writeFileSync(join(docsFolder, name), render());
  console.log(`docs/${name} written`);
}
