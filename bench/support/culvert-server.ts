// Culvert as a server under test: `culvert serve` of this work tree with its defaults, changed only by CULVERT_…
// variables of the environment and by what a case sets.

import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ServerKind } from './bench-server.ts';
import type { PinnedProcess } from './pinned-process.ts';
import { ROOT_FOLDER, SERVER_CORE, startPinned } from './pinned-process.ts';

const READY_LIMIT_MS = 30_000;

/** This work tree, with further variables in its environment, and options of Node. */
export function culvertWith(
  env: Readonly<Record<string, string>>,
  nodeArgs: readonly string[] = [],
): ServerKind {
  return {
    name: 'culvert',
    startsAtKeyframe: true,
    hasTunnel: true,
    isPeer: false,
    version: () => {
      const manifest: unknown = JSON.parse(readFileSync(join(ROOT_FOLDER, 'package.json'), 'utf8'));
      return typeof manifest === 'object' && manifest !== null && 'version' in manifest
        ? String(manifest.version)
        : 'unknown';
    },
    start: async () => {
      const args = [...nodeArgs, 'src/main.ts', 'serve', '--listen', '127.0.0.1:0'];
      const running = startPinned(SERVER_CORE, process.execPath, args, { ...process.env, ...env });
      const port = await readyPort(running);
      return { port, process: running, stop: running.stop };
    },
    profiled: (path) => {
      const place = [`--cpu-prof-dir=${dirname(path)}`, `--cpu-prof-name=${basename(path)}`];
      return culvertWith(env, [...nodeArgs, '--cpu-prof', ...place]);
    },
  };
}

/** This work tree, as it is. */
export const CULVERT: ServerKind = culvertWith({});

/** The port in the log line that says the gateway is ready. The rest of the log is read and dropped. */
async function readyPort(running: PinnedProcess): Promise<number> {
  const { stdout } = running.child;
  if (stdout === null) throw new Error('a gateway without a standard output');
  const found = new Promise<number>((resolve) => {
    createInterface({ input: stdout }).on('line', (line) => {
      const match = line.includes('"msg":"ready"') ? /"addresses":\["[^"]*:(\d+)"/.exec(line) : null;
      if (match !== null) resolve(Number(match[1]));
    });
  });
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    limit = setTimeout(() => resolve(null), READY_LIMIT_MS);
  });
  const port = await Promise.race([found, late, running.ended.then(() => null)]);
  clearTimeout(limit);
  if (port !== null) return port;
  await running.stop();
  throw new Error(`the gateway was not ready: ${running.errorOutput()}`);
}
