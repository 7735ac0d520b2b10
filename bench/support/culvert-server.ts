// Culvert as a server under test: `culvert serve` of this work tree with its defaults, changed only by CULVERT_…
// variables of the environment and by what a case sets. Where viewers come in TLS it has a second listener for them, as
// the defaults have, and shows the certificate that all servers of a run show.

import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Scheme } from '../load/scheme.ts';
import { CARRIERS, SCHEMES } from '../load/scheme.ts';
import { benchCertificate } from './bench-certificate.ts';
import type { ServerKind } from './bench-server.ts';
import type { PinnedProcess } from './pinned-process.ts';
import { ROOT_FOLDER, SERVER_CORE, startPinned } from './pinned-process.ts';

/** What is not as usual. */
export type CulvertOptions = {
  /** Further variables in its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node. */
  readonly nodeArgs?: readonly string[];
  /** True where it is to speak TLS too. */
  readonly isSecure?: boolean;
};

const READY_LIMIT_MS = 30_000;

/** This work tree, changed so. */
export function culvertWith(options: CulvertOptions): ServerKind {
  const { env = {}, nodeArgs = [], isSecure = false } = options;
  return {
    name: 'culvert',
    startsAtKeyframe: true,
    schemes: SCHEMES.filter((scheme) => isSecure || !CARRIERS[scheme].isSecure),
    isPeer: false,
    version: () => {
      const manifest: unknown = JSON.parse(readFileSync(join(ROOT_FOLDER, 'package.json'), 'utf8'));
      return typeof manifest === 'object' && manifest !== null && 'version' in manifest
        ? String(manifest.version)
        : 'unknown';
    },
    start: async () => {
      const listeners = ['127.0.0.1:0', ...(isSecure ? ['tls:127.0.0.1:0'] : [])];
      const listenArgs = listeners.flatMap((listener) => ['--listen', listener]);
      const args = [...nodeArgs, 'src/main.ts', 'serve', ...listenArgs];
      const shown = isSecure ? await certificateSettings() : {};
      const running = startPinned(SERVER_CORE, process.execPath, args, { ...process.env, ...shown, ...env });
      const [port, securePort = null] = await readyPorts(running);
      return { port, securePort, process: running, stop: running.stop };
    },
    profiled: (path) => {
      const place = [`--cpu-prof-dir=${dirname(path)}`, `--cpu-prof-name=${basename(path)}`];
      return culvertWith({ ...options, nodeArgs: [...nodeArgs, '--cpu-prof', ...place] });
    },
  };
}

/** This work tree, as it is. */
export const CULVERT: ServerKind = culvertWith({});

/** The same, which speaks TLS too. */
const CULVERT_SECURE: ServerKind = culvertWith({ isSecure: true });

/** The gateway for viewers over these; TLS is not opened where nobody comes in it. */
export function culvertFor(...schemes: readonly Scheme[]): ServerKind {
  return schemes.every((scheme) => CULVERT.schemes.includes(scheme)) ? CULVERT : CULVERT_SECURE;
}

async function certificateSettings(): Promise<Readonly<Record<string, string>>> {
  const { certificatePath, keyPath } = await benchCertificate();
  return { CULVERT_TLS_CERTIFICATE: certificatePath, CULVERT_TLS_KEY: keyPath };
}

/** The ports in the log line that says the gateway is ready, as its listeners are. The rest of the log is read and dropped. */
async function readyPorts(running: PinnedProcess): Promise<[number, ...number[]]> {
  const { stdout } = running.child;
  if (stdout === null) throw new Error('a gateway without a standard output');
  const found = new Promise<number[]>((resolve) => {
    createInterface({ input: stdout }).on('line', (line) => {
      const [, addresses] = line.includes('"msg":"ready"')
        ? (/"addresses":\[([^\]]*)\]/.exec(line) ?? [])
        : [];
      if (addresses !== undefined) resolve(addresses.split(',').map(portOf));
    });
  });
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<number[]>((resolve) => {
    limit = setTimeout(() => resolve([]), READY_LIMIT_MS);
  });
  const [port, ...others] = await Promise.race([found, late, running.ended.then(() => [])]);
  clearTimeout(limit);
  if (port !== undefined) return [port, ...others];
  await running.stop();
  throw new Error(`the gateway was not ready: ${running.errorOutput()}`);
}

/** Of an address of IPv4 in quotes. */
function portOf(address: string): number {
  return Number(/:(\d+)"$/.exec(address)?.[1] ?? Number.NaN);
}
