// Writes the generated files of docs/. Each is a pure function of the source; a test compares what is committed
// with what this would write.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationPage } from '../src/config/configuration-page.ts';
import { jsonSchemaText } from '../src/config/json-schema.ts';
import { configSchema } from '../src/config/schema.ts';

const docsFolder = join(import.meta.dirname, '..', 'docs');

/** Generated files by name. */
const FILES: Readonly<Record<string, () => string>> = {
  'configuration.md': () => configurationPage(configSchema),
  'culvert.schema.json': () => jsonSchemaText(configSchema),
};

for (const [name, render] of Object.entries(FILES)) {
  writeFileSync(join(docsFolder, name), render());
  console.log(`docs/${name} written`);
}
