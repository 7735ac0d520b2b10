// Completes dist/ after the compiler: the package.json of the published package `culvert-gateway`, which leaves out the
// Node binaries and the tools, its README and its licence. Then it runs the result once.

import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const { version, description, license, type, engines, dependencies } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);

const manifest = {
  name: 'culvert-gateway',
  version,
  description,
  license,
  type,
  engines,
  bin: { culvert: 'lib/main.js' },
  files: ['lib'],
  dependencies,
};
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
for (const name of ['README.md', 'LICENSE']) copyFileSync(join(root, name), join(dist, name));

const said = execFileSync(process.execPath, [join(dist, 'lib', 'main.js'), '--version'], {
  encoding: 'utf8',
});
if (said.trim() !== version) throw new Error(`expected the build to say version ${version}, found ${said}`);
